/*
 * DEBUG's switches: what tests turn off to look at something else, and what Redis's tests turn on
 * that has no meaning here, which is accepted. Flags are read as Redis does: any number but 0 is
 * on, what is none is off.
 */

import { parseMemory } from '../config/scalar-types.js';
import type { Arguments } from '../resp/arguments.js';
import type { Context } from './command.js';
import { readInteger, wordArgument } from './server-arguments.js';
import * as errors from './server-errors.js';

/** The flag in the argument behind the subcommand. */
export function flagArgument(args: Arguments): boolean {
  const value = Number.parseInt(args.text(2), 10);
  return !Number.isNaN(value) && value !== 0;
}

/** Nothing runs by the clock any more, and signals to end wait. */
export function pauseCron(ctx: Context, args: Arguments): void {
  ctx.services.server.isCronPaused = flagArgument(args);
  ctx.reply.ok();
}

export function skipChecksums(ctx: Context, args: Arguments): void {
  ctx.services.server.skipsChecksums = flagArgument(args);
  ctx.reply.ok();
}

/** For what there is nothing to switch. */
export function acceptAnything(ctx: Context): void {
  ctx.reply.ok();
}

/** Largest size that Redis takes for a list's node of its own. */
const PACKED_THRESHOLD_MAX = 2n ** 32n - 2n ** 20n;

/** Checked only: there are no lists yet. */
export function packedThreshold(ctx: Context, args: Arguments): void {
  const size = parseMemory(args.text(2));
  if (size === null || size > PACKED_THRESHOLD_MAX) {
    return ctx.reply.error(errors.BAD_PACKED_THRESHOLD);
  }
  ctx.reply.ok();
}

/** Checked only: replies are written to one buffer that all clients share, and none is resized. */
export function replyBuffer(ctx: Context, args: Arguments): void {
  const { reply } = ctx;
  const option = wordArgument(args, 2);
  if (option === 'peak-reset-time') {
    const isWord = ['never', 'reset'].includes(wordArgument(args, 3));
    if (!isWord && readInteger(ctx, { args, index: 3 }) === null) return;
  } else if (option !== 'resizing') {
    return reply.error(errors.badSubcommand(args));
  }
  reply.ok();
}

/** An error with any text. As in Redis it is no error of the server's and is not counted. */
export function replyError(ctx: Context, args: Arguments): void {
  const line = Buffer.from(`-${args.text(2).replace(/[\r\n]/g, ' ')}\r\n`, 'latin1');
  ctx.reply.raw(line, 0, line.length);
}
