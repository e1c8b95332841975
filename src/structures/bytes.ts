/*
 * Small helpers over ranges of plain Uint8Arrays, of shared memory or not. They allocate nothing
 * (apart from the two text conversions) and call into C++ only for long ranges: for short ones a
 * loop is faster, and most keys and values are short. Callers pass plain Uint8Arrays, never
 * Buffers, which are a second hidden class. Must not know Redis's words or sockets.
 */

import { RecentViews } from '../memory/recent-views.js';
import { copyShared } from '../memory/shared-copy.js';

/** From this length on `subarray` + `set` beats a loop (measured: about 128 bytes). */
const LONG_COPY_BYTES = 128;

/** True when `length` bytes of `a` from `aStart` equal those of `b` from `bStart`. */
export function equalBytes(
  a: Uint8Array,
  aStart: number,
  b: Uint8Array,
  bStart: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) {
    if (a[aStart + i] !== b[bStart + i]) return false;
  }
  return true;
}

/** Negative, zero or positive, in the order of `memcmp`, the shorter first when one is a prefix. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart);
  for (let i = 0; i < length; i++) {
    const difference = a[aStart + i] - b[bStart + i];
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}

/** Copies `source[start, end)` to `target` from `at` on. The ranges must not overlap. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): void {
  if (end - start >= LONG_COPY_BYTES) {
    if (source.buffer instanceof SharedArrayBuffer) copyShared(source, start, end, target, at);
    else target.set(source.subarray(start, end), at);
    return;
  }
  for (let i = start, j = at; i < end; i++, j++) target[j] = source[i];
}

const views = new RecentViews();

/** A view of the array, to read it by words. For few arrays that come again and again. */
export function viewOf(bytes: Uint8Array): DataView {
  return views.of(bytes);
}

/** One byte for each character; characters above U+00FF keep their low byte only. */
export function latin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Up to this many characters a call of String.fromCharCode is faster than one into C++. */
const SHORT_TEXT_CHARACTERS = 256;

/**
 * One character for each byte of `bytes[start, end)`: binary-safe, the inverse of `latin1`. Strings
 * have a longest length (some 512 MiB), beyond which this throws: bound what comes from outside.
 */
export function latin1Text(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (end - start <= SHORT_TEXT_CHARACTERS) {
    return String.fromCharCode(...bytes.subarray(start, end));
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

/** `A`-`Z` to `a`-`z`; every other byte is itself (the C locale's `tolower`). */
export function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** True when the range spells the token, whatever its case. The token is in lower case already. */
export function equalsIgnoreCase(
  bytes: Uint8Array,
  start: number,
  end: number,
  lowerCaseToken: Uint8Array,
): boolean {
  const length = lowerCaseToken.length;
  if (end - start !== length) return false;
  for (let i = 0; i < length; i++) {
    if (lowerCase(bytes[start + i]) !== lowerCaseToken[i]) return false;
  }
  return true;
}

/** What Redis shows where it quotes a text in C's way: a zero byte ends it. */
export function textUntilZero(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
