/*
 * Finds requests in a connection's bytes, multibulk and inline, as ranges and without copies. One
 * decoder serves one connection: it remembers how far it has come in a request that is still
 * arriving, so that each byte is looked at once however the bytes are cut up. What a peer announces
 * is believed only as far as it has arrived. Strict where Redis is strict and lax where it is lax
 * (the two bytes after a bulk may be anything), with its texts. Must not know sockets or commands.
 */

import type { LargeValue } from '../keyspace/large-value.js';
import {
  ARGUMENTS_MAX,
  INLINE_BYTES_MAX,
  UNAUTHENTICATED_ARGUMENTS_MAX,
  UNAUTHENTICATED_BULK_BYTES_MAX,
} from '../limits.js';
import { viewOf } from '../structures/bytes.js';
import { INT64_INVALID, Int64Result, parseInt64 } from '../structures/integers.js';
import type { Arguments } from './arguments.js';
import { splitInline } from './inline-request.js';
import type { ProtocolError } from './protocol-error.js';
import * as errors from './protocol-error.js';

/** The request is not whole yet: call again with more bytes after the same ones. */
export const INCOMPLETE = 0;
/** A request is in the arguments. */
export const REQUEST = 1;
/** Something that is no request and wants no reply: an empty line, `*0`, `*-1`. */
export const NOTHING = 2;
/** See `error`. The connection cannot go on: nobody knows where the next request begins. */
export const MALFORMED = 3;
export type Decoded = typeof INCOMPLETE | typeof REQUEST | typeof NOTHING | typeof MALFORMED;

const RETURN = 0x0d;
const NEWLINE = 0x0a;
const DOLLAR = 0x24;
const ASTERISK = 0x2a;

/** Digits that the fast path reads: nine always fit 31 bits. */
const FAST_DIGITS_MAX = 9;

/** Ranges for which room is made on the word of the peer alone. */
const TRUSTED_ARGUMENTS_MAX = 1024;

/** In place of the arguments to come: all are there, see endLarge(). */
const REPEATED = -1;

const integer = new Int64Result();

/** As little-endian words: what a line of one digit, and one of two, has around its digits. */
const MASK_1 = 0xffff00ff | 0;
const MASK_2 = 0xff0000ff | 0;
const LINE_1 = 0x0a0d0000;
const LINE_2 = 0x0d000000;
const LINE_END = 0x0a0d;

export class RequestDecoder {
  /** After REQUEST and NOTHING: where the next request begins. */
  position = 0;
  /** After MALFORMED: what is wrong. */
  error: ProtocolError = errors.INVALID_COUNT;
  /** After INCOMPLETE: bytes from the request's start that must be there at least to go on. */
  neededBytes = 0;
  /** After INCOMPLETE: bytes from the request's start that are understood already. */
  parsedBytes = 0;
  /** After NOTHING: it was an empty line, which replicas send as a sign of life. */
  isEmptyLine = false;
  /** False tightens the limits to those before AUTH. */
  isAuthenticated = true;
  /** Longest bulk in bytes (proto-max-bulk-len); for our primary's stream: whatever fits. */
  bulkBytesMax = 512 * 1024 * 1024;

  /** Arguments still to come of the request in hand; 0 = its first line is not read yet. */
  #remaining = 0;
  /** Length of the bulk whose bytes are due; -1 = its line is not read yet. */
  #bulkLength = -1;
  /** How far into the request the current line or bulk begins. */
  #offset = 0;
  /** How far into the current line its end has been looked for in vain. */
  #searched = 0;
  /** Where the request began at the last call: it may have been moved since. */
  #base = 0;
  /** Value of the line that #readLine has read. */
  #value = 0;

  /**
   * After INCOMPLETE: length of the bulk that is arriving, whose first byte stands `parsedBytes`
   * into the request; -1 when it is a line.
   */
  get pendingBulkBytes(): number {
    return this.#bulkLength;
  }

  /** After INCOMPLETE: arguments still to come, the pending one included. */
  get remaining(): number {
    return this.#remaining;
  }

  /**
   * After INCOMPLETE: the pending bulk is read into `value`, and never into the buffer: what
   * follows it stands `parsedBytes` into the request instead.
   */
  setBulkApart(args: Arguments, value: LargeValue): void {
    args.setLarge(args.count, value);
    this.#bulkLength = 0;
    this.neededBytes = this.parsedBytes + 2;
  }

  /** Undoes setBulkApart(), when no byte of the bulk of `length` bytes has come. */
  takeBulkBack(length: number): void {
    this.#bulkLength = length;
    this.neededBytes = this.parsedBytes + length + 2;
  }

  /**
   * A request with a value apart is over, or (its bytes are not in the buffer, so that it cannot be
   * decoded again) next() is to give it once more.
   */
  endLarge(args: Arguments, mustRepeat: boolean): void {
    if (!mustRepeat) {
      args.freeLarge();
      return;
    }
    this.#base = args.requestStart;
    this.#remaining = REPEATED;
  }

