/*
 * Reads a full sync's payload off the link: the line that announces it (`$<length>` or `$EOF:<40
 * bytes>`, after any number of empty lines), then exactly its bytes. With a mark the last 39 bytes
 * are held back until it is clear that they are not its beginning, so the mark is found wherever
 * reads cut it, and what follows it is left alone. Pure.
 */

import assert from 'node:assert/strict';
import { HANDSHAKE_LINE_BYTES_MAX } from '../limits.js';
import { latin1, latin1Text } from '../structures/bytes.js';

const NEWLINE = 0x0a;
const MARK_LENGTH = 40;
const HELD_BYTES = MARK_LENGTH - 1;

export type PayloadHeader =
  /** `$<length>` */
  | { readonly kind: 'length'; readonly length: number }
  /** `$EOF:<mark>` */
  | { readonly kind: 'mark' }
  /** `-…`: the primary gave up. */
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'malformed'; readonly text: string };

/** Receives the payload; `bytes[start, end)` are lent until it returns. */
export type PayloadSink = (bytes: Uint8Array, start: number, end: number) => void;

export class PayloadReader {
  /** Set once the announcing line has been read. */
  header: PayloadHeader | null = null;
  /** Payload bytes given to the sink. */
  receivedBytes = 0;
  isFinished = false;
  readonly #sink: PayloadSink;
  #line: number[] = [];
  #leftBytes = 0;
  #mark: Uint8Array = new Uint8Array(0);
  readonly #held = new Uint8Array(HELD_BYTES);
  #heldLength = 0;
  readonly #seam = new Uint8Array(2 * HELD_BYTES);

  constructor(sink: PayloadSink) {
    this.#sink = sink;
  }

  /**
   * Takes `bytes[start, end)` and returns where it stopped: `end`, or earlier when the header
   * turned out to be no payload's, or right after the payload.
   */
  push(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.header === null) at = this.#readHeader(bytes, start, end);
    const kind = this.header?.kind;
    if (this.isFinished || at === end) return at;
    if (kind === 'length') return this.#takeCounted(bytes, at, end);
    if (kind === 'mark') return this.#takeMarked(bytes, at, end);
    return at;
  }

  #readHeader(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      if (bytes[at] === NEWLINE) {
        const line = latin1Text(Uint8Array.from(this.#line)).trimEnd();
        this.#line = [];
        if (line === '') continue;
        this.#announce(line);
        return at + 1;
      }
      this.#line.push(bytes[at]);
      if (this.#line.length > HANDSHAKE_LINE_BYTES_MAX) {
        this.header = { kind: 'malformed', text: 'line too long' };
        return at + 1;
      }
    }
    return end;
  }

  #announce(line: string): void {
    if (line.startsWith('-')) {
      this.header = { kind: 'error', text: line.slice(1) };
    } else if (line.startsWith('$EOF:') && line.length >= 5 + MARK_LENGTH) {
      this.#mark = latin1(line.slice(5, 5 + MARK_LENGTH));
      this.header = { kind: 'mark' };
    } else if (/^\$\d+$/.test(line) && Number.isSafeInteger(Number(line.slice(1)))) {
      const length = Number(line.slice(1));
      this.#leftBytes = length;
      this.isFinished = length === 0;
      this.header = { kind: 'length', length };
    } else {
      this.header = { kind: 'malformed', text: line };
    }
  }

  #takeCounted(bytes: Uint8Array, start: number, end: number): number {
    const stop = Math.min(end, start + this.#leftBytes);
    this.#leftBytes -= stop - start;
    this.#give(bytes, start, stop);
    this.isFinished = this.#leftBytes === 0;
    return stop;
  }

  #takeMarked(bytes: Uint8Array, start: number, end: number): number {
    const held = this.#heldLength;
    if (held > 0) {
      const found = this.#findAcrossSeam(bytes, start, end);
      if (found !== -1) {
        this.#give(this.#held, 0, found);
        this.isFinished = true;
        return start + found + MARK_LENGTH - held;
      }
    }
    const inChunk = indexOf(bytes, start, end, this.#mark);
    if (inChunk !== -1) {
      this.#give(this.#held, 0, held);
      this.#give(bytes, start, inChunk);
      this.isFinished = true;
      return inChunk + MARK_LENGTH;
    }
    this.#holdBack(bytes, start, end);
    return end;
  }

  /** Where in the held bytes a mark begins that ends in the new ones; -1 when none does. */
  #findAcrossSeam(bytes: Uint8Array, start: number, end: number): number {
    const held = this.#heldLength;
    const stop = Math.min(end, start + HELD_BYTES);
    this.#seam.set(this.#held.subarray(0, held));
    this.#seam.set(bytes.subarray(start, stop), held);
    return indexOf(this.#seam, 0, held + stop - start, this.#mark);
  }

  /** Gives everything but the last bytes, which might be the beginning of the mark. */
  #holdBack(bytes: Uint8Array, start: number, end: number): void {
    const held = this.#heldLength;
    const surplus = held + end - start - HELD_BYTES;
    const fromHeld = Math.max(0, Math.min(held, surplus));
    this.#give(this.#held, 0, fromHeld);
    this.#held.copyWithin(0, fromHeld, held);
    const kept = held - fromHeld;
    const stop = Math.max(start, end - (HELD_BYTES - kept));
    this.#give(bytes, start, stop);
    this.#held.set(bytes.subarray(stop, end), kept);
    this.#heldLength = kept + end - stop;
    assert(this.#heldLength <= HELD_BYTES);
  }

  #give(bytes: Uint8Array, start: number, end: number): void {
    if (start >= end) return;
    this.receivedBytes += end - start;
    this.#sink(bytes, start, end);
  }
}

function indexOf(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  const index = view.indexOf(wanted);
  return index === -1 ? -1 : start + index;
}
