/*
 * Glob patterns over bytes: `*`, `?`, `[abc]`, `[^a-z]`, `\x`. The rules are those that clients of
 * KEYS, SCAN and PSUBSCRIBE know, with their corners (an unclosed class, an escape at the end, an
 * empty text). A star is retried from its last place only, so the work is bounded by
 * pattern length times text length whatever the pattern. Must not know where the bytes come from.
 */

import { lowerCase } from './bytes.js';

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;
const BACKSLASH = 0x5c;

/**
 * Where the class that was just judged ends; a module variable because results are not allocated.
 */
let afterClass = 0;

/** True when the whole of `text[textStart, textEnd)` matches the pattern. */
export function matchesGlob(
  pattern: Uint8Array,
  text: Uint8Array,
  textStart: number,
  textEnd: number,
  ignoreCase = false,
): boolean {
  const patternEnd = pattern.length;
  // An empty text matches the empty pattern only: not even a star (as Redis has it).
  if (textStart === textEnd) return patternEnd === 0;
  let p = 0;
  let t = textStart;
  let starAt = -1;
  let starText = 0;
  while (true) {
    if (t === textEnd) {
      while (p < patternEnd && pattern[p] === STAR) p++;
      // What is left of the pattern needs bytes; a longer match of the star would leave fewer.
      return p === patternEnd;
    }
    if (p < patternEnd && pattern[p] === STAR) {
      while (p < patternEnd && pattern[p] === STAR) p++;
      if (p === patternEnd) return true;
      starAt = p;
      starText = t;
      continue;
    }
    const next = p < patternEnd ? matchOne(pattern, p, text[t], ignoreCase) : -1;
    if (next >= 0) {
      p = next;
      t++;
    } else {
      if (starAt < 0) return false;
      p = starAt;
      t = ++starText;
      if (t === textEnd) return false;
    }
  }
}

/** Position after the pattern element at `p` when it takes `byte`, otherwise -1. */
function matchOne(pattern: Uint8Array, p: number, byte: number, ignoreCase: boolean): number {
  let expected = pattern[p];
  if (expected === QUESTION) return p + 1;
  if (expected === OPEN) {
    return classTakes(pattern, p + 1, byte, ignoreCase) ? afterClass : -1;
  }
  if (expected === BACKSLASH && p + 1 < pattern.length) expected = pattern[++p];
  const isEqual = ignoreCase ? lowerCase(expected) === lowerCase(byte) : expected === byte;
  return isEqual ? p + 1 : -1;
}

/** Judges the class whose first byte after `[` is at `p`; leaves its end in `afterClass`. */
function classTakes(pattern: Uint8Array, p: number, byte: number, ignoreCase: boolean): boolean {
  const end = pattern.length;
  const isNegated = p < end && pattern[p] === CARET;
  if (isNegated) p++;
  let isIn = false;
  // An unclosed class ends with the pattern.
  while (p < end) {
    const first = pattern[p];
    if (first === BACKSLASH && p + 1 < end) {
      // An escaped byte keeps its case, also when the rest ignores it.
      p++;
      if (pattern[p] === byte) isIn = true;
    } else if (first === CLOSE) {
      p++;
      afterClass = p;
      return isIn !== isNegated;
    } else if (p + 2 < end && pattern[p + 1] === DASH) {
      if (rangeTakes(first, pattern[p + 2], byte, ignoreCase)) isIn = true;
      p += 2;
    } else if (ignoreCase ? lowerCase(first) === lowerCase(byte) : first === byte) {
      isIn = true;
    }
    p++;
  }
  afterClass = end;
  return isIn !== isNegated;
}

/** Bytes of a range count as signed, as on the platforms where Redis is used most. */
function rangeTakes(first: number, last: number, byte: number, ignoreCase: boolean): boolean {
  let low = (first << 24) >> 24;
  let high = (last << 24) >> 24;
  let value = (byte << 24) >> 24;
  // The ends are ordered before their case is dropped: [Z-a] ignoring case takes nothing.
  if (low > high) {
    const swap = low;
    low = high;
    high = swap;
  }
  if (ignoreCase) {
    low = lowerCase(low);
    high = lowerCase(high);
    value = lowerCase(value);
  }
  return value >= low && value <= high;
}
