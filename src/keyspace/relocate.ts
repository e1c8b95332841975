/*
 * Moves a block to another place so that memory can give back what is almost empty. A block does
 * not say what it is; but an entry begins with its hash and a value block names its owner's hash,
 * so its owner is found by looking that up, and only if the owner points to this very block it is
 * what it seems to be. The dicts know their own blocks. One block that cannot be moved would hold a
 * whole arena: everything that lasts must be movable.
 */

import type { Memory, Ref } from '../memory/memory.js';
import { OutOfMemoryError } from '../memory/out-of-memory-error.js';
import { copyOfBlock } from '../structures/block-copy.js';
import { TABLE_ROW_BYTES } from './contents.js';
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
import { ROOT_TABLE } from './root-layout.js';

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
    for (const db of databases) {
      if (db.contents.relocate(ref)) return true;
    }
    return relocateTable(memory, databases, ref);
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
  }
  return false;
}

function relocateEntry(memory: Memory, db: Database, ref: Ref): boolean {
  const { dict } = db.contents;
  if (!dict.locate(memory.int32(ref, ENTRY_HASH), ref)) return false;
  const copy = copyOfBlock(memory, ref, db.entries.bytesInUse(ref));
  dict.replace(copy);
  memory.free(ref);
  return true;
}

function relocateValue(memory: Memory, db: Database, ref: Ref): boolean {
  const { dict } = db.contents;
  let owner = dict.first(memory.int32(ref, VALUE_OWNER));
  while (owner !== 0 && !owns(memory, owner, ref)) owner = dict.next();
  if (owner === 0) return false;
  const copy = copyOfBlock(memory, ref, VALUE_HEADER_BYTES + memory.int32(ref, VALUE_LENGTH));
  memory.beginWrite(owner, ENTRY_VALUE, 4);
  memory.setInt32(owner, ENTRY_VALUE, copy);
  memory.free(ref);
  return true;
}

/** The table of databases. */
function relocateTable(memory: Memory, databases: readonly Database[], ref: Ref): boolean {
  if (memory.int32(memory.root, ROOT_TABLE) !== ref) return false;
  const table = copyOfBlock(memory, ref, databases.length * TABLE_ROW_BYTES);
  for (const { contents } of databases) contents.moveTo({ table, offset: contents.place.offset });
  memory.beginWrite(memory.root, ROOT_TABLE, 4);
  memory.setInt32(memory.root, ROOT_TABLE, table);
  memory.free(ref);
  return true;
}

function owns(memory: Memory, entry: Ref, value: Ref): boolean {
  const isExternal = storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL;
  return isExternal && memory.int32(entry, ENTRY_VALUE) === value;
}
