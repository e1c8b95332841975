/*
 * Strings as rows of bits, the highest bit of a byte first: counting and finding bits in a range,
 * and combining rows with AND, OR, XOR and NOT. Long ranges are taken in words of 32 bits, for
 * which both views of one buffer are passed, and their first byte is the lowest of its word.
 * Nothing here allocates. Must not know where the bytes lie, or write to pages.
 */

export type BitOperation = 'and' | 'or' | 'xor';

/** Words counted in one go, so that the sum stays a small integer. */
const COUNTED_WORDS_MAX = 1 << 20;

/** How many bits of `byte`, or of a word, are set. */
export function countOnes(word: number): number {
  let rest = word - ((word >>> 1) & 0x55555555);
  rest = (rest & 0x33333333) + ((rest >>> 2) & 0x33333333);
  return Math.imul((rest + (rest >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The bits of a byte from number `from` on, and those up to number `last`. */
function maskFrom(from: number): number {
  return 0xff >>> from;
}

function maskTo(last: number): number {
  return (0xff80 >> last) & 0xff;
}

/**
 * How many of the bits `[from, to)` are set; bit 0 is the highest of `u8[base]`. The range is not
 * empty.
 */
export function countBits(
  u8: Uint8Array,
  words: Int32Array,
  base: number,
  from: number,
  to: number,
): number {
  const first = base + Math.floor(from / 8);
  const last = base + Math.floor((to - 1) / 8);
  const head = maskFrom(from % 8);
  const tail = maskTo((to - 1) % 8);
  if (first === last) return countOnes(u8[first] & head & tail);
  const ends = countOnes(u8[first] & head) + countOnes(u8[last] & tail);
  return ends + countBytes(u8, words, first + 1, last);
}

function countBytes(u8: Uint8Array, words: Int32Array, from: number, to: number): number {
  let count = 0;
  let at = from;
  for (; at < to && (at & 3) !== 0; at++) count += countOnes(u8[at]);
  const lastWord = to >>> 2;
  let word = at >>> 2;
  while (word < lastWord) {
    const end = Math.min(lastWord, word + COUNTED_WORDS_MAX);
    count += countWords(words, word, end);
    word = end;
    at = end << 2;
  }
  for (; at < to; at++) count += countOnes(u8[at]);
  return count;
}

/**
 * Adds eight words at a time, bit by bit in parallel, into sums of ones, twos and fours: only what
 * carries into the eights is counted at each step.
 */
function countWords(words: Int32Array, from: number, to: number): number {
  let ones = 0;
  let twos = 0;
  let fours = 0;
  let eights = 0;
  let word = from;
  for (; word + 8 <= to; word += 8) {
    const a = words[word];
    const b = words[word + 1];
    const c = words[word + 2];
    const d = words[word + 3];
    const e = words[word + 4];
    const f = words[word + 5];
    const g = words[word + 6];
    const h = words[word + 7];
    const sumAb = ones ^ a;
    const twosA = (ones & a) | (sumAb & b);
    const sumCd = sumAb ^ b ^ c;
    const twosB = ((sumAb ^ b) & c) | (sumCd & d);
    const sumEf = sumCd ^ d ^ e;
    const twosC = ((sumCd ^ d) & e) | (sumEf & f);
    const sumGh = sumEf ^ f ^ g;
    const twosD = ((sumEf ^ f) & g) | (sumGh & h);
    ones = sumGh ^ h;
    const pairA = twos ^ twosA;
    const foursA = (twos & twosA) | (pairA & twosB);
    const pairB = pairA ^ twosB ^ twosC;
    const foursB = ((pairA ^ twosB) & twosC) | (pairB & twosD);
    twos = pairB ^ twosD;
    const quad = fours ^ foursA;
    eights += countOnes((fours & foursA) | (quad & foursB));
    fours = quad ^ foursB;
  }
  let count = 8 * eights + 4 * countOnes(fours) + 2 * countOnes(twos) + countOnes(ones);
  for (; word < to; word++) count += countOnes(words[word]);
  return count;
}

/**
 * Number of the first of the bits `[from, to)` that is `bit`, -1 when there is none. As countBits;
 * the range is not empty.
 */
export function findBit(
  u8: Uint8Array,
  words: Int32Array,
  base: number,
  bit: number,
  from: number,
  to: number,
): number {
  const first = Math.floor(from / 8);
  const last = Math.floor((to - 1) / 8);
  const tail = maskTo((to - 1) % 8);
  // A byte that holds none of them; against it, those that are looked for show as ones.
  const empty = bit === 1 ? 0 : 0xff;
  let found = (u8[base + first] ^ empty) & maskFrom(from % 8);
  if (first === last) found &= tail;
  if (found !== 0 || first === last) return numberIn(found, first);
  const middle = skipBytes(u8, words, base + first + 1, base + last, empty) - base;
  found = u8[base + middle] ^ empty;
  if (middle === last) found &= tail;
  return numberIn(found, middle);
}

function numberIn(found: number, byte: number): number {
  return found === 0 ? -1 : byte * 8 + Math.clz32(found) - 24;
}

/** Index of the first byte of `[from, to)` that is not `empty`; `to` when there is none. */
function skipBytes(
  u8: Uint8Array,
  words: Int32Array,
  from: number,
  to: number,
  empty: number,
): number {
  let at = from;
  for (; at < to && (at & 3) !== 0; at++) if (u8[at] !== empty) return at;
  const emptyWord = empty === 0 ? 0 : -1;
  const lastWord = to >>> 2;
  let word = at >>> 2;
  while (word < lastWord && words[word] === emptyWord) word++;
  at = Math.max(at, word << 2);
  while (at < to && u8[at] === empty) at++;
  return at;
}

/**
 * Combines the first `length` bytes of `target` with `sourceLength` bytes, at most as many, from
 * `source[at]` on. What the source lacks counts as zero. The words in which the two end are whole:
 * what stands behind the source's end is of no account, behind the target's it becomes undefined.
 */
export function combineBits(
  operation: BitOperation,
  target: Int32Array,
  length: number,
  source: Int32Array,
  at: number,
  sourceLength: number,
): void {
  const whole = sourceLength >>> 2;
  if (operation === 'and') andWords(target, source, at, whole);
  else if (operation === 'or') orWords(target, source, at, whole);
  else xorWords(target, source, at, whole);
  let end = whole;
  const rest = sourceLength & 3;
  if (rest > 0) {
    const last = source[at + whole] & ((1 << (rest << 3)) - 1);
    if (operation === 'and') target[whole] &= last;
    else if (operation === 'or') target[whole] |= last;
    else target[whole] ^= last;
    end++;
  }
  if (operation === 'and') target.fill(0, end, (length + 3) >>> 2);
}

function andWords(target: Int32Array, source: Int32Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) target[i] &= source[at + i];
}

function orWords(target: Int32Array, source: Int32Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) target[i] |= source[at + i];
}

function xorWords(target: Int32Array, source: Int32Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) target[i] ^= source[at + i];
}

/** Inverts the first `length` bytes of `target`, rounded up to whole words. */
export function invertBits(target: Int32Array, length: number): void {
  const count = (length + 3) >>> 2;
  for (let i = 0; i < count; i++) target[i] = ~target[i];
}
