/*
 * LOLWUT: a picture that differs from version to version, and the version of Redis that this server
 * follows. Options and bounds are Redis's; the pictures are our own, with 1000 lines at most.
 */

import { LOLWUT_LINES_MAX } from '../limits.js';
import type { Arguments } from '../resp/arguments.js';
import { type Context, defineCommands } from './command.js';
import { REDIS_VERSION } from './connection-commands.js';
import { readInteger, wordArgument } from './server-arguments.js';
import { drawHills, drawSquares } from './server-drawings.js';

export const lolwutCommands = defineCommands([
  {
    name: 'lolwut',
    arity: -1,
    flags: ['readonly', 'fast'],
    group: 'server',
    since: '5.0.0',
    summary: 'Draws a picture, and tells the version.',
    complexity: 'O(N), N being the number of characters drawn',
    syntax: '[VERSION version:integer]',
    run: lolwut,
  },
]);

/** One number among the options of a picture: what is out of bounds is taken to the bound. */
interface Size {
  readonly initial: number;
  readonly max: number;
}

function lolwut(ctx: Context, args: Arguments): void {
  if (args.count < 3 || wordArgument(args, 1) !== 'version') return answer(ctx, '');
  const version = readInteger(ctx, { args, index: 2 });
  if (version === null) return;
  if (version === 5) return squares(ctx, args);
  if (version === 6) return hills(ctx, args);
  answer(ctx, '');
}

/** LOLWUT VERSION 5 [columns [squares-per-row [squares-per-column]]] */
function squares(ctx: Context, args: Arguments): void {
  const sizes = readSizes(ctx, args, [
    { initial: 66, max: 1000 },
    { initial: 8, max: 200 },
    { initial: 12, max: 200 },
  ]);
  if (sizes === null) return;
  const [columns = 1, perRow = 1, perColumn = 1] = sizes;
  const { random } = ctx.keyspace;
  const linesMax = LOLWUT_LINES_MAX;
  const picture = drawSquares({ columns, perRow, perColumn, linesMax, random });
  answer(ctx, `${picture}\nOrder and disorder, after Georg Nees, 1968. `);
}

/** LOLWUT VERSION 6 [columns [rows]] */
function hills(ctx: Context, args: Arguments): void {
  const sizes = readSizes(ctx, args, [
    { initial: 80, max: 1000 },
    { initial: 20, max: LOLWUT_LINES_MAX },
  ]);
  if (sizes === null) return;
  const [columns = 1, rows = 1] = sizes;
  const picture = drawHills({ columns, rows, random: ctx.keyspace.random });
  answer(ctx, `${picture}\nHills at dusk. `);
}

/** The arguments from 3 on; further ones are passed over. `null` when one is no number. */
function readSizes(ctx: Context, args: Arguments, sizes: readonly Size[]): number[] | null {
  const found: number[] = [];
  for (const [i, { initial, max }] of sizes.entries()) {
    const index = 3 + i;
    const given = index < args.count ? readInteger(ctx, { args, index }) : initial;
    if (given === null) return null;
    found.push(Math.max(1, Math.min(max, given)));
  }
  return found;
}

function answer(ctx: Context, text: string): void {
  ctx.reply.verbatim('txt', `${text}Redis ver. ${REDIS_VERSION}\n`);
}
