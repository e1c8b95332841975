/*
 * The two forms in which RDB files hold doubles. Old: one byte of length and that many characters,
 * where the lengths 253, 254 and 255 stand for nan, +inf and -inf. New: eight bytes, little-endian.
 * Pure; sorted sets are what will use it.
 */

const NAN = 253;
const POSITIVE_INFINITY = 254;
const NEGATIVE_INFINITY = 255;
const TEXT_BYTES_MAX = 252;

const scratch = new DataView(new ArrayBuffer(8));

/** Eight bytes, little-endian. Returns the position after them. */
export function writeBinaryDouble(value: number, target: Uint8Array, at: number): number {
  scratch.setFloat64(0, value, true);
  for (let byte = 0; byte < 8; byte += 1) target[at + byte] = scratch.getUint8(byte);
  return at + 8;
}

export function readBinaryDouble(bytes: Uint8Array, at: number): number {
  for (let byte = 0; byte < 8; byte += 1) scratch.setUint8(byte, bytes[at + byte]);
  return scratch.getFloat64(0, true);
}

/** Bytes that the old form at `at` takes. */
export function textDoubleBytes(bytes: Uint8Array, at: number): number {
  return bytes[at] > TEXT_BYTES_MAX ? 1 : 1 + bytes[at];
}

/** Reads the old form, all of which must be there. `undefined` when it is no number. */
export function readTextDouble(bytes: Uint8Array, at: number): number | undefined {
  const length = bytes[at];
  if (length === NAN) return Number.NaN;
  if (length === POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (length === NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  let text = '';
  for (let index = 1; index <= length; index += 1) text += String.fromCharCode(bytes[at + index]);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  return Number(text);
}
