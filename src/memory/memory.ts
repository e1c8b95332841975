/*
 * The memory that holds the data set: blocks in shared pages, addressed by references (layout.ts).
 * This is the room's front door; no structure knows arenas, runs or shadows. Reading is direct. A
 * write is two steps: beginWrite for the whole range, then the stores; a new block needs the same,
 * since its page may hold old neighbours that a frozen view still shows.
 *
 * Memory is also the live BlockReader. Offsets are bytes from the start of the block.
 */

import assert from 'node:assert/strict';
import type { Arena } from './arena.js';
import { ArenaTable } from './arena-table.js';
import { BarrierCheck } from './barrier-check.js';
import { BlockAllocator } from './block-allocator.js';
import type { BlockReader } from './block-reader.js';
import { Evacuator, type Relocate } from './evacuator.js';
import type { FrozenViewHandle } from './frozen-view.js';
import {
  ADDRESS_SPACE_BYTES,
  entryOf,
  PAGE_BYTES,
  PAGE_SHIFT,
  PAGE_UNITS_SHIFT,
  REF_ARENA_SHIFT,
  REF_UNIT_MASK,
  type Ref,
} from './layout.js';
import { type AllocatorUse, describeUse } from './memory-use.js';
import { PageAllocator } from './page-allocator.js';
import { Pins } from './pins.js';
import { RecentViews } from './recent-views.js';
import { WriteBarrier } from './shadow.js';
import { copyShared } from './shared-copy.js';
import { PAGES_CLASS } from './size-classes.js';

export type { BlockReader } from './block-reader.js';
export type { Relocate } from './evacuator.js';
export type { FrozenViewHandle, FrozenViewMessage } from './frozen-view.js';
export type { Ref } from './layout.js';

/** Bytes of the root block, all 0 at first. */
export const ROOT_BYTES = PAGE_BYTES;

/** Up to this many bytes a loop is faster than subarray and set. */
const LOOP_BYTES_MAX = 128;
/** What a checked memory fills new blocks with: nobody may rely on their contents. */
const RUBBISH = 0xa5;
const ROOT_PAGE = 1;

export interface MemoryOptions {
  /** First arena number used: tests take high ones, so that references are negative. */
  readonly firstArena?: number;
  /** Bytes of address space to use at most. */
  readonly bytesMax?: number;
  /** Bytes that copies for one frozen view may take; beyond it the view is given up. */
  readonly shadowBytesMax?: number;
  /** Fills new blocks with rubbish and allows checkBarrier(). For tests: it copies every page. */
  readonly isChecked?: boolean;
  /** Runs a full garbage collection, so that dropped memory really goes. */
  readonly collectGarbage?: () => void;
}

export class Memory implements BlockReader {
  /** The one root block, of ROOT_BYTES bytes; it never moves. */
  readonly root: Ref;
  u8: Uint8Array;
  i32: Int32Array;
  f64: Float64Array;
  base = 0;
  /** True while a view is frozen: access bits and the like are not worth a page copy then. */
  isFrozen = false;

  readonly #table: ArenaTable;
  readonly #arenas: readonly Arena[];
  readonly #u8s: readonly Uint8Array[];
  readonly #i32s: readonly Int32Array[];
  readonly #f64s: readonly Float64Array[];
  readonly #views: readonly DataView[];
  /** Of arrays that are copied from or compared with, and of those copied to. */
  readonly #sources = new RecentViews();
  readonly #targets = new RecentViews();
  readonly #barrier: WriteBarrier;
  readonly #blocks: BlockAllocator;
  readonly #evacuator: Evacuator;
  readonly #check: BarrierCheck | null;
  readonly #pins: Pins;
  /** Blocks that nothing in memory points to yet: see setApart(). */
  readonly #apart = new Set<Ref>();

