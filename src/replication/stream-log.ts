/*
 * The one log: the history that names the stream and the backlog that holds its newest bytes, kept
 * in step. Everything that enters the stream passes append(), whether we wrote it (feed) or our
 * primary did (link). The log on disk will join here as a second range. Pure.
 */

import assert from 'node:assert/strict';
import { Backlog } from './backlog.js';
import type { History } from './history.js';
import type { StreamRange } from './psync-decision.js';

export class StreamLog {
  readonly history: History;
  /** Called after each append: bytes are there for the replicas. */
  onAppended: ((bytes: number) => void) | null = null;
  #backlog: Backlog | null = null;
  /** The largest single append that may still be owed to somebody, and where it ends. */
  #largeBytes = 0;
  #largeEnd = 0;

  constructor(history: History) {
    this.history = history;
  }

  get backlog(): Backlog | null {
    return this.#backlog;
  }

  /** What PSYNC may be served from. A backlog of size 0 only carries bytes to those online. */
  get ranges(): readonly StreamRange[] {
    const backlog = this.#backlog;
    return backlog === null || backlog.sizeBytes === 0 ? [] : [backlog];
  }

  /** An empty backlog from the current offset on, in place of the one that was. */
  openBacklog(sizeBytes: number): void {
    this.#backlog = new Backlog({ sizeBytes, offset: this.history.offset });
    this.#largeBytes = 0;
  }

  closeBacklog(): void {
    this.#backlog = null;
  }

  /** Adds `bytes[from, to)` to the stream. Copied at once. */
  append(bytes: Uint8Array, from: number, to: number): void {
    const backlog = this.#backlog;
    const count = to - from;
    this.history.advance(count);
    if (backlog === null) return;
    backlog.append(bytes, from, to);
    if (count > backlog.sizeBytes) this.#noteLarge(count);
    this.onAppended?.(count);
  }

  /** Adds the pieces as one append: nobody hears of a part of them. Copied at once. */
  appendPieces(pieces: readonly Uint8Array[]): void {
    const backlog = this.#backlog;
    let count = 0;
    for (const piece of pieces) count += piece.length;
    this.history.advance(count);
    if (backlog === null) return;
    for (const piece of pieces) backlog.append(piece, 0, piece.length);
    if (count > backlog.sizeBytes) this.#noteLarge(count);
    this.onAppended?.(count);
  }

  /**
   * What one append larger than the backlog may add to the debt of a replica that has come as far
   * as `offset`: nobody is cut off for a single value that he had no chance to read yet.
   */
  allowanceAt(offset: number): number {
    return offset < this.#largeEnd ? this.#largeBytes : 0;
  }

  /** Holds what lies after `offset`; see Backlog.holdFrom. */
  holdFrom(offset: number): void {
    assert(this.#backlog, 'nothing to hold');
    this.#backlog.holdFrom(offset);
  }

  #noteLarge(bytes: number): void {
    this.#largeBytes = bytes;
    this.#largeEnd = this.history.offset;
  }
}
