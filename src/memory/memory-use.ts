/*
 * What the arenas and the blocks of each size take, counted by a walk over all runs: for people,
 * who ask now and then. Reads the tables of the allocators and changes nothing. Must not know what
 * lies in a block.
 */

import type { Arena } from './arena.js';
import { PAGE_BYTES, UNIT_BYTES } from './layout.js';
import { CLASS_BYTES, CLASS_END, PAGES_CLASS } from './size-classes.js';

export interface ArenaReport {
  readonly number: number;
  readonly bytes: number;
  /** Pages that the system holds memory for. */
  readonly touchedBytes: number;
  /** Pages that are cut into blocks. */
  readonly runBytes: number;
  readonly usedBytes: number;
  readonly state: 'open' | 'closed' | 'large';
}

export interface ClassUse {
  /** 0: blocks of whole pages. */
  readonly blockBytes: number;
  blocks: number;
  runs: number;
  runBytes: number;
  usedBytes: number;
}

export interface AllocatorUse {
  readonly pageBytes: number;
  readonly arenas: readonly ArenaReport[];
  /** Sizes that are in use, smallest first; whole pages last. */
  readonly classes: readonly ClassUse[];
}

export function describeUse(arenas: readonly Arena[]): AllocatorUse {
  const classes: ClassUse[] = Array.from({ length: CLASS_END + 1 }, (_, sizeClass) => ({
    blockBytes: sizeClass === CLASS_END ? 0 : CLASS_BYTES[sizeClass],
    blocks: 0,
    runs: 0,
    runBytes: 0,
    usedBytes: 0,
  }));
  for (const arena of arenas) countRuns(arena, classes);
  return {
    pageBytes: PAGE_BYTES,
    arenas: arenas.map(describeArena),
    classes: classes.filter(({ runs }) => runs > 0),
  };
}

function describeArena(arena: Arena): ArenaReport {
  return {
    number: arena.number,
    bytes: arena.pages * PAGE_BYTES,
    touchedBytes: arena.touchedPages * PAGE_BYTES,
    runBytes: arena.usedPages * PAGE_BYTES,
    usedBytes: arena.usedUnits * UNIT_BYTES,
    state: stateOf(arena),
  };
}

function stateOf(arena: Arena): ArenaReport['state'] {
  if (arena.isLarge) return 'large';
  return arena.isClosed ? 'closed' : 'open';
}

function countRuns(arena: Arena, classes: readonly ClassUse[]): void {
  // One block takes all of a large arena: only its first page is described.
  const pages = arena.isLarge ? 1 : arena.pages;
  let page = 0;
  while (page < pages) {
    if (arena.run[page] === 0) {
      page++;
      continue;
    }
    const sizeClass = arena.sizeClass[page];
    const bytes = arena.span[page] * PAGE_BYTES;
    const isPages = sizeClass === PAGES_CLASS;
    const use = classes[isPages ? CLASS_END : sizeClass];
    const blocks = isPages ? 1 : arena.used[page];
    if (use !== undefined) {
      use.runs++;
      use.blocks += blocks;
      use.runBytes += bytes;
      use.usedBytes += isPages ? bytes : blocks * use.blockBytes;
    }
    page += arena.span[page];
  }
}
