/*
 * Values that are read straight into the block in which they will lie, while no key owns them yet.
 * A block set apart like this is written piece by piece as the bytes arrive; then a command takes
 * it over without a copy, or whoever holds it frees it. All of them together are bounded. Laid out
 * as entry.ts says. Must not know sockets or commands.
 */

import { LARGE_VALUES_BYTES_MAX } from '../limits.js';
import type { Memory, Ref } from '../memory/memory.js';
import { OutOfMemoryError } from '../memory/out-of-memory-error.js';
import { copyShared } from '../memory/shared-copy.js';
import { VALUE_HEADER_BYTES, VALUE_LENGTH, VALUE_OWNER } from './entry.js';

export class LargeValue {
  /** Bytes it will have. */
  readonly length: number;
  /** Bytes that are there. */
  filled = 0;
  readonly #owner: LargeValues;
  readonly #memory: Memory;
  /** 0 once it is taken or freed. */
  #block: Ref;
  /** All its bytes where they lie: a piece of shared memory. */
  readonly #bytes: Uint8Array;

  constructor(owner: LargeValues, memory: Memory, block: Ref, length: number) {
    this.#owner = owner;
    this.#memory = memory;
    this.#block = block;
    this.length = length;
    memory.locate(block);
    const start = memory.base + VALUE_HEADER_BYTES;
    this.#bytes = memory.u8.subarray(start, start + length);
  }

  get block(): Ref {
    return this.#block;
  }

  get isWhole(): boolean {
    return this.filled === this.length;
  }

  /**
   * Its bytes where they lie. Also after take(), until the command ends: then other commands may
   * change them. They must only be read.
   */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Where the next bytes belong, at most `bytesMax`: to be written into, then advance(). */
  window(bytesMax: number): Uint8Array {
    const end = Math.min(this.length, this.filled + bytesMax);
    // A page of an older block may be in the frozen view. Should a view be frozen before the bytes
    // come, this block is not in it: memory sees to that.
    this.#memory.beginWrite(this.#block, VALUE_HEADER_BYTES + this.filled, end - this.filled);
    return this.#bytes.subarray(this.filled, end);
  }

  /** The next `count` bytes have been written. */
  advance(count: number): void {
    this.filled += count;
  }

  /** Takes what it still lacks from `source[from, to)`; returns how many bytes that were. */
  write(source: Uint8Array, from: number, to: number): number {
    const count = Math.min(to - from, this.length - this.filled);
    copyShared(source, from, from + count, this.window(count), 0);
    this.filled += count;
    return count;
  }

  /** Hands the block over: it is the value of a key with this hash from now on. */
  take(ownerHash: number): Ref {
    const block = this.#block;
    this.#memory.setInt32(block, VALUE_OWNER, ownerHash);
    this.#release();
    return block;
  }

  /** Frees the block, unless it was taken. */
  free(): void {
    if (this.#block === 0) return;
    const block = this.#block;
    this.#release();
    this.#memory.free(block);
  }

  #release(): void {
    this.#memory.join(this.#block);
    this.#block = 0;
    this.#owner.reservedBytes -= this.length;
  }
}

export class LargeValues {
  /** Bytes of all values that are neither taken nor freed. */
  reservedBytes = 0;
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /**
   * A block for a value of `length` bytes, more than a size class has. Null when there is no room.
   */
  reserve(length: number): LargeValue | null {
    if (this.reservedBytes + length > LARGE_VALUES_BYTES_MAX) return null;
    const memory = this.#memory;
    let block: Ref;
    try {
      block = memory.allocate(VALUE_HEADER_BYTES + length);
    } catch (error) {
      if (error instanceof OutOfMemoryError) return null;
      throw error;
    }
    memory.setApart(block);
    memory.beginWrite(block, 0, VALUE_HEADER_BYTES);
    memory.setInt32(block, VALUE_LENGTH, length);
    memory.setInt32(block, VALUE_OWNER, 0);
    this.reservedBytes += length;
    return new LargeValue(this, memory, block, length);
  }
}
