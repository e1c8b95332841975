/*
 * Strings as rows of bits and of bit fields: one bit, a count, a search, an integer at any bit.
 * Reading looks at the bytes where they lie; a write touches only the bytes whose bits it changes.
 * A string that is written to becomes raw, as in Redis. Must not know commands.
 *
 * Memory that is needed is allocated before anything changes: OutOfMemoryError leaves the key as it
 * was.
 */

import type { Ref } from '../memory/memory.js';
import { FIELD_BYTES_MAX, readBits, writeBits } from '../structures/bit-fields.js';
import { countBits, findBit } from '../structures/bits.js';
import type { Database } from './database.js';
import {
  ENTRY_META,
  ENTRY_VALUE,
  STORAGE_RAW,
  STORAGE_RAW_EXTERNAL,
  storageOf,
  VALUE_HEADER_BYTES,
} from './entry.js';
import { copyString, stringByte, stringLength } from './string-read.js';
import { resizeRaw } from './string-resize.js';
import { setStringRange } from './string-value.js';

const oneByte = new Uint8Array(1);
const field = new Uint8Array(FIELD_BYTES_MAX);

/** The bit at `offset`; beyond the end of the string it is 0. */
export function stringBit(db: Database, entry: Ref, offset: number): 0 | 1 {
  const at = Math.floor(offset / 8);
  if (at >= stringLength(db, entry)) return 0;
  return (stringByte(db, entry, at) & maskOf(offset)) === 0 ? 0 : 1;
}

function maskOf(offset: number): number {
  return 0x80 >>> (offset % 8);
}

/**
 * Sets or clears the bit at `offset`, padding the string with zeros up to there. Returns what it
 * was. `entry` is what lookupWrite has just returned for this key: 0 creates it.
 */
export function setStringBit(
  db: Database,
  entry: Ref,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  offset: number,
  bit: number,
): 0 | 1 {
  const at = Math.floor(offset / 8);
  const isWithin = entry !== 0 && at < stringLength(db, entry);
  const byte = isWithin ? stringByte(db, entry, at) : 0;
  const old = (byte & maskOf(offset)) === 0 ? 0 : 1;
  if (isWithin && old === bit) {
    makeRaw(db, entry);
    return old;
  }
  oneByte[0] = bit === 1 ? byte | maskOf(offset) : byte & ~maskOf(offset);
  setStringRange(db, entry, key, keyStart, keyEnd, at, oneByte, 0, 1);
  return old;
}

/** Bytes that are there stay where they are when a reply reads them. */
function makeRaw(db: Database, entry: Ref): Ref {
  const storage = storageOf(db.memory.int32(entry, ENTRY_META));
  if (storage === STORAGE_RAW || storage === STORAGE_RAW_EXTERNAL) return entry;
  const length = stringLength(db, entry);
  return resizeRaw(db, entry, length, length);
}

/** Sets memory's window to the block that holds the value; returns where in it the bytes start. */
function locateValue(db: Database, entry: Ref): number {
  const { memory } = db;
  if (storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL) {
    memory.locate(memory.int32(entry, ENTRY_VALUE));
    return memory.base + VALUE_HEADER_BYTES;
  }
  memory.locate(entry);
  return memory.base + db.entries.embeddedOffset(entry);
}

/** How many of the bits `[from, to)` are set: a range within the string, not empty. */
export function countStringBits(db: Database, entry: Ref, from: number, to: number): number {
  const base = locateValue(db, entry);
  return countBits(db.memory.u8, db.memory.i32, base, from, to);
}

/** The first of the bits `[from, to)` that is `bit`, -1 when there is none. As countStringBits. */
export function findStringBit(
  db: Database,
  entry: Ref,
  bit: number,
  from: number,
  to: number,
): number {
  const base = locateValue(db, entry);
  return findBit(db.memory.u8, db.memory.i32, base, bit, from, to);
}

/**
 * Makes the string ready for writeStringBits within its first `length` bytes: raw, padded with
 * zeros as needed, and nobody reading its block. Returns the entry. `entry` as for setStringBit.
 */
export function openStringBits(
  db: Database,
  entry: Ref,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  length: number,
): Ref {
  if (entry === 0 || stringLength(db, entry) < length) {
    oneByte[0] = 0;
    setStringRange(db, entry, key, keyStart, keyEnd, length - 1, oneByte, 0, 1);
    entry = db.find(key, keyStart, keyEnd);
  }
  return resizeRaw(db, entry, stringLength(db, entry), 0);
}

/**
 * `bits` bits (up to NUMBER_BITS_MAX) from `offset` on, unsigned. Beyond the end of the string, and
 * where there is none (`entry` 0), they are 0.
 */
export function readStringBits(db: Database, entry: Ref, offset: number, bits: number): number {
  if (entry === 0) return 0;
  loadField(db, entry, offset, bits);
  return readBits(field, offset % 8, bits);
}

/** Bytes of a field, zeros beyond the end of the string; returns how many it touches. */
function loadField(db: Database, entry: Ref, offset: number, bits: number): number {
  const at = Math.floor(offset / 8);
  const count = ((offset % 8) + bits + 7) >>> 3;
  const there = Math.min(count, Math.max(0, stringLength(db, entry) - at));
  if (there < count) field.fill(0);
  if (there > 0) copyString(db, entry, at, at + there, field, 0);
  return count;
}

/**
 * Writes the unsigned `value` to `bits` bits (up to NUMBER_BITS_MAX) from `offset` on, within what
 * openStringBits has made ready. No event.
 */
export function writeStringBits(
  db: Database,
  entry: Ref,
  offset: number,
  bits: number,
  value: number,
): void {
  const { memory } = db;
  const count = loadField(db, entry, offset, bits);
  writeBits(field, offset % 8, bits, value);
  const isExternal = storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL;
  const block = isExternal ? memory.int32(entry, ENTRY_VALUE) : entry;
  const start = isExternal ? VALUE_HEADER_BYTES : db.entries.embeddedOffset(entry);
  const at = start + Math.floor(offset / 8);
  memory.beginWrite(block, at, count);
  memory.copyIn(block, at, field, 0, count);
}
