/*
 * Whole pages: hands out runs of consecutive pages and takes them back. Free extents are joined
 * with their free neighbours at once and hang in lists by length (one for each length up to 32
 * pages, then eight for each doubling), so that both ways cost the same however full memory is. The
 * shortest extent that fits is cut at its lower end: what was never used stays at the top of an
 * arena, where the system has given no memory for it yet.
 */

import type { Arena } from './arena.js';
import type { ArenaTable } from './arena-table.js';
import { ARENA_PAGES, ARENA_PAGES_SHIFT, entryOfPage } from './layout.js';
import type { WriteBarrier } from './shadow.js';

/** Whom to ask before memory grows: see evacuator.ts. */
export interface Reserves {
  reopenEmpty(): boolean;
  beforeLarge(): void;
  reclaim(): void;
}

const EXACT_BINS = 32;
const EXACT_EXPONENT = 5;
const BINS = EXACT_BINS + (ARENA_PAGES_SHIFT - EXACT_EXPONENT) * 8 + 1;
const BIN_WORDS = Math.ceil(BINS / 32);
/** Extents tried in the one list whose members may or may not be long enough. */
const TRIES_MAX = 32;
const PAGE_MASK = ARENA_PAGES - 1;

export class PageAllocator {
  readonly #table: ArenaTable;
  readonly #barrier: WriteBarrier;
  /** By bin: the first extent (a page number of the whole address space), 0 = none. */
  readonly #heads = new Int32Array(BINS);
  /** One bit a bin: not empty. */
  readonly #filled = new Int32Array(BIN_WORDS);
  readonly #reserves: () => Reserves;

  constructor(table: ArenaTable, barrier: WriteBarrier, reserves: () => Reserves) {
    this.#table = table;
    this.#barrier = barrier;
    this.#reserves = reserves;
  }

  /** A run of `count` pages, up to ARENA_PAGES; returns the number of its first page in the whole
   * address space. Throws OutOfMemoryError. */
  take(count: number): number {
    const page = this.#find(count) || this.#grow(count);
    const arena = entryOfPage(this.#table.arenas, page);
    const first = page & PAGE_MASK;
    const span = arena.span[first];
    this.#unlink(arena, first, span);
    if (span > count) this.#link(arena, first + count, span - count);
    arena.run.fill(first + 1, first, first + count);
    arena.span[first] = count;
    arena.usedPages += count;
    this.#table.touch(arena, first + count);
    if (this.#barrier.isFrozen) this.#barrier.onPagesTaken(arena, first, count);
    return page;
  }

  /** Takes the run that begins at page `first` of the arena back. */
  give(arena: Arena, first: number): void {
    const count = arena.span[first];
    if (this.#barrier.isFrozen) this.#barrier.onPagesGiven(arena, first, count);
    arena.run.fill(0, first, first + count);
    arena.usedPages -= count;
    if (!arena.isClosed) this.#join(arena, first, count);
  }

  /** A new arena for one block that is larger than other arenas. */
  createLarge(pages: number): Arena {
    this.#reserves().beforeLarge();
    if (!this.#table.canCreate(pages)) this.#reserves().reclaim();
    const arena = this.#table.create(pages);
    arena.bornInView = this.#barrier.view;
    return arena;
  }

  /** Takes the arena's free extents off the lists. */
  withdraw(arena: Arena): void {
    for (let page = 0; page < arena.pages; page += arena.span[page]) {
      if (arena.run[page] === 0) this.#unlink(arena, page, arena.span[page]);
    }
  }

  /** Finds the free extents of an arena that was withdrawn, and puts them on the lists. */
  restore(arena: Arena): void {
    for (let page = 0; page < arena.pages; ) {
      let end = page;
      while (end < arena.pages && arena.run[end] === 0) end++;
      if (end > page) this.#link(arena, page, end - page);
      page = end < arena.pages ? end + arena.span[end] : end;
    }
  }

  /** Makes room for `count` pages: with one more arena, or with what is left of the others. */
  #grow(count: number): number {
    if (this.#reserves().reopenEmpty()) return this.#find(count);
    if (!this.#table.canCreate(ARENA_PAGES)) {
      this.#reserves().reclaim();
      const page = this.#find(count);
      if (page !== 0) return page;
    }
    const arena = this.#table.create(ARENA_PAGES);
    arena.bornInView = this.#barrier.view;
    this.#link(arena, 0, arena.pages);
    return arena.number << ARENA_PAGES_SHIFT;
  }

  #join(arena: Arena, first: number, count: number): void {
    const end = first + count;
    if (end < arena.pages && arena.run[end] === 0) {
      const after = arena.span[end];
      this.#unlink(arena, end, after);
      count += after;
    }
    if (first > 0 && arena.run[first - 1] === 0) {
      const before = arena.span[first - 1];
      first -= before;
      this.#unlink(arena, first, before);
      count += before;
    }
    this.#link(arena, first, count);
  }

  #find(count: number): number {
    const bin = binOf(count);
    const isExact = count <= EXACT_BINS || (count & -count) === count;
    const page = this.#firstFrom(isExact ? bin : bin + 1);
    if (page !== 0 || isExact) return page;
    let candidate = this.#heads[bin];
    for (let tries = 0; candidate !== 0 && tries < TRIES_MAX; tries++) {
      const arena = entryOfPage(this.#table.arenas, candidate);
      if (arena.span[candidate & PAGE_MASK] >= count) return candidate;
      candidate = arena.next[candidate & PAGE_MASK];
    }
    return 0;
  }

  /** The first extent of the first bin from `bin` on that has one, or 0. */
  #firstFrom(bin: number): number {
    let word = bin >>> 5;
    if (word >= BIN_WORDS) return 0;
    let bits = this.#filled[word] & (-1 << (bin & 31));
    while (bits === 0) {
      if (++word === BIN_WORDS) return 0;
      bits = this.#filled[word];
    }
    return this.#heads[(word << 5) + 31 - Math.clz32(bits & -bits)];
  }

  #link(arena: Arena, first: number, count: number): void {
    const bin = binOf(count);
    const head = this.#heads[bin];
    const page = (arena.number << ARENA_PAGES_SHIFT) | first;
    arena.span[first] = count;
    arena.span[first + count - 1] = count;
    arena.previous[first] = 0;
    arena.next[first] = head;
    if (head !== 0) {
      entryOfPage(this.#table.arenas, head).previous[head & PAGE_MASK] = page;
    }
    this.#heads[bin] = page;
    this.#filled[bin >>> 5] |= 1 << (bin & 31);
  }

  #unlink(arena: Arena, first: number, count: number): void {
    const bin = binOf(count);
    const next = arena.next[first];
    const previous = arena.previous[first];
    if (next !== 0) {
      entryOfPage(this.#table.arenas, next).previous[next & PAGE_MASK] = previous;
    }
    if (previous !== 0) {
      entryOfPage(this.#table.arenas, previous).next[previous & PAGE_MASK] = next;
      return;
    }
    this.#heads[bin] = next;
    if (next === 0) this.#filled[bin >>> 5] &= ~(1 << (bin & 31));
  }
}

/** The list for extents of `count` pages, 1 to ARENA_PAGES. */
function binOf(count: number): number {
  if (count <= EXACT_BINS) return count - 1;
  const exponent = 31 - Math.clz32(count);
  return EXACT_BINS + ((exponent - EXACT_EXPONENT) << 3) + ((count >>> (exponent - 3)) & 7);
}