  /** A request has been begun and is not whole. */
  get isInRequest(): boolean {
    return this.#remaining > 0 || this.#searched > 0;
  }

  /**
   * Decodes the request that begins at `position`; `buffer[position, end)` has arrived. After
   * INCOMPLETE the same `args` and the same bytes must come again, perhaps elsewhere, with more
   * behind them. The ranges point into `buffer`.
   */
  next(buffer: Uint8Array, position: number, end: number, args: Arguments): Decoded {
    let at = position;
    if (this.#remaining === 0) {
      if (at >= end) return this.#wait(position, at, 1);
      if (buffer[at] !== ASTERISK) return this.#nextInline(buffer, position, end, args);
      args.isCanonical = true;
      args.count = 0;
      const count = shortNumber(viewOf(buffer), at, end, ASTERISK);
      if (count > 0 && count < 10) {
        this.#searched = 0;
        this.#remaining = count;
        at += 4;
      } else {
        const after = this.#readLine(buffer, at, end, args);
        if (after < 0) return this.#countLineMissing(buffer, position, end);
        if (this.#value <= 0) return this.#nothing(after, false);
        if (this.#value > ARGUMENTS_MAX) return this.#fail(errors.INVALID_COUNT);
        if (!this.isAuthenticated && this.#value > UNAUTHENTICATED_ARGUMENTS_MAX) {
          return this.#fail(errors.UNAUTHENTICATED_COUNT);
        }
        this.#remaining = this.#value;
        args.reserve(Math.min(this.#value, TRUSTED_ARGUMENTS_MAX));
        at = after;
      }
    } else {
      if (position !== this.#base) args.shift(position - this.#base);
      if (this.#remaining === REPEATED) return this.#nextAgain(buffer, position, args);
      at = position + this.#offset;
    }
    args.buffer = buffer;
    return this.#nextBulks(buffer, position, at, end, args);
  }

  #nextAgain(buffer: Uint8Array, position: number, args: Arguments): Decoded {
    const length = args.requestEnd - args.requestStart;
    args.buffer = buffer;
    args.requestStart = position;
    args.requestEnd = position + length;
    this.position = position + length;
    this.#remaining = 0;
    return REQUEST;
  }

  /** The rest of a multibulk from `at` on. */
  #nextBulks(
    buffer: Uint8Array,
    position: number,
    at: number,
    end: number,
    args: Arguments,
  ): Decoded {
    const view = viewOf(buffer);
    let bulkLength = this.#bulkLength;
    let remaining = this.#remaining;
    let count = args.count;
    for (;;) {
      if (bulkLength < 0) {
        const short = shortNumber(view, at, end, DOLLAR);
        if (short >= 0 && short <= this.bulkBytesMax) {
          this.#searched = 0;
          bulkLength = short;
          at += short < 10 ? 4 : 5;
        }
      }
      if (bulkLength < 0) {
        const after = this.#readLine(buffer, at, end, args);
        // The search for the end of the line ends at a zero byte in front, too.
        if (after < 0 || buffer[at] === 0) {
          this.#remaining = remaining;
          this.#bulkLength = -1;
          args.count = count;
          return this.#lengthLineMissing(buffer, position, at, end);
        }
        if (buffer[at] !== DOLLAR) return this.#fail(errors.expectedDollar(buffer[at]));
        bulkLength = this.#value;
        if (bulkLength < 0 || bulkLength > this.bulkBytesMax) {
          return this.#fail(errors.INVALID_LENGTH);
        }
        if (!this.isAuthenticated && bulkLength > UNAUTHENTICATED_BULK_BYTES_MAX) {
          return this.#fail(errors.UNAUTHENTICATED_LENGTH);
        }
        at = after;
      }
      const bulkEnd = at + bulkLength;
      if (bulkEnd + 2 > end) {
        this.#remaining = remaining;
        this.#bulkLength = bulkLength;
        args.count = count;
        return this.#wait(position, at, bulkEnd + 2 - position);
      }
      if (count === args.start.length) args.reserve(count + 1);
      args.start[count] = at;
      args.end[count] = bulkEnd;
      count++;
      if (view.getUint16(bulkEnd, true) !== LINE_END) args.isCanonical = false;
      at = bulkEnd + 2;
      bulkLength = -1;
      remaining--;
      if (remaining === 0) break;
    }
    args.count = count;
    args.requestStart = position;
    args.requestEnd = at;
    this.position = at;
    this.#remaining = 0;
    this.#bulkLength = -1;
    return REQUEST;
  }

  /**
   * Reads the number after the first byte of the line at `at` into #value: Infinity when it is
   * none. Returns the position after the line, or -1 when its end has not arrived (or, after a zero
   * byte, will never be found: as in Redis, whose search ends there).
   */
  #readLine(buffer: Uint8Array, at: number, end: number, args: Arguments): number {
    const first = at + 1;
    let i = first;
    let value = 0;
    const fastEnd = Math.min(end, first + FAST_DIGITS_MAX);
    while (i < fastEnd) {
      const digit = buffer[i] - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      i++;
    }
    const isPlain = i > first && (buffer[first] !== 0x30 || i === first + 1);
    if (isPlain && i + 1 < end && buffer[i] === RETURN) {
      if (buffer[i + 1] !== NEWLINE) args.isCanonical = false;
      this.#value = value;
      this.#searched = 0;
      return i + 2;
    }
    return this.#readLineSlowly(buffer, at, end, args);
  }

  #readLineSlowly(buffer: Uint8Array, at: number, end: number, args: Arguments): number {
    const limit = Math.min(end, at + INLINE_BYTES_MAX + 1);
    let i = at + this.#searched;
    while (i < limit && buffer[i] !== RETURN && buffer[i] !== 0) i++;
    this.#searched = i - at;
    if (i + 1 >= end || i >= limit || buffer[i] === 0) return -1;
    this.#searched = 0;
    if (buffer[i + 1] !== NEWLINE) args.isCanonical = false;
    parseInt64(buffer, at + 1, i, integer);
    // Beyond 2^53 inexact, which does not matter: every limit lies far below.
    const isNumber = integer.kind !== INT64_INVALID;
    this.#value = isNumber ? Number(integer.toBigInt()) : Number.POSITIVE_INFINITY;
    return i + 2;
  }

  #nextInline(buffer: Uint8Array, position: number, end: number, args: Arguments): Decoded {
    const limit = Math.min(end, position + INLINE_BYTES_MAX + 1);
    let i = position + this.#searched;
    while (i < limit && buffer[i] !== NEWLINE && buffer[i] !== 0) i++;
    this.#searched = i - position;
    if (i >= limit || buffer[i] === 0) {
      if (end - position > INLINE_BYTES_MAX) return this.#fail(errors.INLINE_TOO_LONG);
      this.#base = position;
      this.parsedBytes = 0;
      this.neededBytes = end - position + 1;
      return INCOMPLETE;
    }
    const lineEnd = i > position && buffer[i - 1] === RETURN ? i - 1 : i;
    if (!splitInline(buffer, position, lineEnd, args)) {
      return this.#fail(errors.UNBALANCED_QUOTES);
    }
    if (args.count === 0) return this.#nothing(i + 1, lineEnd === position);
    this.#searched = 0;
    this.position = i + 1;
    return REQUEST;
  }

  #countLineMissing(buffer: Uint8Array, position: number, end: number): Decoded {
    if (this.#isLineTooLong(buffer, position, end)) return this.#fail(errors.COUNT_TOO_LONG);
    return this.#wait(position, position, end - position + 1);
  }

  #lengthLineMissing(buffer: Uint8Array, position: number, at: number, end: number): Decoded {
    if (this.#isLineTooLong(buffer, at, end)) return this.#fail(errors.LENGTH_TOO_LONG);
    return this.#wait(position, at, end - position + 1);
  }

  /** Too much of the line at `at` has arrived without its end. */
  #isLineTooLong(buffer: Uint8Array, at: number, end: number): boolean {
    if (end - at <= INLINE_BYTES_MAX) return false;
    // The carriage return may be there and only the byte after it be missing.
    const hasReturn = this.#searched <= INLINE_BYTES_MAX && buffer[at + this.#searched] === RETURN;
    return !hasReturn;
  }

