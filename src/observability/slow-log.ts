/*
 * The slow log: the latest commands that took at least so many microseconds, as SLOWLOG shows them.
 * Entries lie in JavaScript's own heap, so a sum of bytes bounds them beside slowlog-max-len. Pure:
 * time comes as a parameter. Must not know commands, clients or replies.
 */

import { SLOW_LOG_BYTES_MAX } from '../limits.js';
import { SlowThreshold } from './slow-threshold.js';

/** What an entry and each of its texts cost beside their bytes, roughly. */
const ENTRY_BYTES = 160;
const TEXT_BYTES = 32;
/** Places of dropped entries after which the list is packed. */
const DROPPED_MAX = 1024;

export interface SlowCommand {
  readonly atSeconds: number;
  /** Whole microseconds. */
  readonly microseconds: number;
  /** Its arguments, latin1, shortened by whoever adds it. */
  readonly words: readonly string[];
  readonly address: string;
  readonly clientName: string;
}

export interface SlowLogEntry extends SlowCommand {
  /** Counts on over a reset. */
  readonly id: number;
}

export class SlowLog extends SlowThreshold {
  #entriesMax = 0;
  #nextId = 0;
  #bytes = 0;
  /** Oldest first, from `#first` on. */
  #entries: SlowLogEntry[] = [];
  #first = 0;

  get length(): number {
    return this.#entries.length - this.#first;
  }

  /** A negative threshold switches the log off; then what is there stays, whatever its length. */
  configure(options: { thresholdMicroseconds: number; entriesMax: number }): void {
    const { thresholdMicroseconds, entriesMax } = options;
    const isOn = thresholdMicroseconds >= 0;
    this.rememberFrom(isOn ? thresholdMicroseconds : Number.POSITIVE_INFINITY);
    this.#entriesMax = entriesMax;
    if (isOn) this.#trim();
  }

  add(command: SlowCommand): void {
    const entry = { id: this.#nextId++, ...command };
    this.#entries.push(entry);
    this.#bytes += bytesOf(entry);
    this.#trim();
  }

  /** The latest `count` entries, the latest first. */
  latest(count: number): SlowLogEntry[] {
    const from = Math.max(this.#first, this.#entries.length - count);
    return this.#entries.slice(from).reverse();
  }

  reset(): void {
    this.#entries = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  #trim(): void {
    const { length } = this.#entries;
    while (
      this.#first < length &&
      (length - this.#first > this.#entriesMax || this.#bytes > SLOW_LOG_BYTES_MAX)
    ) {
      const oldest = this.#entries[this.#first++];
      if (oldest !== undefined) this.#bytes -= bytesOf(oldest);
    }
    if (this.#first < length && this.#first < DROPPED_MAX) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}

function bytesOf({ words, address, clientName }: SlowLogEntry): number {
  let bytes = ENTRY_BYTES + address.length + clientName.length;
  for (const word of words) bytes += TEXT_BYTES + word.length;
  return bytes;
}
