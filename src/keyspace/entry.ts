/*
 * How a key lies in memory: one block with header, optional expiry, key bytes and, mostly, the
 * value; a longer value has a block of its own with room to grow. Only this file knows the layout,
 * for live memory here and for walks through the constants. Must not know dicts, databases or
 * expiry rules.
 *
 *   entry    0 hash   4 meta   8 key length   12 value length, or the block of an external value
 *           16 expiry, float64 ms, 0 = none (only with META_EXPIRY)   then key, then value bytes
 *   meta     bits 0-3 type   4-6 storage   7 has a place for the expiry   8-31 access bits
 *   value    0 length   4 hash of the owner (so that a moved block finds it)   8 bytes
 *
 * An entry with its value stays within EMBEDDED_BYTES_MAX, which never straddles a page, so the hot
 * path pays for one barrier and one check. Values up to 44 bytes stay embedded even under a long
 * key.
 */

import type { Memory, Ref } from '../memory/memory.js';

export const ENTRY_HASH = 0;
export const ENTRY_META = 4;
export const ENTRY_KEY_LENGTH = 8;
export const ENTRY_VALUE = 12;
export const ENTRY_EXPIRY = 16;
/** The same as words: for the hot path, which reads several of them at once. */
export const META_WORD = ENTRY_META / 4;
export const KEY_LENGTH_WORD = ENTRY_KEY_LENGTH / 4;
export const VALUE_WORD = ENTRY_VALUE / 4;
export const ENTRY_HEADER_BYTES = 16;
export const EXPIRY_BYTES = 8;

export const META_TYPE_MASK = 0x0f;
export const META_STORAGE_SHIFT = 4;
export const META_STORAGE_MASK = 0x07;
export const META_EXPIRY = 0x80;
export const META_ACCESS_SHIFT = 8;

export const TYPE_STRING = 0;

/** The canonical decimal text of a 64-bit integer, embedded. */
export const STORAGE_INT = 0;
/** Up to EMBSTR_BYTES_MAX bytes as SET stored them, embedded. */
export const STORAGE_EMBSTR = 1;
export const STORAGE_RAW = 2;
/** Raw in a block of its own. */
export const STORAGE_RAW_EXTERNAL = 3;

/** Longest embstr, as OBJECT ENCODING of Redis has it. */
export const EMBSTR_BYTES_MAX = 44;
/** Largest entry with an embedded raw value: the largest class of one-page runs. */
export const EMBEDDED_BYTES_MAX = 512;

export const VALUE_LENGTH = 0;
export const VALUE_OWNER = 4;
export const VALUE_HEADER_BYTES = 8;

/** No expiry, as entries keep it and as callers say it. */
export const EXPIRY_NONE = 0;

/** Header and key of an entry to make. */
export interface EntryShape {
  hash: number;
  storage: number;
  access: number;
  /** EXPIRY_NONE without one. */
  expiresAtMs: number;
}

export function storageOf(meta: number): number {
  return (meta >>> META_STORAGE_SHIFT) & META_STORAGE_MASK;
}

/** Where the key bytes start. */
export function keyOffsetOf(meta: number): number {
  return (meta & META_EXPIRY) !== 0 ? ENTRY_HEADER_BYTES + EXPIRY_BYTES : ENTRY_HEADER_BYTES;
}

/** Storage of a raw value of this length under this key. */
export function rawStorage(hasExpiry: boolean, keyLength: number, valueLength: number): number {
  const header = ENTRY_HEADER_BYTES + (hasExpiry ? EXPIRY_BYTES : 0);
  const isEmbedded = header + keyLength + valueLength <= EMBEDDED_BYTES_MAX;
  return isEmbedded ? STORAGE_RAW : STORAGE_RAW_EXTERNAL;
}

/** Entries and value blocks in one memory: making, reading, freeing. */
export class Entries {
  readonly memory: Memory;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  /** True when the entry's key is `key[start, end)`. */
  hasKey(entry: Ref, key: Uint8Array, start: number, end: number): boolean {
    const { memory } = this;
    const words = memory.words(entry);
    const at = memory.wordIndex(entry);
    const length = end - start;
    if (words[at + KEY_LENGTH_WORD] !== length) return false;
    return memory.equal(entry, keyOffsetOf(words[at + META_WORD]), key, start, length);
  }