  #wait(position: number, at: number, neededBytes: number): Decoded {
    this.#base = position;
    this.#offset = at - position;
    this.parsedBytes = this.#offset;
    this.neededBytes = neededBytes;
    return INCOMPLETE;
  }

  #nothing(position: number, isEmptyLine: boolean): Decoded {
    this.#searched = 0;
    this.position = position;
    this.isEmptyLine = isEmptyLine;
    return NOTHING;
  }

  #fail(error: ProtocolError): Decoded {
    this.error = error;
    return MALFORMED;
  }
}

/**
 * The number in the line at `at` when it is the type byte and one digit or two, as nearly all are;
 * -1 for any other, right or wrong.
 */
function shortNumber(view: DataView, at: number, end: number, type: number): number {
  if (at + 5 > end) return -1;
  const word = view.getInt32(at, true);
  const first = (word >> 8) & 0xff;
  const second = (word >> 16) & 0xff;
  const isDigit = first >= 0x30 && first <= 0x39;
  if ((word & MASK_1) === (LINE_1 | type)) return isDigit ? first - 0x30 : -1;
  if ((word & MASK_2) !== (LINE_2 | type) || view.getUint8(at + 4) !== NEWLINE) return -1;
  if (!isDigit || first === 0x30 || second < 0x30 || second > 0x39) return -1;
  return (first - 0x30) * 10 + second - 0x30;
}
