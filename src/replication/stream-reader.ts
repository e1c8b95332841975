/*
 * Applies the primary's stream: finds its commands, has each executed, and appends exactly the
 * bytes of those fully applied to our own log, so that our replicas get them byte for byte. Inside
 * MULTI nothing counts until EXEC: a lost link then resumes before the MULTI. REPLCONF GETACK is
 * ours. Pure: bytes in; the executor and the log are parameters.
 */

import type { Client } from '../commands/client.js';
import type { StreamExecutor } from '../commands/services.js';
import type { LargeValue } from '../keyspace/large-value.js';
import { STRING_BYTES_MAX } from '../limits.js';
import { Arguments } from '../resp/arguments.js';
import { setBulkApart } from '../resp/bulk-apart.js';
import { INCOMPLETE, MALFORMED, REQUEST, RequestDecoder } from '../resp/request-decoder.js';
import { latin1 } from '../structures/bytes.js';

const REPLCONF = latin1('replconf');
const GETACK = latin1('getack');

export interface StreamReaderParts {
  readonly executor: StreamExecutor;
  readonly client: Client;
  /** While true bytes are kept and nothing is executed; see resume(). */
  readonly isPaused: () => boolean;
  /** Bytes of fully applied commands, in order. */
  readonly onApplied: (bytes: Uint8Array, start: number, end: number) => void;
  /** The primary wants to know how far we are: called before the request's own bytes count. */
  readonly onAckWanted: () => void;
  /** A command was unknown or failed: our data are no longer the primary's. */
  readonly onFailed: () => void;
}

export class StreamReader {
  readonly #parts: StreamReaderParts;
  readonly #decoder = new RequestDecoder();
  readonly #args = new Arguments();
  /** Bytes not yet applied: the beginning of a command, or of a transaction. */
  #rest = new Uint8Array(0);
  #restLength = 0;
  /** How many of them are decoded already (commands inside an open MULTI). */
  #restDecoded = 0;
  /** A long value of the command in hand, read straight into its block. */
  #value: LargeValue | null = null;
  /** Where its bytes stand in the command: after so many of those kept in #rest. */
  #valueAt = 0;
  #isHeld = false;
  #isEnded = false;

  constructor(parts: StreamReaderParts) {
    this.#parts = parts;
    // Whatever the primary took we must take, if there is a place for it: its own limit may be
    // higher than ours.
    this.#decoder.bulkBytesMax = STRING_BYTES_MAX;
  }

  /** Bytes received and not yet applied. */
  get unappliedBytes(): number {
    return this.#restLength + (this.#args.large?.filled ?? 0);
  }

  /** No further command is executed, not even of the bytes in hand. */
  end(): void {
    this.#isEnded = true;
    this.#value = null;
    this.#args.freeLarge();
  }

  /**
   * Takes `bytes[start, end)`, lent until it returns. Returns the text of a protocol error that
   * ends the link, or null.
   */
  push(bytes: Uint8Array, start: number, end: number): string | null {
    if (this.#value !== null) {
      start += this.#value.write(bytes, start, end);
      if (!this.#value.isWhole) return null;
      this.#value = null;
    }
    if (start === end) return null;
    if (this.#parts.isPaused()) {
      this.#appendRest(bytes, start, end);
      this.#isHeld = true;
      return null;
    }
    if (this.#restLength === 0) return this.#apply(bytes, start, start, end, true);
    this.#appendRest(bytes, start, end);
    this.#isHeld = false;
    return this.#apply(this.#rest, 0, this.#restDecoded, this.#restLength, false);
  }

  /** Bytes wait only because of a pause. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** After a pause: applies what has come meanwhile. Returns as push() does. */
  resume(): string | null {
    if (!this.#isHeld) return null;
    this.#isHeld = false;
    return this.#apply(this.#rest, 0, this.#restDecoded, this.#restLength, false);
  }

  /**
   * Applies what is whole in `buffer[start, end)`, of which everything before `from` is decoded.
   */
  #apply(
    buffer: Uint8Array,
    start: number,
    from: number,
    end: number,
    isLent: boolean,
  ): string | null {
    const { executor } = this.#parts;
    executor.beginBatch();
    return this.#applyBatch(buffer, start, from, end, isLent);
  }

  #applyBatch(
    buffer: Uint8Array,
    start: number,
    from: number,
    end: number,
    isLent: boolean,
  ): string | null {
    const { executor, client, onApplied } = this.#parts;
    const decoder = this.#decoder;
    const args = this.#args;
    /** Everything before is in the log; everything before `applied` may go there. */
    let logged = start;
    let applied = start;
    let at = from;
    while (!this.#isEnded) {
      const result = decoder.next(buffer, at, end, args);
      if (result === INCOMPLETE) {
        this.#value = setBulkApart(executor, { client, decoder, args }, buffer, at, end);
        if (this.#value === null) break;
        // The value's bytes are in their place; what is kept ends where they began.
        end = at + decoder.parsedBytes;
        this.#valueAt = decoder.parsedBytes;
        break;
      }
      if (result === MALFORMED) {
        if (applied > logged) onApplied(buffer, logged, applied);
        executor.endBatch();
        return decoder.error.logged;
      }
      at = decoder.position;
      const { large } = args;
      if (result === REQUEST) {
        if (this.#isGetAck(args)) {
          if (applied > logged) onApplied(buffer, logged, applied);
          logged = applied;
          this.#parts.onAckWanted();
        } else if (!executor.execute(client, args)) {
          this.#parts.onFailed();
        }
      }
      if (large !== null) {
        // Never inside MULTI. The bytes go into the log before anything can change them.
        const valueAt = args.requestStart + this.#valueAt;
        onApplied(buffer, logged, valueAt);
        onApplied(large.bytes, 0, large.length);
        logged = valueAt;
        args.freeLarge();
      }
      if (!executor.isInTransaction(client)) applied = at;
    }
    if (applied > logged) onApplied(buffer, logged, applied);
    // Until then the batch's requests must lie where they are.
    executor.endBatch();
    this.#keepRest(buffer, { applied, at, end, isLent });
    return null;
  }

  #isGetAck(args: Arguments): boolean {
    return args.count === 3 && args.is(0, REPLCONF) && args.is(1, GETACK);
  }

  #keepRest(
    buffer: Uint8Array,
    options: { applied: number; at: number; end: number; isLent: boolean },
  ): void {
    const { applied, at, end, isLent } = options;
    const length = end - applied;
    this.#restDecoded = at - applied;
    if (length === 0) {
      this.#restLength = 0;
      // A buffer grown for one huge value must not stay.
      if (this.#rest.length > REST_KEPT_BYTES) this.#rest = new Uint8Array(0);
      return;
    }
    if (isLent) {
      this.#restLength = 0;
      this.#appendRest(buffer, applied, end);
      return;
    }
    this.#rest.copyWithin(0, applied, end);
    this.#restLength = length;
  }

  #appendRest(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#restLength + end - start;
    if (needed > this.#rest.length) {
      const announced = this.#restLength === 0 ? 0 : this.#restDecoded + this.#decoder.neededBytes;
      const capacity = Math.max(needed, Math.min(announced, needed * 2), this.#rest.length * 2);
      const rest = new Uint8Array(capacity);
      rest.set(this.#rest.subarray(0, this.#restLength));
      this.#rest = rest;
    }
    this.#rest.set(bytes.subarray(start, end), this.#restLength);
    this.#restLength = needed;
  }
}

/** Room for unapplied bytes that is kept for the next command. */
const REST_KEPT_BYTES = 1024 * 1024;
