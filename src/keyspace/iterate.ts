/*
 * Walks all databases and entries below a root, live or frozen, with the same code: the RDB writer
 * and DEBUG DIGEST use it. Pull style, so that a worker can pause anywhere; over live memory
 * nothing may change during it. Lengths and references are interpreted only after the load that
 * showed them. Knows the layouts; must not know who reads or what becomes of it.
 *
 *   const walk = new KeyspaceWalk(reader, reader.root);
 *   while (walk.nextDatabase()) {            databases with keys only
 *     while (walk.nextEntry()) {             walk.entry tells all but the value
 *       while (walk.nextPiece()) { … }       the value: walk.piece[pieceStart, pieceEnd)
 *     }
 *   }
 */

import type { BlockReader, Ref } from '../memory/memory.js';
import { copyBytes } from '../structures/bytes.js';
import { DictWalk } from '../structures/dict-walk.js';
import { TABLE_DICT, TABLE_EXPIRES, TABLE_ROW_BYTES } from './contents.js';
import {
  EMBEDDED_BYTES_MAX,
  ENTRY_EXPIRY,
  ENTRY_HASH,
  ENTRY_HEADER_BYTES,
  ENTRY_KEY_LENGTH,
  ENTRY_META,
  ENTRY_VALUE,
  EXPIRY_BYTES,
  EXPIRY_NONE,
  keyOffsetOf,
  META_ACCESS_SHIFT,
  META_EXPIRY,
  STORAGE_EMBSTR,
  STORAGE_INT,
  STORAGE_RAW_EXTERNAL,
  storageOf,
  VALUE_HEADER_BYTES,
  VALUE_LENGTH,
} from './entry.js';
import { ROOT_DATABASES, ROOT_TABLE } from './root-layout.js';

/** Bytes of a piece of a value at most. */
const PIECE_BYTES = 64 * 1024;

/** What a walk knows of the entry it stands on. One object serves the whole walk. */
export class EntryView {
  database = 0;
  /** The 32-bit hash; meaningless outside this process. */
  hash = 0;
  readonly type = 'string' as const;
  encoding: 'int' | 'embstr' | 'raw' = 'raw';
  /** Ms since 1970, -1 none. */
  expiresAtMs = -1;
  /** The 24 access bits. */
  accessBits = 0;
  /** The key is `key[keyStart, keyEnd)`; valid until the next step of the walk. */
  key: Uint8Array = new Uint8Array(256);
  keyStart = 0;
  keyEnd = 0;
  valueLength = 0;
}

export class KeyspaceWalk {
  readonly entry = new EntryView();
  /** The database the walk stands in, and its counts. */
  database = -1;
  databaseSize = 0;
  databaseExpires = 0;
  /** A piece of the value, valid until the next step. Values up to 64 KiB come in one piece, an
   * empty value in none. */
  piece: Uint8Array;
  pieceStart = 0;
  pieceEnd = 0;

  readonly #reader: BlockReader;
  readonly #dict: DictWalk;
  readonly #table: Ref;
  readonly #databases: number;
  /** Block and place of the value's next piece, and how much is left of it. */
  #valueBlock: Ref = 0;
  #valueOffset = 0;
  #valueLeft = 0;
  /** The window shows the whole embedded value at this place of `u8`; -1: it has to be loaded. */
  #valueShownAt = -1;

  constructor(reader: BlockReader, root: Ref) {
    this.#reader = reader;
    this.#dict = new DictWalk(reader);
    this.piece = reader.u8;
    reader.load(root, 0, ROOT_DATABASES + 4);
    this.#table = reader.i32[(reader.base + ROOT_TABLE) >>> 2];
    this.#databases = reader.i32[(reader.base + ROOT_DATABASES) >>> 2];
  }

