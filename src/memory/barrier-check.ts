/*
 * The debug build of the barrier: keeps a copy of every page in the view and proves, after each
 * command if the caller likes, that the reader would still see exactly that. A write that forgot
 * its beginWrite is found with the page it hit. For tests: it copies and compares everything.
 */

import assert from 'node:assert/strict';
import type { Arena } from './arena.js';
import type { ArenaTable } from './arena-table.js';
import { NOT_IN_VIEW } from './frozen-view.js';
import { PAGE_BYTES, PAGE_SHIFT } from './layout.js';
import type { WriteBarrier } from './shadow.js';

interface PageCopy {
  readonly arena: Arena;
  readonly page: number;
  readonly bytes: Uint8Array;
}

export class BarrierCheck {
  readonly #table: ArenaTable;
  readonly #barrier: WriteBarrier;
  #copies: PageCopy[] = [];

  constructor(table: ArenaTable, barrier: WriteBarrier) {
    this.#table = table;
    this.#barrier = barrier;
  }

  onFreeze(): void {
    for (const arena of this.#table.list()) {
      for (let page = 0; page < arena.pages; page++) {
        const isUsed = arena.isLarge ? arena.run[0] !== 0 : arena.run[page] !== 0;
        // Neither is a block in the view that was set apart when it was frozen.
        if (!isUsed || arena.shadow[page] === NOT_IN_VIEW) continue;
        const bytes = pageOf(arena.u8, page).slice();
        this.#copies.push({ arena, page, bytes });
      }
    }
  }

  onThaw(): void {
    this.#copies = [];
  }

  /** Asserts that the view still shows every page as it was at the freeze. */
  check(): void {
    for (const { arena, page, bytes } of this.#copies) {
      const shadow = arena.shadow[page];
      const where = `page ${page} of arena ${arena.number}`;
      assert(shadow >= 0, `${where} lies in the view, but is marked as outside`);
      const seen = shadow === 0 ? pageOf(arena.u8, page) : this.#barrier.shadowPage(shadow);
      if (Buffer.compare(seen, bytes) === 0) continue;
      assert.fail(`${where} was changed ${shadow === 0 ? 'without beginWrite' : 'in its shadow'}`);
    }
  }
}

function pageOf(u8: Uint8Array, page: number): Uint8Array {
  return u8.subarray(page << PAGE_SHIFT, (page << PAGE_SHIFT) + PAGE_BYTES);
}
