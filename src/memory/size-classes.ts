/*
 * Size classes: which block sizes exist up to 32 KiB, and how each is cut from a run of pages.
 * Eight classes for each doubling keep them at most 12.5 % apart (below 64 bytes one unit of 8).
 * Classes up to 512 bytes are cut from one page, so that no such block ever straddles two; larger
 * ones take as many pages as it needs to waste little. Tables only; must not know runs in use.
 */

import assert from 'node:assert/strict';
import { PAGE_BYTES, UNIT_BYTES } from './layout.js';

/** Class of a page that belongs to no run. */
export const NO_CLASS = 0;
/** Class of a block of whole pages. Real classes lie between. */
export const PAGES_CLASS = 255;

export const BLOCK_BYTES_MIN = 16;
/** Largest block cut from a run; above it blocks are whole pages. */
export const CLASS_BYTES_MAX = 32 * 1024;
/** Up to this size a block never straddles two pages. */
export const ONE_PAGE_BYTES_MAX = 512;
/** Words of 32 bits in the free map of a run: 256 blocks at most. */
export const MAP_WORDS = PAGE_BYTES / BLOCK_BYTES_MIN / 32;
export const MAP_SHIFT = 3;
const RUN_PAGES_MAX = 32;
/** Part of a run that may be lost at its end before a longer run is taken. */
const RUN_WASTE_MAX = 1 / 32;
const CLASSES_PER_DOUBLING = 8;
/** Sizes up to here are looked up in a table, larger ones computed. */
const TABLE_BYTES_MAX = 1024;

const sizes = listSizes();
assert(sizes.length < PAGES_CLASS);

/** One more than the highest class. */
export const CLASS_END = sizes.length;
/** By class: bytes and units of a block, pages and blocks of a run. */
export const CLASS_BYTES = Int32Array.from(sizes);
export const CLASS_UNITS = CLASS_BYTES.map((bytes) => bytes / UNIT_BYTES);
export const RUN_PAGES = CLASS_BYTES.map((bytes, i) => (i === NO_CLASS ? 0 : runPages(bytes)));
export const RUN_BLOCKS = CLASS_BYTES.map((bytes, i) =>
  i === NO_CLASS ? 0 : Math.floor((RUN_PAGES[i] * PAGE_BYTES) / bytes),
);
/** By class, MAP_WORDS each: the free map of an empty run (a set bit is a free block). */
export const EMPTY_RUN_MAPS = listEmptyMaps();

const CLASS_BY_UNITS = new Uint8Array(TABLE_BYTES_MAX / UNIT_BYTES + 1);
for (let units = 0, index = 1; units < CLASS_BY_UNITS.length; units++) {
  if (units * UNIT_BYTES > CLASS_BYTES[index]) index++;
  CLASS_BY_UNITS[units] = index;
}
const CLASS_ABOVE_TABLE = sizes.indexOf(TABLE_BYTES_MAX) + 1;
const TABLE_EXPONENT = Math.log2(TABLE_BYTES_MAX);

/** The class of blocks for `bytes`, 0 to CLASS_BYTES_MAX. */
export function classOf(bytes: number): number {
  if (bytes <= TABLE_BYTES_MAX) return CLASS_BY_UNITS[(bytes + 7) >>> 3];
  const last = bytes - 1;
  const exponent = 31 - Math.clz32(last);
  const step = (last >>> (exponent - 3)) & 7;
  return CLASS_ABOVE_TABLE + ((exponent - TABLE_EXPONENT) << 3) + step;
}

function listSizes(): number[] {
  const list = [0];
  for (let bytes = BLOCK_BYTES_MIN; bytes <= CLASS_BYTES_MAX; ) {
    list.push(bytes);
    const doubling = 2 ** Math.floor(Math.log2(bytes));
    bytes += Math.max(UNIT_BYTES, doubling / CLASSES_PER_DOUBLING);
  }
  return list;
}

function runPages(bytes: number): number {
  if (bytes <= ONE_PAGE_BYTES_MAX) return 1;
  let best = 0;
  let bestWaste = 1;
  for (let pages = Math.ceil(bytes / PAGE_BYTES); pages <= RUN_PAGES_MAX; pages++) {
    const waste = ((pages * PAGE_BYTES) % bytes) / (pages * PAGE_BYTES);
    if (waste < bestWaste) {
      best = pages;
      bestWaste = waste;
    }
    if (waste <= RUN_WASTE_MAX) break;
  }
  return best;
}

function listEmptyMaps(): Int32Array {
  const maps = new Int32Array(sizes.length * MAP_WORDS);
  for (let index = 1; index < sizes.length; index++) {
    assert(RUN_BLOCKS[index] <= MAP_WORDS * 32);
    for (let block = 0; block < RUN_BLOCKS[index]; block++) {
      maps[index * MAP_WORDS + (block >>> 5)] |= 1 << (block & 31);
    }
  }
  return maps;
}
