/*
 * The connection of a client that has none: dispatch's context before the first request, and the
 * client that stands for our primary wherever no socket is meant. Takes everything, keeps nothing.
 */

import type { Connection } from '../commands/client.js';

export const noConnection: Connection = {
  remoteAddress: '?:0',
  localAddress: '?:0',
  descriptor: -1,
  isLoopback: true,
  queryBufferBytes: 0,
  queryBufferFreeBytes: 0,
  outputBytes: 0,
  outputChunks: 0,
  isReaderSlow: false,
  send: () => {},
  sendPinned: (_bytes, onWritten) => onWritten(),
  endAfterReplies: () => {},
  destroy: () => {},
  allowDelay: () => {},
  suspendRequests: () => {},
  resumeRequests: () => {},
};