  constructor(options: MemoryOptions = {}) {
    this.#table = new ArenaTable({
      firstArena: options.firstArena ?? 0,
      bytesMax: options.bytesMax ?? ADDRESS_SPACE_BYTES,
    });
    this.#arenas = this.#table.arenas;
    this.#u8s = this.#table.u8s;
    this.#i32s = this.#table.i32s;
    this.#f64s = this.#table.f64s;
    this.#views = this.#table.views;
    // Page 0 is never used: reference 0 means none. The root is alone, so that it pins nothing.
    const rootArena = this.#table.create(ROOT_PAGE + 1);
    rootArena.run[ROOT_PAGE] = ROOT_PAGE + 1;
    rootArena.span[ROOT_PAGE] = 1;
    rootArena.sizeClass[ROOT_PAGE] = PAGES_CLASS;
    this.#table.touch(rootArena, ROOT_PAGE + 1);
    this.root = (rootArena.number << REF_ARENA_SHIFT) | (ROOT_PAGE << PAGE_UNITS_SHIFT);
    this.u8 = rootArena.u8;
    this.i32 = rootArena.i32;
    this.f64 = rootArena.f64;
    this.#barrier = new WriteBarrier(this.#table, options.shadowBytesMax ?? ADDRESS_SPACE_BYTES);
    this.#blocks = new BlockAllocator({
      table: this.#table,
      pages: new PageAllocator(this.#table, this.#barrier, () => this.#evacuator),
      barrier: this.#barrier,
      onLargeFree: (arena) => this.#evacuator.onLargeFree(arena),
    });
    this.#evacuator = new Evacuator({
      table: this.#table,
      blocks: this.#blocks,
      barrier: this.#barrier,
      root: rootArena,
      collectGarbage: () => {
        // The window stands where the last block was: it may be all that holds a dropped arena.
        if (!this.#u8s.includes(this.u8)) this.locate(this.root);
        options.collectGarbage?.();
      },
    });
    this.#check = options.isChecked ? new BarrierCheck(this.#table, this.#barrier) : null;
    this.#pins = new Pins(options.isChecked ?? false);
  }

  /** Bytes of the blocks in use, exactly (their usable sizes); the root is not counted. */
  get usedBytes(): number {
    return this.#blocks.usedBytes;
  }

  /** Bytes of pages that the system holds memory for, used or free, without shadow pages. */
  get residentBytes(): number {
    return this.#table.touchedPages * PAGE_BYTES;
  }

  /** Bytes of pages copied for the frozen view. */
  get shadowBytes(): number {
    return this.#barrier.shadowBytes;
  }

  /** Bytes that the system holds memory for because of frozen views, now or kept for the next. */
  get shadowResidentBytes(): number {
    return this.#barrier.shadowResidentBytes;
  }

  // --- blocks ---

  /**
   * A block of at least `bytes` bytes (up to BLOCK_BYTES_MAX), contents undefined. Ends the current
   * window. Throws OutOfMemoryError.
   */
  allocate(bytes: number): Ref {
    const ref = this.#blocks.allocate(bytes);
    if (this.#check !== null) this.#litter(ref);
    return ref;
  }

  /** Gives the block back, at the latest when it is pinned no more. Freeing what is not a block in
   * use is an assertion. */
  free(ref: Ref): void {
    assertBlock(ref !== this.root);
    if (this.#pins.size > 0 && this.#pins.postponeFree(ref)) return;
    this.#blocks.free(ref);
  }

  /** Usable bytes of the block. */
  blockBytes(ref: Ref): number {
    return this.#blocks.blockBytes(ref);
  }

  /** Usable bytes that allocate(bytes) would give. */
  goodSize(bytes: number): number {
    return this.#blocks.goodSize(bytes);
  }

  /**
   * A block of whole pages that nothing points to yet is filled over several turns of the event
   * loop. Until join(ref), a view that is frozen does not contain it, so that nothing is copied for
   * it.
   */
  setApart(ref: Ref): void {
    assert(this.#blocks.isPages(ref));
    this.#apart.add(ref);
  }

  /** The block is linked to, or freed, from now on. */
  join(ref: Ref): void {
    this.#apart.delete(ref);
  }

  /**
   * `length` bytes of the block from `offset` on, where they lie, for a reader that takes its time:
   * until unpin(ref), once for each pin, they stay even when the block is freed. Who has the block
   * must not change them meanwhile, but use a copy.
   */
  pin(ref: Ref, offset: number, length: number): Uint8Array {
    const base = ((ref & REF_UNIT_MASK) << 3) + offset;
    const bytes = entryOf(this.#u8s, ref).subarray(base, base + length);
    this.#pins.add(ref, bytes);
    return bytes;
  }

  unpin(ref: Ref): void {
    if (this.#pins.remove(ref)) this.#blocks.free(ref);
  }

  isPinned(ref: Ref): boolean {
    return this.#pins.size > 0 && this.#pins.has(ref);
  }

  // --- reading ---

  /** Sets the window (u8, i32, f64, base) to the block's start. */
  locate(ref: Ref): void {
    this.u8 = entryOf(this.#u8s, ref);
    this.i32 = entryOf(this.#i32s, ref);
    this.f64 = entryOf(this.#f64s, ref);
    this.base = (ref & REF_UNIT_MASK) << 3;
  }

  load(ref: Ref, offset: number, _length: number): void {
    this.locate(ref);
    this.base += offset;
  }

  loadUpTo(ref: Ref, offset: number, _least: number, most: number): number {
    this.locate(ref);
    this.base += offset;
    return most;
  }

  /** `offset` is a multiple of 4. */
  int32(ref: Ref, offset: number): number {
    return entryOf(this.#i32s, ref)[((ref & REF_UNIT_MASK) << 1) + (offset >>> 2)];
  }

  uint8(ref: Ref, offset: number): number {
    return entryOf(this.#u8s, ref)[((ref & REF_UNIT_MASK) << 3) + offset];
  }

  /** `offset` is a multiple of 8. */
  float64(ref: Ref, offset: number): number {
    return entryOf(this.#f64s, ref)[(ref & REF_UNIT_MASK) + (offset >>> 3)];
  }

  /** The array in which the words of the block lie, from wordIndex(ref) on: for reading a block in
   * a loop that is too hot for int32(). Until the next allocate or free. */
  words(ref: Ref): Int32Array {
    return entryOf(this.#i32s, ref);
  }

  wordIndex(ref: Ref): number {
    return (ref & REF_UNIT_MASK) << 1;
  }

  /** Are `length` bytes of the block from `offset` on those of `bytes` from `start` on? */
  equal(ref: Ref, offset: number, bytes: Uint8Array, start: number, length: number): boolean {
    const base = ((ref & REF_UNIT_MASK) << 3) + offset;
    const view = entryOf(this.#views, ref);
    const other = this.#sources.of(bytes);
    const wordsEnd = length & ~3;
    let i = 0;
    for (; i < wordsEnd; i += 4) {
      if (view.getInt32(base + i, true) !== other.getInt32(start + i, true)) return false;
    }
    for (; i < length; i++) {
      if (view.getUint8(base + i) !== other.getUint8(start + i)) return false;
    }
    return true;
  }

  copyOut(ref: Ref, offset: number, length: number, target: Uint8Array, at: number): void {
    const base = ((ref & REF_UNIT_MASK) << 3) + offset;
    if (length < LOOP_BYTES_MAX) {
      copyWords(entryOf(this.#views, ref), base, length, this.#targets.of(target), at);
    } else {
      copyShared(entryOf(this.#u8s, ref), base, base + length, target, at);
    }
  }

  // --- writing ---

  /**
   * Must come before the first store into these bytes of a block after a freeze: in practice at the
   * start of each change. Several stores into the range share one call; so do ranges of one block
   * that lie in one page.
   */
  beginWrite(ref: Ref, offset: number, length: number): void {
    if (this.isFrozen) this.#cover(ref, offset, length);
  }

  /** `offset` is a multiple of 4. */
  setInt32(ref: Ref, offset: number, value: number): void {
    entryOf(this.#i32s, ref)[((ref & REF_UNIT_MASK) << 1) + (offset >>> 2)] = value;
  }

  setUint8(ref: Ref, offset: number, value: number): void {
    entryOf(this.#u8s, ref)[((ref & REF_UNIT_MASK) << 3) + offset] = value;
  }

  /** `offset` is a multiple of 8. */
  setFloat64(ref: Ref, offset: number, value: number): void {
    entryOf(this.#f64s, ref)[(ref & REF_UNIT_MASK) + (offset >>> 3)] = value;
  }

  /** Copies source[start..end) to `offset`. */
  copyIn(ref: Ref, offset: number, source: Uint8Array, start: number, end: number): void {
    const base = ((ref & REF_UNIT_MASK) << 3) + offset;
    const length = end - start;
    if (length < LOOP_BYTES_MAX) {
      copyWords(this.#sources.of(source), start, length, entryOf(this.#views, ref), base);
    } else {
      copyShared(source, start, end, entryOf(this.#u8s, ref), base);
    }
  }

  /** Within one block; the ranges may overlap. */
  move(ref: Ref, from: number, to: number, length: number): void {
    const base = (ref & REF_UNIT_MASK) << 3;
    entryOf(this.#u8s, ref).copyWithin(base + to, base + from, base + from + length);
  }

  fill(ref: Ref, offset: number, length: number, byte: number): void {
    const base = ((ref & REF_UNIT_MASK) << 3) + offset;
    entryOf(this.#u8s, ref).fill(byte, base, base + length);
  }

  /** From block to block; the two differ. */
  copyBlock(source: Ref, sourceOffset: number, target: Ref, at: number, length: number): void {
    const start = ((source & REF_UNIT_MASK) << 3) + sourceOffset;
    const base = ((target & REF_UNIT_MASK) << 3) + at;
    if (length < LOOP_BYTES_MAX) {
      copyWords(entryOf(this.#views, source), start, length, entryOf(this.#views, target), base);
    } else {
      const from = entryOf(this.#u8s, source);
      copyShared(from, start, start + length, entryOf(this.#u8s, target), base);
    }
  }

  // --- the frozen view ---

  /** Freezes the contents of all blocks as they are now, for one reader. Between commands only, one
   * view at a time. Takes no time that grows with memory. */
  freeze(): FrozenViewHandle {
    assert(!this.isFrozen, 'one view at a time');
    this.isFrozen = true;
    const handle = this.#barrier.freeze(this.root);
    for (const ref of this.#apart) this.#exclude(ref);
    this.#check?.onFreeze();
    return handle;
  }

  /** Ends the view: the reader has said that it is done, or is known to be gone. */
  thaw(): void {
    assert(this.isFrozen);
    this.isFrozen = false;
    this.#check?.onThaw();
    this.#barrier.thaw();
    this.#evacuator.onThaw();
  }

  /** Checked memory only: asserts that the view still shows every page as it was at the freeze. */
  checkBarrier(): void {
    this.#check?.check();
  }

  // --- giving back ---

  /** Called by tick() for blocks that should move so that an arena can be given back. */
  set relocate(relocate: Relocate | null) {
    this.#evacuator.relocate = relocate;
  }

  /** True when `ref` lies in an arena that is being emptied: an owner that comes across it may move
   * it (allocate, copy, link, free). */
  wantsMove(ref: Ref): boolean {
    return entryOf(this.#arenas, ref).isClosed;
  }

  /** Has tick() give back all that is not used, without the reserve that it keeps otherwise. */
  purge(): void {
    this.#evacuator.purge();
  }

  /** What arenas and blocks take, counted anew: takes time that grows with memory. */
  describeUse(): AllocatorUse {
    const root = entryOf(this.#arenas, this.root);
    return describeUse(this.#table.list().filter((arena) => arena !== root));
  }

  /** True while some blocks should move. */
  get isEvacuating(): boolean {
    return this.#evacuator.isEvacuating;
  }

  /** Background work for about `budgetMs`. Returns true when more is due at once. */
  tick(budgetMs: number, monotonicMs: () => number): boolean {
    if (this.isFrozen) {
      this.#barrier.prepare(monotonicMs() + budgetMs, monotonicMs);
      return false;
    }
    return this.#evacuator.step(budgetMs, monotonicMs);
  }

  #cover(ref: Ref, offset: number, length: number): void {
    const byte = ((ref & REF_UNIT_MASK) << 3) + offset;
    this.#barrier.cover(entryOf(this.#arenas, ref), byte, length);
  }

  #exclude(ref: Ref): void {
    const arena = entryOf(this.#arenas, ref);
    const first = ((ref & REF_UNIT_MASK) << 3) >>> PAGE_SHIFT;
    if (arena.isLarge) this.#barrier.onLargeTaken(arena);
    else this.#barrier.onPagesTaken(arena, first, this.blockBytes(ref) >>> PAGE_SHIFT);
  }

  #litter(ref: Ref): void {
    const bytes = Math.min(this.blockBytes(ref), 1 << (PAGE_SHIFT + 4));
    this.beginWrite(ref, 0, bytes);
    this.fill(ref, 0, bytes, RUBBISH);
  }
}

function assertBlock(isBlock: boolean): void {
  if (!isBlock) assert.fail('the root is never freed');
}

/** Copies a short range, word by word whatever its alignment. */
function copyWords(
  source: DataView,
  start: number,
  length: number,
  target: DataView,
  at: number,
): void {
  const wordsEnd = length & ~3;
  let i = 0;
  for (; i < wordsEnd; i += 4) target.setInt32(at + i, source.getInt32(start + i, true), true);
  for (; i < length; i++) target.setUint8(at + i, source.getUint8(start + i));
}
