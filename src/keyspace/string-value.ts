/*
 * Strings: setting, reading, appending, overwriting, integers. Chooses how a value lies (int,
 * embstr, raw embedded, raw in its own block) exactly so that OBJECT ENCODING answers as Redis
 * does, and overwrites in place whenever the block would be of the same size. Nothing here
 * allocates in JavaScript for common values. Must not know commands.
 *
 * Memory that is needed is allocated before anything changes: OutOfMemoryError leaves the key as it
 * was.
 */

import type { Ref } from '../memory/memory.js';
import {
  INT64_INVALID,
  INT64_TEXT_BYTES_MAX,
  Int64Result,
  parseInt64,
  writeInteger,
} from '../structures/integers.js';
import type { Database } from './database.js';
import {
  EMBSTR_BYTES_MAX,
  ENTRY_EXPIRY,
  ENTRY_META,
  ENTRY_VALUE,
  type EntryShape,
  EXPIRY_NONE,
  KEY_LENGTH_WORD,
  keyOffsetOf,
  META_ACCESS_SHIFT,
  META_EXPIRY,
  META_STORAGE_MASK,
  META_STORAGE_SHIFT,
  META_WORD,
  rawStorage,
  STORAGE_EMBSTR,
  STORAGE_INT,
  STORAGE_RAW_EXTERNAL,
  storageOf,
  VALUE_HEADER_BYTES,
  VALUE_LENGTH,
  VALUE_WORD,
} from './entry.js';
import type { LargeValue } from './large-value.js';
import { stringLength } from './string-read.js';
import { resizeRaw } from './string-resize.js';

/** setString's expiresAtMs: the key has no expiry afterwards. */
export const NO_EXPIRY = 0;
/** setString's expiresAtMs: the key keeps the expiry it has. */
export const KEEP_EXPIRY = -1;

/** Writing over a value is a use of the key. */
const IS_USE = true;
/** The key has been looked up for this already, which was the use. */
const NO_FURTHER_USE = false;

const shape: EntryShape = { hash: 0, storage: 0, access: 0, expiresAtMs: EXPIRY_NONE };
const integer = new Int64Result();
const integerText = new Uint8Array(INT64_TEXT_BYTES_MAX);

/**
 * Creates or replaces the key with a string, in the encoding SET chooses: int for canonical 64-bit
 * integers, embstr up to 44 bytes, else raw. A key that is there is used by that.
 */
export function setString(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
  expiresAtMs: number,
): void {
  let form = formOfText(valueEnd - valueStart);
  if (isInteger(value, valueStart, valueEnd)) form = STORAGE_INT;
  store(db, key, keyStart, keyEnd, value, valueStart, valueEnd, expiresAtMs, form, IS_USE);
}

/**
 * As setString, but never int: for INCRBYFLOAT's result, which Redis stores as text. The caller has
 * looked the key up.
 */
export function setText(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
  expiresAtMs: number,
): void {
  const form = formOfText(valueEnd - valueStart);
  const use = NO_FURTHER_USE;
  store(db, key, keyStart, keyEnd, value, valueStart, valueEnd, expiresAtMs, form, use);
}

function formOfText(length: number): number {
  return length <= EMBSTR_BYTES_MAX ? STORAGE_EMBSTR : STORAGE_RAW_EXTERNAL;
}

function isInteger(bytes: Uint8Array, start: number, end: number): boolean {
  // Most values end here: too long, or no digit in front.
  if (end - start > INT64_TEXT_BYTES_MAX || start === end) return false;
  const first = bytes[start];
  if (first > 0x39 || (first < 0x30 && first !== 0x2d)) return false;
  parseInt64(bytes, start, end, integer);
  return integer.kind !== INT64_INVALID;
}

