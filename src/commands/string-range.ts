/*
 * The arguments of commands on a range of a string: indexes that may count from its end. Must not
 * know what lies in the range.
 */

import type { Arguments } from '../resp/arguments.js';
import { INT64_BIG, INT64_INVALID, Int64Result, parseInt64 } from '../structures/integers.js';
import type { Context } from './command.js';
import { NOT_AN_INTEGER } from './errors.js';

const parsed = new Int64Result();
const second = new Int64Result();

/**
 * An index argument as a number. Beyond 2^53 it is as far out as any: the value is only compared
 * with lengths, so it may be rounded. NaN when it is no 64-bit integer; the error has been
 * answered.
 */
export function readIndex(ctx: Context, args: Arguments, index: number): number {
  parseInt64(args.buffer, args.start[index], args.end[index], parsed);
  if (parsed.kind === INT64_INVALID) {
    ctx.reply.error(NOT_AN_INTEGER);
    return Number.NaN;
  }
  return parsed.kind === INT64_BIG ? Number(parsed.bigint) : parsed.number;
}

/**
 * True when argument `index` and the next, both valid, are negative and in the wrong order: such a
 * range is empty even where both would be cut to the first byte.
 */
export function isInvertedRange(args: Arguments, index: number): boolean {
  const { buffer, start, end } = args;
  if (buffer[start[index]] !== 0x2d || buffer[start[index + 1]] !== 0x2d) return false;
  parseInt64(buffer, start[index], end[index], parsed);
  parseInt64(buffer, start[index + 1], end[index + 1], second);
  const isAnyBig = parsed.kind === INT64_BIG || second.kind === INT64_BIG;
  if (isAnyBig) return parsed.toBigInt() > second.toBigInt();
  return parsed.number > second.number;
}
