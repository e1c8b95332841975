/*
 * A message as it goes over the wire, whole: encoded once, then shared by everybody who receives
 * it. RESP2 and RESP3 differ in the first byte only. Pure; must not know who receives.
 */

import { copyBytes, latin1 } from '../structures/bytes.js';
import { integerLength, writeInteger } from '../structures/integers.js';

const ARRAY = 0x2a;
const PUSH = 0x3e;
const DOLLAR = 0x24;
const RETURN = 0x0d;
const NEWLINE = 0x0a;

/** What stands before the names, the type's byte left out. */
const MESSAGE_HEAD = latin1('3\r\n$7\r\nmessage\r\n');
const PATTERN_MESSAGE_HEAD = latin1('4\r\n$8\r\npmessage\r\n');

/** Bytes around a bulk, its length apart: `$`, CRLF, CRLF. */
const BULK_FRAME_BYTES = 5;

export interface Message {
  /** The pattern that matched, or null for subscribers of the channel itself. */
  readonly pattern: Uint8Array | null;
  readonly channel: Uint8Array;
  readonly payload: Uint8Array;
}

export function encodeMessage(version: 2 | 3, { pattern, channel, payload }: Message): Uint8Array {
  const head = pattern === null ? MESSAGE_HEAD : PATTERN_MESSAGE_HEAD;
  const names = bulkLength(channel) + bulkLength(payload);
  const total = 1 + head.length + names + (pattern === null ? 0 : bulkLength(pattern));
  const bytes = new Uint8Array(total);
  bytes[0] = version === 3 ? PUSH : ARRAY;
  copyBytes(head, 0, head.length, bytes, 1);
  let at = 1 + head.length;
  if (pattern !== null) at = writeBulk(pattern, bytes, at);
  at = writeBulk(channel, bytes, at);
  writeBulk(payload, bytes, at);
  return bytes;
}

function bulkLength({ length }: Uint8Array): number {
  return BULK_FRAME_BYTES + integerLength(length) + length;
}

/** Returns where the next byte goes. */
function writeBulk(bulk: Uint8Array, target: Uint8Array, start: number): number {
  const { length } = bulk;
  target[start] = DOLLAR;
  let at = writeInteger(length, target, start + 1);
  target[at++] = RETURN;
  target[at++] = NEWLINE;
  copyBytes(bulk, 0, length, target, at);
  at += length;
  target[at++] = RETURN;
  target[at++] = NEWLINE;
  return at;
}
