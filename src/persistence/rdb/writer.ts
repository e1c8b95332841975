/*
 * Writes an RDB stream, version 10, in chunks to a sink. It is told what to write in the order of
 * the file (begin, selectDatabase, entries, end) and chooses each string's encoding as Redis does:
 * a 32-bit integer in 1, 2 or 4 bytes, LZF when that is shorter, else the bytes as they are. Pure:
 * it does not know where the bytes go, nor where the entries lie.
 */

import assert from 'node:assert/strict';
import { copyBytes, latin1 } from '../../structures/bytes.js';
import { writeInteger } from '../../structures/integers.js';
import { Crc64 } from './crc64.js';
import {
  CHECKSUM_BYTES,
  ENCODING_INT8,
  ENCODING_INT16,
  ENCODING_INT32,
  ENCODING_LZF,
  LENGTH_ENCODED,
  OPCODE_AUX,
  OPCODE_EOF,
  OPCODE_EXPIRETIME_MS,
  OPCODE_FREQ,
  OPCODE_IDLE,
  OPCODE_RESIZEDB,
  OPCODE_SELECTDB,
  RDB_VERSION_WRITTEN,
  TYPE_STRING,
} from './format.js';
import { LENGTH_BYTES_MAX, writeLength } from './lengths.js';
import { LzfCompressor } from './lzf.js';

/** Takes what is written. The bytes are borrowed for the call. Throwing ends the snapshot. */
export type RdbSink = (bytes: Uint8Array, start: number, end: number) => void;

export interface RdbWriterOptions {
  readonly sink: RdbSink;
  /** rdbcompression. */
  readonly compress: boolean;
  /** rdbchecksum; without it the file ends in eight zeros. */
  readonly checksum: boolean;
  /** Bytes that are gathered before the sink gets them. */
  readonly chunkBytes: number;
}

/** Aux fields: name and value, in the order in which they are written. */
export type RdbAux = readonly (readonly [name: string, value: string | number])[];

/** A string of at most this many bytes is never compressed. Redis: 20. */
const UNCOMPRESSED_BYTES_MAX = 20;
/** Longest text that can be a 32-bit integer. */
const INTEGER_TEXT_MAX = 11;
/** From this size on a string goes to the sink from where it lies; pieces are gathered. */
const DIRECT_BYTES_MIN = 256 * 1024;
/** Most that an entry needs before its key: opcodes, expiry, idle time, type. */
const ENTRY_HEAD_BYTES = 1 + 8 + 1 + LENGTH_BYTES_MAX + 2 + 1;
/** Room for whatever is reserved in one go. */
const CHUNK_BYTES_MIN = 64;
const NOT_AN_INTEGER = 0x1_0000_0000;

export class RdbWriter {
  private readonly sink: RdbSink;
  private readonly compress: boolean;
  private readonly checksum: boolean;
  private readonly crc = new Crc64();
  private readonly compressor = new LzfCompressor();
  private readonly buffer: Uint8Array;
  private readonly directBytesMin: number;
  private readonly text = new Uint8Array(24);
  private compressed = new Uint8Array(4096);
  private position = 0;
  private flushedBytes = 0;
  /** Bytes that pieces still owe to beginLongString. */
  private owedBytes = 0;

  constructor(options: RdbWriterOptions) {
    assert(options.chunkBytes >= CHUNK_BYTES_MIN, 'chunk too small');
    this.sink = options.sink;
    this.compress = options.compress;
    this.checksum = options.checksum;
    this.buffer = new Uint8Array(options.chunkBytes);
    this.directBytesMin = Math.min(DIRECT_BYTES_MIN, options.chunkBytes);
  }

  /** Bytes written so far, those not yet given to the sink included. */
  get bytesWritten(): number {
    return this.flushedBytes + this.position;
  }

  begin(aux: RdbAux): void {
    this.rawBytes(latin1(`REDIS${String(RDB_VERSION_WRITTEN).padStart(4, '0')}`));
    for (const [name, value] of aux) {
      this.reserve(1);
      this.buffer[this.position++] = OPCODE_AUX;
      const nameBytes = latin1(name);
      this.string(nameBytes, 0, nameBytes.length);
      const valueBytes = latin1(String(value));
      this.string(valueBytes, 0, valueBytes.length);
    }
  }

  /** Opens a database; `size` and `expires` are its key counts, a hint for whoever loads it. */
  selectDatabase(index: number, size: number, expires: number): void {
    this.reserve(2 + 3 * LENGTH_BYTES_MAX);
    this.buffer[this.position++] = OPCODE_SELECTDB;
    this.position = writeLength(index, this.buffer, this.position);
    this.buffer[this.position++] = OPCODE_RESIZEDB;
    this.position = writeLength(size, this.buffer, this.position);
    this.position = writeLength(expires, this.buffer, this.position);
  }

  /**
   * Begins a string entry; a value must follow. `expiresAtMs`, `idleSeconds` and `frequency` are -1
   * when there is none to write.
   */
  beginEntry(
    key: Uint8Array,
    start: number,
    end: number,
    expiresAtMs: number,
    idleSeconds: number,
    frequency: number,
  ): void {
    assert(this.owedBytes === 0, 'the last entry has no whole value');
    this.reserve(ENTRY_HEAD_BYTES);
    const buffer = this.buffer;
    if (expiresAtMs !== -1) {
      buffer[this.position++] = OPCODE_EXPIRETIME_MS;
      this.int64(expiresAtMs);
    }
    if (idleSeconds !== -1) {
      buffer[this.position++] = OPCODE_IDLE;
      this.position = writeLength(idleSeconds, buffer, this.position);
    }
    if (frequency !== -1) {
      buffer[this.position++] = OPCODE_FREQ;
      buffer[this.position++] = frequency;
    }
    buffer[this.position++] = TYPE_STRING;
    this.string(key, start, end);
  }

