/*
 * Integers of 1 to 64 bits at any bit of a row of bytes, the highest bit first, and what becomes of
 * a value that does not fit its field. Fields of up to 53 bits are plain numbers; for wider ones
 * BigInt decides exactly, and they are read and written as two halves. Must not know where the
 * bytes lie.
 */

/** What happens to a value beyond the range of its field. */
export type Overflow = 'wrap' | 'sat' | 'fail';

/** Widest field of which every value is a safe integer. */
export const NUMBER_BITS_MAX = 53;

/** Bytes that a field may touch: 64 bits that begin within a byte. */
export const FIELD_BYTES_MAX = 9;

/** Reads `bits` bits (up to NUMBER_BITS_MAX) of `bytes` from bit `offset` on, unsigned. */
export function readBits(bytes: Uint8Array, offset: number, bits: number): number {
  let at = offset >>> 3;
  let missing = bits - 8 + (offset & 7);
  let value = bytes[at] & (0xff >>> (offset & 7));
  for (; missing >= 8; missing -= 8) value = value * 256 + bytes[++at];
  if (missing > 0) return value * 2 ** missing + (bytes[at + 1] >>> (8 - missing));
  return missing < 0 ? value >>> -missing : value;
}

/** Writes the unsigned `value` to `bits` bits (up to NUMBER_BITS_MAX) from bit `offset` on. */
export function writeBits(bytes: Uint8Array, offset: number, bits: number, value: number): void {
  let end = offset + bits;
  let rest = value;
  while (end > offset) {
    const at = (end - 1) >>> 3;
    // The field's bits in this byte, and where they stand in it.
    const count = end - Math.max(offset, at << 3);
    const shift = (8 - (end & 7)) & 7;
    const mask = ((1 << count) - 1) << shift;
    const part = rest % (1 << count);
    bytes[at] = (bytes[at] & ~mask) | (part << shift);
    rest = (rest - part) / (1 << count);
    end -= count;
  }
}

/** The signed number that `bits` bits (up to NUMBER_BITS_MAX) spell in two's complement. */
export function signedNumber(unsigned: number, bits: number): number {
  return unsigned >= 2 ** (bits - 1) ? unsigned - 2 ** bits : unsigned;
}

/** Its inverse. */
export function unsignedNumber(value: number, bits: number): number {
  return value < 0 ? value + 2 ** bits : value;
}

/**
 * What is stored for `value`, a safe integer, in a field of `bits` bits, up to NUMBER_BITS_MAX: NaN
 * when nothing is, since it does not fit and `overflow` is `fail`.
 */
export function fitNumber(
  value: number,
  isSigned: boolean,
  bits: number,
  overflow: Overflow,
): number {
  const range = 2 ** bits;
  const max = isSigned ? range / 2 - 1 : range - 1;
  const min = isSigned ? -range / 2 : 0;
  if (value >= min && value <= max) return value;
  if (overflow === 'fail') return Number.NaN;
  if (overflow === 'sat') return value > max ? max : min;
  const rest = value % range;
  if (rest > max) return rest - range;
  return rest < min ? rest + range : rest;
}

/** As fitNumber for values and fields of any size; null when nothing is stored. */
export function fitBig(
  value: bigint,
  isSigned: boolean,
  bits: number,
  overflow: Overflow,
): bigint | null {
  const wrapped = isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (wrapped === value || overflow === 'wrap') return wrapped;
  if (overflow === 'fail') return null;
  const range = 1n << BigInt(bits);
  if (value > 0n) return (isSigned ? range / 2n : range) - 1n;
  return isSigned ? -range / 2n : 0n;
}
