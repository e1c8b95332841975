/*
 * One string of an RDB: where it lies and in which encoding, before it is decoded. Finding the end
 * of a string costs a few instructions whatever its length, so a reader that lacks bytes can simply
 * begin the entry again when more have come. Pure.
 */

import { STRING_BYTES_MAX } from '../../limits.js';
import { writeInteger } from '../../structures/integers.js';
import { ENCODING_INT8, ENCODING_INT16, ENCODING_INT32, ENCODING_LZF } from './format.js';
import { LengthReader } from './lengths.js';
import { decompressLzf, LZF_EXPANSION_MAX } from './lzf.js';
import { INVALID_LZF } from './read-error.js';

const INTEGER_TEXT_BYTES = 24;
/** Decoding scratch above this is let go after use. */
const SCRATCH_KEPT_BYTES = 256 * 1024;

/** Outcomes of locate() that are no position. */
export const INCOMPLETE = -1;
export const INVALID = -2;

export class StringSlot {
  /** 'raw' bytes lie in the input; the others must be decoded. */
  kind: 'raw' | 'integer' | 'lzf' = 'raw';
  /** Range of the payload in the input. For a raw string this may reach past the bytes there. */
  start = 0;
  end = 0;
  /** Bytes of the decoded string ('raw' and 'lzf'). */
  length = 0;
  /** After decode(): the decoded string. */
  bytes: Uint8Array = new Uint8Array(0);
  bytesStart = 0;
  bytesEnd = 0;
  /** Why locate() or decode() failed, and where in the input. */
  reason = '';
  invalidAt = 0;

  private number = 0;
  private readonly lengths = new LengthReader();
  private readonly text = new Uint8Array(INTEGER_TEXT_BYTES);
  private scratch = new Uint8Array(0);

  /**
   * Finds the string at `at`. Returns the position after it, INCOMPLETE when its header (or the
   * payload of anything but a raw string) is not all there, INVALID with reason and place. For a
   * raw string the position may lie past `limit`: the caller decides whether to take it in pieces.
   */
  locate(input: Uint8Array, at: number, limit: number): number {
    const kind = this.lengths.read(input, at, limit);
    if (kind === 'incomplete') return INCOMPLETE;
    if (kind === 'invalid') return this.fail(at, `Unknown length encoding ${input[at]}`);
    if (kind === 'encoded') return this.locateEncoded(input, at, limit);
    this.kind = 'raw';
    this.length = this.lengths.value;
    if (this.length > STRING_BYTES_MAX) return this.failTooLong(at);
    this.start = this.lengths.next;
    this.end = this.start + this.length;
    return this.end;
  }

  /** Decodes what locate() found; false with reason and place when it cannot be decoded. */
  decode(input: Uint8Array): boolean {
    if (this.kind === 'raw') {
      this.bytes = input;
      this.bytesStart = this.start;
      this.bytesEnd = this.end;
      return true;
    }
    this.bytesStart = 0;
    if (this.kind === 'integer') {
      this.bytes = this.text;
      this.bytesEnd = writeInteger(this.number, this.text, 0);
      return true;
    }
    if (this.scratch.length < this.length || this.scratch.length > SCRATCH_KEPT_BYTES) {
      // No more than LZF_EXPANSION_MAX times what has really arrived: locate() saw to that.
      this.scratch = new Uint8Array(this.length);
    }
    const wrongAt = decompressLzf(input, this.start, this.end, this.scratch, 0, this.length);
    if (wrongAt !== -1) {
      this.fail(wrongAt, INVALID_LZF);
      return false;
    }
    this.bytes = this.scratch;
    this.bytesEnd = this.length;
    return true;
  }

  /** Copies the decoded string out of the input, for when the input is about to move. */
  detach(): void {
    if (this.kind !== 'raw') return;
    this.bytes = this.bytes.slice(this.bytesStart, this.bytesEnd);
    this.bytesEnd -= this.bytesStart;
    this.bytesStart = 0;
  }

  private locateEncoded(input: Uint8Array, at: number, limit: number): number {
    const encoding = this.lengths.value;
    if (encoding === ENCODING_LZF) return this.locateLzf(input, at, limit);
    const from = at + 1;
    const width = integerWidth(encoding);
    if (width === 0) return this.fail(at, `Unknown RDB string encoding type ${encoding}`);
    if (from + width > limit) return INCOMPLETE;
    this.kind = 'integer';
    this.number = readInteger(input, from, width);
    return from + width;
  }

  private locateLzf(input: Uint8Array, at: number, limit: number): number {
    const compressed = this.plainLength(input, at + 1, limit);
    if (compressed < 0) return compressed;
    const length = this.plainLength(input, this.lengths.next, limit);
    if (length < 0) return length;
    if (length > STRING_BYTES_MAX) return this.failTooLong(at);
    // A length that no such input can reach is refused before anything is allocated for it.
    if (length === 0 || compressed > STRING_BYTES_MAX || length / LZF_EXPANSION_MAX > compressed) {
      return this.fail(at, INVALID_LZF);
    }
    this.kind = 'lzf';
    this.length = length;
    this.start = this.lengths.next;
    this.end = this.start + compressed;
    return this.end > limit ? INCOMPLETE : this.end;
  }

  /** A length that may be nothing else; INCOMPLETE or INVALID are negative. */
  private plainLength(input: Uint8Array, at: number, limit: number): number {
    const kind = this.lengths.read(input, at, limit);
    if (kind === 'length') return this.lengths.value;
    if (kind === 'incomplete') return INCOMPLETE;
    return this.fail(at, `Unknown length encoding ${input[at]}`);
  }

  private failTooLong(at: number): number {
    return this.fail(at, `String of ${this.length} bytes is longer than ${STRING_BYTES_MAX}`);
  }

  private fail(at: number, reason: string): number {
    this.invalidAt = at;
    this.reason = reason;
    return INVALID;
  }
}

/** Bytes of an integer encoding, 0 for what is none. */
function integerWidth(encoding: number): number {
  if (encoding === ENCODING_INT8) return 1;
  if (encoding === ENCODING_INT16) return 2;
  return encoding === ENCODING_INT32 ? 4 : 0;
}

/** Signed, little-endian. */
function readInteger(input: Uint8Array, at: number, width: number): number {
  let number = 0;
  for (let byte = 0; byte < width; byte += 1) number |= input[at + byte] << (8 * byte);
  const unused = 32 - 8 * width;
  return (number << unused) >> unused;
}
