/* SKELETON: the API is final; bodies follow. */
import type { Ref } from '../memory/memory.js';
import type { Int64Result } from '../structures/integers.js';
import type { Database } from './database.js';

/** setString's expiresAtMs: the key has no expiry afterwards. */
export const NO_EXPIRY = 0;
/** setString's expiresAtMs: the key keeps the expiry it has. */
export const KEEP_EXPIRY = -1;

/**
 * Creates or replaces the key with a string, in the encoding SET chooses: int for canonical 64-bit
 * integers, embstr up to 44 bytes, else raw.
 */
export declare function setString(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
  expiresAtMs: number,
): void;

/** As setString, but never int: for INCRBYFLOAT's result, which Redis stores as text. */
export declare function setText(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
  expiresAtMs: number,
): void;

/** Length of the value in bytes (of an integer: of its decimal text). */
export declare function stringLength(db: Database, entry: Ref): number;

/** Copies `[from, to)` of the value to `target` at `at`. */
export declare function copyString(
  db: Database,
  entry: Ref,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): void;

/** A copy of the whole value (allocates: not for the hot path). */
export declare function stringBytes(db: Database, entry: Ref): Uint8Array;

/** Byte of the value at `offset`, which must lie within it. */
export declare function stringByte(db: Database, entry: Ref, offset: number): number;

/** The value as a 64-bit integer; kind INT64_INVALID when it is not one (strictly, as INCR reads). */
export declare function readInteger(db: Database, entry: Ref, result: Int64Result): void;

/**
 * Stores an integer (int encoding), keeping expiry. `entry` is what lookupWrite has just returned
 * for this key: 0 creates it. In place where the text fits. `n` is a safe integer.
 */
export declare function setInteger(
  db: Database,
  entry: Ref,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  n: number,
): void;

/** As setInteger, for any signed 64-bit value. */
export declare function setBigInteger(
  db: Database,
  entry: Ref,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  n: bigint,
): void;

/**
 * APPEND: returns the new length. `entry` is what lookupWrite has just returned for this key: 0
 * creates it (in SET's encoding); otherwise the value becomes raw. The caller has checked
 * proto-max-bulk-len.
 */
export declare function appendString(
  db: Database,
  entry: Ref,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
): number;

/**
 * SETRANGE: overwrites from `offset` on, padding with zeros; returns the new length. `entry` as for
 * appendString. An empty range must not be passed (Redis then changes nothing).
 */
export declare function setStringRange(
  db: Database,
  entry: Ref,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  offset: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
): number;

/**
 * For loading a long value in pieces: creates or replaces the key with a raw string of `length`
 * bytes, contents undefined until fillString has written all of it.
 */
export declare function prepareString(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  length: number,
  expiresAtMs: number,
): void;

/** Writes a piece of a prepared string at `offset`; no event. */
export declare function fillString(
  db: Database,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  offset: number,
  piece: Uint8Array,
  pieceStart: number,
  pieceEnd: number,
): void;
