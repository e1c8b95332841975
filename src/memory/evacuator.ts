/*
 * Gives memory back: closes sparse arenas, has the owners of their blocks move these elsewhere,
 * drops the empty arenas and has them collected. All of it in slices on idle ticks, and none of it
 * while a view is frozen: every move would copy a page, and the reader may still be in there. V8
 * counts shared buffers as nothing, so it would not collect them by itself. One arena goes with
 * each collection: the collector may have to wait until the system has taken it (decision 0001).
 */

import {
  EVACUATION_PATIENCE_MS,
  EVACUATION_PLAN_PERIOD_MS,
  EVACUATION_REST_MS,
  EVACUATION_RETRY_MS,
  GARBAGE_COLLECT_PERIOD_MS,
  SHADOW_KEPT_MS,
} from '../limits.js';
import type { Arena } from './arena.js';
import type { ArenaTable } from './arena-table.js';
import type { BlockAllocator } from './block-allocator.js';
import { planEvacuation } from './evacuation-plan.js';
import {
  ARENA_BYTES,
  ARENA_PAGES_SHIFT,
  PAGE_BYTES,
  PAGE_UNITS_SHIFT,
  type Ref,
  UNIT_BYTES,
} from './layout.js';
import type { WriteBarrier } from './shadow.js';
import { CLASS_UNITS, MAP_SHIFT, PAGES_CLASS, RUN_BLOCKS } from './size-classes.js';

/** Moves the block `ref` if the caller knows its owner: allocates anew, copies, links, frees `ref`.
 * False: it stays where it is (it is tried again later). */
export type Relocate = (ref: Ref) => boolean;

/** Blocks handed to relocate between two looks at the clock. */
const BLOCKS_PER_CLOCK_READ = 16;

export class Evacuator {
  relocate: Relocate | null = null;
  readonly #table: ArenaTable;
  readonly #blocks: BlockAllocator;
  readonly #barrier: WriteBarrier;
  readonly #collectGarbage: () => void;
  readonly #root: Arena;
  /** Closed arenas that are being emptied; the last one first. */
  readonly #victims: Arena[] = [];
  /** Closed arenas that are empty: one goes with each collection, unless it is needed again. */
  readonly #empties: Arena[] = [];
  /** Large arenas that were freed under a view that knows them. */
  readonly #leftovers: Arena[] = [];
  /** Bytes of large arenas that are in the table no more and wait for a collection. */
  #garbageBytes = 0;
  #page = 0;
  #block = 0;
  #closedAtMs = 0;
  /** Victims walked to their end in this round that kept blocks all the same. */
  #stuckCount = 0;
  #walkAtMs = 0;
  #planAtMs = 0;
  #collectAtMs = 0;
  /** A view has ended; when, is known at the next step. */
  #hasThawed = false;
  #dropSparesAtMs = 0;
  /** The next plan keeps nothing in reserve. */
  #isPurge = false;

  constructor(options: {
    table: ArenaTable;
    blocks: BlockAllocator;
    barrier: WriteBarrier;
    root: Arena;
    collectGarbage: () => void;
  }) {
    this.#table = options.table;
    this.#blocks = options.blocks;
    this.#barrier = options.barrier;
    this.#root = options.root;
    this.#collectGarbage = options.collectGarbage;
  }

  /** True while blocks of closed arenas wait to be moved. */
  get isEvacuating(): boolean {
    return this.#victims.length > 0;
  }

  /** The block of a large arena was freed: it goes at once, or when the view that knows it ends. */
  onLargeFree(arena: Arena): void {
    const isInView = this.#barrier.isFrozen && arena.bornInView !== this.#barrier.view;
    if (isInView) this.#leftovers.push(arena);
    else this.#garbageBytes += this.#table.drop(arena);
  }

  /** Plans anew at the next step, and lets go of everything that is not used. */
  purge(): void {
    this.#isPurge = true;
    this.#planAtMs = 0;
    this.#dropSparesAtMs = 0;
  }

