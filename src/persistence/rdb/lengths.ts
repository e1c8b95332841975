/*
 * Lengths as RDB files write them, 1 to 9 bytes, big-endian:
 *
 *   00nnnnnn                 6 bits
 *   01nnnnnn nnnnnnnn        14 bits
 *   10000000 <4 bytes>       32 bits
 *   10000001 <8 bytes>       64 bits
 *   11eeeeee                 no length: a string in encoding e follows
 *
 * Pure.
 */

import {
  LENGTH_6_BITS,
  LENGTH_14_BITS,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
  LENGTH_ENCODED,
} from './format.js';

export const LENGTH_BYTES_MAX = 9;

/** Writes `length`, a whole number from 0 to 2^53 - 1; returns the position after it. */
export function writeLength(length: number, target: Uint8Array, at: number): number {
  if (length < 0x40) {
    target[at] = length;
    return at + 1;
  }
  if (length < 0x4000) {
    target[at] = (LENGTH_14_BITS << 6) | (length >> 8);
    target[at + 1] = length;
    return at + 2;
  }
  if (length <= 0xffffffff) {
    target[at] = LENGTH_32_BITS;
    return writeUint32(length, target, at + 1);
  }
  target[at] = LENGTH_64_BITS;
  writeUint32(Math.floor(length / 0x1_0000_0000), target, at + 1);
  return writeUint32(length, target, at + 5);
}

/** Big-endian; takes the low 32 bits. */
function writeUint32(value: number, target: Uint8Array, at: number): number {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
  return at + 4;
}

/** What LengthReader.read found. */
export type LengthKind = 'length' | 'encoded' | 'incomplete' | 'invalid';

/** Reads one length; a scratch object, so that no call allocates. */
export class LengthReader {
  /** The length ('length'; above 2^53 not exact), or the encoding ('encoded'). */
  value = 0;
  /** Halves of a 64-bit length, for the ids of modules. */
  high = 0;
  low = 0;
  /** Position after what was read. */
  next = 0;

  read(bytes: Uint8Array, at: number, end: number): LengthKind {
    if (at >= end) return 'incomplete';
    const first = bytes[at];
    const kind = first >> 6;
    if (kind === LENGTH_6_BITS || kind === LENGTH_ENCODED) {
      this.value = first & 0x3f;
      this.next = at + 1;
      return kind === LENGTH_ENCODED ? 'encoded' : this.split();
    }
    if (kind === LENGTH_14_BITS) {
      if (at + 2 > end) return 'incomplete';
      this.value = ((first & 0x3f) << 8) | bytes[at + 1];
      this.next = at + 2;
      return this.split();
    }
    if (first === LENGTH_32_BITS) {
      if (at + 5 > end) return 'incomplete';
      this.value = readUint32(bytes, at + 1);
      this.next = at + 5;
      return this.split();
    }
    if (first !== LENGTH_64_BITS) return 'invalid';
    if (at + 9 > end) return 'incomplete';
    this.high = readUint32(bytes, at + 1);
    this.low = readUint32(bytes, at + 5);
    this.value = this.high * 0x1_0000_0000 + this.low;
    this.next = at + 9;
    return 'length';
  }

  private split(): 'length' {
    this.high = 0;
    this.low = this.value;
    return 'length';
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
