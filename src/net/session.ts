/* Skeleton: being filled in. A Session is the Connection of its client. */

import type { Client, Connection } from '../commands/client.js';
import type { ReplyWriter } from '../resp/reply-writer.js';

export abstract class Session implements Connection {
  abstract readonly client: Client | null;
  abstract readonly remoteAddress: string;
  abstract readonly localAddress: string;
  abstract readonly descriptor: number;
  abstract readonly isLoopback: boolean;
  abstract readonly queryBufferBytes: number;
  abstract readonly queryBufferFreeBytes: number;
  abstract readonly outputBytes: number;
  abstract readonly outputChunks: number;
  abstract send(bytes: Uint8Array, start: number, end: number): void;
  abstract sendPinned(bytes: Uint8Array, onWritten: () => void): void;
  abstract endAfterReplies(): void;
  abstract destroy(): void;
  abstract suspendRequests(): void;
  abstract resumeRequests(): void;
  /**
   * Writes a reply outside the client's own batch (a blocked client's answer, a push message). `write`
   * is called at once with a writer in the client's protocol and must not write to other clients.
   */
  abstract writeReply(write: (reply: ReplyWriter) => void): void;
}