  onThaw(): void {
    for (const arena of this.#leftovers) this.#garbageBytes += this.#table.drop(arena);
    this.#leftovers.length = 0;
    this.#hasThawed = true;
  }

  /** One more arena is wanted: an empty one that has not gone yet is opened again, whose pages are
   * there already. False when there is none. */
  reopenEmpty(): boolean {
    const arena = this.#empties.pop();
    if (arena === undefined) return false;
    this.#blocks.open(arena);
    return true;
  }

  /** Room for a large block is wanted: garbage must not pile up as fast as large values are
   * overwritten. */
  beforeLarge(): void {
    if (this.#garbageBytes >= ARENA_BYTES) this.#runCollector();
  }

  /** The address space is used up: closed arenas are used again, empty ones make room at once. */
  reclaim(): void {
    for (const arena of this.#victims) this.#blocks.open(arena);
    this.#victims.length = 0;
    if (this.#barrier.isFrozen) return;
    this.#blocks.releaseIdleRuns();
    for (const arena of this.#table.list()) {
      if (arena.usedPages > 0 || arena === this.#root || arena.isLarge) continue;
      if (!arena.isClosed) this.#blocks.close(arena);
      this.#garbageBytes += this.#table.drop(arena);
    }
    this.#empties.length = 0;
  }

  /** One slice; returns true when more work is due at once. */
  step(budgetMs: number, monotonicMs: () => number): boolean {
    const nowMs = monotonicMs();
    if (this.#victims.length + this.#empties.length === 0) this.#plan(nowMs);
    if (nowMs >= this.#walkAtMs) this.#evacuate(nowMs + budgetMs, monotonicMs);
    this.#collect(nowMs);
    return this.#victims.length > 0 && this.relocate !== null && nowMs >= this.#walkAtMs;
  }

  #plan(nowMs: number): void {
    if (nowMs < this.#planAtMs) return;
    this.#planAtMs = nowMs + EVACUATION_PLAN_PERIOD_MS;
    this.#blocks.releaseIdleRuns();
    const candidates = this.#table
      .list()
      .filter((arena) => !arena.isLarge && arena !== this.#root && arena.restUntilMs <= nowMs)
      .map((arena) => ({
        arena,
        usedBytes: arena.usedUnits * UNIT_BYTES,
        touchedBytes: arena.touchedPages * PAGE_BYTES,
      }));
    for (const { arena } of planEvacuation(candidates, this.#isPurge)) {
      // One that holds blocks is closed only when somebody is there to move them.
      if (arena.usedPages > 0 && this.relocate === null) continue;
      this.#blocks.close(arena);
      (arena.usedPages === 0 ? this.#empties : this.#victims).push(arena);
    }
    this.#isPurge = false;
    this.#closedAtMs = nowMs;
    this.#stuckCount = 0;
    this.#page = 0;
    this.#block = 0;
  }

  /** Walks the blocks of the last victim. An arena that is not empty after a walk is walked again,
   * until patience ends; not at once, since what could not be moved just now (a reply that is being
   * sent, a value that is arriving) hardly can a moment later. */
  #evacuate(endMs: number, monotonicMs: () => number): void {
    for (;;) {
      const arena = this.#victims.at(-1);
      if (arena === undefined) return;
      if (arena.usedPages > 0 && !this.#walk(arena, endMs, monotonicMs)) return;
      const nowMs = monotonicMs();
      this.#page = 0;
      this.#block = 0;
      if (arena.usedPages === 0) {
        this.#victims.pop();
        this.#empties.push(arena);
        this.#closedAtMs = nowMs;
      } else if (nowMs > this.#closedAtMs + EVACUATION_PATIENCE_MS) {
        this.#victims.pop();
        this.#blocks.open(arena);
        arena.restUntilMs = nowMs + EVACUATION_REST_MS;
      } else {
        // The others meanwhile.
        this.#victims.unshift(...this.#victims.splice(-1));
        this.#stuckCount++;
      }
      if (this.#stuckCount > 0 && this.#stuckCount >= this.#victims.length) {
        this.#stuckCount = 0;
        this.#walkAtMs = nowMs + EVACUATION_RETRY_MS;
        return;
      }
      if (nowMs >= endMs) return;
    }
  }

  /** Returns true when the end of the arena is reached, false when the budget is. */
  #walk(arena: Arena, endMs: number, monotonicMs: () => number): boolean {
    const { relocate } = this;
    if (relocate === null) return true;
    let calls = 0;
    while (this.#page < arena.pages) {
      const ref = this.#nextBlock(arena);
      if (ref === 0) continue;
      relocate(ref);
      if (++calls % BLOCKS_PER_CLOCK_READ === 0 && monotonicMs() >= endMs) return false;
    }
    return true;
  }

  /** The block in use at the cursor, which moves on; 0 when there is none in this run (any more:
   * one relocation may free neighbours). */
  #nextBlock(arena: Arena): Ref {
    const page = this.#page;
    if (arena.run[page] !== page + 1) {
      this.#nextRun(page + 1);
      return 0;
    }
    const start = ((arena.number << ARENA_PAGES_SHIFT) | page) << PAGE_UNITS_SHIFT;
    const sizeClass = arena.sizeClass[page];
    if (sizeClass === PAGES_CLASS) {
      this.#nextRun(page + arena.span[page]);
      return start;
    }
    while (this.#block < RUN_BLOCKS[sizeClass]) {
      const block = this.#block++;
      const bits = arena.freeMap[(page << MAP_SHIFT) + (block >>> 5)];
      if ((bits & (1 << (block & 31))) === 0) return (start + block * CLASS_UNITS[sizeClass]) | 0;
    }
    this.#nextRun(page + arena.span[page]);
    return 0;
  }

  #nextRun(page: number): void {
    this.#page = page;
    this.#block = 0;
  }

  /** One thing goes at a time. */
  #collect(nowMs: number): void {
    if (this.#hasThawed) {
      this.#hasThawed = false;
      this.#dropSparesAtMs = nowMs + SHADOW_KEPT_MS;
    }
    if (nowMs < this.#collectAtMs || !this.#letOneGo(nowMs)) return;
    this.#collectAtMs = nowMs + GARBAGE_COLLECT_PERIOD_MS;
    this.#runCollector();
  }

  #letOneGo(nowMs: number): boolean {
    if (this.#garbageBytes > 0) return true;
    const arena = this.#empties.shift();
    if (arena !== undefined) {
      this.#table.drop(arena);
      return true;
    }
    return nowMs >= this.#dropSparesAtMs && this.#barrier.dropSpare();
  }

  #runCollector(): void {
    this.#garbageBytes = 0;
    this.#collectGarbage();
  }
}
