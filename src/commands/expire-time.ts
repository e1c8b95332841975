/*
 * Reading a time to live out of a request: relative or absolute, in seconds or milliseconds, as any
 * signed 64-bit integer, into absolute milliseconds. Allocates nothing where the number is one that
 * clients use; the far ends of the 64-bit range go through BigInt. Must not know keys or replies.
 */

import type { Arguments } from '../resp/arguments.js';
import {
  INT64_BIG,
  INT64_INVALID,
  INT64_MAX,
  INT64_MIN,
  Int64Result,
  parseInt64,
} from '../structures/integers.js';

/** The text is not a signed 64-bit integer. */
export const TIME_NOT_AN_INTEGER = 0;
/** The time as absolute milliseconds does not fit 64 bits. */
export const TIME_OVERFLOWS = 1;
/** Read; the number as written was zero or less. */
export const TIME_NOT_POSITIVE = 2;
/** Read; the number as written was positive. */
export const TIME_POSITIVE = 3;

export type TimeStatus =
  | typeof TIME_NOT_AN_INTEGER
  | typeof TIME_OVERFLOWS
  | typeof TIME_NOT_POSITIVE
  | typeof TIME_POSITIVE;

/**
 * The latest time that is kept, in ms: the year 287396. Redis keeps any 64-bit number; beyond this
 * one a double cannot hold every millisecond, and nobody waits for it.
 */
export const EXPIRE_AT_MS_MAX = Number.MAX_SAFE_INTEGER;

/** Numbers up to here stay exact in milliseconds, whatever their unit. */
const PLAIN_NUMBER_MAX = 1e12;

const parsed = new Int64Result();
/** A field of its own: a module variable would make a heap number of every time. */
const scratch = new Float64Array(1);

/**
 * Reads argument `index`. `baseMs` is added: the current time for a relative one, 0 for an absolute
 * one. After TIME_POSITIVE and TIME_NOT_POSITIVE `expireAtMs()` gives the absolute time.
 */
export function readTime(
  args: Arguments,
  index: number,
  isSeconds: boolean,
  baseMs: number,
): TimeStatus {
  parseInt64(args.buffer, args.start[index], args.end[index], parsed);
  if (parsed.kind === INT64_INVALID) return TIME_NOT_AN_INTEGER;
  if (parsed.kind === INT64_BIG) return readBigTime(parsed.bigint, isSeconds, baseMs);
  const n = parsed.number;
  if (n > PLAIN_NUMBER_MAX || n < -PLAIN_NUMBER_MAX) {
    return readBigTime(BigInt(n), isSeconds, baseMs);
  }
  scratch[0] = (isSeconds ? n * 1000 : n) + baseMs;
  return n > 0 ? TIME_POSITIVE : TIME_NOT_POSITIVE;
}

/** The absolute time that readTime has read, a whole number of ms, at most EXPIRE_AT_MS_MAX. */
export function expireAtMs(): number {
  return scratch[0];
}

function readBigTime(n: bigint, isSeconds: boolean, baseMs: number): TimeStatus {
  const inMs = isSeconds ? n * 1000n : n;
  if (inMs > INT64_MAX || inMs < INT64_MIN) return TIME_OVERFLOWS;
  const atMs = inMs + BigInt(baseMs);
  if (atMs > INT64_MAX) return TIME_OVERFLOWS;
  const bound = EXPIRE_AT_MS_MAX;
  scratch[0] = Math.max(-bound, Math.min(bound, Number(atMs)));
  return n > 0n ? TIME_POSITIVE : TIME_NOT_POSITIVE;
}
