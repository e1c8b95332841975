/* SKELETON: the API is final; bodies follow. */
import type { Memory } from '../memory/memory.js';
import type { Database } from './database.js';
import type { KeyspaceEvents } from './events.js';

/**
 * How keys past their time are treated.
 * - `primary`: an access deletes them and tells onExpired; the background does too.
 * - `replica`: hidden from readers and kept until the primary's DEL (lookupWrite of a writable
 *   replica deletes them, as Redis does). The background deletes nothing.
 * - `stream`: alive for everybody: the primary's stream is applied, or a data set is loaded.
 */
export type ExpiryMode = 'primary' | 'replica' | 'stream';

export interface KeyspaceOptions {
  readonly memory: Memory;
  /** Number of databases, at least 1. */
  readonly databases: number;
  /** 8 random bytes or more, new for each process: flooding the dicts must need them. */
  readonly hashSeed: Uint8Array;
  readonly events: KeyspaceEvents;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export declare class Keyspace {
  readonly memory: Memory;
  readonly databases: readonly Database[];
  readonly events: KeyspaceEvents;
  /** Wall clock in ms; dispatch sets it once a batch. Expiry and access bits are judged by it. */
  nowMs: number;
  expiryMode: ExpiryMode;
  /** Access bits count frequency (LFU) instead of time (LRU): maxmemory-policy says which. */
  usesLfu: boolean;
  lfuLogFactor: number;
  lfuDecayMinutes: number;

  /** Counters for INFO stats; CONFIG RESETSTAT calls resetStats. */
  expiredKeys: number;
  keyspaceHits: number;
  keyspaceMisses: number;
  expiredTimeCapReachedCount: number;
  /** Estimate in percent, as INFO's expired_stale_perc. */
  readonly expiredStalePercent: number;
  /** Keys detached by flushes and not yet freed (INFO lazyfree_pending_objects). */
  readonly lazyFreePending: number;
  /** Keys freed in the background (INFO lazyfreed_objects). */
  lazyFreedObjects: number;

  constructor(options: KeyspaceOptions);
  resetStats(): void;

  /** Bytes in use: blocks of all kinds, and the expiry wheels. What maxmemory is compared with. */
  readonly usedBytes: number;
  /** Keys in all databases. */
  readonly size: number;

  /** SWAPDB. Keys, expiries and indexes change places; the Database objects keep their index. */
  swap(a: number, b: number): void;
  /** Empties one database or all; returns the keys removed. The memory follows in the background. */
  flush(index: number | 'all'): number;

  /**
   * Deletes keys whose time has come, for about `budgetMs`. True when more is due at once: call again
   * on setImmediate. Does nothing unless expiryMode is `primary`.
   */
  expireSlice(budgetMs: number, monotonicMs: () => number): boolean;
  /** Frees what flushes detached, rebuilds stale expiry indexes. True when more is to do at once. */
  backgroundSlice(budgetMs: number, monotonicMs: () => number): boolean;
}
