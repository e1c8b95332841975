/*
 * CRC-64 as RDB files carry it: Jones's polynomial ad93d23594c935a9, bits reflected, start value 0,
 * no final inversion ('123456789' gives e9c6d914c4b8d9ca). Eight bytes a step through eight tables
 * (slicing), on two 32-bit halves: BigInt would be a hundred times slower. Pure.
 */

/** The polynomial reflected: 95ac9329ac4bc9b5. */
const POLYNOMIAL_HIGH = 0x95ac9329 | 0;
const POLYNOMIAL_LOW = 0xac4bc9b5 | 0;

/** Table k, row b, at k * 256 + b: what byte b does to the sum k bytes later. */
const LOW = new Int32Array(8 * 256);
const HIGH = new Int32Array(8 * 256);

fillTables();

function fillTables(): void {
  for (let byte = 0; byte < 256; byte += 1) {
    let low = byte;
    let high = 0;
    for (let bit = 0; bit < 8; bit += 1) {
      const isOdd = (low & 1) !== 0;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (isOdd) {
        low ^= POLYNOMIAL_LOW;
        high ^= POLYNOMIAL_HIGH;
      }
    }
    LOW[byte] = low;
    HIGH[byte] = high;
  }
  for (let at = 256; at < 8 * 256; at += 1) {
    const low = LOW[at - 256];
    const high = HIGH[at - 256];
    LOW[at] = ((low >>> 8) | (high << 24)) ^ LOW[low & 0xff];
    HIGH[at] = (high >>> 8) ^ HIGH[low & 0xff];
  }
}

export class Crc64 {
  /** The two halves of the sum so far, signed. */
  low = 0;
  high = 0;

  reset(): void {
    this.low = 0;
    this.high = 0;
  }

  /** Goes on with bytes `start` (included) to `end` (excluded). */
  update(bytes: Uint8Array, start: number, end: number): void {
    let low = this.low;
    let high = this.high;
    let at = start;
    for (; at + 8 <= end; at += 8) {
      low ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
      high ^= bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24);
      const a = 0x700 + (low & 0xff);
      const b = 0x600 + ((low >>> 8) & 0xff);
      const c = 0x500 + ((low >>> 16) & 0xff);
      const d = 0x400 + (low >>> 24);
      const e = 0x300 + (high & 0xff);
      const f = 0x200 + ((high >>> 8) & 0xff);
      const g = 0x100 + ((high >>> 16) & 0xff);
      const h = high >>> 24;
      low = LOW[a] ^ LOW[b] ^ LOW[c] ^ LOW[d] ^ LOW[e] ^ LOW[f] ^ LOW[g] ^ LOW[h];
      high = HIGH[a] ^ HIGH[b] ^ HIGH[c] ^ HIGH[d] ^ HIGH[e] ^ HIGH[f] ^ HIGH[g] ^ HIGH[h];
    }
    for (; at < end; at += 1) {
      const row = (low ^ bytes[at]) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ LOW[row];
      high = (high >>> 8) ^ HIGH[row];
    }
    this.low = low;
    this.high = high;
  }

  /** Writes the sum as eight bytes, little-endian, as it stands in a file. */
  writeTo(target: Uint8Array, at: number): void {
    for (let byte = 0; byte < 4; byte += 1) {
      target[at + byte] = this.low >>> (8 * byte);
      target[at + 4 + byte] = this.high >>> (8 * byte);
    }
  }

  /** True when the eight bytes at `at` are this sum. */
  isAt(bytes: Uint8Array, at: number): boolean {
    return readInt32(bytes, at) === this.low && readInt32(bytes, at + 4) === this.high;
  }

  /** 16 hex digits. */
  toHex(): string {
    return toHex(this.high) + toHex(this.low);
  }
}

/** The sum that stands at `at`, as 16 hex digits. */
export function checksumHexAt(bytes: Uint8Array, at: number): string {
  return toHex(readInt32(bytes, at + 4)) + toHex(readInt32(bytes, at));
}

function readInt32(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function toHex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, '0');
}
