/*
 * CONFIG: reading and changing directives at run time, writing them to the file, and starting the
 * statistics anew. What a directive is and how a change takes effect is the business of config/.
 */

import { failed } from '../config/config.js';
import { directivesByName } from '../config/directives.js';
import { cannotRewrite, NO_CONFIG_FILE, rewriteFile } from '../config/rewrite-file.js';
import type { Arguments } from '../resp/arguments.js';
import { type CommandFlag, type Context, defineCommands } from './command.js';
import { SYNTAX_ERROR } from './errors.js';
import { replyHelp, wordArgument } from './server-arguments.js';

const flags: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale'];
const allNodes = ['request_policy:all_nodes', 'response_policy:all_succeeded'];

export const configCommands = defineCommands([
  {
    name: 'config',
    arity: -2,
    flags: [],
    group: 'server',
    since: '2.0.0',
    summary: 'Holds the commands about the configuration.',
    subcommands: [
      {
        name: 'config|get',
        arity: -3,
        flags,
        group: 'server',
        since: '2.0.0',
        summary: 'Answers the directives that fit one of the patterns, with their values.',
        complexity: 'O(N), N being the number of directives',
        syntax: 'parameter...',
        run: get,
      },
      {
        name: 'config|help',
        arity: 2,
        flags: ['loading', 'stale'],
        group: 'server',
        since: '5.0.0',
        summary: 'Lists the subcommands.',
        complexity: 'O(1)',
        run: (ctx, args) => replyHelp(ctx, args, help),
      },
      {
        name: 'config|resetstat',
        arity: 2,
        flags,
        group: 'server',
        since: '2.0.0',
        summary: 'Sets the statistics of INFO back to zero.',
        complexity: 'O(1)',
        tips: allNodes,
        run: resetStat,
      },
      {
        name: 'config|rewrite',
        arity: 2,
        flags,
        group: 'server',
        since: '2.8.0',
        summary: 'Writes the directives in force to the configuration file.',
        complexity: 'O(N), N being the number of directives and of lines in the file',
        tips: allNodes,
        run: rewrite,
      },
      {
        name: 'config|set',
        arity: -4,
        flags,
        group: 'server',
        since: '2.0.0',
        summary: 'Changes directives: all of those given, or none.',
        complexity: 'O(N), N being the number of directives given',
        tips: allNodes,
        syntax: 'data{parameter value}...',
        secrets: secretValues,
        run: set,
      },
    ],
  },
]);

function get(ctx: Context, args: Arguments): void {
  const patterns: string[] = [];
  for (let i = 2; i < args.count; i++) patterns.push(args.text(i));
  const pairs = ctx.services.config.get(patterns);
  ctx.reply.map(pairs.length);
  for (const [name, text] of pairs) {
    ctx.reply.bulkLatin1(name);
    ctx.reply.bulkLatin1(text);
  }
}

function set(ctx: Context, args: Arguments): void {
  if (args.count % 2 === 1) return ctx.reply.error(SYNTAX_ERROR);
  const pairs: [string, string][] = [];
  for (let i = 2; i < args.count; i += 2) {
    // A password that was cut would let nobody in.
    if (args.isTooLongForText(i + 1))
      return ctx.reply.error(failed(args.text(i), 'argument is too long'));
    pairs.push([args.text(i), args.text(i + 1)]);
  }
  const failure = ctx.services.config.set(pairs, {
    isLoading: ctx.services.server.isLoading,
    isLoopback: ctx.client.connection.isLoopback,
  });
  if (failure !== null) return ctx.reply.error(failure.error);
  ctx.reply.ok();
}

function secretValues(args: Arguments): number[] {
  const indexes: number[] = [];
  for (let i = 2; i + 1 < args.count; i += 2) {
    if (directivesByName.get(wordArgument(args, i))?.isSensitive) indexes.push(i + 1);
  }
  return indexes;
}

function rewrite(ctx: Context): void {
  const { config, log } = ctx.services;
  if (config.file === '') return ctx.reply.error(NO_CONFIG_FILE);
  const failure = rewriteFile({ config, log });
  if (failure !== null) {
    log.warning(`CONFIG REWRITE failed: ${failure}`);
    return ctx.reply.error(cannotRewrite(failure));
  }
  log.notice('CONFIG REWRITE executed with success.');
  ctx.reply.ok();
}

function resetStat(ctx: Context): void {
  ctx.services.stats.reset();
  ctx.services.snapshots.resetStats();
  ctx.keyspace.resetStats();
  ctx.reply.ok();
}

const help = [
  'GET <pattern> [<pattern> ...]',
  '    Answers the directives that fit a glob-like <pattern>, with their values.',
  'SET <directive> <value> [<directive> <value> ...]',
  '    Changes directives: all of those given, or none.',
  'RESETSTAT',
  '    Sets the statistics of INFO back to zero.',
  'REWRITE',
  '    Writes the directives in force to the configuration file.',
];
