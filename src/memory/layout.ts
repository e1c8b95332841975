/*
 * The shape of the address space: pages, arenas and references, as decision record 0001 chose
 * them. A reference is a signed int32 in units of 8 bytes, so that it lies in an Int32Array and
 * never becomes a heap number; it is always split with `>>>`.
 *
 *   ref   aaaaaaaaa pppppppppppppp uuuuuuuuu        a: arena (512 of 64 MiB = 32 GiB)
 *         9 bits    14 bits        9 bits           p: page (16,384 of 4 KiB), u: unit (512 of 8 B)
 *
 * Must not know who allocates or what lies in the pages.
 */

/** Where a block starts: signed int32, in units of 8 bytes; 0 = none. Never compare by size. */
export type Ref = number;

export const UNIT_BYTES = 8;
export const PAGE_SHIFT = 12;
export const PAGE_BYTES = 1 << PAGE_SHIFT;
export const PAGE_UNITS_SHIFT = 9;
export const ARENA_SHIFT = 26;
export const ARENA_BYTES = 1 << ARENA_SHIFT;
export const ARENA_PAGES_SHIFT = ARENA_SHIFT - PAGE_SHIFT;
export const ARENA_PAGES = 1 << ARENA_PAGES_SHIFT;
/** `ref >>> REF_ARENA_SHIFT` is the arena. */
export const REF_ARENA_SHIFT = 23;
/** `(ref & REF_UNIT_MASK) << 3` is the byte inside the arena. */
export const REF_UNIT_MASK = (1 << REF_ARENA_SHIFT) - 1;
export const ARENAS_MAX = 1 << (32 - REF_ARENA_SHIFT);
export const ADDRESS_SPACE_BYTES = ARENAS_MAX * ARENA_BYTES;

/** Largest block in bytes: byte offsets inside a block stay small integers. */
export const BLOCK_BYTES_MAX = 1024 * 1024 * 1024;

/**
 * The entry for a reference in a table by arena number; for a page, by its number in the whole
 * address space, there is entryOfPage(). Such a table has no holes and holds all numbers that the
 * two can name, so there is nothing to check: this is the hottest read there is.
 */
export function entryOf<T>(table: readonly T[], ref: Ref): T {
  return table[ref >>> REF_ARENA_SHIFT] as T;
}

export function entryOfPage<T>(table: readonly T[], page: number): T {
  return table[page >>> ARENA_PAGES_SHIFT] as T;
}
