/*
 * When keys of one database expire: a hierarchical timing wheel of (hash, tick) pairs outside the
 * pages. It holds hashes, no references, so deleting or moving a key costs nothing here; an item
 * that fires is verified by looking the hash up, and what is stale by then is simply dropped. Every
 * key with an expiry has an item at its time or earlier. Must not know dicts, keys or databases.
 *
 *   level 0: 256 slots of one tick, 1: 256 of 2^8 ticks, 2: of 2^16, 3: of 2^24. When the time
 * enters a
 *   slot of a higher level, its items move down, a few in each call.
 *
 * Items lie in chunks of 31 (one list of chunks a slot), chunks in slabs: no array is ever copied
 * as it grows, and a million keys in one second are a long list, nothing else.
 */

import assert from 'node:assert/strict';

/** Resolution in ms: how late, at most, an idle server notices. */
const TICK_MS = 32;
const LEVELS = 4;
const SLOTS = 256;
const SLOT_BITS = 8;
/** Later ticks wait here and are looked at again then (about 400 days). */
const TICK_MAX = 2 ** 30;
/** A wheel this far from its start is to be replaced, so that ticks stay below TICK_MAX. */
const WORN_TICK = 2 ** 29;
/** Steps back of the clock that are waited out (some 8 s); a longer one is worth a new wheel. */
const AHEAD_TICKS_MAX = 256;
/** Items moved or ticks passed in one call of poll. */
const POLL_WORK = 64;

const CHUNK_INTS = 64;
const CHUNK_NEXT = 0;
const CHUNK_COUNT = 1;
const CHUNK_ITEMS = 2;
const ITEMS_PER_CHUNK = (CHUNK_INTS - CHUNK_ITEMS) / 2;
const SLAB_CHUNKS = 128;

/** Nothing is due. */
export const WHEEL_IDLE = 0;
/** An item is due: its hash is in `dueHash`. */
export const WHEEL_DUE = 1;
/** Some work was done and more is left: call again. */
export const WHEEL_BUSY = 2;

export type WheelState = typeof WHEEL_IDLE | typeof WHEEL_DUE | typeof WHEEL_BUSY;

export class ExpiryWheel {
  readonly #startMs: number;
  readonly #heads = new Int32Array(LEVELS * SLOTS);
  /** Items on each level: empty levels are passed in one jump, however long nobody polled. */
  readonly #itemsOn = new Int32Array(LEVELS);
  #slabs: Int32Array[] = [];
  #freeChunk = 0;
  #items = 0;
  /** The tick that is being served. */
  #tick = 0;
  /** Slots of levels up to this one have still to move down before the tick is served. */
  #cascadeLevel = 0;
  /** A slot that is moving down. */
  #cascading = 0;
  #cascadingLevel = 0;
  dueHash = 0;

  /** `startMs`: now, wall clock. */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** Items held, stale ones included. */
  get items(): number {
    return this.#items;
  }