  /** Moves on to the next database that has keys. */
  nextDatabase(): boolean {
    const reader = this.#reader;
    while (++this.database < this.#databases) {
      reader.load(this.#table, this.database * TABLE_ROW_BYTES, TABLE_ROW_BYTES);
      const root = reader.i32[(reader.base + TABLE_DICT) >>> 2];
      this.databaseExpires = reader.i32[(reader.base + TABLE_EXPIRES) >>> 2];
      this.databaseSize = this.#dict.begin(root);
      if (this.databaseSize > 0) return true;
    }
    return false;
  }

  /** Moves on to the next entry of the database. */
  nextEntry(): boolean {
    const ref = this.#dict.next();
    if (ref === 0) return false;
    const reader = this.#reader;
    const shown = reader.loadUpTo(ref, 0, ENTRY_HEADER_BYTES + EXPIRY_BYTES, EMBEDDED_BYTES_MAX);
    const { i32, base } = reader;
    const word = base >>> 2;
    const meta = i32[word + ENTRY_META / 4];
    const { entry } = this;
    const keyLength = i32[word + ENTRY_KEY_LENGTH / 4];
    const value = i32[word + ENTRY_VALUE / 4];
    entry.database = this.database;
    entry.hash = i32[word + ENTRY_HASH / 4];
    entry.accessBits = meta >>> META_ACCESS_SHIFT;
    entry.keyStart = 0;
    entry.keyEnd = keyLength;
    const expiry = (meta & META_EXPIRY) !== 0 ? reader.f64[(base + ENTRY_EXPIRY) >>> 3] : 0;
    entry.expiresAtMs = expiry === EXPIRY_NONE ? -1 : expiry;
    const storage = storageOf(meta);
    entry.encoding =
      storage === STORAGE_INT ? 'int' : storage === STORAGE_EMBSTR ? 'embstr' : 'raw';
    this.#readKey(ref, keyOffsetOf(meta), keyLength, shown);
    this.#beginValue(ref, keyOffsetOf(meta) + keyLength, value, storage, shown);
    return true;
  }

  #readKey(ref: Ref, offset: number, length: number, shown: number): void {
    const { entry } = this;
    const reader = this.#reader;
    if (length > entry.key.length) entry.key = new Uint8Array(length);
    if (offset + length <= shown) {
      const start = reader.base + offset;
      copyBytes(reader.u8, start, start + length, entry.key, 0);
      return;
    }
    for (let at = 0; at < length; at += PIECE_BYTES) {
      const part = Math.min(PIECE_BYTES, length - at);
      reader.load(ref, offset + at, part);
      copyBytes(reader.u8, reader.base, reader.base + part, entry.key, at);
    }
  }

  #beginValue(ref: Ref, offset: number, value: number, storage: number, shown: number): void {
    const reader = this.#reader;
    this.#valueShownAt = -1;
    if (storage === STORAGE_RAW_EXTERNAL) {
      reader.load(value, 0, VALUE_HEADER_BYTES);
      this.#valueBlock = value;
      this.#valueOffset = VALUE_HEADER_BYTES;
      this.#valueLeft = reader.i32[(reader.base + VALUE_LENGTH) >>> 2];
    } else {
      this.#valueBlock = ref;
      this.#valueOffset = offset;
      this.#valueLeft = value;
      if (offset + value <= shown) this.#valueShownAt = reader.base + offset;
    }
    this.entry.valueLength = this.#valueLeft;
  }

  /** Shows the next piece of the entry's value. Need not be called to the end. */
  nextPiece(): boolean {
    if (this.#valueLeft === 0) return false;
    const reader = this.#reader;
    const length = Math.min(PIECE_BYTES, this.#valueLeft);
    let start = this.#valueShownAt;
    if (start < 0) {
      reader.load(this.#valueBlock, this.#valueOffset, length);
      start = reader.base;
    }
    this.#valueOffset += length;
    this.#valueLeft -= length;
    this.piece = reader.u8;
    this.pieceStart = start;
    this.pieceEnd = start + length;
    return true;
  }
}
