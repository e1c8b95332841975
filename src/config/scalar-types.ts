/*
 * The value types of directives that take one word: switches, choices, numbers, sizes in bytes,
 * texts and paths. Each accepts what Redis 7.2 accepts, shows what its CONFIG GET shows, and
 * refuses with its words. Numbers are judged as 64-bit integers, the way they are judged there; a
 * typed value beyond 2^53 loses its low bits, the text shown for it does not.
 */

import { quoteText } from '../structures/quoted-text.js';
import type { Parsed, WordType } from './directive.js';

export const INT32_MAX = 2 ** 31 - 1;
export const INT32_MIN = -(2 ** 31);
export const UINT32_MAX = 2 ** 32 - 1;
export const INT64_MAX = 2n ** 63n - 1n;
export const UINT64_MAX = 2n ** 64n - 1n;

/** Inclusive. A bigint where a number would not be exact. */
export interface Bounds {
  readonly min: number;
  readonly max: number | bigint;
}

/** yes | no. */
export const yesNo: WordType<boolean> = {
  takesWords: false,
  parse(word) {
    const text = word.toLowerCase();
    if (text !== 'yes' && text !== 'no') return { error: "argument must be 'yes' or 'no'" };
    return { value: text === 'yes', text };
  },
  format: (value) => (value ? 'yes' : 'no'),
};

/**
 * One of the given words in any case. `synonyms` are further words for some of the choices,
 * `listed` all words in the order in which the error names them, `shown` what CONFIG GET calls a
 * choice.
 */
export function oneOf<const Choice extends string>(
  choices: readonly Choice[],
  options: {
    synonyms?: Record<string, Choice>;
    listed?: readonly string[];
    shown?: Record<string, string>;
  } = {},
): WordType<Choice> {
  const { synonyms = {}, listed = choices, shown = {} } = options;
  // A map: every object has a `constructor`, which is no choice.
  const values = new Map<string, Choice>(Object.entries(synonyms));
  for (const choice of choices) values.set(choice, choice);
  const format = (value: Choice) => shown[value] ?? value;
  return {
    takesWords: false,
    parse(word) {
      const value = values.get(word.toLowerCase());
      if (value === undefined) return { error: mustBeOneOf(listed) };
      return { value, text: format(value) };
    },
    format,
  };
}

export function mustBeOneOf(words: readonly string[]): string {
  return `argument(s) must be one of the following: ${words.join(', ')}`;
}

/** A whole number. `clamp` corrects values that Redis accepts and then changes silently. */
export function integer(bounds: Bounds, clamp?: (value: number) => number): WordType<number> {
  return {
    takesWords: false,
    parse(word) {
      const value = parseStrictInteger(word);
      if (value === null) return { error: "argument couldn't be parsed into an integer" };
      return withinBounds(value, bounds, clamp);
    },
    format: formatInteger,
  };
}

/** A size in bytes, with an optional unit: 1k is 1000 bytes, 1kb 1024. */
export function memory(bounds: Bounds, clamp?: (value: number) => number): WordType<number> {
  return {
    takesWords: false,
    parse(word) {
      const value = parseMemory(word);
      if (value === null) return { error: 'argument must be a memory value' };
      // A bound above the signed range tells an unsigned directive; in others the top bit is a
      // sign.
      const isUnsigned = BigInt(bounds.max) > INT64_MAX;
      return withinBounds(isUnsigned ? value : BigInt.asIntN(64, value), bounds, clamp);
    },
    format: formatInteger,
    write: (_, text) => [inLargestUnit(BigInt(text))],
  };
}

/** A size in bytes as `bytes`, or a share of maxmemory (`5%`) as `percent`. */
export interface SizeOrShare {
  readonly bytes: number;
  readonly percent: number;
}

export const memoryOrPercent: WordType<SizeOrShare> = {
  takesWords: false,
  parse(word) {
    const size = parseMemory(word);
    const percent = word.endsWith('%') ? parseStrictInteger(word.slice(0, -1)) : null;
    if (size !== null) {
      const bytes = BigInt.asIntN(64, size);
      // Redis keeps a share as a negative number, so a size that wraps below zero becomes one.
      if (bytes < 0n) return share(-bytes);
      return { value: { bytes: Number(bytes), percent: 0 }, text: bytes.toString() };
    }
    if (percent === null || percent < 0n) {
      return { error: 'argument must be a memory or percent value' };
    }
    return share(percent);
  },
  format: ({ bytes, percent }) => (percent > 0 ? `${percent}%` : formatInteger(bytes)),
  write: (_, text) => [text.endsWith('%') ? text : inLargestUnit(BigInt(text))],
};

