/*
 * All databases together: time and expiry mode, the counters of INFO, flushing and swapping, and
 * the background work, in slices with a budget: deleting what has expired, freeing what was
 * flushed, renewing stale expiry indexes. Everything a frozen reader needs hangs off the memory's
 * root (root-layout.ts). Time, chance and listeners come in as parameters. Must not know commands,
 * clients, replication or files.
 */

import assert from 'node:assert/strict';
import type { Memory, Ref } from '../memory/memory.js';
import { DictDismantler } from '../structures/dict-dismantler.js';
import { KeyedHash } from '../structures/siphash.js';
import { lruClock } from './access-bits.js';
import { Contents, TABLE_ROW_BYTES } from './contents.js';
import { Database } from './database.js';
import { Entries } from './entry.js';
import type { KeyspaceEvents } from './events.js';
import { WHEEL_BUSY, WHEEL_DUE } from './expiry-wheel.js';
import { LargeValues } from './large-value.js';
import { relocate } from './relocate.js';
import { ROOT_DATABASES, ROOT_TABLE } from './root-layout.js';

/**
 * How keys past their time are treated.
 * - `primary`: an access deletes them and tells onExpired; the background does too.
 * - `replica`: hidden from readers and kept until the primary's DEL (a write of a writable replica
 *   deletes them, as in Redis). The background deletes only those whose expiry our own clients set.
 * - `paused`: as `replica`, but the background deletes nothing.
 * - `stream`: alive for everybody: the primary's stream is applied, or a data set is loaded.
 */
export type ExpiryMode = 'primary' | 'replica' | 'paused' | 'stream';

export interface KeyspaceOptions {
  readonly memory: Memory;
  /** Number of databases, at least 1. */
  readonly databases: number;
  /** 8 random bytes or more, new for each process. */
  readonly hashSeed: Uint8Array;
  readonly events: KeyspaceEvents;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Wall clock at the start, in ms. */
  readonly nowMs?: number;
}

/** Deletions, or steps of the wheel, between two looks at the clock. */
const EXPIRE_STEPS_PER_LOOK = 16;
/** Buckets freed or walked between two looks at the clock. */
const BUCKETS_PER_LOOK = 8;
/** Keys drawn to estimate how many are past their time and still there. */
const STALE_SAMPLE_KEYS = 20;

export class Keyspace {
  readonly memory: Memory;
  readonly databases: readonly Database[];
  readonly events: KeyspaceEvents;
  readonly random: () => number;
  expiryMode: ExpiryMode = 'primary';
  /** Access bits count frequency (LFU) instead of time (LRU): maxmemory-policy says which. */
  usesLfu = false;
  /** Whoever uses keys now leaves a trace of it in their access bits (CLIENT NO-TOUCH: no). */
  notesUse = true;
  lfuLogFactor = 10;
  lfuDecayMinutes = 1;
  /** Counters of INFO stats. */
  expiredKeys = 0;
  keyspaceHits = 0;
  keyspaceMisses = 0;
  /** Slices that ended with keys still due. */
  expiredTimeCapReachedCount = 0;
  /** Estimate, in percent, of the keys that are past their time and still there. */
  expiredStalePercent = 0;
  /** Keys that the background has freed after flushes. */
  lazyFreedObjects = 0;

  /** Values that are arriving and belong to no key yet. */
  readonly largeValues: LargeValues;
  readonly #entries: Entries;
  readonly #hash: KeyedHash;
  #nowMs: number;
  #lruClock: number;
  /** Dicts of flushed databases, and how many keys they still have. */
  readonly #flushed: DictDismantler[] = [];
  #lazyFreePending = 0;
  /** The database whose turn it is in the background. */
  #turn = 0;

