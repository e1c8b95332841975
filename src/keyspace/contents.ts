/*
 * What SWAPDB moves and FLUSHDB drops: the keys of one database as a whole, with the index of their
 * expiries and its renewal. Counts that a frozen reader needs lie in the table of databases in
 * memory; `place` says where. Must not know which number the database has.
 *
 *   table, 16 bytes a database     0 root of the dict   4 keys with an expiry   8 unused
 */

import type { Memory, Ref } from '../memory/memory.js';
import { Dict } from '../structures/dict.js';
import { type Entries, EXPIRY_NONE } from './entry.js';
import { ExpiryWheel } from './expiry-wheel.js';
import { OwnExpiries } from './own-expiries.js';

export const TABLE_ROW_BYTES = 16;
export const TABLE_DICT = 0;
export const TABLE_EXPIRES = 4;

/** Stale items that are always tolerated, so that small databases never renew their wheel. */
const STALE_ITEMS_FREE = 1024;

/** Where a database's row stands in memory. */
export interface TablePlace {
  readonly table: Ref;
  readonly offset: number;
}

export class Contents {
  readonly dict: Dict;
  readonly #memory: Memory;
  readonly #entries: Entries;
  readonly #originMs: number;
  #place: TablePlace;
  #expires = 0;
  /** Sum of all expiries, each relative to `#originMs` so that the doubles stay exact enough. */
  #expirySumMs = 0;
  /** The wheel in use; null while no key ever had an expiry. */
  wheel: ExpiryWheel | null = null;
  /** Expiries that only a replica's own clients know of. */
  readonly ownExpiries = new OwnExpiries();
  /** The wheel that is being filled to replace it, and how far the walk over the keys has come. */
  #nextWheel: ExpiryWheel | null = null;
  #renewCursor = 0;

  /** Empty contents in the given row. Throws OutOfMemoryError, having changed nothing. */
  constructor(memory: Memory, entries: Entries, place: TablePlace, nowMs: number) {
    this.#memory = memory;
    this.#entries = entries;
    this.#originMs = nowMs;
    this.dict = new Dict(memory, Dict.create(memory));
    this.#place = place;
    this.#storeRow();
  }

  get expires(): number {
    return this.#expires;
  }

  averageTtlMs(nowMs: number): number {
    if (this.#expires === 0) return 0;
    const mean = this.#expirySumMs / this.#expires + this.#originMs;
    return Math.max(0, Math.round(mean - nowMs));
  }

  /** Bytes of the expiry index. */
  get wheelBytes(): number {
    return (this.wheel?.bytes ?? 0) + (this.#nextWheel?.bytes ?? 0);
  }

  /** Writes the row of these contents at another place (SWAPDB). */
  moveTo(place: TablePlace): void {
    this.#place = place;
    this.#storeRow();
  }

  get place(): TablePlace {
    return this.#place;
  }

  /**
   * Moves the block if it is one of the dict's. Throws OutOfMemoryError, having changed nothing.
   */
  relocate(ref: Ref): boolean {
    const { root } = this.dict;
    if (!this.dict.relocate(ref)) return false;
    if (this.dict.root !== root) this.#storeRow();
    return true;
  }

  #storeRow(): void {
    const { table, offset } = this.#place;
    this.#memory.beginWrite(table, offset, TABLE_ROW_BYTES);
    this.#memory.setInt32(table, offset + TABLE_DICT, this.dict.root);
    this.#memory.setInt32(table, offset + TABLE_EXPIRES, this.#expires);
  }

  /**
   * An entry's expiry changes from `oldMs` to `newMs` (EXPIRY_NONE = none; a new or deleted entry
   * has none). A later one needs no item: the one at the old time is moved on as it fires.
   */
  noteExpiry(hash: number, oldMs: number, newMs: number, nowMs: number): void {
    if (oldMs === newMs) return;
    let expires = this.#expires;
    if (oldMs !== EXPIRY_NONE) {
      expires--;
      this.#expirySumMs -= oldMs - this.#originMs;
    }
    if (newMs !== EXPIRY_NONE) {
      expires++;
      this.#expirySumMs += newMs - this.#originMs;
      if (oldMs === EXPIRY_NONE || newMs < oldMs) this.arm(hash, newMs, nowMs);
    }
    if (expires === this.#expires) return;
    this.#expires = expires;
    const { table, offset } = this.#place;
    this.#memory.beginWrite(table, offset + TABLE_EXPIRES, 4);
    this.#memory.setInt32(table, offset + TABLE_EXPIRES, expires);
  }

  /** Has the key behind `hash` looked at when `atMs` comes. */
  arm(hash: number, atMs: number, nowMs: number): void {
    this.wheel ??= new ExpiryWheel(nowMs);
    (this.#nextWheel ?? this.wheel).add(hash, atMs);
  }

  /** More items are stale than not, or the wheel has run for very long, or beyond its time. */
  mustRenewWheel(nowMs: number): boolean {
    if (this.#nextWheel !== null) return true;
    const { wheel } = this;
    if (wheel === null) return false;
    return (
      wheel.isWorn || wheel.isAheadOf(nowMs) || wheel.items > 2 * this.#expires + STALE_ITEMS_FREE
    );
  }

  /**
   * One step of the renewal: the keys of one bucket get items in the next wheel. Until the walk is
   * over the old one goes on firing, and what fires or is new goes to the next one; so each key
   * with an expiry has an item in one of the two at any time.
   */
  renewWheelStep(nowMs: number): void {
    this.#nextWheel ??= new ExpiryWheel(nowMs);
    const next = this.#nextWheel;
    this.#renewCursor = this.dict.scan(this.#renewCursor, (entry) => {
      const atMs = this.#entries.expiry(entry);
      if (atMs !== EXPIRY_NONE) next.add(this.#memory.int32(entry, 0), atMs);
    });
    if (this.#renewCursor !== 0) return;
    this.wheel = next;
    this.#nextWheel = null;
  }
}
