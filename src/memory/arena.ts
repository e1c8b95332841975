/*
 * One arena: its shared bytes, the shadow words of its pages, and what the allocators know of each
 * page. That knowledge lies outside the pages: freeing a block writes to no frozen page. Plain
 * tables with no behaviour of their own; the allocators read and write them.
 */

import { ARENA_PAGES, PAGE_BYTES } from './layout.js';
import { MAP_WORDS } from './size-classes.js';

export class Arena {
  readonly number: number;
  readonly pages: number;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** For what is not aligned. */
  readonly view: DataView;
  /** By page, shared with the reader of a view: see shadow.ts. */
  readonly shadow: Int32Array;

  /** By page: 1 + the first page of its run; 0 = the page is free. */
  readonly run: Uint16Array;
  /** By first page of a run: its class. */
  readonly sizeClass: Uint8Array;
  /** By first page of a run: its blocks in use. */
  readonly used: Uint16Array;
  /** By first page of a run: its pages. By first and last page of a free extent: its pages. */
  readonly span: Int32Array;
  /** By first page of a run, MAP_WORDS words each: a set bit is a free block. */
  readonly freeMap: Int32Array;
  /** By first page: neighbours in the list that the run or free extent is in, as page numbers of
   * the whole address space; 0 = none. */
  readonly next: Int32Array;
  readonly previous: Int32Array;
  /** By page, while a view is frozen: 1 = lay in the view and was freed since. */
  readonly leftView: Uint8Array;

  /** Pages in runs. */
  usedPages = 0;
  /** Units of blocks in use. */
  usedUnits = 0;
  /** Pages that were ever used: the system holds memory for these only. */
  touchedPages = 0;
  /** Nothing is allocated here any more: it is being emptied, to be given back. */
  isClosed = false;
  /** Some shadow words are not 0. */
  hasShadows = false;
  /**
   * Freeze during which the arena was made (0 = none): the reader of that view does not know it.
   */
  bornInView = 0;
  /** Not to be evacuated before this time (monotonic ms): the last attempt did not empty it. */
  restUntilMs = 0;

  constructor(number: number, pages: number) {
    const buffer = new SharedArrayBuffer(pages * PAGE_BYTES);
    this.number = number;
    this.pages = pages;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.view = new DataView(buffer);
    this.shadow = new Int32Array(new SharedArrayBuffer(pages * 4));
    // An arena longer than the others holds one block: only its first page is ever looked up.
    const described = pages > ARENA_PAGES ? 1 : pages;
    this.run = new Uint16Array(described);
    this.sizeClass = new Uint8Array(described);
    this.used = new Uint16Array(described);
    this.span = new Int32Array(described);
    this.freeMap = new Int32Array(described * MAP_WORDS);
    this.next = new Int32Array(described);
    this.previous = new Int32Array(described);
    this.leftView = new Uint8Array(described);
  }

  /** True for the arena of one block that is larger than other arenas. */
  get isLarge(): boolean {
    return this.pages > ARENA_PAGES;
  }
}
