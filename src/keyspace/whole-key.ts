/*
 * Copying a key, and moving it to another database, whatever lies in it. A copy has blocks of its
 * own; a move takes the block of a long value along. Both are all or nothing: OutOfMemoryError
 * leaves every key as it was. Must not know commands.
 */

import assert from 'node:assert/strict';
import type { Ref } from '../memory/memory.js';
import type { Database } from './database.js';
import {
  ENTRY_META,
  ENTRY_VALUE,
  type EntryShape,
  EXPIRY_NONE,
  rawStorage,
  STORAGE_RAW,
  STORAGE_RAW_EXTERNAL,
  storageOf,
  VALUE_HEADER_BYTES,
} from './entry.js';

/** A key `key[start, end)` in one of the databases. */
export interface KeyPlace {
  readonly db: Database;
  readonly key: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const shape: EntryShape = { hash: 0, storage: 0, access: 0, expiresAtMs: EXPIRY_NONE };

/** Copies value and expiry, over whatever is at the target. The source must be there. */
export function copyKey(source: KeyPlace, target: KeyPlace): void {
  const { entries, memory } = source.db;
  const { db, key, start, end } = target;
  const entry = source.db.find(source.key, source.start, source.end);
  assert(entry !== 0, 'copy of a missing key');
  const replaced = db.find(key, start, end);
  assert(entry !== replaced, 'copy onto itself');
  const length = entries.valueLength(entry);
  const expiresAtMs = entries.expiry(entry);
  const replacedAtMs = replaced === 0 ? EXPIRY_NONE : entries.expiry(replaced);
  const storage = storageOf(memory.int32(entry, ENTRY_META));
  shape.hash = db.foundHash;
  shape.storage = storage;
  // Where a raw value lies hangs on the length of the key, which is another one.
  if (storage === STORAGE_RAW || storage === STORAGE_RAW_EXTERNAL) {
    shape.storage = rawStorage(expiresAtMs !== EXPIRY_NONE, end - start, length);
  }
  shape.access = db.newAccessBits();
  shape.expiresAtMs = expiresAtMs;
  const created = entries.create(shape, key, start, end, length);
  copyValue(db, entry, created, length);
  if (replaced === 0) {
    db.insertEntry(shape.hash, created);
  } else {
    db.contents.dict.replace(created);
    entries.free(replaced);
  }
  db.noteExpiry(shape.hash, replacedAtMs, expiresAtMs);
  db.modified(key, start, end);
}

/** Between entries that may lie differently, into one that is new and may be written to. */
function copyValue(db: Database, from: Ref, to: Ref, length: number): void {
  const { block, offset } = valuePlace(db, from);
  const target = valuePlace(db, to);
  db.memory.copyBlock(block, offset, target.block, target.offset, length);
}

function valuePlace(db: Database, entry: Ref): { block: Ref; offset: number } {
  const { memory, entries } = db;
  if (storageOf(memory.int32(entry, ENTRY_META)) !== STORAGE_RAW_EXTERNAL) {
    return { block: entry, offset: entries.embeddedOffset(entry) };
  }
  return { block: memory.int32(entry, ENTRY_VALUE), offset: VALUE_HEADER_BYTES };
}

/**
 * Moves the key to another database, where there must be none of this name (not even one past its
 * time). The source must be there.
 */
export function moveKey(source: KeyPlace, to: Database): void {
  const { db, key, start, end } = source;
  const { entries, memory } = db;
  const entry = db.find(key, start, end);
  assert(entry !== 0 && db !== to, 'move of a missing key, or to where it is');
  assert(to.find(key, start, end) === 0, 'move onto another key');
  // The same in all databases, so that the block of a long value still names its owner.
  const hash = to.foundHash;
  const expiresAtMs = entries.expiry(entry);
  shape.hash = hash;
  shape.storage = storageOf(memory.int32(entry, ENTRY_META));
  // As in Redis 7.2: there the key has just been made.
  shape.access = to.newAccessBits();
  shape.expiresAtMs = expiresAtMs;
  const moved = entries.copyAs(entry, shape, key, start, end);
  try {
    to.contents.dict.insert(hash, moved);
  } catch (error) {
    entries.freeShell(moved);
    throw error;
  }
  to.noteExpiry(hash, EXPIRY_NONE, expiresAtMs);
  db.find(key, start, end);
  db.noteExpiry(hash, expiresAtMs, EXPIRY_NONE);
  db.contents.dict.remove();
  entries.freeShell(entry);
  db.modified(key, start, end);
  to.modified(key, start, end);
}

/**
 * Deletes the key and tells nobody, whether it is past its time or not: for a command that puts
 * something else there and says so itself. False when there was none.
 */
export function dropKey({ db, key, start, end }: KeyPlace): boolean {
  const entry = db.find(key, start, end);
  if (entry === 0) return false;
  db.removeFound(entry);
  return true;
}
