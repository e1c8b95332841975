/*
 * Writes replies in RESP2 or RESP3 into one buffer that serves every client in turn. A batch of
 * requests is one begin, many replies, one finish; only when the buffer is full before that does it
 * go to the sink early, which gives back a buffer to go on with: the same one when the kernel has
 * taken all of it. The methods of the hot path allocate nothing. Must not know sockets or commands.
 */

import assert from 'node:assert/strict';
import type { PinnedBytes } from '../keyspace/pinned-value.js';
import { REPLY_BUFFER_BYTES } from '../limits.js';
import { copyBytes, latin1 } from '../structures/bytes.js';
import { formatDouble } from '../structures/doubles.js';
import { integerLength, writeInteger } from '../structures/integers.js';

/** Takes replies away. */
export interface ReplySink {
  /**
   * Takes `buffer[0, length)`. Returns a buffer to write into next: the same one when its bytes are
   * not needed any more, else one of REPLY_BUFFER_BYTES that nobody uses.
   */
  take(buffer: Uint8Array, length: number): Uint8Array;
  /** As take(), and then `pinned`: bytes that may be read where they lie until they are written. A
   * sink without this method gets a copy of them. */
  takePinned?(buffer: Uint8Array, length: number, pinned: PinnedBytes): Uint8Array;
}

const RETURN = 0x0d;
const NEWLINE = 0x0a;

/** A type byte, 20 characters of a number, CRLF: room for any header. */
const HEADER_BYTES_MAX = 24;

const PONG = latin1('+PONG\r\n');
const QUEUED = latin1('+QUEUED\r\n');
const NULL_3 = latin1('_\r\n');
const NULL_BULK_2 = latin1('$-1\r\n');
const NULL_ARRAY_2 = latin1('*-1\r\n');
const TRUE_3 = latin1('#t\r\n');
const FALSE_3 = latin1('#f\r\n');
const EMPTY_BULK = latin1('$0\r\n\r\n');

const encoder = new TextEncoder();

/** Where the replies go that nobody wants. */
const NOWHERE: ReplySink = {
  take: (buffer) => buffer,
  takePinned: (buffer, _length, pinned) => {
    pinned.onWritten();
    return buffer;
  },
};

/** What is begun before its size is known. */
export type DeferredKind = 'array' | 'map' | 'set' | 'push';

export class ReplyWriter {
  /** The protocol of the replies that follow; HELLO changes it in the middle of a batch. */
  version: 2 | 3 = 2;
  /** Replies stand in `buffer[0, position)`. */
  buffer: Uint8Array = new Uint8Array(REPLY_BUFFER_BYTES);
  position = 0;
  /** Error replies written so far, by whomever, and the text of the last one. */
  errorCount = 0;
  lastError = '';
  /** Called with the text of each error reply. */
  onError: ((text: string) => void) | null = null;
  #sink: ReplySink | null = null;
  /** While the writer is muted: the sink that hears nothing of it. */
  #unheard: ReplySink | null = null;
  /** Muted until the batch ends. */
  #isEnded = false;
  /** Some bytes of the batch went to the sink where they lie. */
  #hasPinned = false;
  /** Deferred sizes that are open: until they are known nothing may leave. */
  #deferred = 0;
  /** The ordinary buffer, while `buffer` is a large one for a single reply. */
  #home: Uint8Array | null = null;