  constructor(options: KeyspaceOptions) {
    const { memory, databases } = options;
    assert(databases >= 1);
    this.memory = memory;
    this.events = options.events;
    this.random = options.random;
    this.#hash = new KeyedHash(options.hashSeed);
    this.#nowMs = options.nowMs ?? 0;
    this.#lruClock = lruClock(this.#nowMs);
    this.#entries = new Entries(memory);
    this.largeValues = new LargeValues(memory);
    const table = this.#createTable(databases);
    this.databases = Array.from({ length: databases }, (_, index) => {
      const place = { table, offset: index * TABLE_ROW_BYTES };
      const contents = new Contents(memory, this.#entries, place, this.#nowMs);
      return new Database({ keyspace: this, entries: this.#entries, index, contents });
    });
    memory.relocate = (ref) => relocate(memory, this.databases, ref);
  }

  #createTable(databases: number): Ref {
    const { memory } = this;
    const table = memory.allocate(databases * TABLE_ROW_BYTES);
    memory.beginWrite(table, 0, databases * TABLE_ROW_BYTES);
    memory.fill(table, 0, databases * TABLE_ROW_BYTES, 0);
    memory.beginWrite(memory.root, 0, ROOT_DATABASES + 4);
    memory.setInt32(memory.root, ROOT_TABLE, table);
    memory.setInt32(memory.root, ROOT_DATABASES, databases);
    return table;
  }

  /** Wall clock in ms; dispatch sets it once a batch. Expiry and access bits are judged by it. */
  get nowMs(): number {
    return this.#nowMs;
  }

  set nowMs(nowMs: number) {
    if (nowMs === this.#nowMs) return;
    this.#nowMs = nowMs;
    this.#lruClock = lruClock(nowMs);
  }

  /** The LRU access bits of now. */
  get lruClock(): number {
    return this.#lruClock;
  }

  /** The keyed hash of `key[start, end)`, a signed 32-bit integer. */
  hash(key: Uint8Array, start: number, end: number): number {
    return this.#hash.hash(key, start, end);
  }

  /** Bytes in use: blocks of all kinds, and the expiry indexes. What maxmemory is compared with. */
  get usedBytes(): number {
    let bytes = this.memory.usedBytes;
    for (const db of this.databases) bytes += db.contents.wheelBytes;
    return bytes;
  }

  /** Keys in all databases. */
  get size(): number {
    let size = 0;
    for (const db of this.databases) size += db.size;
    return size;
  }

  /** Keys detached by flushes and not yet freed (INFO lazyfree_pending_objects). */
  get lazyFreePending(): number {
    return this.#lazyFreePending;
  }

  /** CONFIG RESETSTAT. */
  resetStats(): void {
    this.expiredKeys = 0;
    this.keyspaceHits = 0;
    this.keyspaceMisses = 0;
    this.expiredTimeCapReachedCount = 0;
    this.expiredStalePercent = 0;
    this.lazyFreedObjects = 0;
  }

  /** The database of that number, which there is. */
  database(index: number): Database {
    const db = this.databases[index];
    if (db === undefined) assert.fail(`no database ${index}`);
    return db;
  }

  /** SWAPDB. Keys and expiries change places; the Database objects keep their index. */
  swap(a: number, b: number): void {
    if (a === b) return;
    this.events.onReplaced(a, b);
    this.events.onReplaced(b, a);
    const first = this.database(a);
    const second = this.database(b);
    const { contents } = first;
    const { place } = contents;
    first.contents = second.contents;
    second.contents = contents;
    second.contents.moveTo(first.contents.place);
    first.contents.moveTo(place);
  }

  /**
   * Empties one database or all; returns the keys removed. The memory follows in the background.
   * Throws OutOfMemoryError when there is no room for an empty dict.
   */
  flush(index: number | 'all'): number {
    if (index !== 'all') return this.#flushOne(this.database(index));
    let removed = 0;
    for (const db of this.databases) removed += this.#flushOne(db);
    return removed;
  }

  #flushOne(db: Database): number {
    const { size, contents } = db;
    if (size === 0) return 0;
    this.events.onReplaced(db.index, null);
    db.contents = new Contents(this.memory, this.#entries, contents.place, this.#nowMs);
    const freeEntry = (entry: Ref): void => this.#entries.free(entry);
    this.#flushed.push(new DictDismantler(this.memory, contents.dict.root, freeEntry));
    this.#lazyFreePending += size;
    return size;
  }

  /**
   * Deletes keys whose time has come, for about `budgetMs`. True when more is due at once: call
   * again on setImmediate. What it may delete, expiryMode says. Set `nowMs` first.
   */
  expireSlice(budgetMs: number, monotonicMs: () => number): boolean {
    const deadlineMs = monotonicMs() + budgetMs;
    if (this.expiryMode === 'replica') this.#expireOwn(deadlineMs, monotonicMs);
    if (this.expiryMode !== 'primary') return false;
    const count = this.databases.length;
    for (let i = 0; i < count; i++) {
      const db = this.database((this.#turn + i) % count);
      // The wheel knows them too.
      db.contents.ownExpiries.clear();
      if (db.contents.wheel === null || this.#expireIn(db, deadlineMs, monotonicMs)) continue;
      // The database that could not be finished goes on first.
      this.#turn = db.index;
      this.expiredTimeCapReachedCount++;
      this.expiredStalePercent = this.#stalePercentOf(db);
      return true;
    }
    this.expiredStalePercent = 0;
    return false;
  }

  /** Keys to which clients of a writable replica have given an expiry. */
  get ownExpiries(): number {
    let count = 0;
    for (const db of this.databases) count += db.contents.ownExpiries.size;
    return count;
  }

  /** One round at most over the expiries that our own clients set, on from where it ended. */
  #expireOwn(deadlineMs: number, monotonicMs: () => number): void {
    for (const db of this.databases) {
      for (let steps = 1; db.contents.ownExpiries.size > 0; steps++) {
        // Re-read each time: a listener may have flushed.
        const hash = db.contents.ownExpiries.next();
        if (hash === undefined) break;
        db.fireOwn(hash);
        if (steps % EXPIRE_STEPS_PER_LOOK === 0 && monotonicMs() >= deadlineMs) return;
      }
    }
  }

  /** True when nothing is due any more, false when the time was up. */
  #expireIn(db: Database, deadlineMs: number, monotonicMs: () => number): boolean {
    for (let steps = 1; ; steps++) {
      // Re-read each time: a listener may have flushed.
      const { wheel } = db.contents;
      const state = wheel === null ? 0 : wheel.poll(this.#nowMs);
      if (state === WHEEL_DUE && wheel !== null) db.fire(wheel.dueHash);
      else if (state !== WHEEL_BUSY) return true;
      if (steps % EXPIRE_STEPS_PER_LOOK === 0 && monotonicMs() >= deadlineMs) return false;
    }
  }

  #stalePercentOf(db: Database): number {
    if (db.size === 0) return 0;
    let stale = 0;
    for (let i = 0; i < STALE_SAMPLE_KEYS; i++) {
      if (db.isExpired(db.contents.dict.randomEntry(this.random))) stale++;
    }
    return (stale / STALE_SAMPLE_KEYS) * 100;
  }

  /** Frees what flushes detached, renews stale expiry indexes. True when more is to do at once. */
  backgroundSlice(budgetMs: number, monotonicMs: () => number): boolean {
    const deadlineMs = monotonicMs() + budgetMs;
    for (let flushed = this.#flushed[0]; flushed; flushed = this.#flushed[0]) {
      this.#freeFlushed(flushed);
      if (monotonicMs() >= deadlineMs) return true;
    }
    for (const db of this.databases) {
      while (db.contents.mustRenewWheel(this.#nowMs)) {
        for (let i = 0; i < BUCKETS_PER_LOOK && db.contents.mustRenewWheel(this.#nowMs); i++) {
          db.contents.renewWheelStep(this.#nowMs);
        }
        if (monotonicMs() >= deadlineMs) return true;
      }
    }
    return false;
  }

  #freeFlushed(dismantler: DictDismantler): void {
    const freed = dismantler.step(BUCKETS_PER_LOOK);
    this.#lazyFreePending -= freed;
    this.lazyFreedObjects += freed;
    if (!dismantler.isEmpty) return;
    dismantler.finish();
    this.#flushed.shift();
  }
}
