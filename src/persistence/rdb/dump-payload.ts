/*
 * One value on its own, as DUMP hands it out and RESTORE takes it: the value as an RDB holds it,
 * and a footer. Reading takes hostile input: the sum says only that the bytes are whole, so nothing
 * is set aside on the word of a length that they cannot bear out. Pure: it knows no keyspace.
 *
 *   <type, 1> <value> <RDB version, 2 LE> <crc64 of all before it, 8 LE>
 *
 * As in Redis what stands between value and footer is passed over, and the value may reach into the
 * footer: who writes such bytes can have any value anyway.
 */

import { copyBytes } from '../../structures/bytes.js';
import { Crc64 } from './crc64.js';
import {
  CHECKSUM_BYTES,
  DUMP_VERSION_READ_MAX,
  RDB_VERSION_WRITTEN,
  TYPE_STRING,
} from './format.js';
import { LENGTH_BYTES_MAX, writeLength } from './lengths.js';
import { decompressLzf } from './lzf.js';
import { StringSlot } from './string-slot.js';
import { RdbWriter } from './writer.js';

const VERSION_BYTES = 2;
export const DUMP_FOOTER_BYTES = VERSION_BYTES + CHECKSUM_BYTES;
/** More than a value's type and lengths, in any encoding, and the footer take. */
const OVERHEAD_BYTES_MAX = 64;
/** Room for the writer to gather in. */
const CHUNK_BYTES = 4096;

function writeFooter(crc: Crc64, target: Uint8Array, at: number): void {
  target[at] = RDB_VERSION_WRITTEN & 0xff;
  target[at + 1] = RDB_VERSION_WRITTEN >> 8;
  crc.update(target, at, at + VERSION_BYTES);
  crc.writeTo(target, at + VERSION_BYTES);
}

/** Writes payloads of strings, in the encodings of a snapshot. */
export class DumpWriter {
  readonly #writer: RdbWriter;
  readonly #crc = new Crc64();
  #payload = new Uint8Array(0);
  #length = 0;

  constructor(compress: boolean) {
    const sink = (bytes: Uint8Array, start: number, end: number): void => {
      copyBytes(bytes, start, end, this.#payload, this.#length);
      this.#length += end - start;
    };
    this.#writer = new RdbWriter({ sink, compress, checksum: false, chunkBytes: CHUNK_BYTES });
  }

  /** The payload of a string that is short enough to be compressed in memory. */
  write(value: Uint8Array): Uint8Array {
    const payload = new Uint8Array(value.length + OVERHEAD_BYTES_MAX);
    payload[0] = TYPE_STRING;
    this.#payload = payload;
    this.#length = 1;
    this.#writer.string(value, 0, value.length);
    this.#writer.flush();
    this.#payload = new Uint8Array(0);
    this.#crc.reset();
    this.#crc.update(payload, 0, this.#length);
    writeFooter(this.#crc, payload, this.#length);
    return payload.subarray(0, this.#length + DUMP_FOOTER_BYTES);
  }
}

/** What stands before and after the bytes of a long string in its payload. */
export function frameOfLongDump(value: Uint8Array): { head: Uint8Array; footer: Uint8Array } {
  const buffer = new Uint8Array(1 + LENGTH_BYTES_MAX);
  buffer[0] = TYPE_STRING;
  const head = buffer.subarray(0, writeLength(value.length, buffer, 1));
  const crc = new Crc64();
  crc.update(head, 0, head.length);
  crc.update(value, 0, value.length);
  const footer = new Uint8Array(DUMP_FOOTER_BYTES);
  writeFooter(crc, footer, 0);
  return { head, footer };
}

/** Whether the footer says that these bytes are whole, unless the sum is no matter, and of a
 * version that is read. */
export function isDumpIntact(
  bytes: Uint8Array,
  start: number,
  end: number,
  skipsSum = false,
): boolean {
  const at = end - DUMP_FOOTER_BYTES;
  if (at < start) return false;
  if ((bytes[at] | (bytes[at + 1] << 8)) > DUMP_VERSION_READ_MAX) return false;
  if (skipsSum) return true;
  const crc = new Crc64();
  crc.update(bytes, start, end - CHECKSUM_BYTES);
  return crc.isAt(bytes, end - CHECKSUM_BYTES);
}

/**
 * The string in a payload, located but not decoded yet; null when there is none: the bytes are no
 * value, or one of a type that is not read.
 */
export function locateDumped(bytes: Uint8Array, start: number, end: number): StringSlot | null {
  if (start >= end || bytes[start] !== TYPE_STRING) return null;
  const slot = new StringSlot();
  const next = slot.locate(bytes, start + 1, end);
  return next < 0 || next > end ? null : slot;
}

/** Decompresses a located string of kind `lzf` into all of `target`; false when it is not valid. */
export function decompressDumped(slot: StringSlot, bytes: Uint8Array, target: Uint8Array): boolean {
  return decompressLzf(bytes, slot.start, slot.end, target, 0, slot.length) === -1;
}