  /** Begins a batch of replies to one client. */
  begin(sink: ReplySink, version: 2 | 3): void {
    assert(this.#sink === null, 'batches of replies do not nest');
    this.#sink = sink;
    this.#hasPinned = false;
    this.version = version;
  }

  /** Ends the batch: hands over what has been written. */
  finish(): void {
    assert(this.#deferred === 0, 'an aggregate reply was left open');
    this.flush();
    this.#sink = null;
    this.#unheard = null;
    this.#isEnded = false;
  }

  /**
   * What is written from now on goes nowhere, until unmute() or the end of the batch. Errors are
   * counted all the same. Between replies, or parts of them, of known size only.
   */
  mute(): void {
    if (this.#unheard !== null) return;
    this.flush();
    this.#unheard = this.#sink;
    this.#sink = NOWHERE;
  }

  unmute(): void {
    if (this.#unheard === null || this.#isEnded) return;
    this.flush();
    this.#sink = this.#unheard;
    this.#unheard = null;
  }

  /** Nothing more of this batch is heard, messages neither. */
  muteToEnd(): void {
    this.mute();
    this.#isEnded = true;
  }

  /** What `write` writes is heard although the writer is muted: a message, not a reply. */
  aloud(write: () => void): void {
    const wasMuted = this.#unheard !== null;
    this.unmute();
    write();
    if (wasMuted) this.mute();
  }

  /** A message, in its bytes. */
  message(bytes: Uint8Array): void {
    if (this.#unheard === null) this.raw(bytes, 0, bytes.length);
    else this.aloud(() => this.raw(bytes, 0, bytes.length));
  }

  /** Hands over what has been written so far; for bytes that must go out between two replies. */
  flush(): void {
    if (this.position === 0) return;
    assert(this.#sink !== null && this.#deferred === 0);
    this.#goOnWith(this.#sink.take(this.buffer, this.position));
  }

  // Simple replies

  ok(): void {
    this.#ensure(5);
    const { buffer, position } = this;
    buffer[position] = 0x2b;
    buffer[position + 1] = 0x4f;
    buffer[position + 2] = 0x4b;
    buffer[position + 3] = RETURN;
    buffer[position + 4] = NEWLINE;
    this.position = position + 5;
  }

  pong(): void {
    this.#literal(PONG);
  }

  queued(): void {
    this.#literal(QUEUED);
  }

  /** A status line: latin1, without CR and LF. */
  simple(text: string): void {
    this.#line(0x2b, text);
  }

  /**
   * An error: prefix word and text, without the `-`, latin1. Line breaks become spaces, those at
   * the end are left out, as in Redis.
   */
  error(text: string): void {
    this.errorCount++;
    this.lastError = text;
    this.#line(0x2d, withoutLastLineBreaks(text));
    this.onError?.(text);
  }

  /** A whole number of at most 2^53 - 1 in magnitude. */
  integer(n: number): void {
    this.#header(0x3a, n);
  }

  bigInteger(n: bigint): void {
    this.#line(0x3a, n.toString());
  }

  // Bulks

  bulk(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#header(0x24, length);
    this.raw(bytes, start, end);
    this.bulkEnd();
  }

  /** A string in UTF-8. */
  bulkText(text: string): void {
    const bytes = encoder.encode(text);
    this.bulk(bytes, 0, bytes.length);
  }

  /** One byte for each character. */
  bulkLatin1(text: string): void {
    this.#header(0x24, text.length);
    this.#characters(text);
    this.bulkEnd();
  }

  emptyBulk(): void {
    this.#literal(EMPTY_BULK);
  }

  /** An integer as a bulk, as GET replies one. */
  bulkInteger(n: number): void {
    this.#header(0x24, integerLength(n));
    this.#ensure(HEADER_BYTES_MAX);
    this.position = writeInteger(n, this.buffer, this.position);
    this.bulkEnd();
  }

  /**
   * A whole bulk, whose `length` bytes the caller fills in at once, from the place on that is
   * returned, in `buffer` (which may be another one than before: look at it afterwards). For
   * payloads that may be long take room(), which needs no buffer of that size.
   */
  bulkToFill(length: number): number {
    this.#ensure(HEADER_BYTES_MAX + length + 2);
    const { buffer } = this;
    let at = this.position;
    buffer[at++] = 0x24;
    if (length < 10) {
      buffer[at++] = 0x30 + length;
    } else if (length < 100) {
      const tens = (length / 10) | 0;
      buffer[at++] = 0x30 + tens;
      buffer[at++] = 0x30 + (length - tens * 10);
    } else {
      at = writeInteger(length, buffer, at);
    }
    buffer[at] = RETURN;
    buffer[at + 1] = NEWLINE;
    const start = at + 2;
    const end = start + length;
    buffer[end] = RETURN;
    buffer[end + 1] = NEWLINE;
    this.position = end + 2;
    return start;
  }

  /**
   * The head of a bulk of `length` bytes. They follow by room() or raw(), then
   * bulkEnd().
   */
  bulkHeader(length: number): void {
    this.#header(0x24, length);
  }

  /**
   * How many of `bytes` may be filled in at `position` of `buffer` now: at least one, at most what
   * the buffer holds. The caller fills them, then calls advance(), and asks again for the rest.
   */
  room(bytes: number): number {
    if (this.position >= this.buffer.length) this.#ensure(1);
    const free = this.buffer.length - this.position;
    return Math.min(bytes, free);
  }

  /**
   * Is a copy of so many bytes the cheaper way? Not when they would leave with two writes, nor
   * among others that wait to be gathered, where they would be copied once more.
   */
  mayCopy(bytes: number): boolean {
    return !this.#hasPinned && this.position + bytes <= this.buffer.length;
  }

  advance(bytes: number): void {
    this.position += bytes;
  }

  bulkEnd(): void {
    this.#ensure(2);
    this.buffer[this.position++] = RETURN;
    this.buffer[this.position++] = NEWLINE;
  }

  /** Bytes that are replies already, or part of one. */
  raw(bytes: Uint8Array, start: number, end: number): void {
    let from = start;
    while (from < end) {
      const count = this.room(end - from);
      copyBytes(bytes, from, from + count, this.buffer, this.position);
      this.position += count;
      from += count;
    }
  }

  /** As raw(), without a copy. The bytes are given back when they have been written. */
  pinned(pinned: PinnedBytes): void {
    if (this.#deferred === 0 && this.#sink?.takePinned !== undefined) {
      this.#hasPinned = true;
      this.#goOnWith(this.#sink.takePinned(this.buffer, this.position, pinned));
      return;
    }
    this.raw(pinned.bytes, 0, pinned.bytes.length);
    pinned.onWritten();
  }

  // Nulls and aggregates

  null(): void {
    this.#literal(this.version === 3 ? NULL_3 : NULL_BULK_2);
  }

  /** The null of commands that reply an array: another one in RESP2, the same in RESP3. */
  nullArray(): void {
    this.#literal(this.version === 3 ? NULL_3 : NULL_ARRAY_2);
  }

  array(count: number): void {
    this.#header(0x2a, count);
  }

  emptyArray(): void {
    this.#header(0x2a, 0);
  }

  /** `pairs` keys, each followed by its value. */
  map(pairs: number): void {
    if (this.version === 3) this.#header(0x25, pairs);
    else this.#header(0x2a, pairs * 2);
  }

  set(count: number): void {
    this.#header(this.version === 3 ? 0x7e : 0x2a, count);
  }

  /** An out-of-band message. */
  push(count: number): void {
    this.#header(this.version === 3 ? 0x3e : 0x2a, count);
  }

  /** Attributes of the reply that follows. False in RESP2, which has none: then leave them out. */
  attribute(pairs: number): boolean {
    if (this.version === 2) return false;
    this.#header(0x7c, pairs);
    return true;
  }

  /**
   * Begins an aggregate whose size is not known yet; endDeferred() with what is returned here ends
   * it. Until then all of it stays in memory: for sizes that cannot be known, not for convenience.
   */
  deferred(): number {
    this.#ensure(HEADER_BYTES_MAX);
    this.#deferred++;
    const mark = this.position;
    this.position += HEADER_BYTES_MAX;
    return mark;
  }

  /** `count` as array() and the like take it. Nested ones end in reverse order. */
  endDeferred(mark: number, kind: DeferredKind, count: number): void {
    const end = this.position;
    this.position = mark;
    this[kind](count);
    this.buffer.copyWithin(this.position, mark + HEADER_BYTES_MAX, end);
    this.position += end - mark - HEADER_BYTES_MAX;
    this.#deferred--;
  }

  // The other types of RESP3, with what RESP2 has instead

  double(n: number): void {
    const text = formatDouble(n);
    if (this.version === 3) this.#line(0x2c, text);
    else this.bulkLatin1(text);
  }

  boolean(b: boolean): void {
    if (this.version === 3) this.#literal(b ? TRUE_3 : FALSE_3);
    else this.integer(b ? 1 : 0);
  }

  /** Decimal digits of any length. */
  bigNumber(digits: string): void {
    if (this.version === 3) this.#line(0x28, digits);
    else this.bulkLatin1(digits);
  }

  /** Text for people; `format` is `txt` or `mkd`. UTF-8. */
  verbatim(format: 'txt' | 'mkd', text: string): void {
    this.verbatimPieces(format, [encoder.encode(text)]);
  }

  /** A text in pieces of UTF-8: all of it may be longer than a string can be. */
  verbatimPieces(format: 'txt' | 'mkd', pieces: readonly Uint8Array[]): void {
    let length = 0;
    for (const piece of pieces) length += piece.length;
    if (this.version === 2) {
      this.#header(0x24, length);
    } else {
      this.#header(0x3d, length + 4);
      this.#characters(format);
      this.#characters(':');
    }
    for (const piece of pieces) this.raw(piece, 0, piece.length);
    this.bulkEnd();
  }

  /** The buffer has been taken, and another one may have been given for it. */
  #goOnWith(given: Uint8Array): void {
    this.position = 0;
    this.buffer = this.#home ?? given;
    this.#home = null;
  }

  #literal(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#ensure(length);
    const { buffer } = this;
    let at = this.position;
    for (let i = 0; i < length; i++) buffer[at++] = bytes[i];
    this.position = at;
  }

  #header(type: number, n: number): void {
    this.#ensure(HEADER_BYTES_MAX);
    const { buffer } = this;
    let at = this.position;
    buffer[at++] = type;
    if (n >= 0 && n < 10) buffer[at++] = 0x30 + n;
    else at = writeInteger(n, buffer, at);
    buffer[at++] = RETURN;
    buffer[at++] = NEWLINE;
    this.position = at;
  }

  /** A line: what would end it early becomes spaces. */
  #line(type: number, text: string): void {
    this.#ensure(1);
    this.buffer[this.position++] = type;
    this.#characters(/[\r\n]/.test(text) ? text.replace(/[\r\n]/g, ' ') : text);
    this.bulkEnd();
  }

  #characters(text: string): void {
    let from = 0;
    while (from < text.length) {
      const to = from + this.room(text.length - from);
      let at = this.position;
      for (; from < to; from++) this.buffer[at++] = text.charCodeAt(from);
      this.position = at;
    }
  }

  #ensure(bytes: number): void {
    if (this.position + bytes > this.buffer.length) this.#makeRoom(bytes);
  }

  #makeRoom(bytes: number): void {
    if (this.#deferred === 0) {
      this.flush();
      if (bytes <= this.buffer.length) return;
    }
    const needed = this.position + bytes;
    const grown = new Uint8Array(Math.max(needed + HEADER_BYTES_MAX, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.position));
    this.#home ??= this.buffer;
    this.buffer = grown;
  }
}

function withoutLastLineBreaks(text: string): string {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 0x0d || text.charCodeAt(end - 1) === 0x0a)) end--;
  return end === text.length ? text : text.slice(0, end);
}
