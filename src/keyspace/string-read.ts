/*
 * Reading strings: length, bytes, the value as an integer; however they lie. Nothing here allocates
 * in JavaScript except where it says so. Must not know how values are chosen or changed, nor
 * commands.
 */

import type { Ref } from '../memory/memory.js';
import {
  INT64_INVALID,
  INT64_TEXT_BYTES_MAX,
  type Int64Result,
  parseInt64,
} from '../structures/integers.js';
import type { Database } from './database.js';
import {
  ENTRY_META,
  ENTRY_VALUE,
  KEY_LENGTH_WORD,
  keyOffsetOf,
  META_WORD,
  STORAGE_RAW_EXTERNAL,
  storageOf,
  VALUE_HEADER_BYTES,
  VALUE_WORD,
} from './entry.js';

const integerText = new Uint8Array(INT64_TEXT_BYTES_MAX);

/** Length of the value in bytes (of an integer: of its decimal text). */
export function stringLength(db: Database, entry: Ref): number {
  return db.entries.valueLength(entry);
}

/** Copies `[from, to)` of the value to `target` at `at`. */
export function copyString(
  db: Database,
  entry: Ref,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): void {
  const { memory } = db;
  const words = memory.words(entry);
  const first = memory.wordIndex(entry);
  const meta = words[first + META_WORD];
  if (storageOf(meta) === STORAGE_RAW_EXTERNAL) {
    const block = words[first + VALUE_WORD];
    memory.copyOut(block, VALUE_HEADER_BYTES + from, to - from, target, at);
  } else {
    const offset = keyOffsetOf(meta) + words[first + KEY_LENGTH_WORD];
    memory.copyOut(entry, offset + from, to - from, target, at);
  }
}

/** A copy of the whole value (allocates: not for the hot path). */
export function stringBytes(db: Database, entry: Ref): Uint8Array {
  const bytes = new Uint8Array(stringLength(db, entry));
  copyString(db, entry, 0, bytes.length, bytes, 0);
  return bytes;
}

/** Byte of the value at `offset`, which must lie within it. */
export function stringByte(db: Database, entry: Ref, offset: number): number {
  const { memory } = db;
  if (storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL) {
    return memory.uint8(memory.int32(entry, ENTRY_VALUE), VALUE_HEADER_BYTES + offset);
  }
  return memory.uint8(entry, db.entries.embeddedOffset(entry) + offset);
}

/**
 * The value as a 64-bit integer; kind INT64_INVALID when it is not one (strictly, as INCR reads).
 */
export function readInteger(db: Database, entry: Ref, result: Int64Result): void {
  const length = stringLength(db, entry);
  if (length > INT64_TEXT_BYTES_MAX) {
    result.kind = INT64_INVALID;
    return;
  }
  copyString(db, entry, 0, length, integerText, 0);
  parseInt64(integerText, 0, length, result);
}
