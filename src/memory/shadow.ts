/*
 * The write barrier: the first write into a page of the frozen view copies it into a shadow page
 * and publishes the number of that, then lets the write go on. The reader reads first and looks at
 * the word afterwards; both touch the word by read-modify-write, so that one of the two comes
 * first: either the reader's bytes are from before the write, or it sees the number. Loads and
 * stores would not order the plain accesses around them on ARM64.
 *
 * Cost by design: nothing but a flag while no view is frozen; a freeze visits no page.
 */

import assert from 'node:assert/strict';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { SHADOW_KEPT_BYTES, SHADOW_SPARE_PAGES } from '../limits.js';
import type { Arena } from './arena.js';
import type { ArenaTable } from './arena-table.js';
import {
  CHUNK_PAGES,
  CHUNK_PAGES_SHIFT,
  type FrozenViewHandle,
  LOST,
  NOT_IN_VIEW,
} from './frozen-view.js';
import { PAGE_BYTES, PAGE_SHIFT, type Ref } from './layout.js';

/** Shadow pages are touched first here, one after the other: the system gives memory only then. */
interface Chunk {
  readonly u8: Uint8Array;
  touchedPages: number;
}

/** Pages touched between two looks at the clock: each may cost some microseconds. */
const PAGES_PER_CLOCK_READ = 16;

export class WriteBarrier {
  isFrozen = false;
  /** Number of the view that is frozen, 0 when none is. */
  view = 0;
  readonly #table: ArenaTable;
  readonly #pagesMax: number;
  readonly #chunks: Chunk[] = [];
  /** Chunks of views that have ended, for the next one: their pages are there already. */
  readonly #spares: Chunk[] = [];
  #views = 0;
  #pages = 0;
  #port: MessagePort | null = null;
  #control: Int32Array | null = null;

  /** `shadowBytesMax`: what the copies of one view may take; beyond it the view is given up. */
  constructor(table: ArenaTable, shadowBytesMax: number) {
    this.#table = table;
    this.#pagesMax = Math.min(2 ** 31 - 1, Math.floor(shadowBytesMax / PAGE_BYTES));
  }

  /** Bytes of pages copied for the view. */
  get shadowBytes(): number {
    return this.#pages * PAGE_BYTES;
  }

