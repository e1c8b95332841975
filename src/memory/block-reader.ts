/*
 * How code that walks structures reads blocks, live on the main thread or frozen in the worker.
 * `Memory` is the live reader, `FrozenReader` the other one; the two threads are two isolates, so
 * each sees one class at every call site. Code written against this interface runs on both.
 *
 * A load shows bytes through a window: `u8[base + i]`, `i32[(base >>> 2) + i]`, `f64[(base >>> 3)
 * + i]`, where i counts from the offset that was loaded. A frozen load costs one check for each
 * page touched, so load a whole entry at once. The window is valid until the next load (live: also
 * until the next allocate, free or write elsewhere in the same structure).
 */

import type { Ref } from './layout.js';

export interface BlockReader {
  /** The one root block of `ROOT_BYTES` bytes, from which everything hangs. */
  readonly root: Ref;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** Where the loaded bytes start in `u8`; keeps the alignment of `offset` (mod 8). */
  readonly base: number;
  /** Shows `length` bytes of the block from `offset` on. At most `LOAD_BYTES_MAX`: larger blocks
   * are walked in pieces. */
  load(ref: Ref, offset: number, length: number): void;
  /**
   * Shows at least `least` and at most `most` bytes and returns how many: for an entry whose length
   * stands in its own header. Reads on only as far as it is free of charge (to the end of the
   * page).
   */
  loadUpTo(ref: Ref, offset: number, least: number, most: number): number;
}

/** Largest piece of one load, in bytes. */
export const LOAD_BYTES_MAX = 256 * 1024;
