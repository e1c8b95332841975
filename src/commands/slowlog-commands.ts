/*
 * SLOWLOG: shows the commands that took long, counts and forgets them. What enters the slow log is
 * the business of slow-commands, how long it is that of observability/.
 */

import type { Arguments } from '../resp/arguments.js';
import { type CommandFlag, type Context, defineCommands } from './command.js';
import { readInteger, replyHelp } from './server-arguments.js';
import * as errors from './server-errors.js';

const flags: readonly CommandFlag[] = ['admin', 'loading', 'stale'];

export const slowlogCommands = defineCommands([
  {
    name: 'slowlog',
    arity: -2,
    flags: [],
    group: 'server',
    since: '2.2.12',
    summary: 'Holds the commands about the slow log.',
    subcommands: [
      {
        name: 'slowlog|get',
        arity: -2,
        flags,
        group: 'server',
        since: '2.2.12',
        summary: 'Shows the latest entries of the slow log.',
        complexity: 'O(N), N being the number of entries shown',
        tips: ['request_policy:all_nodes', 'nondeterministic_output'],
        syntax: '[count:integer]',
        run: get,
      },
      {
        name: 'slowlog|help',
        arity: 2,
        flags: ['loading', 'stale'],
        group: 'server',
        since: '6.2.0',
        summary: 'Lists the subcommands.',
        complexity: 'O(1)',
        run: (ctx, args) => replyHelp(ctx, args, help),
      },
      {
        name: 'slowlog|len',
        arity: 2,
        flags,
        group: 'server',
        since: '2.2.12',
        summary: 'Counts the entries of the slow log.',
        complexity: 'O(1)',
        tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
        run: (ctx) => ctx.reply.integer(ctx.services.slowLog.length),
      },
      {
        name: 'slowlog|reset',
        arity: 2,
        flags,
        group: 'server',
        since: '2.2.12',
        summary: 'Drops all entries of the slow log.',
        complexity: 'O(1)',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: reset,
      },
    ],
  },
]);

/** Entries shown when none are asked for. */
const DEFAULT_COUNT = 10;

function get(ctx: Context, args: Arguments): void {
  const { reply, services } = ctx;
  if (args.count > 3) return reply.error(errors.badSubcommand(args));
  const range = { min: -1, max: Number.POSITIVE_INFINITY, error: errors.SLOWLOG_COUNT };
  const count = args.count === 3 ? readInteger(ctx, { args, index: 2, range }) : DEFAULT_COUNT;
  if (count === null) return;
  const entries = services.slowLog.latest(count === -1 ? services.slowLog.length : count);
  reply.array(entries.length);
  for (const entry of entries) {
    reply.array(6);
    reply.integer(entry.id);
    reply.integer(entry.atSeconds);
    reply.integer(entry.microseconds);
    reply.array(entry.words.length);
    for (const word of entry.words) reply.bulkLatin1(word);
    reply.bulkLatin1(entry.address);
    reply.bulkLatin1(entry.clientName);
  }
}

function reset(ctx: Context): void {
  ctx.services.slowLog.reset();
  ctx.reply.ok();
}

const help = [
  'GET [<count>]',
  '    Shows the latest <count> entries (10 of them by default, all with -1): id, time in unix',
  '    seconds, duration in microseconds, arguments, address and name of the client.',
  'LEN',
  '    Counts the entries.',
  'RESET',
  '    Drops all entries.',
];