  /** 1. Every block's bytes are kept from now on. 2. Opens the port of shadow chunks. */
  freeze(root: Ref): FrozenViewHandle {
    const { port1, port2 } = new MessageChannel();
    const control = new Int32Array(new SharedArrayBuffer(4));
    const arenas = this.#table.list().map((arena) => ({
      number: arena.number,
      bytes: arena.u8.buffer as SharedArrayBuffer,
      shadow: arena.shadow.buffer as SharedArrayBuffer,
    }));
    this.isFrozen = true;
    this.view = ++this.#views;
    this.#port = port1;
    this.#control = control;
    this.#addChunk();
    return {
      message: {
        root,
        arenas,
        chunks: [],
        port: port2,
        control: control.buffer as SharedArrayBuffer,
      },
      transferList: [port2],
      abort: () => {
        Atomics.store(control, 0, 1);
      },
    };
  }

  /** Bytes that the system holds for shadow pages, used or not. */
  get shadowResidentBytes(): number {
    return bytesOf(this.#chunks) + bytesOf(this.#spares);
  }

  /** Clears all shadow words; the shadow pages may be used again. */
  thaw(): void {
    for (const arena of this.#table.list()) {
      if (!arena.hasShadows) continue;
      arena.shadow.fill(0);
      arena.leftView.fill(0);
      arena.hasShadows = false;
    }
    this.#port?.close();
    this.#port = null;
    this.#control = null;
    // The first one last: it is taken first again, and has most of its pages.
    this.#spares.push(...this.#chunks.reverse());
    this.#chunks.length = 0;
    this.#pages = 0;
    this.isFrozen = false;
    this.view = 0;
  }

  /** Lets one spare chunk go with the next garbage collection, if they hold more than is worth
   * keeping. */
  dropSpare(): boolean {
    if (bytesOf(this.#spares) <= SHADOW_KEPT_BYTES) return false;
    this.#spares.shift();
    return true;
  }

  /** While frozen, before a write: preserves every page of the range that still needs it. */
  cover(arena: Arena, byte: number, length: number): void {
    const end = (byte + length + PAGE_BYTES - 1) >>> PAGE_SHIFT;
    const { shadow } = arena;
    for (let page = byte >>> PAGE_SHIFT; page < end; page++) {
      if (shadow[page] === 0) this.#preserve(arena, page);
    }
  }

  /** While frozen: a run was taken. What was free at the freeze is never copied. */
  onPagesTaken(arena: Arena, first: number, count: number): void {
    const { shadow, leftView } = arena;
    arena.hasShadows = true;
    for (let page = first; page < first + count; page++) {
      if (leftView[page] === 1) leftView[page] = 0;
      else shadow[page] = NOT_IN_VIEW;
    }
  }

  /** While frozen: a run is given back. Its pages stay in the view, whoever takes them next. */
  onPagesGiven(arena: Arena, first: number, count: number): void {
    const { shadow, leftView } = arena;
    arena.hasShadows = true;
    for (let page = first; page < first + count; page++) {
      if (shadow[page] !== NOT_IN_VIEW) leftView[page] = 1;
    }
  }

  /** While frozen: an arena of one large block was made. */
  onLargeTaken(arena: Arena): void {
    arena.hasShadows = true;
    arena.shadow.fill(NOT_IN_VIEW);
  }

  /** While frozen, on an idle tick: has the next pages ready before a write needs them. */
  prepare(endMs: number, monotonicMs: () => number): void {
    const wanted = Math.min(this.#pages + SHADOW_SPARE_PAGES, this.#pagesMax);
    if (wanted > this.#chunks.length * CHUNK_PAGES) this.#addChunk();
    for (let page = this.#pages; page < wanted; page++) {
      const chunk = this.#chunks[page >>> CHUNK_PAGES_SHIFT];
      if (chunk === undefined) return;
      const inChunk = page & (CHUNK_PAGES - 1);
      if (inChunk < chunk.touchedPages) continue;
      chunk.u8[inChunk << PAGE_SHIFT] = 0;
      chunk.touchedPages = inChunk + 1;
      if (page % PAGES_PER_CLOCK_READ === 0 && monotonicMs() >= endMs) return;
    }
  }

  /** The old bytes of a page in the view. For checks. */
  shadowPage(number: number): Uint8Array {
    const start = ((number - 1) & (CHUNK_PAGES - 1)) << PAGE_SHIFT;
    const chunk = this.#chunks[(number - 1) >>> CHUNK_PAGES_SHIFT];
    assert(chunk !== undefined, `no shadow page has the number ${number}`);
    return chunk.u8.subarray(start, start + PAGE_BYTES);
  }

  #preserve(arena: Arena, page: number): void {
    arena.hasShadows = true;
    if (this.#pages === this.#chunks.length * CHUNK_PAGES) this.#addChunk();
    const chunk = this.#chunks[this.#pages >>> CHUNK_PAGES_SHIFT];
    if (chunk === undefined || this.#pages >= this.#pagesMax) {
      this.#giveUp(arena, page);
      return;
    }
    const index = this.#pages++;
    const start = page << PAGE_SHIFT;
    const bytes = arena.u8.subarray(start, start + PAGE_BYTES);
    const inChunk = index & (CHUNK_PAGES - 1);
    chunk.u8.set(bytes, inChunk << PAGE_SHIFT);
    if (inChunk >= chunk.touchedPages) chunk.touchedPages = inChunk + 1;
    Atomics.exchange(arena.shadow, page, index + 1);
  }

  /** No memory for a copy: the save must fail, the write must not. */
  #giveUp(arena: Arena, page: number): void {
    if (this.#control !== null) Atomics.store(this.#control, 0, 1);
    Atomics.exchange(arena.shadow, page, LOST);
  }

  #addChunk(): void {
    const chunk = this.#spares.pop() ?? newChunk();
    if (chunk === null) return;
    this.#chunks.push(chunk);
    this.#port?.postMessage(chunk.u8.buffer);
  }
}

/** Null when the system gives no memory. */
function newChunk(): Chunk | null {
  try {
    return { u8: new Uint8Array(new SharedArrayBuffer(CHUNK_PAGES * PAGE_BYTES)), touchedPages: 0 };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function bytesOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((pages, chunk) => pages + chunk.touchedPages, 0) * PAGE_BYTES;
}
