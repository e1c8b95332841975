/*
 * Blocks: sizes up to 32 KiB are cut from runs of their class, larger ones are whole pages, and one
 * larger than an arena gets its own. Each class fills one current run; a full one is replaced by
 * the fullest of the others, so that sparse runs empty. Everything known of a run lies outside its
 * pages (arena.ts), and nothing here searches: the cost of both ways does not grow with memory.
 */

import assert from 'node:assert/strict';
import type { Arena } from './arena.js';
import type { ArenaTable } from './arena-table.js';
import {
  ARENA_PAGES,
  ARENA_PAGES_SHIFT,
  BLOCK_BYTES_MAX,
  entryOf,
  entryOfPage,
  PAGE_BYTES,
  PAGE_SHIFT,
  PAGE_UNITS_SHIFT,
  type Ref,
} from './layout.js';
import type { PageAllocator } from './page-allocator.js';
import type { WriteBarrier } from './shadow.js';
import {
  CLASS_BYTES,
  CLASS_BYTES_MAX,
  CLASS_END,
  CLASS_UNITS,
  classOf,
  EMPTY_RUN_MAPS,
  MAP_SHIFT,
  MAP_WORDS,
  PAGES_CLASS,
  RUN_BLOCKS,
  RUN_PAGES,
} from './size-classes.js';

/** Lists of partly used runs for each class: by eighths of fullness. */
const FULLNESS_BINS = 8;
const FULLNESS_SHIFT = 3;
/** By class: used blocks times this, shifted, is the fullness bin. */
const FULLNESS_SCALE = RUN_BLOCKS.map((blocks) =>
  blocks === 0 ? 0 : Math.floor((FULLNESS_BINS << 16) / blocks),
);
const PAGE_MASK = ARENA_PAGES - 1;
const PAGE_UNITS_MASK = (1 << PAGE_UNITS_SHIFT) - 1;

export class BlockAllocator {
  readonly #table: ArenaTable;
  readonly #arenas: readonly Arena[];
  readonly #pages: PageAllocator;
  readonly #barrier: WriteBarrier;
  /** By class: first page (of the whole address space) of the run being filled; 0 = none. */
  readonly #current = new Int32Array(CLASS_END);
  /** By class: words of the current run's map before this one are empty. */
  readonly #hint = new Int32Array(CLASS_END);
  /** By class and fullness bin: the first run of the list; 0 = none. */
  readonly #heads = new Int32Array(CLASS_END * FULLNESS_BINS);
  /** By class: one bit a fullness bin that is not empty. */
  readonly #filled = new Uint8Array(CLASS_END);
  /** Float64Array, since the count exceeds 2^31 and must not become a heap number. */
  readonly #usedBytes = new Float64Array(1);
  /** Told when an arena of one large block can go. */
  readonly #onLargeFree: (arena: Arena) => void;

  constructor(options: {
    table: ArenaTable;
    pages: PageAllocator;
    barrier: WriteBarrier;
    onLargeFree: (arena: Arena) => void;
  }) {
    this.#table = options.table;
    this.#arenas = options.table.arenas;
    this.#pages = options.pages;
    this.#barrier = options.barrier;
    this.#onLargeFree = options.onLargeFree;
  }

  get usedBytes(): number {
    return this.#usedBytes[0];
  }

  goodSize(bytes: number): number {
    assert(bytes >= 0 && bytes <= BLOCK_BYTES_MAX);
    if (bytes <= CLASS_BYTES_MAX) return CLASS_BYTES[classOf(bytes)];
    return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
  }

