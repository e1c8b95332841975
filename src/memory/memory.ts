/*
 * SKELETON of the room's front door: final signatures over a simple allocator; the real one (size
 * classes, runs, barrier, frozen view) follows behind the same methods.
 */

import assert from 'node:assert/strict';
import type { BlockReader } from './block-reader.js';
import {
  ARENA_BYTES,
  ARENAS_MAX,
  BLOCK_BYTES_MAX,
  PAGE_BYTES,
  REF_ARENA_SHIFT,
  REF_UNIT_MASK,
  type Ref,
} from './layout.js';
import { OutOfMemoryError } from './out-of-memory-error.js';

export type { Ref } from './layout.js';

/** Bytes of the root block. */
export const ROOT_BYTES = PAGE_BYTES;

export interface MemoryOptions {
  /** First arena number used: tests take high ones, so that references are negative. */
  readonly firstArena?: number;
  /** Bytes of address space to use at most. */
  readonly bytesMax?: number;
  /** Fills new blocks with rubbish and allows checkBarrier(). For tests. */
  readonly isChecked?: boolean;
  /** Runs a full garbage collection, so that dropped arenas really go. */
  readonly collectGarbage?: () => void;
}

/** Moves the block `ref` if the caller knows its owner: allocates anew, copies, links, frees `ref`. */
export type Relocate = (ref: Ref) => boolean;

/** What a worker needs to open the view: posted with its transfer list. */
export interface FrozenViewHandle {
  readonly message: unknown;
  readonly transferList: readonly unknown[];
}

export class Memory implements BlockReader {
  readonly root: Ref;
  u8: Uint8Array = new Uint8Array(0);
  i32: Int32Array = new Int32Array(0);
  f64: Float64Array = new Float64Array(0);
  base = 0;
  isFrozen = false;
  /** Called by tick() for blocks that should move so that an arena can be given back. */
  relocate: Relocate | null = null;

  #u8s: Uint8Array[] = [];
  #i32s: Int32Array[] = [];
  #f64s: Float64Array[] = [];
  #next: number;
  #arena: number;
  #sizes = new Map<Ref, number>();
  #used = 0;

  constructor(options: MemoryOptions = {}) {
    for (let i = 0; i < ARENAS_MAX; i++) {
      this.#u8s.push(this.u8);
      this.#i32s.push(this.i32);
      this.#f64s.push(this.f64);
    }
    this.#arena = (options.firstArena ?? 0) - 1;
    this.#next = ARENA_BYTES;
    this.allocate(8);
    this.root = this.allocate(ROOT_BYTES);
    this.#used = 0;
  }

  /** Bytes of the blocks in use, exactly (their usable sizes); the root is not counted. */
  get usedBytes(): number {
    return this.#used;
  }

