/*
 * Moves a block to another place so that memory can give back what is almost empty. A block does
 * not say what it is; but an entry begins with its hash and a value block names its owner's hash,
 * so its owner is found by looking that up, and only if the owner points to this very block it is
 * what it seems to be. Buckets and directories are not moved: small ones are few, segments have
 * pages of their own.
 */

import type { Memory, Ref } from '../memory/memory.js';
import { OutOfMemoryError } from '../memory/out-of-memory-error.js';
import type { Database } from './database.js';
import {
  ENTRY_HASH,
  ENTRY_META,
  ENTRY_VALUE,
  STORAGE_RAW_EXTERNAL,
  storageOf,
  VALUE_HEADER_BYTES,
  VALUE_LENGTH,
  VALUE_OWNER,
} from './entry.js';

/**
 * Moves the block if its owner can be found. False when it stays (its owner is going, or unknown).
 */
export function relocate(memory: Memory, databases: readonly Database[], ref: Ref): boolean {
  try {
    for (const db of databases) {
      if (db.size > 0 && (relocateEntry(memory, db, ref) || relocateValue(memory, db, ref))) {
        return true;
      }
    }
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
  }
  return false;
}

function relocateEntry(memory: Memory, db: Database, ref: Ref): boolean {
  const { dict } = db.contents;
  if (!dict.locate(memory.int32(ref, ENTRY_HASH), ref)) return false;
  const copy = copyOf(memory, ref, db.entries.bytesInUse(ref));
  dict.replace(copy);
  memory.free(ref);
  return true;
}

function relocateValue(memory: Memory, db: Database, ref: Ref): boolean {
  const { dict } = db.contents;
  let owner = dict.first(memory.int32(ref, VALUE_OWNER));
  while (owner !== 0 && !owns(memory, owner, ref)) owner = dict.next();
  if (owner === 0) return false;
  const copy = copyOf(memory, ref, VALUE_HEADER_BYTES + memory.int32(ref, VALUE_LENGTH));
  memory.beginWrite(owner, ENTRY_VALUE, 4);
  memory.setInt32(owner, ENTRY_VALUE, copy);
  memory.free(ref);
  return true;
}

function owns(memory: Memory, entry: Ref, value: Ref): boolean {
  const isExternal = storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL;
  return isExternal && memory.int32(entry, ENTRY_VALUE) === value;
}

/** Another block of the same size (room to grow included) with the bytes in use. */
function copyOf(memory: Memory, ref: Ref, bytesInUse: number): Ref {
  const copy = memory.allocate(memory.blockBytes(ref));
  memory.beginWrite(copy, 0, bytesInUse);
  memory.copyBlock(ref, 0, copy, 0, bytesInUse);
  return copy;
}
