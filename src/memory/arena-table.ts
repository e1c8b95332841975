/*
 * The arenas by number. A block larger than an arena has one of its own, which takes as many
 * consecutive numbers as it needs, so that a reference plus an offset never leaves it. The views
 * stand in arrays of their own besides: a field access is one load shorter that way.
 */

import assert from 'node:assert/strict';
import { Arena } from './arena.js';
import { ARENA_PAGES, ARENAS_MAX, PAGE_BYTES } from './layout.js';
import { OutOfMemoryError } from './out-of-memory-error.js';

/** Stands where there is no arena, and for the further numbers of a large one. */
const NO_ARENA = new Arena(-1, 0);
const RESERVED = new Arena(-1, 0);

export class ArenaTable {
  /** All of length ARENAS_MAX, without holes. */
  readonly arenas: Arena[] = new Array<Arena>(ARENAS_MAX).fill(NO_ARENA);
  readonly u8s: Uint8Array[] = new Array<Uint8Array>(ARENAS_MAX).fill(NO_ARENA.u8);
  readonly i32s: Int32Array[] = new Array<Int32Array>(ARENAS_MAX).fill(NO_ARENA.i32);
  readonly f64s: Float64Array[] = new Array<Float64Array>(ARENAS_MAX).fill(NO_ARENA.f64);
  readonly views: DataView[] = new Array<DataView>(ARENAS_MAX).fill(NO_ARENA.view);
  /** Numbers that may be used. */
  readonly #first: number;
  readonly #end: number;
  /** Pages that the system holds memory for. */
  touchedPages = 0;

  constructor(options: { firstArena: number; bytesMax: number }) {
    this.#first = options.firstArena;
    const arenasMax = Math.ceil(options.bytesMax / (ARENA_PAGES * PAGE_BYTES));
    this.#end = Math.min(ARENAS_MAX, this.#first + arenasMax);
    assert(this.#first >= 0 && this.#first < this.#end);
  }

  /** Are there numbers for an arena of so many pages? */
  canCreate(pages: number): boolean {
    return this.#findNumbers(Math.ceil(pages / ARENA_PAGES)) >= 0;
  }

  /** Throws OutOfMemoryError when no numbers or no memory are left. */
  create(pages: number): Arena {
    const numbers = Math.ceil(pages / ARENA_PAGES);
    const number = this.#findNumbers(numbers);
    if (number < 0) throw new OutOfMemoryError(pages * PAGE_BYTES);
    let arena: Arena;
    try {
      arena = new Arena(number, pages);
    } catch (error) {
      if (error instanceof RangeError) throw new OutOfMemoryError(pages * PAGE_BYTES);
      throw error;
    }
    this.arenas.fill(RESERVED, number, number + numbers);
    this.#set(number, arena);
    return arena;
  }

  /** Forgets the arena: its memory goes with the next garbage collection of every thread that has
   * seen it. Returns the bytes that will go. */
  drop(arena: Arena): number {
    assert(this.arenas[arena.number] === arena);
    const numbers = Math.ceil(arena.pages / ARENA_PAGES);
    for (let i = 0; i < numbers; i++) this.#set(arena.number + i, NO_ARENA);
    this.touchedPages -= arena.touchedPages;
    return arena.touchedPages * PAGE_BYTES;
  }

  /** Pages up to `end` of the arena are in use now or were once. */
  touch(arena: Arena, end: number): void {
    if (end <= arena.touchedPages) return;
    this.touchedPages += end - arena.touchedPages;
    arena.touchedPages = end;
  }

  /** The arenas there are. */
  list(): Arena[] {
    return this.arenas.filter((arena) => arena.pages > 0);
  }

  #set(number: number, arena: Arena): void {
    this.arenas[number] = arena;
    this.u8s[number] = arena.u8;
    this.i32s[number] = arena.i32;
    this.f64s[number] = arena.f64;
    this.views[number] = arena.view;
  }

  #findNumbers(count: number): number {
    let free = 0;
    for (let number = this.#first; number < this.#end; number++) {
      free = this.arenas[number] === NO_ARENA ? free + 1 : 0;
      if (free === count) return number - count + 1;
    }
    return -1;
  }
}
