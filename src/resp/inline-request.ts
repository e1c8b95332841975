/*
 * Splits an inline request (a line of words, as typed into telnet) into arguments: blanks between
 * them, "double quotes" with escapes, 'single quotes' with \' alone. Exactly the words that Redis
 * finds, its oddities included: a vertical tab separates words only before one begins, and a quote
 * may open in the middle of a word. Must not know where the line came from.
 */

import type { Arguments } from './arguments.js';

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;
const LOWER_X = 0x78;

/** Where a word stands within the line: kept here, since words are read in several functions. */
class Cursor {
  line: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;
  words: Uint8Array = new Uint8Array(0);
  written = 0;

  /** The byte `ahead` of the cursor, 0 beyond the end (a line holds no zero byte). */
  peek(ahead: number): number {
    const at = this.at + ahead;
    return at < this.end ? this.line[at] : 0;
  }

  write(byte: number): void {
    this.words[this.written++] = byte;
  }
}

const cursor = new Cursor();

/**
 * Splits `line[start, end)`, which holds no zero byte and no line feed, into `args`. Returns false,
 * with `args` undefined, when quotes are unbalanced.
 */
export function splitInline(
  line: Uint8Array,
  start: number,
  end: number,
  args: Arguments,
): boolean {
  cursor.line = line;
  cursor.at = start;
  cursor.end = end;
  // A word is never longer than its source.
  cursor.words = args.useScratch(end - start);
  cursor.written = 0;
  let count = 0;
  for (;;) {
    while (isBlank(cursor.peek(0))) cursor.at++;
    if (cursor.at >= end) break;
    args.reserve(count + 1);
    args.start[count] = cursor.written;
    if (!readWord()) return false;
    args.end[count] = cursor.written;
    count++;
  }
  args.count = count;
  args.requestStart = 0;
  args.requestEnd = cursor.written;
  args.isCanonical = false;
  return true;
}

/** Reads one word and its end; false when a quote in it is unbalanced. */
function readWord(): boolean {
  for (;;) {
    const byte = cursor.peek(0);
    switch (byte) {
      case 0:
        return true;
      case SPACE:
      case NEWLINE:
      case RETURN:
      case TAB:
        cursor.at++;
        return true;
      case QUOTE:
        cursor.at++;
        return readDoubleQuoted();
      case APOSTROPHE:
        cursor.at++;
        return readSingleQuoted();
      default:
        cursor.write(byte);
        cursor.at++;
    }
  }
}

/** A closing quote ends the word: only a blank or the end may follow. */
function closeQuote(): boolean {
  const next = cursor.peek(1);
  if (next !== 0 && !isBlank(next)) return false;
  cursor.at++;
  return true;
}

function readDoubleQuoted(): boolean {
  for (;;) {
    const byte = cursor.peek(0);
    if (byte === 0) return false;
    if (byte === QUOTE) return closeQuote();
    if (byte === BACKSLASH && cursor.peek(1) !== 0) {
      readEscape();
    } else {
      cursor.write(byte);
      cursor.at++;
    }
  }
}

function readEscape(): void {
  const escaped = cursor.peek(1);
  if (escaped === LOWER_X) {
    const high = hexDigit(cursor.peek(2));
    const low = hexDigit(cursor.peek(3));
    if (high >= 0 && low >= 0) {
      cursor.write(high * 16 + low);
      cursor.at += 4;
      return;
    }
  }
  cursor.write(escapeByte(escaped));
  cursor.at += 2;
}

function readSingleQuoted(): boolean {
  for (;;) {
    const byte = cursor.peek(0);
    if (byte === 0) return false;
    if (byte === APOSTROPHE) return closeQuote();
    if (byte === BACKSLASH && cursor.peek(1) === APOSTROPHE) {
      cursor.write(APOSTROPHE);
      cursor.at += 2;
    } else {
      cursor.write(byte);
      cursor.at++;
    }
  }
}

function escapeByte(escaped: number): number {
  switch (escaped) {
    case 0x6e: // n
      return NEWLINE;
    case 0x72: // r
      return RETURN;
    case 0x74: // t
      return TAB;
    case 0x62: // b
      return 0x08;
    case 0x61: // a
      return 0x07;
    default:
      return escaped;
  }
}

/** The value of a hexadecimal digit, or -1. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}

/** The C locale's isspace. */
function isBlank(byte: number): boolean {
  return byte === SPACE || (byte >= TAB && byte <= RETURN);
}