  /** A string in its shortest encoding: a value, and whatever else is a string in the format. */
  string(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length <= INTEGER_TEXT_MAX) {
      const number = parseInt32(bytes, start, end);
      if (number !== NOT_AN_INTEGER) {
        this.encodedInteger(number);
        return;
      }
    }
    if (this.compress && length > UNCOMPRESSED_BYTES_MAX && this.tryCompressed(bytes, start, end)) {
      return;
    }
    this.reserve(LENGTH_BYTES_MAX);
    this.position = writeLength(length, this.buffer, this.position);
    this.raw(bytes, start, end);
  }

  /** The decimal text of a safe integer. */
  integer(value: number): void {
    if (value === (value | 0)) {
      this.encodedInteger(value);
      return;
    }
    const end = writeInteger(value, this.text, 0);
    this.reserve(LENGTH_BYTES_MAX);
    this.position = writeLength(end, this.buffer, this.position);
    this.raw(this.text, 0, end);
  }

  /** Begins a string that comes in pieces: never compressed, since LZF must know its end first. */
  beginLongString(length: number): void {
    this.reserve(LENGTH_BYTES_MAX);
    this.position = writeLength(length, this.buffer, this.position);
    this.owedBytes = length;
  }

  longStringPiece(bytes: Uint8Array, start: number, end: number): void {
    this.owedBytes -= end - start;
    assert(this.owedBytes >= 0, 'more pieces than the string has bytes');
    this.raw(bytes, start, end);
  }

  /** Writes end and checksum, and empties the buffer into the sink. */
  end(): void {
    assert(this.owedBytes === 0, 'the last entry has no whole value');
    this.reserve(1);
    this.buffer[this.position++] = OPCODE_EOF;
    this.flush();
    if (this.checksum) this.crc.writeTo(this.buffer, 0);
    else this.buffer.fill(0, 0, CHECKSUM_BYTES);
    this.sink(this.buffer, 0, CHECKSUM_BYTES);
    this.flushedBytes += CHECKSUM_BYTES;
  }

  /** Hands what is in the buffer to the sink. */
  flush(): void {
    if (this.position === 0) return;
    this.emit(this.buffer, 0, this.position);
    this.position = 0;
  }

  private encodedInteger(value: number): void {
    this.reserve(5);
    const buffer = this.buffer;
    if (value >= -0x80 && value <= 0x7f) {
      buffer[this.position++] = (LENGTH_ENCODED << 6) | ENCODING_INT8;
      buffer[this.position++] = value;
    } else if (value >= -0x8000 && value <= 0x7fff) {
      buffer[this.position++] = (LENGTH_ENCODED << 6) | ENCODING_INT16;
      buffer[this.position++] = value;
      buffer[this.position++] = value >> 8;
    } else {
      buffer[this.position++] = (LENGTH_ENCODED << 6) | ENCODING_INT32;
      for (let bits = 0; bits < 32; bits += 8) buffer[this.position++] = value >> bits;
    }
  }

  private tryCompressed(bytes: Uint8Array, start: number, end: number): boolean {
    // Redis's bound: LZF has to save more than four bytes to be worth its second length.
    const limit = end - start - 4;
    if (this.compressed.length < limit) this.compressed = new Uint8Array(2 * limit);
    const size = this.compressor.compress(bytes, start, end, this.compressed, 0, limit);
    if (size === 0) return false;
    this.reserve(1 + 2 * LENGTH_BYTES_MAX);
    this.buffer[this.position++] = (LENGTH_ENCODED << 6) | ENCODING_LZF;
    this.position = writeLength(size, this.buffer, this.position);
    this.position = writeLength(end - start, this.buffer, this.position);
    this.raw(this.compressed, 0, size);
    return true;
  }

  private int64(value: number): void {
    const high = Math.floor(value / 0x1_0000_0000);
    for (let bits = 0; bits < 32; bits += 8) this.buffer[this.position++] = value >>> bits;
    for (let bits = 0; bits < 32; bits += 8) this.buffer[this.position++] = high >>> bits;
  }

  private rawBytes(bytes: Uint8Array): void {
    this.raw(bytes, 0, bytes.length);
  }

  private raw(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length >= this.directBytesMin) {
      this.flush();
      this.emit(bytes, start, end);
      return;
    }
    this.reserve(length);
    copyBytes(bytes, start, end, this.buffer, this.position);
    this.position += length;
  }

  private reserve(bytes: number): void {
    if (this.position + bytes > this.buffer.length) this.flush();
  }

  private emit(bytes: Uint8Array, start: number, end: number): void {
    if (this.checksum) this.crc.update(bytes, start, end);
    this.flushedBytes += end - start;
    this.sink(bytes, start, end);
  }
}

/** The 32-bit integer whose canonical decimal text this is, or NOT_AN_INTEGER. */
function parseInt32(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const isNegative = at < end && bytes[at] === 0x2d;
  if (isNegative) at += 1;
  const digits = end - at;
  if (digits < 1 || digits > 10) return NOT_AN_INTEGER;
  // '0' stands alone and has no sign; no other number begins with it.
  if (bytes[at] === 0x30) return digits === 1 && !isNegative ? 0 : NOT_AN_INTEGER;
  let number = 0;
  for (; at < end; at += 1) {
    const digit = bytes[at] - 0x30;
    if (digit < 0 || digit > 9) return NOT_AN_INTEGER;
    number = number * 10 + digit;
  }
  if (isNegative) number = -number;
  return number === (number | 0) ? number : NOT_AN_INTEGER;
}