  /** Bytes of pages held from the system, used or free. */
  get residentBytes(): number {
    return (this.#arena + 1) * ARENA_BYTES;
  }

  // --- blocks ---

  /** A block of at least `bytes` bytes, contents undefined. Throws OutOfMemoryError. */
  allocate(bytes: number): Ref {
    const size = this.goodSize(bytes);
    if (this.#next + size > ARENA_BYTES) {
      if (this.#arena + 1 >= ARENAS_MAX) throw new OutOfMemoryError(bytes);
      this.#arena++;
      const buffer = new SharedArrayBuffer(Math.max(ARENA_BYTES, size));
      this.#u8s[this.#arena] = new Uint8Array(buffer);
      this.#i32s[this.#arena] = new Int32Array(buffer);
      this.#f64s[this.#arena] = new Float64Array(buffer);
      this.#next = 0;
    }
    const ref = (this.#arena << REF_ARENA_SHIFT) | (this.#next >>> 3);
    this.#next += size;
    this.#sizes.set(ref, size);
    this.#used += size;
    return ref;
  }

  /** Gives the block back. Freeing what is not a block in use is an assertion. */
  free(ref: Ref): void {
    const size = this.#sizes.get(ref);
    assert(size !== undefined, 'free of a block that is not in use');
    this.#sizes.delete(ref);
    this.#used -= size;
  }

  /** Usable bytes of the block. */
  blockBytes(ref: Ref): number {
    return this.#sizes.get(ref) ?? 0;
  }

  /** Usable bytes that allocate(bytes) would give. */
  goodSize(bytes: number): number {
    assert(bytes >= 0 && bytes <= BLOCK_BYTES_MAX);
    return Math.max(16, (bytes + 7) & ~7);
  }

  // --- reading; offsets are bytes from the block's start ---

  /** Sets the window (u8, i32, f64, base) to the block's start. */
  locate(ref: Ref): void {
    const arena = ref >>> REF_ARENA_SHIFT;
    this.u8 = this.#u8s[arena];
    this.i32 = this.#i32s[arena];
    this.f64 = this.#f64s[arena];
    this.base = (ref & REF_UNIT_MASK) << 3;
  }

  load(ref: Ref, offset: number, _length: number): void {
    this.locate(ref);
    this.base += offset;
  }

  loadUpTo(ref: Ref, offset: number, _least: number, most: number): number {
    this.load(ref, offset, most);
    return most;
  }

  /** `offset` is a multiple of 4. */
  int32(ref: Ref, offset: number): number {
    return this.#i32s[ref >>> REF_ARENA_SHIFT][((ref & REF_UNIT_MASK) << 1) + (offset >>> 2)];
  }

  uint8(ref: Ref, offset: number): number {
    return this.#u8s[ref >>> REF_ARENA_SHIFT][((ref & REF_UNIT_MASK) << 3) + offset];
  }

  /** `offset` is a multiple of 8. */
  float64(ref: Ref, offset: number): number {
    return this.#f64s[ref >>> REF_ARENA_SHIFT][(ref & REF_UNIT_MASK) + (offset >>> 3)];
  }

  /** Are `length` bytes of the block from `offset` on those of `bytes` from `start` on? */
  equal(ref: Ref, offset: number, bytes: Uint8Array, start: number, length: number): boolean {
    const u8 = this.#u8s[ref >>> REF_ARENA_SHIFT];
    const base = ((ref & REF_UNIT_MASK) << 3) + offset;
    for (let i = 0; i < length; i++) if (u8[base + i] !== bytes[start + i]) return false;
    return true;
  }

  copyOut(ref: Ref, offset: number, length: number, target: Uint8Array, at: number): void {
    const u8 = this.#u8s[ref >>> REF_ARENA_SHIFT];
    const base = ((ref & REF_UNIT_MASK) << 3) + offset;
    if (length < 128) for (let i = 0; i < length; i++) target[at + i] = u8[base + i];
    else target.set(u8.subarray(base, base + length), at);
  }

  // --- writing: beginWrite for the whole range first, then the stores ---

  /** Must come before the first store into these bytes of the block, after every allocate or free
   * in between too. Several stores into the range share one call. */
  beginWrite(_ref: Ref, _offset: number, _length: number): void {}

  setInt32(ref: Ref, offset: number, value: number): void {
    this.#i32s[ref >>> REF_ARENA_SHIFT][((ref & REF_UNIT_MASK) << 1) + (offset >>> 2)] = value;
  }

  setUint8(ref: Ref, offset: number, value: number): void {
    this.#u8s[ref >>> REF_ARENA_SHIFT][((ref & REF_UNIT_MASK) << 3) + offset] = value;
  }

  setFloat64(ref: Ref, offset: number, value: number): void {
    this.#f64s[ref >>> REF_ARENA_SHIFT][(ref & REF_UNIT_MASK) + (offset >>> 3)] = value;
  }

  /** Copies source[start..end) to `offset`. */
  copyIn(ref: Ref, offset: number, source: Uint8Array, start: number, end: number): void {
    const u8 = this.#u8s[ref >>> REF_ARENA_SHIFT];
    const base = ((ref & REF_UNIT_MASK) << 3) + offset;
    const length = end - start;
    if (length < 128) for (let i = 0; i < length; i++) u8[base + i] = source[start + i];
    else u8.set(source.subarray(start, end), base);
  }

  /** Within one block; the ranges may overlap. */
  move(ref: Ref, from: number, to: number, length: number): void {
    const base = (ref & REF_UNIT_MASK) << 3;
    this.#u8s[ref >>> REF_ARENA_SHIFT].copyWithin(base + to, base + from, base + from + length);
  }

  fill(ref: Ref, offset: number, length: number, byte: number): void {
    const base = ((ref & REF_UNIT_MASK) << 3) + offset;
    this.#u8s[ref >>> REF_ARENA_SHIFT].fill(byte, base, base + length);
  }

  /** From block to block. */
  copyBlock(source: Ref, sourceOffset: number, target: Ref, at: number, length: number): void {
    const from = this.#u8s[source >>> REF_ARENA_SHIFT];
    const start = ((source & REF_UNIT_MASK) << 3) + sourceOffset;
    const to = this.#u8s[target >>> REF_ARENA_SHIFT];
    to.set(from.subarray(start, start + length), ((target & REF_UNIT_MASK) << 3) + at);
  }

  // --- the frozen view ---

  /** Freezes the contents of all blocks as they are now, for one reader. Between commands only. */
  freeze(): FrozenViewHandle {
    assert(!this.isFrozen);
    this.isFrozen = true;
    return { message: null, transferList: [] };
  }

  /** Ends the view: the reader has said that it is done, or is known to be gone. */
  thaw(): void {
    this.isFrozen = false;
  }

  /** Checked memory only: asserts that every page changed since the freeze has been preserved. */
  checkBarrier(): void {}

  // --- giving back ---

  /** True when `ref` lies where memory would like to have nothing: an owner that walks its blocks
   * may move it (allocate, copy, link, free). */
  wantsMove(_ref: Ref): boolean {
    return false;
  }

  /** Background work in slices. Returns true when more is due at once. */
  tick(_budgetMs: number, _monotonicMs: () => number): boolean {
    return false;
  }
}
