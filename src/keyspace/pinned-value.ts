/*
 * A part of a long string for a reply that is sent from where it lies, without a copy: the block is
 * pinned until the bytes have been written, whatever becomes of the key. Must not know replies.
 */

import type { Ref } from '../memory/memory.js';
import type { Database } from './database.js';
import {
  ENTRY_META,
  ENTRY_VALUE,
  STORAGE_RAW_EXTERNAL,
  storageOf,
  VALUE_HEADER_BYTES,
} from './entry.js';

export interface PinnedBytes {
  /** A piece of shared memory: must only be read. */
  readonly bytes: Uint8Array;
  /** To be called exactly once, when nobody reads them any more. */
  readonly onWritten: () => void;
}

/** The bytes `[from, to)` of a string; null when they do not lie in a block of their own. */
export function pinString(db: Database, entry: Ref, from: number, to: number): PinnedBytes | null {
  const { memory } = db;
  if (storageOf(memory.int32(entry, ENTRY_META)) !== STORAGE_RAW_EXTERNAL) return null;
  const block = memory.int32(entry, ENTRY_VALUE);
  const bytes = memory.pin(block, VALUE_HEADER_BYTES + from, to - from);
  return { bytes, onWritten: () => memory.unpin(block) };
}
