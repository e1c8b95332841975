/*
 * The primary's stream while a link is in sync: the client that stands for the primary, the reader
 * that applies what comes, and how much may wait while a pause lasts. Must not know handshakes,
 * snapshots or what becomes of a link that ends.
 */

import type { Client } from '../commands/client.js';
import type { StreamExecutor } from '../commands/services.js';
import { SUSPENDED_INPUT_BYTES_MAX } from '../limits.js';
import { LinkConnection } from './link-connection.js';
import type { LinkSocket } from './link-socket.js';
import { StreamReader } from './stream-reader.js';

export interface LinkStreamParts {
  readonly executor: StreamExecutor;
  readonly socket: LinkSocket;
  /** The database that the stream stands in. */
  readonly database: number;
  readonly isPaused: () => boolean;
  /** Bytes of fully applied commands, and the database that the stream stands in after them. */
  readonly onApplied: (bytes: Uint8Array, start: number, end: number, database: number) => void;
  readonly onAckWanted: () => void;
  /** A command was unknown or failed. */
  readonly onFailed: () => void;
  /** The link must end: somebody wants it, or, with a text, the stream is no stream. */
  readonly onEnd: (error: string | null) => void;
}

export class LinkStream {
  readonly client: Client;
  readonly #parts: LinkStreamParts;
  readonly #reader: StreamReader;
  #isFull = false;

  constructor(parts: LinkStreamParts) {
    const { executor, socket, isPaused, onAckWanted, onFailed } = parts;
    this.#parts = parts;
    const connection = new LinkConnection({
      socket,
      unappliedBytes: () => this.unappliedBytes,
      onEnd: () => parts.onEnd(null),
    });
    const client = executor.openPrimary(connection);
    client.database = parts.database;
    this.client = client;
    this.#reader = new StreamReader({
      executor,
      client,
      isPaused,
      onApplied: (bytes, start, end) => parts.onApplied(bytes, start, end, client.database),
      onAckWanted,
      onFailed,
    });
  }

  /** Bytes received and not yet applied. */
  get unappliedBytes(): number {
    return this.#reader.unappliedBytes;
  }

  /** So much waits for the end of a pause that the socket is not read: its silence is ours. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Takes `bytes[start, end)`, lent until it returns. */
  push(bytes: Uint8Array, start: number, end: number): void {
    this.#check(this.#reader.push(bytes, start, end));
    if (!this.#reader.isHeld || this.unappliedBytes < SUSPENDED_INPUT_BYTES_MAX) return;
    this.#isFull = true;
    this.#parts.socket.pause();
  }

  /** Goes on where a pause is over: to be called now and then. True when the socket is read again.
   */
  resume(): boolean {
    if (this.#parts.isPaused()) return false;
    this.#check(this.#reader.resume());
    if (!this.#isFull) return false;
    this.#isFull = false;
    this.#parts.socket.resume();
    return true;
  }

  /** No further command is executed. */
  close(): void {
    this.#reader.end();
    this.#parts.executor.closePrimary(this.client);
  }

  #check(error: string | null): void {
    if (error !== null) this.#parts.onEnd(error);
  }
}