/** `form`: STORAGE_INT, STORAGE_EMBSTR, or STORAGE_RAW_EXTERNAL for raw of either storage. */
function store(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
  expiresAtMs: number,
  form: number,
  isUse: boolean,
): void {
  const { memory } = db;
  const entry = db.findAlive(key, keyStart, keyEnd);
  const meta = entry === 0 ? 0 : memory.int32(entry, ENTRY_META);
  const length = valueEnd - valueStart;
  const hasPlace = (meta & META_EXPIRY) !== 0;
  const oldMs = hasPlace ? memory.float64(entry, ENTRY_EXPIRY) : EXPIRY_NONE;
  const newMs = expiresAtMs === KEEP_EXPIRY ? oldMs : expiresAtMs;
  const needsPlace = hasPlace || newMs !== EXPIRY_NONE;
  if (form === STORAGE_RAW_EXTERNAL) form = rawStorage(needsPlace, keyEnd - keyStart, length);
  shape.access = accessAfter(db, entry, meta, isUse);
  shape.storage = form;
  if (entry !== 0 && hasPlace === needsPlace && hasRoom(db, entry, meta, form, length)) {
    overwrite(db, entry, meta, value, valueStart, valueEnd, newMs);
  } else {
    shape.hash = db.foundHash;
    shape.expiresAtMs = newMs;
    const created = db.entries.create(shape, key, keyStart, keyEnd, length);
    writeValue(db, created, value, valueStart, valueEnd);
    putInPlace(db, entry, created);
  }
  if (oldMs !== newMs) db.noteExpiry(db.foundHash, oldMs, newMs);
  db.modified(key, keyStart, keyEnd);
}

/** The access bits of the key once it has its new value; `entry` is the old one, 0 for none. */
function accessAfter(db: Database, entry: Ref, meta: number, isUse: boolean): number {
  if (entry === 0) return db.newAccessBits();
  return isUse ? db.accessBitsAfterUse(meta) : meta >>> META_ACCESS_SHIFT;
}

/**
 * Links a new entry, in the place of `entry` unless that is 0. Out of memory, it is freed again.
 */
function putInPlace(db: Database, entry: Ref, created: Ref): void {
  if (entry === 0) {
    db.insertEntry(shape.hash, created);
  } else {
    db.contents.dict.replace(created);
    db.entries.free(entry);
  }
}

/** As setString, with a value that lies in its block already, which becomes the key's. */
export function setLargeString(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: LargeValue,
  expiresAtMs: number,
): void {
  const { memory, entries } = db;
  const entry = db.findAlive(key, keyStart, keyEnd);
  const hash = db.foundHash;
  const oldMs = entry === 0 ? EXPIRY_NONE : entries.expiry(entry);
  const newMs = expiresAtMs === KEEP_EXPIRY ? oldMs : expiresAtMs;
  const meta = entry === 0 ? 0 : memory.int32(entry, ENTRY_META);
  const hasPlace = (meta & META_EXPIRY) !== 0;
  const isExternal = entry !== 0 && storageOf(meta) === STORAGE_RAW_EXTERNAL;
  shape.access = accessAfter(db, entry, meta, IS_USE);
  shape.storage = STORAGE_RAW_EXTERNAL;
  if (isExternal && (hasPlace || newMs === EXPIRY_NONE)) {
    const old = memory.int32(entry, ENTRY_VALUE);
    memory.beginWrite(entry, 0, keyOffsetOf(meta));
    memory.setInt32(entry, ENTRY_META, metaOfShape(meta));
    if (hasPlace) memory.setFloat64(entry, ENTRY_EXPIRY, newMs);
    memory.setInt32(entry, ENTRY_VALUE, value.take(hash));
    memory.free(old);
  } else {
    shape.hash = hash;
    shape.expiresAtMs = newMs;
    const created = entries.createWith(shape, key, keyStart, keyEnd, value.block);
    value.take(hash);
    putInPlace(db, entry, created);
  }
  if (oldMs !== newMs) db.noteExpiry(hash, oldMs, newMs);
  db.modified(key, keyStart, keyEnd);
}

/** Would a value of this form and length lie in a block of the same size as the present one, and
 * may that be written to? */
