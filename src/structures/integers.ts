/*
 * Signed 64-bit integers as decimal text, strictly in canonical form: no plus sign, no leading
 * zero, no space, no "-0". What fits a JavaScript number exactly stays one; only the rest becomes a
 * BigInt, so that the common case allocates nothing. Must not know where the bytes lie or what they
 * mean.
 */

export const INT64_MIN = -(2n ** 63n);
export const INT64_MAX = 2n ** 63n - 1n;

/** Longest canonical text: the minus sign and nineteen digits. */
export const INT64_TEXT_BYTES_MAX = 20;

/** Not a canonical signed 64-bit integer. */
export const INT64_INVALID = 0;
/** The value is in `number`, its magnitude at most 2^53 - 1. */
export const INT64_SAFE = 1;
/** The value is in `bigint`: a signed 64-bit integer beyond 2^53 - 1. */
export const INT64_BIG = 2;

export type Int64Kind = typeof INT64_INVALID | typeof INT64_SAFE | typeof INT64_BIG;

/** Where parseInt64 leaves its answer. Make one and use it again. */
export class Int64Result {
  kind: Int64Kind = INT64_INVALID;
  /** Meaningful when `kind` is INT64_SAFE. */
  number = 0;
  /** Meaningful when `kind` is INT64_BIG. */
  bigint = 0n;

  /** The value as a BigInt, for kinds safe and big. */
  toBigInt(): bigint {
    return this.kind === INT64_BIG ? this.bigint : BigInt(this.number);
  }
}

/** Digits that always fit a safe integer. */
const SAFE_DIGITS = 15;

/** Reads `bytes[start, end)` as a whole. Anything but the canonical form is INT64_INVALID. */
export function parseInt64(
  bytes: Uint8Array,
  start: number,
  end: number,
  result: Int64Result,
): void {
  result.kind = INT64_INVALID;
  const length = end - start;
  if (length === 0 || length > INT64_TEXT_BYTES_MAX) return;
  const isNegative = bytes[start] === 0x2d;
  const firstDigit = isNegative ? start + 1 : start;
  if (firstDigit === end) return;
  const first = bytes[firstDigit] - 0x30;
  if (first === 0 && length === 1) {
    result.kind = INT64_SAFE;
    result.number = 0;
    return;
  }
  if (first < 1 || first > 9) return;
  let value = first;
  for (let i = firstDigit + 1; i < end; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return;
    // Beyond 2^53 this is inexact; it then only says that the BigInt path must decide.
    value = value * 10 + digit;
  }
  if (end - firstDigit <= SAFE_DIGITS || value <= Number.MAX_SAFE_INTEGER) {
    result.kind = INT64_SAFE;
    result.number = isNegative ? -value : value;
    return;
  }
  parseBig(bytes, firstDigit, end, isNegative, result);
}

function parseBig(
  bytes: Uint8Array,
  firstDigit: number,
  end: number,
  isNegative: boolean,
  result: Int64Result,
): void {
  let value = 0n;
  for (let i = firstDigit; i < end; i++) value = value * 10n + BigInt(bytes[i] - 0x30);
  if (isNegative) value = -value;
  if (value < INT64_MIN || value > INT64_MAX) return;
  result.kind = INT64_BIG;
  result.bigint = value;
}

/** Characters of the decimal text of a safe integer, the minus sign included. */
export function integerLength(n: number): number {
  let rest = Math.abs(n);
  let length = n < 0 ? 2 : 1;
  // Divisions by 10^5 first: `rest` may be a heap number, and each division costs.
  while (rest >= 100000) {
    rest = Math.floor(rest / 100000);
    length += 5;
  }
  if (rest >= 10000) return length + 4;
  if (rest >= 1000) return length + 3;
  if (rest >= 100) return length + 2;
  return rest >= 10 ? length + 1 : length;
}

/** Writes the decimal text of a safe integer at `at`; returns the position after it. */
export function writeInteger(n: number, target: Uint8Array, at: number): number {
  const end = at + integerLength(n);
  let rest = Math.abs(n);
  let i = end;
  // In 31-bit integers as far as possible: division of doubles is several times slower.
  while (rest > 0x3fffffff) {
    const quotient = Math.floor(rest / 10);
    target[--i] = 0x30 + (rest - quotient * 10);
    rest = quotient;
  }
  let small = rest | 0;
  do {
    const quotient = (small / 10) | 0;
    target[--i] = 0x30 + (small - quotient * 10);
    small = quotient;
  } while (small !== 0);
  if (n < 0) target[--i] = 0x2d;
  return end;
}