  /** Bytes of typed arrays held. */
  get bytes(): number {
    return (this.#heads.length + this.#slabs.length * SLAB_CHUNKS * CHUNK_INTS) * 4;
  }

  /** True when a fresh wheel should take over because of its age. */
  get isWorn(): boolean {
    return this.#tick > WORN_TICK;
  }

  /**
   * True when it stands well ahead of the clock, which was set back: what expires between the two
   * would be looked at only when the wheel's time has come again.
   */
  isAheadOf(nowMs: number): boolean {
    return (this.#tick - AHEAD_TICKS_MAX) * TICK_MS > nowMs - this.#startMs;
  }

  /** The key behind `hash` expires at `atMs`. */
  add(hash: number, atMs: number): void {
    const tick = Math.ceil((atMs - this.#startMs) / TICK_MS);
    this.#items++;
    this.#insert(hash, Math.max(this.#tick, Math.min(TICK_MAX, tick)));
  }

  /** Moves on towards `nowMs`: a bounded amount of work, or up to the next item that is due. */
  poll(nowMs: number): WheelState {
    const now = Math.min(TICK_MAX, Math.floor((nowMs - this.#startMs) / TICK_MS));
    for (let work = 0; work < POLL_WORK; work++) {
      // The clock went back: what is due now is due no more.
      if (this.#tick > now) return WHEEL_IDLE;
      if (this.#cascading !== 0) {
        this.#cascadeOne();
      } else if (this.#cascadeLevel > 0) {
        this.#cascadingLevel = this.#cascadeLevel--;
        const slot = this.#slotOf(this.#cascadingLevel, this.#tick);
        this.#cascading = this.#heads[slot];
        this.#heads[slot] = 0;
      } else if (this.#heads[this.#tick & (SLOTS - 1)] !== 0) {
        this.#takeDue();
        return WHEEL_DUE;
      } else if (this.#tick === now) {
        return WHEEL_IDLE;
      } else {
        this.#enter(Math.min(now, this.#nextTick()));
      }
    }
    return WHEEL_BUSY;
  }

  /** The next tick at which something can be due or has to move down. */
  #nextTick(): number {
    let level = 0;
    while (level < LEVELS && this.#itemsOn[level] === 0) level++;
    const span = 2 ** (SLOT_BITS * level);
    return (Math.floor(this.#tick / span) + 1) * span;
  }

  #enter(tick: number): void {
    this.#tick = tick;
    let level = 0;
    while (level < LEVELS - 1 && (tick & ((1 << (SLOT_BITS * (level + 1))) - 1)) === 0) level++;
    this.#cascadeLevel = level;
  }

  #slotOf(level: number, tick: number): number {
    return level * SLOTS + ((tick >>> (level * SLOT_BITS)) & (SLOTS - 1));
  }

  #takeDue(): void {
    const slot = this.#tick & (SLOTS - 1);
    const chunk = this.#heads[slot];
    const slab = this.#slabOf(chunk);
    const at = (chunk & (SLAB_CHUNKS - 1)) * CHUNK_INTS;
    const count = --slab[at + CHUNK_COUNT];
    this.dueHash = slab[at + CHUNK_ITEMS + count * 2];
    if (count === 0) {
      this.#heads[slot] = slab[at + CHUNK_NEXT];
      this.#release(chunk);
    }
    this.#itemsOn[0]--;
    if (--this.#items === 0) this.#dropSlabs();
  }

  #cascadeOne(): void {
    const chunk = this.#cascading;
    const slab = this.#slabOf(chunk);
    const at = (chunk & (SLAB_CHUNKS - 1)) * CHUNK_INTS;
    const count = --slab[at + CHUNK_COUNT];
    const hash = slab[at + CHUNK_ITEMS + count * 2];
    const tick = slab[at + CHUNK_ITEMS + count * 2 + 1];
    if (count === 0) {
      this.#cascading = slab[at + CHUNK_NEXT];
      this.#release(chunk);
    }
    this.#itemsOn[this.#cascadingLevel]--;
    this.#insert(hash, tick);
  }

  #insert(hash: number, tick: number): void {
    const ahead = tick - this.#tick;
    let level = 0;
    while (level < LEVELS - 1 && ahead >= 2 ** (SLOT_BITS * (level + 1))) level++;
    this.#itemsOn[level]++;
    const slot = this.#slotOf(level, tick);
    let chunk = this.#heads[slot];
    if (chunk === 0 || this.#countOf(chunk) === ITEMS_PER_CHUNK) {
      chunk = this.#acquire(chunk);
      this.#heads[slot] = chunk;
    }
    const slab = this.#slabOf(chunk);
    const at = (chunk & (SLAB_CHUNKS - 1)) * CHUNK_INTS;
    const count = slab[at + CHUNK_COUNT]++;
    slab[at + CHUNK_ITEMS + count * 2] = hash;
    slab[at + CHUNK_ITEMS + count * 2 + 1] = tick;
  }

  #slabOf(chunk: number): Int32Array {
    const slab = this.#slabs[chunk >>> 7];
    if (slab === undefined) assert.fail(`no slab for chunk ${chunk}`);
    return slab;
  }

  #countOf(chunk: number): number {
    return this.#slabOf(chunk)[(chunk & (SLAB_CHUNKS - 1)) * CHUNK_INTS + CHUNK_COUNT];
  }

  /** An empty chunk, followed by `next`. Chunk 0 is never given: 0 means none. */
  #acquire(next: number): number {
    if (this.#freeChunk === 0) this.#addSlab();
    const chunk = this.#freeChunk;
    const slab = this.#slabOf(chunk);
    const at = (chunk & (SLAB_CHUNKS - 1)) * CHUNK_INTS;
    this.#freeChunk = slab[at + CHUNK_NEXT];
    slab[at + CHUNK_NEXT] = next;
    slab[at + CHUNK_COUNT] = 0;
    return chunk;
  }

  #release(chunk: number): void {
    const slab = this.#slabOf(chunk);
    slab[(chunk & (SLAB_CHUNKS - 1)) * CHUNK_INTS + CHUNK_NEXT] = this.#freeChunk;
    this.#freeChunk = chunk;
  }

  #addSlab(): void {
    const first = this.#slabs.length * SLAB_CHUNKS;
    this.#slabs.push(new Int32Array(SLAB_CHUNKS * CHUNK_INTS));
    for (let i = SLAB_CHUNKS - 1; i >= 0; i--) {
      if (first + i !== 0) this.#release(first + i);
    }
  }

  /** Nothing is held: a burst's slabs need not stay. */
  #dropSlabs(): void {
    this.#slabs = [];
    this.#freeChunk = 0;
  }
}
