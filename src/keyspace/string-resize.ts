/*
 * A string's value becomes raw and longer: APPEND and SETRANGE. In place while the block has room,
 * otherwise into a larger one; a value in its own block gets room to spare, so that appending byte
 * by byte copies rarely.
 */

import type { Ref } from '../memory/memory.js';
import type { Database } from './database.js';
import {
  ENTRY_HASH,
  ENTRY_KEY_LENGTH,
  ENTRY_META,
  ENTRY_VALUE,
  META_EXPIRY,
  META_STORAGE_MASK,
  META_STORAGE_SHIFT,
  rawStorage,
  STORAGE_RAW,
  STORAGE_RAW_EXTERNAL,
  storageOf,
  VALUE_HEADER_BYTES,
  VALUE_LENGTH,
} from './entry.js';

/** A growing value gets its own length as spare room, at most this many bytes (as in Redis). */
const SPARE_BYTES_MAX = 1024 * 1024;

/**
 * Makes the value raw and `length` bytes long, no shorter than it is. New bytes up to `zeroEnd` are
 * zero, those after it undefined: the caller writes from `zeroEnd` on, and beyond the old length.
 * Returns the entry, which may have moved. Throws OutOfMemoryError, having changed nothing.
 */
export function resizeRaw(db: Database, entry: Ref, length: number, zeroEnd: number): Ref {
  const { memory, entries } = db;
  const meta = memory.int32(entry, ENTRY_META);
  const oldLength = entries.valueLength(entry);
  if (storageOf(meta) === STORAGE_RAW_EXTERNAL) {
    resizeExternal(db, entry, length, zeroEnd < oldLength);
  } else {
    const keyLength = memory.int32(entry, ENTRY_KEY_LENGTH);
    const hasPlace = (meta & META_EXPIRY) !== 0;
    const isEmbedded = rawStorage(hasPlace, keyLength, length) === STORAGE_RAW;
    entry = isEmbedded ? resizeEmbedded(db, entry, length) : moveOut(db, entry, length);
  }
  if (zeroEnd > oldLength) {
    const isExternal = storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL;
    const block = isExternal ? memory.int32(entry, ENTRY_VALUE) : entry;
    const offset = isExternal ? VALUE_HEADER_BYTES : entries.embeddedOffset(entry);
    memory.beginWrite(block, offset + oldLength, zeroEnd - oldLength);
    memory.fill(block, offset + oldLength, zeroEnd - oldLength, 0);
  }
  return entry;
}

/** `isOverwritten`: bytes that are there now will change. */
function resizeExternal(db: Database, entry: Ref, length: number, isOverwritten: boolean): void {
  const { memory, entries } = db;
  const block = memory.int32(entry, ENTRY_VALUE);
  const oldLength = memory.int32(block, VALUE_LENGTH);
  // Bytes that a reply still reads are let alone; appending to them does no harm.
  const mustMove = isOverwritten && memory.isPinned(block);
  if (length === oldLength && !mustMove) return;
  if (VALUE_HEADER_BYTES + length <= memory.blockBytes(block) && !mustMove) {
    memory.beginWrite(block, VALUE_LENGTH, 4);
    memory.setInt32(block, VALUE_LENGTH, length);
    return;
  }
  const hash = memory.int32(entry, ENTRY_HASH);
  const capacity = length === oldLength ? length : withSpare(length);
  const copy = entries.createValue(hash, length, capacity);
  memory.copyBlock(block, VALUE_HEADER_BYTES, copy, VALUE_HEADER_BYTES, oldLength);
  memory.beginWrite(entry, ENTRY_VALUE, 4);
  memory.setInt32(entry, ENTRY_VALUE, copy);
  memory.free(block);
}

function withSpare(length: number): number {
  return length + Math.min(length, SPARE_BYTES_MAX);
}

/** Within the entry's block, or in a larger one. */
function resizeEmbedded(db: Database, entry: Ref, length: number): Ref {
  const { memory, entries } = db;
  const offset = entries.embeddedOffset(entry);
  const used = entries.bytesInUse(entry);
  let target = entry;
  if (offset + length > memory.blockBytes(entry)) {
    target = memory.allocate(offset + length);
    memory.beginWrite(target, 0, offset + length);
    memory.copyBlock(entry, 0, target, 0, used);
    db.replaceEntry(entry, target);
    memory.free(entry);
  }
  memory.beginWrite(target, 0, offset);
  setStorage(db, target, STORAGE_RAW);
  memory.setInt32(target, ENTRY_VALUE, length);
  return target;
}

/** The value gets a block of its own, and the entry shrinks to header and key. */
function moveOut(db: Database, entry: Ref, length: number): Ref {
  const { memory, entries } = db;
  const offset = entries.embeddedOffset(entry);
  const oldLength = memory.int32(entry, ENTRY_VALUE);
  const value = entries.createValue(memory.int32(entry, ENTRY_HASH), length, withSpare(length));
  let target: Ref;
  try {
    target = memory.allocate(offset);
  } catch (error) {
    memory.free(value);
    throw error;
  }
  memory.copyBlock(entry, offset, value, VALUE_HEADER_BYTES, oldLength);
  memory.beginWrite(target, 0, offset);
  memory.copyBlock(entry, 0, target, 0, offset);
  setStorage(db, target, STORAGE_RAW_EXTERNAL);
  memory.setInt32(target, ENTRY_VALUE, value);
  db.replaceEntry(entry, target);
  memory.free(entry);
  return target;
}

/** The header has been begun to be written. */
function setStorage(db: Database, entry: Ref, storage: number): void {
  const meta = db.memory.int32(entry, ENTRY_META);
  const rest = meta & ~(META_STORAGE_MASK << META_STORAGE_SHIFT);
  db.memory.setInt32(entry, ENTRY_META, rest | (storage << META_STORAGE_SHIFT));
}
