/*
 * One numbered database: lookups with lazy expiry, deletion, expiries, renaming, scanning. Keys
 * come as ranges `key[start, end)`. A returned entry (Ref, 0 = none) is valid until the next change
 * of the keyspace: any set, delete, expiry or background slice may move it. What values look like
 * inside, the files of the value types know; they use the methods of the last section. Must not
 * know commands, clients or replication.
 */

import assert from 'node:assert/strict';
import type { Memory, Ref } from '../memory/memory.js';
import { decayedCounter, idleSecondsOf, newLfuBits, touchedLfuBits } from './access-bits.js';
import type { Contents } from './contents.js';
import {
  ENTRY_HASH,
  ENTRY_KEY_LENGTH,
  ENTRY_META,
  ENTRY_VALUE,
  type Entries,
  type EntryShape,
  EXPIRY_NONE,
  keyOffsetOf,
  META_ACCESS_SHIFT,
  META_EXPIRY,
  META_WORD,
  STORAGE_EMBSTR,
  STORAGE_INT,
  STORAGE_RAW_EXTERNAL,
  storageOf,
  VALUE_OWNER,
} from './entry.js';
import type { Keyspace } from './keyspace.js';

export type ValueType = 'string';

/**
 * Draws of randomKey on a replica where every key has an expiry: it then answers an expired one.
 */
const RANDOM_DRAWS_MAX = 100;

/** Longest key whose copy for onExpired needs no allocation. */
const EXPIRED_KEY_BYTES = 1024;

export class Database {
  readonly keyspace: Keyspace;
  readonly memory: Memory;
  readonly entries: Entries;
  readonly index: number;
  /** Keys and expiries; SWAPDB and FLUSHDB exchange it. */
  contents: Contents;
  /** Hash of the key that `find` looked for last. */
  foundHash = 0;
  /** Scratch: keys of entries that the background deletes, unless they are very long. */
  readonly #expiredKey = new Uint8Array(EXPIRED_KEY_BYTES);
  /** Scratch: the shape of an entry to make. */
  readonly #shape: EntryShape = { hash: 0, storage: 0, access: 0, expiresAtMs: EXPIRY_NONE };

  constructor(options: {
    keyspace: Keyspace;
    entries: Entries;
    index: number;
    contents: Contents;
  }) {
    this.keyspace = options.keyspace;
    this.memory = options.keyspace.memory;
    this.entries = options.entries;
    this.index = options.index;
    this.contents = options.contents;
  }

  /** Keys, those past their time and not yet deleted included (DBSIZE). */
  get size(): number {
    return this.contents.dict.size;
  }

  /** Keys with an expiry. */
  get expires(): number {
    return this.contents.expires;
  }

  /** Mean time to live of the keys with an expiry, in whole ms; 0 when there are none. */
  get averageTtlMs(): number {
    return this.contents.averageTtlMs(this.keyspace.nowMs);
  }

  // --- lookups ---

  /** For commands that read: counts a hit or a miss and touches the access bits. */
  lookupRead(key: Uint8Array, start: number, end: number): Ref {
    const entry = this.lookupReadNoTouch(key, start, end);
    if (entry !== 0) this.touch(entry);
    return entry;
  }

  /** As lookupRead, but leaves the access bits alone (TYPE, TTL, OBJECT). */
  lookupReadNoTouch(key: Uint8Array, start: number, end: number): Ref {
    const { keyspace } = this;
    const entry = this.find(key, start, end);
    if (entry !== 0) {
      if (!this.isExpired(entry)) {
        keyspace.keyspaceHits++;
        return entry;
      }
      if (keyspace.expiryMode === 'primary') this.#expire(entry, key, start, end);
    }
    keyspace.keyspaceMisses++;
    return 0;
  }

  /** For commands that write: deletes the key when it is past its time; counts no hits. */
  lookupWrite(key: Uint8Array, start: number, end: number): Ref {
    const entry = this.find(key, start, end);
    if (entry === 0) return 0;
    if (this.isExpired(entry)) {
      this.#expire(entry, key, start, end);
      return 0;
    }
    this.touch(entry);
    return entry;
  }

  /** The entry unless it is past its time (by expiryMode); counts, touches and deletes nothing. */
  peek(key: Uint8Array, start: number, end: number): Ref {
    const entry = this.find(key, start, end);
    return entry !== 0 && this.isExpired(entry) ? 0 : entry;
  }

  /** The entry even when it is past its time. */
  peekAny(key: Uint8Array, start: number, end: number): Ref {
    return this.find(key, start, end);
  }

  /**
   * Deletes the key; false when it was not there (or past its time: it is then deleted as expired).
   */
  delete(key: Uint8Array, start: number, end: number): boolean {
    const entry = this.find(key, start, end);
    if (entry === 0) return false;
    if (this.isExpired(entry)) {
      this.#expire(entry, key, start, end);
      return false;
    }
    this.removeFound(entry);
    this.modified(key, start, end);
    return true;
  }