  /** The expiry in ms, EXPIRY_NONE without one. */
  expiry(entry: Ref): number {
    const { memory } = this;
    if ((memory.int32(entry, ENTRY_META) & META_EXPIRY) === 0) return EXPIRY_NONE;
    return memory.float64(entry, ENTRY_EXPIRY);
  }

  /** Stores the expiry of an entry that has a place for it. */
  storeExpiry(entry: Ref, atMs: number): void {
    this.memory.beginWrite(entry, ENTRY_EXPIRY, EXPIRY_BYTES);
    this.memory.setFloat64(entry, ENTRY_EXPIRY, atMs);
  }

  valueLength(entry: Ref): number {
    const { memory } = this;
    const words = memory.words(entry);
    const at = memory.wordIndex(entry);
    const value = words[at + VALUE_WORD];
    const isExternal = storageOf(words[at + META_WORD]) === STORAGE_RAW_EXTERNAL;
    return isExternal ? memory.int32(value, VALUE_LENGTH) : value;
  }

  /** Where the bytes of an embedded value start; the block is the entry itself. */
  embeddedOffset(entry: Ref): number {
    const { memory } = this;
    return keyOffsetOf(memory.int32(entry, ENTRY_META)) + memory.int32(entry, ENTRY_KEY_LENGTH);
  }

  /** Bytes of the entry's own block that are in use. */
  bytesInUse(entry: Ref): number {
    const { memory } = this;
    const isExternal = storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL;
    return this.embeddedOffset(entry) + (isExternal ? 0 : memory.int32(entry, ENTRY_VALUE));
  }

  /**
   * A new entry with its key; an embedded value of `valueLength` bytes is to be written by the
   * caller, who may do so without another beginWrite. An external one gets its block, likewise.
   * Throws OutOfMemoryError; then nothing is left allocated.
   */
  create(
    shape: EntryShape,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueLength: number,
  ): Ref {
    const { memory } = this;
    const isExternal = shape.storage === STORAGE_RAW_EXTERNAL;
    const value = isExternal ? this.createValue(shape.hash, valueLength, valueLength) : valueLength;
    let entry: Ref;
    try {
      entry = this.#createHeader(shape, keyEnd - keyStart, value, isExternal ? 0 : valueLength);
    } catch (error) {
      if (isExternal) memory.free(value);
      throw error;
    }
    const keyOffset = shape.expiresAtMs === EXPIRY_NONE ? ENTRY_HEADER_BYTES : 24;
    memory.copyIn(entry, keyOffset, key, keyStart, keyEnd);
    return entry;
  }

  /** As create, with a value block that is there already. Throws OutOfMemoryError. */
  createWith(
    shape: EntryShape,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Ref,
  ): Ref {
    const entry = this.#createHeader(shape, keyEnd - keyStart, value, 0);
    const keyOffset = shape.expiresAtMs === EXPIRY_NONE ? ENTRY_HEADER_BYTES : 24;
    this.memory.copyIn(entry, keyOffset, key, keyStart, keyEnd);
    return entry;
  }