function hasRoom(db: Database, entry: Ref, meta: number, form: number, length: number): boolean {
  const { memory } = db;
  const isExternal = storageOf(meta) === STORAGE_RAW_EXTERNAL;
  if (isExternal !== (form === STORAGE_RAW_EXTERNAL)) return false;
  const old = memory.int32(entry, ENTRY_VALUE);
  if (isExternal) {
    const bytes = memory.goodSize(VALUE_HEADER_BYTES + length);
    return bytes === memory.blockBytes(old) && !memory.isPinned(old);
  }
  if (old === length) return true;
  const offset = db.entries.embeddedOffset(entry);
  return memory.goodSize(offset + length) === memory.blockBytes(entry);
}

/** Writes another value into the blocks the entry has; storage and access as `shape` says. */
function overwrite(
  db: Database,
  entry: Ref,
  meta: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
  expiresAtMs: number,
): void {
  const { memory } = db;
  const words = memory.words(entry);
  const at = memory.wordIndex(entry);
  const length = valueEnd - valueStart;
  const isExternal = shape.storage === STORAGE_RAW_EXTERNAL;
  const offset = keyOffsetOf(meta) + words[at + KEY_LENGTH_WORD];
  memory.beginWrite(entry, 0, isExternal ? keyOffsetOf(meta) : offset + length);
  words[at + META_WORD] = metaOfShape(meta);
  if ((meta & META_EXPIRY) !== 0) memory.setFloat64(entry, ENTRY_EXPIRY, expiresAtMs);
  if (!isExternal) {
    words[at + VALUE_WORD] = length;
    memory.copyIn(entry, offset, value, valueStart, valueEnd);
    return;
  }
  const block = words[at + VALUE_WORD];
  memory.beginWrite(block, 0, VALUE_HEADER_BYTES + length);
  memory.setInt32(block, VALUE_LENGTH, length);
  memory.copyIn(block, VALUE_HEADER_BYTES, value, valueStart, valueEnd);
}

/** The word with storage and access bits of `shape`. */
function metaOfShape(meta: number): number {
  const low = meta & 0xff & ~(META_STORAGE_MASK << META_STORAGE_SHIFT);
  return low | (shape.storage << META_STORAGE_SHIFT) | (shape.access << META_ACCESS_SHIFT);
}

/** Fills the value of a new entry. */
function writeValue(
  db: Database,
  entry: Ref,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
): void {
  const { memory } = db;
  if (storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL) {
    const block = memory.int32(entry, ENTRY_VALUE);
    memory.copyIn(block, VALUE_HEADER_BYTES, value, valueStart, valueEnd);
  } else {
    memory.copyIn(entry, db.entries.embeddedOffset(entry), value, valueStart, valueEnd);
  }
}

/**
 * Stores an integer (int encoding), keeping the expiry. `entry` is what lookupWrite has just
 * returned for this key: 0 creates it. In place where the text fits. `n` is a safe integer.
 */
export function setInteger(
  db: Database,
  entry: Ref,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  n: number,
): void {
  const length = writeInteger(n, integerText, 0);
  storeIntegerText(db, entry, key, keyStart, keyEnd, length);
}

/** As setInteger, for any signed 64-bit value. */
export function setBigInteger(
  db: Database,
  entry: Ref,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  n: bigint,
): void {
  const text = n.toString();
  for (let i = 0; i < text.length; i++) integerText[i] = text.charCodeAt(i);
  storeIntegerText(db, entry, key, keyStart, keyEnd, text.length);
}

function storeIntegerText(
  db: Database,
  entry: Ref,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  length: number,
): void {
  const meta = entry === 0 ? 0 : db.memory.int32(entry, ENTRY_META);
  if (entry !== 0 && hasRoom(db, entry, meta, STORAGE_INT, length)) {
    shape.storage = STORAGE_INT;
    shape.access = meta >>> META_ACCESS_SHIFT;
    overwrite(db, entry, meta, integerText, 0, length, db.entries.expiry(entry));
    db.modified(key, keyStart, keyEnd);
    return;
  }
  const form = STORAGE_INT;
  const use = NO_FURTHER_USE;
  store(db, key, keyStart, keyEnd, integerText, 0, length, KEEP_EXPIRY, form, use);
}

