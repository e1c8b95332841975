/*
 * Reading the arguments of the connection and server commands: integers with Redis's messages,
 * words out of a fixed set, HELP. These commands are rare, so strings are fine here. Must not know
 * any single command.
 */

import type { Arguments } from '../resp/arguments.js';
import { INT64_INVALID, Int64Result, parseInt64 } from '../structures/integers.js';
import type { Context } from './command.js';
import { NOT_AN_INTEGER } from './errors.js';

const int64 = new Int64Result();

/** The argument as a signed 64-bit integer, beyond 2^53 only near it; `null` when it is none. */
export function integerArgument(args: Arguments, index: number): number | null {
  parseInt64(args.buffer, args.start[index], args.end[index], int64);
  return int64.kind === INT64_INVALID ? null : Number(int64.toBigInt());
}

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  /** Error text for anything but an integer in the range; default: Redis's general ones. */
  readonly error?: string;
}

/** As integerArgument, within a range. Replies the error itself: then the answer is `null`. */
export function readInteger(
  ctx: Context,
  options: { args: Arguments; index: number; range?: IntegerRange },
): number | null {
  const { args, index, range } = options;
  const value = integerArgument(args, index);
  if (value === null) {
    ctx.reply.error(range?.error ?? NOT_AN_INTEGER);
    return null;
  }
  if (range === undefined || (value >= range.min && value <= range.max)) return value;
  ctx.reply.error(
    range.error ?? `ERR value is out of range, value must between ${range.min} and ${range.max}`,
  );
  return null;
}

/** The argument in lower case: for words that are compared with a few others. */
export function wordArgument(args: Arguments, index: number): string {
  return args.text(index).toLowerCase();
}

const INT64_MAX_NUMBER = 2 ** 63;

/**
 * A time-out in ms, 0 for none, as Redis's blocking commands read it. Replies the error itself:
 * then the answer is `null`.
 */
export function readTimeoutMs(ctx: Context, args: Arguments, index: number): number | null {
  const value = integerArgument(args, index);
  if (value === null) {
    ctx.reply.error('ERR timeout is not an integer or out of range');
    return null;
  }
  if (value < 0) {
    ctx.reply.error('ERR timeout is negative');
    return null;
  }
  if (value + ctx.nowMs >= INT64_MAX_NUMBER) {
    ctx.reply.error('ERR timeout is out of range');
    return null;
  }
  return value;
}

/**
 * HELP of a container, which is called as the client has called it: `lines` are its subcommands,
 * each with indented lines on what it does.
 */
export function replyHelp(ctx: Context, args: Arguments, lines: readonly string[]): void {
  const { reply } = ctx;
  const container = args.text(0).toUpperCase();
  reply.array(lines.length + 3);
  reply.simple(`${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
  for (const line of lines) reply.simple(line);
  reply.simple('HELP');
  reply.simple('    Prints these lines.');
}