  /** Header with `value` as its last word, room for key and `embeddedBytes`; all of it writable. */
  #createHeader(shape: EntryShape, keyLength: number, value: number, embeddedBytes: number): Ref {
    const { memory } = this;
    const hasExpiry = shape.expiresAtMs !== EXPIRY_NONE;
    const header = ENTRY_HEADER_BYTES + (hasExpiry ? EXPIRY_BYTES : 0);
    const total = header + keyLength + embeddedBytes;
    const entry = memory.allocate(total);
    memory.beginWrite(entry, 0, total);
    memory.setInt32(entry, ENTRY_HASH, shape.hash);
    memory.setInt32(
      entry,
      ENTRY_META,
      TYPE_STRING |
        (shape.storage << META_STORAGE_SHIFT) |
        (hasExpiry ? META_EXPIRY : 0) |
        (shape.access << META_ACCESS_SHIFT),
    );
    memory.setInt32(entry, ENTRY_KEY_LENGTH, keyLength);
    memory.setInt32(entry, ENTRY_VALUE, value);
    if (hasExpiry) memory.setFloat64(entry, ENTRY_EXPIRY, shape.expiresAtMs);
    return entry;
  }

  /** A value block of `length` bytes (contents undefined, writable) with room for `capacity`. */
  createValue(ownerHash: number, length: number, capacity: number): Ref {
    const { memory } = this;
    const value = memory.allocate(VALUE_HEADER_BYTES + capacity);
    memory.beginWrite(value, 0, VALUE_HEADER_BYTES + length);
    memory.setInt32(value, VALUE_LENGTH, length);
    memory.setInt32(value, VALUE_OWNER, ownerHash);
    return value;
  }

  /**
   * A copy of an entry under another key and with another expiry. The value is the same: an
   * embedded one is copied, an external block is shared until the caller frees the old entry with
   * `freeShell`.
   */
  copyAs(source: Ref, shape: EntryShape, key: Uint8Array, keyStart: number, keyEnd: number): Ref {
    const { memory } = this;
    const value = memory.int32(source, ENTRY_VALUE);
    const isExternal = shape.storage === STORAGE_RAW_EXTERNAL;
    const embedded = isExternal ? 0 : value;
    const entry = this.#createHeader(shape, keyEnd - keyStart, value, embedded);
    const keyOffset = keyOffsetOf(memory.int32(entry, ENTRY_META));
    memory.copyIn(entry, keyOffset, key, keyStart, keyEnd);
    const target = keyOffset + keyEnd - keyStart;
    if (embedded > 0) {
      memory.copyBlock(source, this.embeddedOffset(source), entry, target, embedded);
    }
    return entry;
  }

  /** As copyAs with the entry's own key: what gives an entry a place for its expiry. */
  copyWithExpiry(source: Ref, expiresAtMs: number): Ref {
    const { memory } = this;
    const meta = memory.int32(source, ENTRY_META);
    const keyLength = memory.int32(source, ENTRY_KEY_LENGTH);
    const keyOffset = keyOffsetOf(meta);
    const rest = this.bytesInUse(source) - keyOffset;
    const shape: EntryShape = {
      hash: memory.int32(source, ENTRY_HASH),
      storage: storageOf(meta),
      access: meta >>> META_ACCESS_SHIFT,
      expiresAtMs,
    };
    const value = memory.int32(source, ENTRY_VALUE);
    const entry = this.#createHeader(shape, keyLength, value, rest - keyLength);
    memory.copyBlock(source, keyOffset, entry, ENTRY_HEADER_BYTES + EXPIRY_BYTES, rest);
    return entry;
  }

  /**
   * Makes the place for an expiry inside the entry's block by shifting key and value. False when
   * the block has no room for it.
   */
  makeRoomForExpiry(entry: Ref, expiresAtMs: number): boolean {
    const { memory } = this;
    const used = this.bytesInUse(entry);
    if (used + EXPIRY_BYTES > memory.blockBytes(entry)) return false;
    memory.beginWrite(entry, 0, used + EXPIRY_BYTES);
    memory.move(entry, ENTRY_HEADER_BYTES, ENTRY_EXPIRY + EXPIRY_BYTES, used - ENTRY_HEADER_BYTES);
    memory.setInt32(entry, ENTRY_META, memory.int32(entry, ENTRY_META) | META_EXPIRY);
    memory.setFloat64(entry, ENTRY_EXPIRY, expiresAtMs);
    return true;
  }

  /** Frees the entry and its value block. */
  free(entry: Ref): void {
    const { memory } = this;
    if (storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL) {
      memory.free(memory.int32(entry, ENTRY_VALUE));
    }
    memory.free(entry);
  }

  /** Frees the entry's own block; its value block lives on elsewhere. */
  freeShell(entry: Ref): void {
    this.memory.free(entry);
  }

  /** Bytes of the entry's blocks. */
  blockBytes(entry: Ref): number {
    const { memory } = this;
    const own = memory.blockBytes(entry);
    if (storageOf(memory.int32(entry, ENTRY_META)) !== STORAGE_RAW_EXTERNAL) return own;
    return own + memory.blockBytes(memory.int32(entry, ENTRY_VALUE));
  }
}
