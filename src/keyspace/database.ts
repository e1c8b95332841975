/* SKELETON: the API is final; bodies follow. */
import type { Memory, Ref } from '../memory/memory.js';
import type { Keyspace } from './keyspace.js';

export type ValueType = 'string';

/**
 * One numbered database. Keys come as ranges `key[start, end)`. A returned entry (Ref, 0 = none) is
 * valid until the next change of the keyspace: any set, delete, expiry or background slice may move it.
 */
export declare class Database {
  readonly keyspace: Keyspace;
  readonly memory: Memory;
  readonly index: number;
  /** Keys, those past their time and not yet deleted included (DBSIZE). */
  readonly size: number;
  /** Keys with an expiry. */
  readonly expires: number;
  /** Mean time to live of the keys with an expiry, in whole ms; 0 when there are none. */
  readonly averageTtlMs: number;

  /** For commands that read: counts a hit or a miss and touches the access bits. */
  lookupRead(key: Uint8Array, start: number, end: number): Ref;
  /** As lookupRead, but leaves the access bits alone (TYPE, TTL, OBJECT, and CLIENT NO-TOUCH). */
  lookupReadNoTouch(key: Uint8Array, start: number, end: number): Ref;
  /** For commands that write: deletes the key when it is past its time; counts nothing. */
  lookupWrite(key: Uint8Array, start: number, end: number): Ref;
  /** The entry unless it is past its time (by expiryMode); counts, touches and deletes nothing. */
  peek(key: Uint8Array, start: number, end: number): Ref;
  /** The entry even when it is past its time. */
  peekAny(key: Uint8Array, start: number, end: number): Ref;

  /** Deletes the key; false when it was not there (or was past its time, and is deleted as such). */
  delete(key: Uint8Array, start: number, end: number): boolean;

  /** Milliseconds since 1970, -1 without expiry. */
  expiresAt(entry: Ref): number;
  /** Past its time by expiryMode. */
  isExpired(entry: Ref): boolean;
  /** Gives the key an expiry (also one in the past: the caller decides). False when it is missing. */
  setExpiresAt(key: Uint8Array, start: number, end: number, atMs: number): boolean;
  /** Takes the expiry away. False when the key is missing or has none. */
  persist(key: Uint8Array, start: number, end: number): boolean;

  typeOf(entry: Ref): ValueType;
  /** As OBJECT ENCODING names it. */
  encodingOf(entry: Ref): 'int' | 'embstr' | 'raw';
  keyLength(entry: Ref): number;
  /** Copies the whole key to `target` at `at`. */
  copyKey(entry: Ref, target: Uint8Array, at: number): void;
  /** A copy of the key. */
  keyBytes(entry: Ref): Uint8Array;
  /** Bytes of all blocks of this key, and its share of the dict (MEMORY USAGE). */
  memoryUsage(entry: Ref): number;

  /** The 24 access bits as stored: LRU clock in seconds, or LFU minutes (16) and counter (8). */
  accessBits(entry: Ref): number;
  setAccessBits(entry: Ref, bits: number): void;
  /** Seconds since the last access (OBJECT IDLETIME); meaningful unless usesLfu. */
  idleSeconds(entry: Ref): number;
  /** Decayed logarithmic counter (OBJECT FREQ); meaningful when usesLfu. */
  frequency(entry: Ref): number;

  /**
   * Moves value and expiry to another name, replacing what was there. The source must exist (look it
   * up first) and differ from the destination.
   */
  rename(
    from: Uint8Array,
    fromStart: number,
    fromEnd: number,
    to: Uint8Array,
    toStart: number,
    toEnd: number,
  ): void;

  /** A key chosen uniformly, not one past its time (it is deleted on a primary); 0 when there is
   * none. */
  randomKey(): Ref;
  /**
   * Visits one bucket (a handful of entries, those past their time included) and returns the next cursor, 0 at the
   * end. Cursors are below 2^32. Every key present from the first call to the last is visited, whatever
   * happens in between; some may be visited twice. `visit` must change nothing.
   */
  scan(cursor: number, visit: (entry: Ref) => void): number;
  /** Visits all entries, those past their time included. `visit` must change nothing. */
  forEach(visit: (entry: Ref) => void): void;
}
