/*
 * Why an RDB cannot be read: one typed value with the place, and the texts, which follow Redis's.
 * Hostile input is a result, never an exception. Pure.
 */

/**
 * 'cut': it ends early. 'corrupt': it is no RDB, or damaged. 'unsupported': it is a sound RDB as
 * far as it goes, but holds what this server cannot take in. 'io': it could not be read, or there
 * is no memory for it (never from the reader itself).
 */
export type RdbErrorKind = 'cut' | 'corrupt' | 'unsupported' | 'io';

export interface RdbError {
  readonly kind: RdbErrorKind;
  /** Absolute position, in bytes from the start of the RDB, of what is wrong. */
  readonly offset: number;
  readonly reason: string;
}

const KEY_TEXT_BYTES_MAX = 128;

export const WRONG_SIGNATURE = 'Wrong signature trying to load DB from file';
export const UNEXPECTED_END = 'Unexpected EOF reading RDB file';
export const INVALID_LZF = 'Invalid LZF compressed string';
export const PRE_RELEASE_FUNCTION = 'Pre-release function format not supported.';

/** The line for the log. */
export function describeRdbError(error: RdbError): string {
  return `Internal error in RDB reading offset ${error.offset} -> ${error.reason}`;
}

/** A key for an error text: quoted, unprintable bytes escaped, long ones shortened. */
export function quoteKey(bytes: Uint8Array, start: number, end: number): string {
  const shown = Math.min(end, start + KEY_TEXT_BYTES_MAX);
  let text = "'";
  for (let at = start; at < shown; at += 1) {
    const byte = bytes[at];
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x27 && byte !== 0x5c;
    text += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return shown < end ? `${text}…' (${end - start} bytes)` : `${text}'`;
}