  allocate(bytes: number): Ref {
    if (bytes > CLASS_BYTES_MAX) return this.#allocatePages(bytes);
    const sizeClass = classOf(bytes);
    const page = this.#current[sizeClass] || this.#refill(sizeClass);
    const arena = entryOfPage(this.#arenas, page);
    const first = page & PAGE_MASK;
    const { freeMap } = arena;
    let word = (first << MAP_SHIFT) + this.#hint[sizeClass];
    let bits = freeMap[word];
    while (bits === 0) bits = freeMap[++word];
    freeMap[word] = bits & (bits - 1);
    const inMap = word & (MAP_WORDS - 1);
    this.#hint[sizeClass] = inMap;
    if (++arena.used[first] === RUN_BLOCKS[sizeClass]) this.#current[sizeClass] = 0;
    const units = CLASS_UNITS[sizeClass];
    arena.usedUnits += units;
    this.#usedBytes[0] += CLASS_BYTES[sizeClass];
    const block = (inMap << 5) + 31 - Math.clz32(bits & -bits);
    return ((page << PAGE_UNITS_SHIFT) + block * units) | 0;
  }

  free(ref: Ref): void {
    const arena = entryOf(this.#arenas, ref);
    const page = (ref >>> PAGE_UNITS_SHIFT) & PAGE_MASK;
    const first = arena.run[page] - 1;
    if (!(first >= 0)) failFree(ref);
    const sizeClass = arena.sizeClass[first];
    if (sizeClass === PAGES_CLASS) {
      this.#freePages(ref, arena, first);
      return;
    }
    const units = CLASS_UNITS[sizeClass];
    const distance = ((page - first) << PAGE_UNITS_SHIFT) + (ref & PAGE_UNITS_MASK);
    const block = (distance / units) | 0;
    const inMap = block >>> 5;
    const word = (first << MAP_SHIFT) + inMap;
    const bit = 1 << (block & 31);
    const bits = arena.freeMap[word];
    if (block * units !== distance || (bits & bit) !== 0) failFree(ref);
    if (block >= RUN_BLOCKS[sizeClass]) failFree(ref);
    arena.freeMap[word] = bits | bit;
    arena.usedUnits -= units;
    this.#usedBytes[0] -= CLASS_BYTES[sizeClass];
    const used = arena.used[first];
    arena.used[first] = used - 1;
    if (this.#current[sizeClass] === ((arena.number << ARENA_PAGES_SHIFT) | first)) {
      if (inMap < this.#hint[sizeClass]) this.#hint[sizeClass] = inMap;
    } else if (arena.isClosed) {
      if (used === 1) this.#release(arena, first);
    } else {
      this.#refile(arena, first, sizeClass, used);
    }
  }

  blockBytes(ref: Ref): number {
    const arena = entryOf(this.#arenas, ref);
    const first = arena.run[(ref >>> PAGE_UNITS_SHIFT) & PAGE_MASK] - 1;
    const sizeClass = arena.sizeClass[first];
    if (sizeClass === PAGES_CLASS) return arena.span[first] << PAGE_SHIFT;
    return CLASS_BYTES[sizeClass];
  }

  /** Does the block consist of whole pages? */
  isPages(ref: Ref): boolean {
    const arena = entryOf(this.#arenas, ref);
    const first = arena.run[(ref >>> PAGE_UNITS_SHIFT) & PAGE_MASK] - 1;
    return arena.sizeClass[first] === PAGES_CLASS;
  }

  /** Gives back the runs that are current but empty. */
  releaseIdleRuns(): void {
    for (let sizeClass = 1; sizeClass < CLASS_END; sizeClass++) {
      const page = this.#current[sizeClass];
      if (page === 0) continue;
      const arena = entryOfPage(this.#arenas, page);
      if (arena.used[page & PAGE_MASK] !== 0) continue;
      this.#current[sizeClass] = 0;
      this.#release(arena, page & PAGE_MASK);
    }
  }

  /** Allocates nothing in this arena any more, until open(). */
  close(arena: Arena): void {
    assert(!arena.isClosed && !arena.isLarge);
    this.releaseIdleRuns();
    this.#pages.withdraw(arena);
    for (let first = 0; first < arena.pages; first += arena.span[first]) {
      if (!this.#isPartial(arena, first)) continue;
      const sizeClass = arena.sizeClass[first];
      if (this.#current[sizeClass] === ((arena.number << ARENA_PAGES_SHIFT) | first)) {
        this.#current[sizeClass] = 0;
      } else {
        this.#unlink(arena, first, sizeClass, fullness(sizeClass, arena.used[first]));
      }
    }
    arena.isClosed = true;
  }

  /** Allocates in this arena again. */
  open(arena: Arena): void {
    assert(arena.isClosed);
    arena.isClosed = false;
    this.#pages.restore(arena);
    for (let first = 0; first < arena.pages; first += arena.span[first]) {
      if (!this.#isPartial(arena, first)) continue;
      const sizeClass = arena.sizeClass[first];
      this.#link(arena, first, sizeClass, fullness(sizeClass, arena.used[first]));
    }
  }

  #isPartial(arena: Arena, first: number): boolean {
    if (arena.run[first] === 0 || arena.sizeClass[first] === PAGES_CLASS) return false;
    return arena.used[first] < RUN_BLOCKS[arena.sizeClass[first]];
  }

  /** Makes the fullest partly used run (or a new one) the class's current one. */
  #refill(sizeClass: number): number {
    const filled = this.#filled[sizeClass];
    let page: number;
    if (filled !== 0) {
      const bin = 31 - Math.clz32(filled);
      page = this.#heads[(sizeClass << FULLNESS_SHIFT) + bin];
      this.#unlink(entryOfPage(this.#arenas, page), page & PAGE_MASK, sizeClass, bin);
    } else {
      page = this.#pages.take(RUN_PAGES[sizeClass]);
      const arena = entryOfPage(this.#arenas, page);
      const first = page & PAGE_MASK;
      arena.sizeClass[first] = sizeClass;
      arena.used[first] = 0;
      const map = first << MAP_SHIFT;
      for (let i = 0; i < MAP_WORDS; i++) {
        arena.freeMap[map + i] = EMPTY_RUN_MAPS[(sizeClass << MAP_SHIFT) + i];
      }
    }
    this.#hint[sizeClass] = 0;
    this.#current[sizeClass] = page;
    return page;
  }

  /** After a free in a run that is not current: `used` blocks were in use before. */
  #refile(arena: Arena, first: number, sizeClass: number, used: number): void {
    const bin = fullness(sizeClass, used - 1);
    if (used === RUN_BLOCKS[sizeClass]) {
      if (used === 1) this.#release(arena, first);
      else this.#link(arena, first, sizeClass, bin);
      return;
    }
    const before = fullness(sizeClass, used);
    if (used === 1) {
      this.#unlink(arena, first, sizeClass, before);
      this.#release(arena, first);
    } else if (bin !== before) {
      this.#unlink(arena, first, sizeClass, before);
      this.#link(arena, first, sizeClass, bin);
    }
  }

  #release(arena: Arena, first: number): void {
    this.#pages.give(arena, first);
  }

  #link(arena: Arena, first: number, sizeClass: number, bin: number): void {
    const list = (sizeClass << FULLNESS_SHIFT) + bin;
    const head = this.#heads[list];
    const page = (arena.number << ARENA_PAGES_SHIFT) | first;
    arena.previous[first] = 0;
    arena.next[first] = head;
    if (head !== 0) entryOfPage(this.#arenas, head).previous[head & PAGE_MASK] = page;
    this.#heads[list] = page;
    this.#filled[sizeClass] |= 1 << bin;
  }

  #unlink(arena: Arena, first: number, sizeClass: number, bin: number): void {
    const next = arena.next[first];
    const previous = arena.previous[first];
    if (next !== 0) entryOfPage(this.#arenas, next).previous[next & PAGE_MASK] = previous;
    if (previous !== 0) {
      entryOfPage(this.#arenas, previous).next[previous & PAGE_MASK] = next;
      return;
    }
    const list = (sizeClass << FULLNESS_SHIFT) + bin;
    this.#heads[list] = next;
    if (next === 0) this.#filled[sizeClass] &= ~(1 << bin);
  }

  #allocatePages(bytes: number): Ref {
    assert(bytes <= BLOCK_BYTES_MAX);
    const count = Math.ceil(bytes / PAGE_BYTES);
    let page: number;
    if (count > ARENA_PAGES) {
      page = this.#takeLarge(count);
    } else {
      page = this.#pages.take(count);
      const arena = entryOfPage(this.#arenas, page);
      arena.sizeClass[page & PAGE_MASK] = PAGES_CLASS;
      arena.usedUnits += count << PAGE_UNITS_SHIFT;
    }
    this.#usedBytes[0] += count * PAGE_BYTES;
    return (page << PAGE_UNITS_SHIFT) | 0;
  }

  #takeLarge(count: number): number {
    const arena = this.#pages.createLarge(count);
    arena.run[0] = 1;
    arena.sizeClass[0] = PAGES_CLASS;
    arena.span[0] = count;
    arena.usedPages = count;
    arena.usedUnits = count << PAGE_UNITS_SHIFT;
    this.#table.touch(arena, count);
    if (this.#barrier.isFrozen) this.#barrier.onLargeTaken(arena);
    return arena.number << ARENA_PAGES_SHIFT;
  }

  #freePages(ref: Ref, arena: Arena, first: number): void {
    const start = ((arena.number << ARENA_PAGES_SHIFT) | first) << PAGE_UNITS_SHIFT;
    if ((ref | 0) !== (start | 0)) failFree(ref);
    const count = arena.span[first];
    this.#usedBytes[0] -= count * PAGE_BYTES;
    arena.usedUnits -= count << PAGE_UNITS_SHIFT;
    if (arena.isLarge) {
      arena.run[0] = 0;
      arena.usedPages = 0;
      this.#onLargeFree(arena);
    } else {
      this.#pages.give(arena, first);
    }
  }
}

function fullness(sizeClass: number, used: number): number {
  return (used * FULLNESS_SCALE[sizeClass]) >>> 16;
}

function failFree(ref: Ref): never {
  assert.fail(`free of what is not a block in use: ${ref >>> 0}`);
}
