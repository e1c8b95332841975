/*
 * A new string made of others, bit by bit: AND, OR, XOR and NOT. The result is put together piece
 * by piece in private memory, the sources being read where they lie, and replaces the destination
 * only when it is whole: that may be a source too. Must not know commands.
 */

import assert from 'node:assert/strict';
import type { Ref } from '../memory/memory.js';
import { type BitOperation, combineBits, invertBits } from '../structures/bits.js';
import type { Database } from './database.js';
import {
  EMBEDDED_BYTES_MAX,
  ENTRY_META,
  ENTRY_VALUE,
  type EntryShape,
  EXPIRY_NONE,
  rawStorage,
  STORAGE_RAW_EXTERNAL,
  storageOf,
  VALUE_HEADER_BYTES,
} from './entry.js';
import { copyString, stringLength } from './string-read.js';

/** Bytes put together at a time; two of them stay in the processor's nearest cache. */
const PIECE_BYTES = 8 * 1024;

const piece = new Int32Array(PIECE_BYTES / 4);
const pieceBytes = new Uint8Array(piece.buffer);
/** An embedded source, which may lie at any byte, at the start of a word. */
const embedded = new Int32Array(EMBEDDED_BYTES_MAX / 4);
const embeddedBytes = new Uint8Array(embedded.buffer);

const shape: EntryShape = { hash: 0, storage: 0, access: 0, expiresAtMs: EXPIRY_NONE };

/** The strings to combine: 0 for a missing one, which counts as empty. */
export class BitSources {
  count = 0;
  entries = new Int32Array(16);

  clear(): void {
    this.count = 0;
  }

  add(entry: Ref): void {
    if (this.count === this.entries.length) {
      const grown = new Int32Array(this.count * 2);
      grown.set(this.entries);
      this.entries = grown;
    }
    this.entries[this.count++] = entry;
  }
}

/**
 * Creates or replaces the key with the combination of the sources, as long as the longest of them:
 * `length`, not 0. It is raw and has no expiry. `not` takes one source. The key has been looked up
 * with findAlive before the sources were: nothing may be deleted here any more.
 */
export function setCombined(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  operation: BitOperation | 'not',
  length: number,
  sources: BitSources,
): void {
  const { entries } = db;
  const old = db.find(key, keyStart, keyEnd);
  const hash = db.foundHash;
  shape.hash = hash;
  shape.storage = rawStorage(false, keyEnd - keyStart, length);
  shape.access =
    old === 0 ? db.newAccessBits() : db.accessBitsAfterUse(db.memory.int32(old, ENTRY_META));
  const created = entries.create(shape, key, keyStart, keyEnd, length);
  for (let at = 0; at < length; at += PIECE_BYTES) {
    const count = Math.min(PIECE_BYTES, length - at);
    makePiece(db, sources, operation, at, count);
    putPiece(db, created, at, count);
  }
  if (old === 0) {
    db.insertEntry(hash, created);
  } else {
    const oldMs = entries.expiry(old);
    db.replaceEntry(old, created);
    entries.free(old);
    if (oldMs !== EXPIRY_NONE) db.noteExpiry(hash, oldMs, EXPIRY_NONE);
  }
  db.modified(key, keyStart, keyEnd);
}

/** Combines bytes `[at, at + count)` of the sources. */
function makePiece(
  db: Database,
  sources: BitSources,
  operation: BitOperation | 'not',
  at: number,
  count: number,
): void {
  const { entries } = sources;
  const first = bytesFrom(db, entries[0], at, count);
  if (first > 0) copyString(db, entries[0], at, at + first, pieceBytes, 0);
  if (first < count) pieceBytes.fill(0, first, count);
  if (operation === 'not') {
    assert(sources.count === 1);
    invertBits(piece, count);
    return;
  }
  for (let i = 1; i < sources.count; i++) combineSource(db, entries[i], operation, at, count);
}

/** How many of the bytes `[at, at + count)` a source has. */
function bytesFrom(db: Database, entry: Ref, at: number, count: number): number {
  return entry === 0 ? 0 : Math.max(0, Math.min(count, stringLength(db, entry) - at));
}

function combineSource(
  db: Database,
  entry: Ref,
  operation: BitOperation,
  at: number,
  count: number,
): void {
  const { memory } = db;
  const there = bytesFrom(db, entry, at, count);
  if (there === 0) {
    if (operation === 'and') pieceBytes.fill(0, 0, count);
  } else if (storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL) {
    const block = memory.int32(entry, ENTRY_VALUE);
    const word = memory.wordIndex(block) + ((VALUE_HEADER_BYTES + at) >>> 2);
    combineBits(operation, piece, count, memory.words(block), word, there);
  } else {
    copyString(db, entry, at, at + there, embeddedBytes, 0);
    combineBits(operation, piece, count, embedded, 0, there);
  }
}

/** The value of a new entry may be written without another beginWrite. */
function putPiece(db: Database, entry: Ref, at: number, count: number): void {
  const { memory } = db;
  if (storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL) {
    const block = memory.int32(entry, ENTRY_VALUE);
    memory.copyIn(block, VALUE_HEADER_BYTES + at, pieceBytes, 0, count);
  } else {
    memory.copyIn(entry, db.entries.embeddedOffset(entry) + at, pieceBytes, 0, count);
  }
}