function share(percent: bigint): Parsed<SizeOrShare> {
  if (percent > 100n) return { error: 'percentage argument must be less or equal to 100' };
  const text = percent === 0n ? '0' : `${percent}%`;
  return { value: { bytes: 0, percent: Number(percent) }, text };
}

/** A file mode in octal digits. */
export const fileMode: WordType<number> = {
  takesWords: false,
  parse(word) {
    const match = /^[ \t-\r]*([+-]?)([0-7]+)$/.exec(word);
    if (match === null && word !== '') {
      return { error: "argument couldn't be parsed as an octal number" };
    }
    const value = match === null ? 0 : Number.parseInt(match[2] ?? '', 8);
    const isNegative = match?.[1] === '-' && value > 0;
    if (isNegative || value > 0o777) {
      return { error: 'argument must be between 0 and 777 inclusive' };
    }
    return { value, text: value.toString(8) };
  },
  format: (value) => value.toString(8),
};

/** Any bytes, kept as latin1 text. `refuse` names what is wrong with a text. */
export function text(refuse?: (value: string) => string | null): WordType<string> {
  return {
    takesWords: false,
    parse(word) {
      const error = refuse?.(word) ?? null;
      return error === null ? { value: word, text: word } : { error };
    },
    format: (value) => value,
    write: (_, text) => [quoteText(text)],
  };
}

/**
 * The name of a file or folder. The value is what node:fs takes: the bytes read as UTF-8; names
 * that are not UTF-8 are refused rather than changed.
 */
export function path(refuse?: (value: string) => string | null): WordType<string> {
  return {
    takesWords: false,
    parse(word) {
      const bytes = Buffer.from(word, 'latin1');
      const value = bytes.toString('utf8');
      if (!Buffer.from(value, 'utf8').equals(bytes)) {
        return { error: 'argument must be valid UTF-8' };
      }
      const error = refuse?.(value) ?? null;
      return error === null ? { value, text: word } : { error };
    },
    format: toLatin1,
    write: (_, text) => [quoteText(text)],
  };
}

/** The bytes of a JavaScript string in UTF-8, each as one character. */
export function toLatin1(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}

/**
 * A 64-bit integer in its one decimal form, else null. Zeros in front, a plus or blanks are
 * refused.
 */
export function parseStrictInteger(word: string): bigint | null {
  if (!/^(0|-?[1-9][0-9]{0,18})$/.test(word)) return null;
  const value = BigInt(word);
  return BigInt.asIntN(64, value) === value ? value : null;
}

/** As strtoll in base ten with nothing behind: blanks and a plus in front are fine; saturates. */
export function parseLooseInteger(word: string): bigint | null {
  if (word === '') return 0n;
  const match = /^[ \t-\r]*([+-]?)([0-9]+)$/.exec(word);
  if (match === null) return null;
  const [, sign, digits = ''] = match;
  const magnitude = BigInt(digits);
  const limit = sign === '-' ? INT64_MAX + 1n : INT64_MAX;
  const bounded = magnitude > limit ? limit : magnitude;
  return sign === '-' ? -bounded : bounded;
}

const units: Readonly<Record<string, bigint>> = {
  '': 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1000n ** 2n,
  mb: 1024n ** 2n,
  g: 1000n ** 3n,
  gb: 1024n ** 3n,
};

/** Digits and a unit as an unsigned 64-bit number, which wraps as it does in C. */
export function parseMemory(word: string): bigint | null {
  const match = /^([0-9]{0,127})([a-z]{0,2})$/i.exec(word);
  if (match === null) return null;
  const [, written = '', suffix = ''] = match;
  const unit = units[suffix.toLowerCase()];
  if (unit === undefined) return null;
  const digits = BigInt(written);
  return BigInt.asUintN(64, (digits > UINT64_MAX ? UINT64_MAX : digits) * unit);
}

/** A size as CONFIG REWRITE writes it: `3mb`, and without a unit where none divides it. */
export function inLargestUnit(bytes: bigint): string {
  const unit = ['gb', 'mb', 'kb'].find(
    (name) => bytes !== 0n && bytes % (units[name] ?? 1n) === 0n,
  );
  return unit === undefined ? bytes.toString() : `${bytes / (units[unit] ?? 1n)}${unit}`;
}

function withinBounds(
  value: bigint,
  { min, max }: Bounds,
  clamp?: (value: number) => number,
): Parsed<number> {
  if (value < BigInt(min) || value > BigInt(max)) {
    return { error: `argument must be between ${min} and ${max} inclusive` };
  }
  const given = Number(value);
  const clamped = clamp === undefined ? given : clamp(given);
  // The text of what was given is exact, where the number may not be.
  return { value: clamped, text: clamped === given ? value.toString() : formatInteger(clamped) };
}

function formatInteger(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}
