/*
 * A socket as an output buffer sees it, whose kernel takes no more than the room it is given.
 */

import assert from 'node:assert/strict';
import type { OutputTarget } from '../../../src/net/output-buffer.js';

/**
 * A socket whose kernel has room for so many bytes. It keeps the rest of a write and reads it from
 * where it lies only when there is room.
 */
export class FakeTarget implements OutputTarget {
  room = Number.POSITIVE_INFINITY;
  /** Bytes of each gathering write. */
  readonly writes: number[] = [];
  readonly taken: Buffer[] = [];
  #waiting: { bytes: Uint8Array; onWritten: () => void }[] = [];
  #isCorked = false;

  get writableLength(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  writeNow(bytes: Uint8Array, start: number, end: number): number {
    assert(this.#waiting.length === 0 && !this.#isCorked, 'past what waits');
    const taken = Math.min(this.room, end - start);
    if (taken === 0) return 0;
    this.writes.push(taken);
    this.taken.push(Buffer.from(bytes.subarray(start, start + taken)));
    this.room -= taken;
    return taken;
  }

  write(bytes: Uint8Array, onWritten: () => void): boolean {
    this.#waiting.push({ bytes, onWritten });
    if (!this.#isCorked) this.uncork();
    return true;
  }

  cork(): void {
    this.#isCorked = true;
  }

  uncork(): void {
    this.#isCorked = false;
    this.writes.push(this.writableLength);
    this.drain(0);
  }

  drain(room: number): void {
    this.room += room;
    const done: (() => void)[] = [];
    while (this.#waiting.length > 0) {
      const [first] = this.#waiting;
      const part = first.bytes.subarray(0, this.room);
      this.taken.push(Buffer.from(part));
      this.room -= part.length;
      first.bytes = first.bytes.subarray(part.length);
      if (first.bytes.length > 0) break;
      this.#waiting.shift();
      done.push(first.onWritten);
    }
    for (const onWritten of done) onWritten();
  }
}
