/*
 * The carrier of the client that stands for our primary: what CLIENT LIST shows of it, and the way
 * to end it (CLIENT KILL). Replies are never sent to a primary, so sending does nothing.
 */

import type { Connection } from '../commands/client.js';
import type { LinkSocket } from './link-socket.js';

export class LinkConnection implements Connection {
  readonly isLoopback = false;
  readonly queryBufferFreeBytes = 0;
  readonly outputBytes = 0;
  readonly outputChunks = 0;
  readonly isReaderSlow = false;
  readonly #socket: LinkSocket;
  readonly #unappliedBytes: () => number;
  readonly #onEnd: () => void;

  /** `onEnd`: somebody wants the link closed. */
  constructor(options: { socket: LinkSocket; unappliedBytes: () => number; onEnd: () => void }) {
    this.#socket = options.socket;
    this.#unappliedBytes = options.unappliedBytes;
    this.#onEnd = options.onEnd;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress;
  }

  get localAddress(): string {
    return this.#socket.localAddress;
  }

  get descriptor(): number {
    return this.#socket.descriptor;
  }

  get queryBufferBytes(): number {
    return this.#unappliedBytes();
  }

  send(): void {}

  sendPinned(_bytes: Uint8Array, onWritten: () => void): void {
    onWritten();
  }

  endAfterReplies(): void {
    this.#onEnd();
  }

  destroy(): void {
    this.#onEnd();
  }

  allowDelay(): void {}

  suspendRequests(): void {}

  resumeRequests(): void {}
}