  // --- expiry ---

  /** Milliseconds since 1970, -1 without expiry. */
  expiresAt(entry: Ref): number {
    const atMs = this.entries.expiry(entry);
    return atMs === EXPIRY_NONE ? -1 : atMs;
  }

  /** Past its time by expiryMode. */
  isExpired(entry: Ref): boolean {
    const { memory, keyspace } = this;
    if ((memory.int32(entry, ENTRY_META) & META_EXPIRY) === 0) return false;
    const atMs = this.entries.expiry(entry);
    return atMs !== EXPIRY_NONE && keyspace.nowMs > atMs && keyspace.expiryMode !== 'stream';
  }

  /**
   * Gives the key an expiry (also one in the past: the caller decides what that means). False when
   * the key is missing. Times before 1970 count as its first millisecond.
   */
  setExpiresAt(key: Uint8Array, start: number, end: number, atMs: number): boolean {
    const entry = this.find(key, start, end);
    if (entry === 0) return false;
    this.#giveExpiry(entry, Math.max(1, atMs));
    this.modified(key, start, end);
    return true;
  }

  #giveExpiry(entry: Ref, atMs: number): void {
    const { entries } = this;
    const hash = this.memory.int32(entry, ENTRY_HASH);
    const oldMs = entries.expiry(entry);
    if ((this.memory.int32(entry, ENTRY_META) & META_EXPIRY) !== 0) {
      entries.storeExpiry(entry, atMs);
    } else if (!entries.makeRoomForExpiry(entry, atMs)) {
      const copy = entries.copyWithExpiry(entry, atMs);
      this.contents.dict.replace(copy);
      entries.freeShell(entry);
    }
    this.noteExpiry(hash, oldMs, atMs);
  }

  /** Takes the expiry away. False when the key is missing or has none. */
  persist(key: Uint8Array, start: number, end: number): boolean {
    const entry = this.find(key, start, end);
    if (entry === 0) return false;
    const atMs = this.entries.expiry(entry);
    if (atMs === EXPIRY_NONE) return false;
    // The eight bytes stay: the next expiry will be glad of them.
    this.entries.storeExpiry(entry, EXPIRY_NONE);
    this.noteExpiry(this.memory.int32(entry, ENTRY_HASH), atMs, EXPIRY_NONE);
    this.modified(key, start, end);
    return true;
  }

  /**
   * An item of the wheel has come due: deletes the keys behind the hash that are past their time
   * (all but always one), and has the others looked at again. Returns how many were deleted. The
   * caller sees to the expiryMode.
   */
  fire(hash: number): number {
    const before = this.keyspace.expiredKeys;
    const nextMs = this.#expireDue(hash);
    if (nextMs < Number.POSITIVE_INFINITY) this.contents.arm(hash, nextMs, this.keyspace.nowMs);
    return this.keyspace.expiredKeys - before;
  }

  /** Looks after one of our own expiries on a replica: as fire(), but without the wheel. */
  fireOwn(hash: number): void {
    if (this.#expireDue(hash) < Number.POSITIVE_INFINITY) return;
    this.contents.ownExpiries.forget(hash);
  }

  /** Deletes the keys behind the hash that are past their time. Returns when the next one will be;
   * Infinity when none of them has an expiry. */
  #expireDue(hash: number): number {
    const { dict } = this.contents;
    let nextMs = Number.POSITIVE_INFINITY;
    let entry = dict.first(hash);
    while (entry !== 0) {
      const atMs = this.entries.expiry(entry);
      if (atMs !== EXPIRY_NONE && this.keyspace.nowMs > atMs) {
        this.#expireUnnamed(entry);
        nextMs = Number.POSITIVE_INFINITY;
        entry = dict.first(hash);
      } else {
        if (atMs !== EXPIRY_NONE) nextMs = Math.min(nextMs, atMs);
        entry = dict.next();
      }
    }
    return nextMs;
  }

  // --- about an entry ---

  typeOf(_entry: Ref): ValueType {
    return 'string';
  }

  /** As OBJECT ENCODING names it. */
  encodingOf(entry: Ref): 'int' | 'embstr' | 'raw' {
    const storage = storageOf(this.memory.int32(entry, ENTRY_META));
    if (storage === STORAGE_INT) return 'int';
    return storage === STORAGE_EMBSTR ? 'embstr' : 'raw';
  }

  keyLength(entry: Ref): number {
    return this.memory.int32(entry, ENTRY_KEY_LENGTH);
  }

  /** Copies the whole key to `target` at `at`. */
  copyKey(entry: Ref, target: Uint8Array, at: number): void {
    const { memory } = this;
    const offset = keyOffsetOf(memory.int32(entry, ENTRY_META));
    memory.copyOut(entry, offset, memory.int32(entry, ENTRY_KEY_LENGTH), target, at);
  }

  /** A copy of the key. */
  keyBytes(entry: Ref): Uint8Array {
    const key = new Uint8Array(this.keyLength(entry));
    this.copyKey(entry, key, 0);
    return key;
  }

  /** Bytes of all blocks of this key, and its mean share of the dict (MEMORY USAGE). */
  memoryUsage(entry: Ref): number {
    const { dict } = this.contents;
    return this.entries.blockBytes(entry) + Math.round(dict.bucketBytes / dict.size);
  }

  /** The 24 access bits as stored (see access-bits.ts). */
  accessBits(entry: Ref): number {
    return this.memory.int32(entry, ENTRY_META) >>> META_ACCESS_SHIFT;
  }

  setAccessBits(entry: Ref, bits: number): void {
    const { memory } = this;
    const meta = memory.int32(entry, ENTRY_META) & 0xff;
    memory.beginWrite(entry, ENTRY_META, 4);
    memory.setInt32(entry, ENTRY_META, meta | (bits << META_ACCESS_SHIFT));
  }

  /** Seconds since the last access (OBJECT IDLETIME); meaningless under an LFU policy. */
  idleSeconds(entry: Ref): number {
    return idleSecondsOf(this.accessBits(entry), this.keyspace.nowMs);
  }

  /** Decayed logarithmic counter (OBJECT FREQ); meaningful under an LFU policy. */
  frequency(entry: Ref): number {
    const { nowMs, lfuDecayMinutes } = this.keyspace;
    return decayedCounter(this.accessBits(entry), nowMs, lfuDecayMinutes);
  }

  /** Notes an access. */
  touch(entry: Ref): void {
    const { memory } = this;
    const words = memory.words(entry);
    const at = memory.wordIndex(entry) + META_WORD;
    const meta = words[at];
    const bits = this.accessBitsAfterUse(meta);
    if (bits === meta >>> META_ACCESS_SHIFT) return;
    memory.beginWrite(entry, ENTRY_META, 4);
    words[at] = (meta & 0xff) | (bits << META_ACCESS_SHIFT);
  }

  /**
   * The access bits of an entry with this meta word that is used now. While a view is frozen they
   * stay: noting each access would copy the page of every key that is read.
   */
  accessBitsAfterUse(meta: number): number {
    const { memory, keyspace } = this;
    if (memory.isFrozen || !keyspace.notesUse) return meta >>> META_ACCESS_SHIFT;
    if (!keyspace.usesLfu) return keyspace.lruClock;
    return touchedLfuBits(meta >>> META_ACCESS_SHIFT, keyspace.nowMs, keyspace);
  }

  // --- whole keys ---

  /**
   * Moves value and expiry to another name, replacing what was there. The source must exist and
   * differ from the destination. Throws OutOfMemoryError, having changed nothing.
   */
  rename(
    from: Uint8Array,
    fromStart: number,
    fromEnd: number,
    to: Uint8Array,
    toStart: number,
    toEnd: number,
  ): void {
    const { memory, entries } = this;
    const { dict } = this.contents;
    const source = this.find(from, fromStart, fromEnd);
    assert(source !== 0, 'rename of a missing key');
    const replaced = this.find(to, toStart, toEnd);
    assert(source !== replaced, 'rename to itself');
    const hash = this.foundHash;
    const shape = this.#shape;
    const meta = memory.int32(source, ENTRY_META);
    shape.hash = hash;
    shape.storage = storageOf(meta);
    // As in Redis 7.2: under its new name the key has just been made.
    shape.access = this.newAccessBits();
    shape.expiresAtMs = entries.expiry(source);
    const moved = entries.copyAs(source, shape, to, toStart, toEnd);
    try {
      dict.insert(hash, moved);
    } catch (error) {
      entries.freeShell(moved);
      throw error;
    }
    this.noteExpiry(hash, EXPIRY_NONE, shape.expiresAtMs);
    if (shape.storage === STORAGE_RAW_EXTERNAL) this.#setOwner(moved, hash);
    if (replaced !== 0) {
      dict.locate(hash, replaced);
      this.removeFound(replaced);
    }
    this.find(from, fromStart, fromEnd);
    this.noteExpiry(memory.int32(source, ENTRY_HASH), shape.expiresAtMs, EXPIRY_NONE);
    dict.remove();
    entries.freeShell(source);
    this.modified(from, fromStart, fromEnd);
    this.modified(to, toStart, toEnd);
  }

  #setOwner(entry: Ref, hash: number): void {
    const value = this.memory.int32(entry, ENTRY_VALUE);
    this.memory.beginWrite(value, VALUE_OWNER, 4);
    this.memory.setInt32(value, VALUE_OWNER, hash);
  }

  /**
   * A key chosen uniformly, not one past its time (on a primary that is deleted); 0 without keys.
   */
  randomKey(): Ref {
    const { keyspace, contents } = this;
    for (let draws = 1; contents.dict.size > 0; draws++) {
      const entry = contents.dict.randomEntry(keyspace.random);
      if (!this.isExpired(entry)) return entry;
      if (keyspace.expiryMode === 'primary') {
        contents.dict.locate(this.memory.int32(entry, ENTRY_HASH), entry);
        this.#expireUnnamed(entry);
      } else if (contents.expires === contents.dict.size && draws >= RANDOM_DRAWS_MAX) {
        return entry;
      }
    }
    return 0;
  }

  /**
   * Visits one bucket (a handful of entries, those past their time included) and returns the next
   * cursor, 0 at the end. Cursors are below 2^32. Every key present from the first call to the last
   * is visited, whatever happens in between; some may be visited twice. `visit` must change
   * nothing.
   */
  scan(cursor: number, visit: (entry: Ref) => void): number {
    return this.contents.dict.scan(cursor, visit);
  }

  /** Visits all entries, those past their time included. `visit` must change nothing. */
  forEach(visit: (entry: Ref) => void): void {
    this.contents.dict.forEach(visit);
  }

  // --- for the files of the value types ---

  /** The entry whatever its time. The dict stands on it: `replaceFound` may follow. */
  find(key: Uint8Array, start: number, end: number): Ref {
    const { dict } = this.contents;
    const hash = this.keyspace.hash(key, start, end);
    this.foundHash = hash;
    let entry = dict.first(hash);
    while (entry !== 0 && !this.entries.hasKey(entry, key, start, end)) entry = dict.next();
    return entry;
  }

  /** As find, but a key past its time is deleted first, and 0 returned. */
  findAlive(key: Uint8Array, start: number, end: number): Ref {
    const entry = this.find(key, start, end);
    if (entry === 0 || !this.isExpired(entry)) return entry;
    this.#expire(entry, key, start, end);
    return 0;
  }

  /** Access bits of a key that is created now. */
  newAccessBits(): number {
    return this.keyspace.usesLfu ? newLfuBits(this.keyspace.nowMs) : this.keyspace.lruClock;
  }

  /** Adds a new entry of a key that is not there. Out of memory, the entry is freed again. */
  insertEntry(hash: number, entry: Ref): void {
    try {
      this.contents.dict.insert(hash, entry);
    } catch (error) {
      this.entries.free(entry);
      throw error;
    }
  }

  /**
   * Puts `entry` in the place of `old`, which is in the dict under the same hash. Frees nothing.
   */
  replaceEntry(old: Ref, entry: Ref): void {
    const isThere = this.contents.dict.locate(this.memory.int32(old, ENTRY_HASH), old);
    assert(isThere, 'entry is not in its dict');
    this.contents.dict.replace(entry);
  }

  noteExpiry(hash: number, oldMs: number, newMs: number): void {
    const { contents, keyspace } = this;
    contents.noteExpiry(hash, oldMs, newMs, keyspace.nowMs);
    if (newMs === EXPIRY_NONE || keyspace.expiryMode !== 'replica') return;
    contents.ownExpiries.note(hash);
  }

  /** Tells that the key has changed, if anybody wants to know. */
  modified(key: Uint8Array, start: number, end: number): void {
    const { events } = this.keyspace;
    if (events.wantsModified) events.onModified(this.index, key, start, end);
  }

  // --- deletion ---

  /** Deletes the entry on which the dict stands. */
  removeFound(entry: Ref): void {
    const { memory, entries, contents } = this;
    // Most have no place for one: a time that is handed on may cost an object.
    if ((memory.int32(entry, ENTRY_META) & META_EXPIRY) !== 0) {
      const atMs = entries.expiry(entry);
      if (atMs !== EXPIRY_NONE) {
        this.noteExpiry(memory.int32(entry, ENTRY_HASH), atMs, EXPIRY_NONE);
      }
    }
    contents.dict.remove();
    entries.free(entry);
  }

  /** Deletes the entry on which the dict stands, as one whose time has come. */
  #expire(entry: Ref, key: Uint8Array, start: number, end: number): void {
    const { keyspace } = this;
    this.removeFound(entry);
    keyspace.expiredKeys++;
    this.modified(key, start, end);
    keyspace.events.onExpired(this.index, key, start, end);
  }

  #expireUnnamed(entry: Ref): void {
    const length = this.keyLength(entry);
    const key = length <= this.#expiredKey.length ? this.#expiredKey : new Uint8Array(length);
    this.copyKey(entry, key, 0);
    this.#expire(entry, key, 0, length);
  }
}