/**
 * APPEND: returns the new length. `entry` is what lookupWrite has just returned for this key: 0
 * creates it (in SET's encoding); otherwise the value becomes raw. The caller has checked
 * proto-max-bulk-len.
 */
export function appendString(
  db: Database,
  entry: Ref,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
): number {
  const added = valueEnd - valueStart;
  if (entry === 0) {
    setString(db, key, keyStart, keyEnd, value, valueStart, valueEnd, NO_EXPIRY);
    return added;
  }
  const length = stringLength(db, entry);
  const grown = resizeRaw(db, entry, length + added, length + added);
  writeRange(db, grown, length, value, valueStart, valueEnd);
  db.modified(key, keyStart, keyEnd);
  return length + added;
}

/**
 * SETRANGE: overwrites from `offset` on, padding with zeros; returns the new length. `entry` as for
 * appendString. An empty range must not be passed (Redis then changes nothing).
 */
export function setStringRange(
  db: Database,
  entry: Ref,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  offset: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
): number {
  const end = offset + valueEnd - valueStart;
  if (entry === 0) {
    entry = createRaw(db, key, keyStart, keyEnd, end, EXPIRY_NONE);
    fillValue(db, entry, 0, offset);
  } else {
    entry = resizeRaw(db, entry, Math.max(end, stringLength(db, entry)), offset);
  }
  writeRange(db, entry, offset, value, valueStart, valueEnd);
  db.modified(key, keyStart, keyEnd);
  return stringLength(db, entry);
}

/** A new raw value, contents undefined, of a key that is not there. */
function createRaw(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  length: number,
  expiresAtMs: number,
): Ref {
  shape.hash = db.keyspace.hash(key, keyStart, keyEnd);
  shape.storage = rawStorage(expiresAtMs !== EXPIRY_NONE, keyEnd - keyStart, length);
  shape.access = db.newAccessBits();
  shape.expiresAtMs = expiresAtMs;
  const entry = db.entries.create(shape, key, keyStart, keyEnd, length);
  db.insertEntry(shape.hash, entry);
  db.noteExpiry(shape.hash, EXPIRY_NONE, expiresAtMs);
  return entry;
}

function fillValue(db: Database, entry: Ref, from: number, to: number): void {
  const { memory } = db;
  const isExternal = storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL;
  const block = isExternal ? memory.int32(entry, ENTRY_VALUE) : entry;
  const offset = isExternal ? VALUE_HEADER_BYTES : db.entries.embeddedOffset(entry);
  memory.beginWrite(block, offset + from, to - from);
  memory.fill(block, offset + from, to - from, 0);
}

function writeRange(
  db: Database,
  entry: Ref,
  at: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
): void {
  const { memory } = db;
  const isExternal = storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL;
  const block = isExternal ? memory.int32(entry, ENTRY_VALUE) : entry;
  const offset = (isExternal ? VALUE_HEADER_BYTES : db.entries.embeddedOffset(entry)) + at;
  memory.beginWrite(block, offset, valueEnd - valueStart);
  memory.copyIn(block, offset, value, valueStart, valueEnd);
}

/**
 * For loading a long value in pieces: creates or replaces the key with a raw string of `length`
 * bytes, contents undefined until fillString has written all of it.
 */
export function prepareString(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  length: number,
  expiresAtMs: number,
): void {
  const entry = db.find(key, keyStart, keyEnd);
  if (entry !== 0) db.removeFound(entry);
  createRaw(db, key, keyStart, keyEnd, length, expiresAtMs);
  db.modified(key, keyStart, keyEnd);
}

/** Writes a piece of a prepared string at `offset`; no event. */
export function fillString(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  offset: number,
  piece: Uint8Array,
  pieceStart: number,
  pieceEnd: number,
): void {
  const entry = db.find(key, keyStart, keyEnd);
  writeRange(db, entry, offset, piece, pieceStart, pieceEnd);
}
