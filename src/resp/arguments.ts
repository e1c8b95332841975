/*
 * One request as byte ranges: what the decoder fills in and what everybody after it reads. The
 * ranges point into the buffer in which the request arrived, so nothing is copied; they hold only
 * until the handler returns. One object serves request after request; a connection whose request is
 * still arriving keeps its object until it is whole, so that no range is ever looked for twice.
 * One argument may lie apart from the others: a long value that was read straight into its block.
 * That happens only where the command's row says that its handler expects it there. Must not know
 * commands, sockets or where the buffer comes from.
 */

import type { LargeValue } from '../keyspace/large-value.js';
import { TEXT_BYTES_MAX } from '../limits.js';
import { equalsIgnoreCase, latin1Text } from '../structures/bytes.js';

/** Ranges for which a new object has room: enough for all but variadic commands. */
const INITIAL_CAPACITY = 16;

/** An object that once had room for more is not kept for reuse. */
const KEPT_CAPACITY = 1024;

/** Objects kept for reuse; each connection in the middle of a request holds one. */
const KEPT_OBJECTS = 64;

const NO_BYTES = new Uint8Array(0);

export class Arguments {
  /** Holds every range; for an inline request a scratch copy without quotes and escapes. */
  buffer: Uint8Array = NO_BYTES;
  /** How many arguments there are, the command's name included. */
  count = 0;
  /** First byte of argument i: `start[i]`; one past its last: `end[i]`. Longer than `count`. */
  start = new Int32Array(INITIAL_CAPACITY);
  end = new Int32Array(INITIAL_CAPACITY);
  /** The range of `buffer` that holds the whole request. */
  requestStart = 0;
  requestEnd = 0;
  /** The request is a multibulk in its one minimal form: its bytes may travel as they are. */
  isCanonical = false;
  /**
   * The value that lies apart, and which argument it is (-1: none). Its range in `buffer` is empty.
   */
  large: LargeValue | null = null;
  largeIndex = -1;
  #scratch = NO_BYTES;

  /** Bytes of argument i. */
  length(i: number): number {
    if (i === this.largeIndex) return this.large?.length ?? 0;
    return this.end[i] - this.start[i];
  }

  /**
   * Argument i as a string, one character for each byte; of a very long one only the beginning.
   */
  text(i: number): string {
    const bytes = i === this.largeIndex ? this.range(i) : this.buffer;
    const start = i === this.largeIndex ? 0 : this.start[i];
    return latin1Text(bytes, start, start + Math.min(this.length(i), TEXT_BYTES_MAX));
  }

  /** Argument i is too long for text() to give it whole. */
  isTooLongForText(i: number): boolean {
    return this.length(i) > TEXT_BYTES_MAX;
  }

  /** A copy of argument i that may be kept. */
  bytes(i: number): Uint8Array {
    if (i === this.largeIndex) return this.range(i).slice();
    return this.buffer.slice(this.start[i], this.end[i]);
  }

  /** Argument i where it lies: valid until the request ends. */
  range(i: number): Uint8Array {
    if (i === this.largeIndex && this.large !== null) return this.large.bytes;
    return this.buffer.subarray(this.start[i], this.end[i]);
  }

  /** Whether argument i spells the token, whatever its case. The token is in lower case. */
  is(i: number, lowerCaseToken: Uint8Array): boolean {
    return equalsIgnoreCase(this.buffer, this.start[i], this.end[i], lowerCaseToken);
  }

  /** Makes room for at least `count` ranges, keeping those that are there. */
  reserve(count: number): void {
    if (count <= this.start.length) return;
    const capacity = Math.max(count, this.start.length * 2);
    const start = new Int32Array(capacity);
    const end = new Int32Array(capacity);
    start.set(this.start);
    end.set(this.end);
    this.start = start;
    this.end = end;
  }

  /** Moves the ranges: the request's bytes were moved by `distance` within or between buffers. */
  shift(distance: number): void {
    const { start, end, count } = this;
    for (let i = 0; i < count; i++) {
      start[i] += distance;
      end[i] += distance;
    }
  }

  /** Makes the scratch copy's buffer, of at least `bytes`, the buffer of this request. */
  useScratch(bytes: number): Uint8Array {
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(Math.max(bytes, 256));
    this.buffer = this.#scratch;
    return this.#scratch;
  }

  /** Argument `index`, which is the next, is `value`. The request cannot travel as it came. */
  setLarge(index: number, value: LargeValue): void {
    this.large = value;
    this.largeIndex = index;
    this.isCanonical = false;
  }

  /** The request is over: the value that nobody took is freed. */
  freeLarge(): void {
    this.large?.free();
    this.large = null;
    this.largeIndex = -1;
  }

  /** Forgets the request, so that nothing keeps its buffer alive. */
  clear(): void {
    if (this.large !== null) this.freeLarge();
    this.buffer = NO_BYTES;
    this.count = 0;
  }
}

/** Argument objects between two uses. */
export class ArgumentsPool {
  readonly #free: Arguments[] = [];

  take(): Arguments {
    return this.#free.pop() ?? new Arguments();
  }

  give(args: Arguments): void {
    args.clear();
    if (this.#free.length >= KEPT_OBJECTS || args.start.length > KEPT_CAPACITY) return;
    this.#free.push(args);
  }
}
