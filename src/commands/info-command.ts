/*
 * INFO. The text is made by observability/info; here is only how it is asked for.
 */

import type { Arguments } from '../resp/arguments.js';
import { type Context, defineCommands } from './command.js';
import { wordArgument } from './server-arguments.js';

export const infoCommands = defineCommands([
  {
    name: 'info',
    arity: -1,
    flags: ['loading', 'stale'],
    group: 'server',
    since: '1.0.0',
    summary: 'Tells about the server: its state, figures and statistics.',
    complexity: 'O(1)',
    categories: ['@dangerous'],
    tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
    syntax: '[section]...',
    run: info,
  },
]);

function info(ctx: Context, args: Arguments): void {
  const sections: string[] = [];
  for (let i = 1; i < args.count; i++) sections.push(wordArgument(args, i));
  ctx.reply.verbatim('txt', ctx.services.server.info(sections));
}
