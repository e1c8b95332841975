/*
 * The arguments of commands on bits: offsets, the types of bit fields, and BITFIELD's list of
 * operations, which is read operation by operation into one scratch object: once to check it, once
 * to run it. Must not know databases.
 */

import { STRING_BYTES_MAX } from '../limits.js';
import type { Arguments } from '../resp/arguments.js';
import type { Overflow } from '../structures/bit-fields.js';
import { latin1 } from '../structures/bytes.js';
import { INT64_INVALID, INT64_SAFE, Int64Result, parseInt64 } from '../structures/integers.js';
import type { Context } from './command.js';
import {
  BIT_OFFSET_OUT_OF_RANGE,
  INVALID_FIELD_TYPE,
  INVALID_OVERFLOW_TYPE,
  NOT_AN_INTEGER,
  SYNTAX_ERROR,
} from './errors.js';

export const BYTE: Uint8Array = latin1('byte');
export const BIT: Uint8Array = latin1('bit');
export const GET: Uint8Array = latin1('get');
const SET = latin1('set');
const INCRBY = latin1('incrby');
export const OVERFLOW: Uint8Array = latin1('overflow');
const WRAP = latin1('wrap');
const SAT = latin1('sat');
const FAIL = latin1('fail');

const HASH_SIGN = 0x23;
const SMALL_I = 0x69;
const SMALL_U = 0x75;

const parsed = new Int64Result();

/**
 * A bit offset; with a `#` in front, one that counts in fields of `fieldBits` bits, unless that is
 * 0. NaN when it is none or out of range. Strings are as long as proto-max-bulk-len allows; the
 * stream of our primary is not bound to that.
 */
export function readBitOffset(
  ctx: Context,
  args: Arguments,
  index: number,
  fieldBits: number,
): number {
  const start = args.start[index];
  const end = args.end[index];
  const isCounted = fieldBits > 0 && start < end && args.buffer[start] === HASH_SIGN;
  parseInt64(args.buffer, isCounted ? start + 1 : start, end, parsed);
  if (parsed.kind === INT64_INVALID) return Number.NaN;
  let offset = parsed.kind === INT64_SAFE ? parsed.number : Number(parsed.bigint);
  if (isCounted) {
    offset *= fieldBits;
    // Redis multiplies in 64 bits, whatever comes of it; and what it accepts travels.
    if (!Number.isSafeInteger(offset)) {
      offset = Number(BigInt.asIntN(64, parsed.toBigInt() * BigInt(fieldBits)));
    }
  }
  if (offset < 0) return Number.NaN;
  const limit = ctx.isFromPrimary
    ? STRING_BYTES_MAX
    : Math.min(STRING_BYTES_MAX, ctx.services.config.values['proto-max-bulk-len']);
  return offset < limit * 8 ? offset : Number.NaN;
}

/** One operation of BITFIELD. Fixed fields, filled anew by each read; use them before the next. */
export class FieldOperation {
  kind: 'get' | 'set' | 'incrby' | 'overflow' = 'get';
  isSigned = false;
  bits = 0;
  offset = 0;
  /** Of `set` and `incrby`. */
  readonly operand = new Int64Result();
  /** As the last `overflow` said. */
  overflow: Overflow = 'wrap';
  /** Index of the first argument behind it. */
  next = 0;

  /** Before the first of a request's operations, which stands at argument `index`. */
  begin(index: number): void {
    this.next = index;
    this.overflow = 'wrap';
  }

  /** Reads the operation at `next`. `null`, or the error to answer. */
  read(ctx: Context, args: Arguments): string | null {
    const at = this.next;
    const following = args.count - at - 1;
    if (args.is(at, GET) && following >= 2) return this.#readField(ctx, args, 'get');
    if (args.is(at, SET) && following >= 3) return this.#readField(ctx, args, 'set');
    if (args.is(at, INCRBY) && following >= 3) return this.#readField(ctx, args, 'incrby');
    if (args.is(at, OVERFLOW) && following >= 1) return this.#readOverflow(args);
    return SYNTAX_ERROR;
  }

  #readField(ctx: Context, args: Arguments, kind: 'get' | 'set' | 'incrby'): string | null {
    const at = this.next;
    this.kind = kind;
    if (!this.#readType(args, at + 1)) return INVALID_FIELD_TYPE;
    this.offset = readBitOffset(ctx, args, at + 2, this.bits);
    if (Number.isNaN(this.offset)) return BIT_OFFSET_OUT_OF_RANGE;
    this.next = at + 3;
    if (kind === 'get') return null;
    this.next = at + 4;
    parseInt64(args.buffer, args.start[at + 3], args.end[at + 3], this.operand);
    return this.operand.kind === INT64_INVALID ? NOT_AN_INTEGER : null;
  }

  #readType(args: Arguments, index: number): boolean {
    const { buffer } = args;
    const start = args.start[index];
    const end = args.end[index];
    if (start === end || (buffer[start] !== SMALL_I && buffer[start] !== SMALL_U)) return false;
    this.isSigned = buffer[start] === SMALL_I;
    parseInt64(buffer, start + 1, end, parsed);
    if (parsed.kind !== INT64_SAFE) return false;
    this.bits = parsed.number;
    return this.bits >= 1 && this.bits <= (this.isSigned ? 64 : 63);
  }

  #readOverflow(args: Arguments): string | null {
    const index = this.next + 1;
    this.kind = 'overflow';
    this.next = index + 1;
    if (args.is(index, WRAP)) this.overflow = 'wrap';
    else if (args.is(index, SAT)) this.overflow = 'sat';
    else if (args.is(index, FAIL)) this.overflow = 'fail';
    else return INVALID_OVERFLOW_TYPE;
    return null;
  }
}
