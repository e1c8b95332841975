/*
 * COMMAND: what the server tells clients about its commands, all of it from the rows. redis-cli
 * asks for DOCS at its start, cluster-aware clients for INFO and GETKEYS.
 */

import type { Arguments } from '../resp/arguments.js';
import { latin1 } from '../structures/bytes.js';
import { matchesGlob } from '../structures/glob.js';
import { type CommandFlag, type Context, defineCommands } from './command.js';
import { categoriesOf } from './command-categories.js';
import { keyFlags, writeDocs, writeInfo } from './command-docs.js';
import { findKeys } from './command-keys.js';
import { type Command, subcommandOf } from './command-table.js';
import { SYNTAX_ERROR } from './errors.js';
import { replyHelp, wordArgument } from './server-arguments.js';
import * as errors from './server-errors.js';

const flags: readonly CommandFlag[] = ['loading', 'stale'];
const connection = ['@connection'];
const unordered = ['nondeterministic_output_order'];

export const commandCommands = defineCommands([
  {
    name: 'command',
    arity: -1,
    flags,
    group: 'server',
    since: '2.8.13',
    summary: 'Describes every command.',
    complexity: 'O(N), N being the number of commands',
    categories: connection,
    tips: unordered,
    run: describeAll,
    subcommands: [
      {
        name: 'command|count',
        arity: 2,
        flags,
        group: 'server',
        since: '2.8.13',
        summary: 'Answers how many commands there are.',
        complexity: 'O(1)',
        categories: connection,
        run: count,
      },
      {
        name: 'command|docs',
        arity: -2,
        flags,
        group: 'server',
        since: '7.0.0',
        summary: 'Answers the documentation of commands.',
        complexity: 'O(N), N being the number of commands asked for',
        categories: connection,
        tips: unordered,
        syntax: '[command-name]...',
        run: docs,
      },
      {
        name: 'command|getkeys',
        arity: -3,
        flags,
        group: 'server',
        since: '2.8.13',
        summary: 'Answers the keys of a request.',
        complexity: 'O(N), N being the number of arguments',
        categories: connection,
        syntax: 'command [arg]...',
        run: (ctx, args) => getKeys(ctx, args, false),
      },
      {
        name: 'command|getkeysandflags',
        arity: -3,
        flags,
        group: 'server',
        since: '7.0.0',
        summary: 'Answers the keys of a request, with what is done to each.',
        complexity: 'O(N), N being the number of arguments',
        categories: connection,
        syntax: 'command [arg]...',
        run: (ctx, args) => getKeys(ctx, args, true),
      },
      {
        name: 'command|help',
        arity: 2,
        flags,
        group: 'server',
        since: '5.0.0',
        summary: 'Lists the subcommands.',
        complexity: 'O(1)',
        categories: connection,
        run: (ctx, args) => replyHelp(ctx, args, help),
      },
      {
        name: 'command|info',
        arity: -2,
        flags,
        group: 'server',
        since: '2.8.13',
        summary: 'Describes commands.',
        complexity: 'O(N), N being the number of commands asked for',
        categories: connection,
        tips: unordered,
        syntax: '[command-name]...',
        run: info,
      },
      {
        name: 'command|list',
        arity: -2,
        flags,
        group: 'server',
        since: '7.0.0',
        summary: 'Answers the names of the commands.',
        complexity: 'O(N), N being the number of commands',
        categories: connection,
        tips: unordered,
        syntax:
          '[FILTERBY filterby(MODULE module-name | ACLCAT category | PATTERN pattern:pattern)]',
        run: list,
      },
    ],
  },
]);

function describeAll(ctx: Context): void {
  const commands = ctx.services.commands.topLevel;
  ctx.reply.array(commands.length);
  for (const command of commands) writeInfo(ctx.reply, command);
}

function count(ctx: Context): void {
  ctx.reply.integer(ctx.services.commands.topLevel.length);
}

function info(ctx: Context, args: Arguments): void {
  if (args.count === 2) return describeAll(ctx);
  ctx.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    const command = ctx.services.commands.byName(args.text(i));
    if (command === null) ctx.reply.null();
    else writeInfo(ctx.reply, command);
  }
}

function docs(ctx: Context, args: Arguments): void {
  const { reply, services } = ctx;
  const commands: Command[] = args.count === 2 ? [...services.commands.topLevel] : [];
  for (let i = 2; i < args.count; i++) {
    const command = services.commands.byName(args.text(i));
    if (command !== null) commands.push(command);
  }
  reply.map(commands.length);
  for (const command of commands) {
    reply.bulkLatin1(command.name);
    writeDocs(reply, command);
  }
}

function list(ctx: Context, args: Arguments): void {
  const isWanted = parseFilter(args);
  if (isWanted === null) return ctx.reply.error(SYNTAX_ERROR);
  const names = ctx.services.commands.topLevel
    .flatMap((command) => [command, ...command.subcommands])
    .filter(isWanted)
    .map(({ name }) => name);
  ctx.reply.array(names.length);
  for (const name of names) ctx.reply.bulkLatin1(name);
}

/** What FILTERBY asks for; `null` when it is written wrongly. */
function parseFilter(args: Arguments): ((command: Command) => boolean) | null {
  if (args.count === 2) return () => true;
  if (args.count !== 5 || wordArgument(args, 2) !== 'filterby') return null;
  switch (wordArgument(args, 3)) {
    // No module can be loaded.
    case 'module':
      return () => false;
    case 'aclcat': {
      const category = `@${wordArgument(args, 4)}`;
      return (command) => categoriesOf(command).includes(category);
    }
    case 'pattern': {
      const pattern = args.bytes(4);
      return ({ name }) => matchesGlob(pattern, latin1(name), 0, name.length, true);
    }
    default:
      return null;
  }
}

/** The command that the arguments from 2 on begin with, the subcommand where it names one. */
function commandAt2(ctx: Context, args: Arguments): Command | null {
  const command = ctx.services.commands.byName(args.text(2));
  if (command === null || command.parent !== null) return null;
  if (command.subcommands.length === 0 || args.count < 4) return command;
  return subcommandOf(command, args.text(3));
}

function getKeys(ctx: Context, args: Arguments, withFlags: boolean): void {
  const { reply } = ctx;
  const command = commandAt2(ctx, args);
  if (command === null) return reply.error(errors.INVALID_COMMAND);
  const specs = command.row.keys ?? [];
  if (specs.length === 0) return reply.error(errors.NO_KEY_ARGUMENTS);
  if (!command.accepts(args.count - 2)) return reply.error(errors.INVALID_ARGUMENT_COUNT);
  const keys = findKeys(specs, args, 2);
  if (keys === null || keys.length === 0) return reply.error(errors.INVALID_ARGUMENTS);
  reply.array(keys.length);
  for (const { index, flags } of keys) {
    if (withFlags) reply.array(2);
    reply.bulk(args.buffer, args.start[index], args.end[index]);
    if (!withFlags) continue;
    const names = keyFlags(flags);
    reply.set(names.length);
    for (const name of names) reply.simple(name);
  }
}

const help = [
  '(no subcommand)',
  '    Describes every command.',
  'COUNT',
  '    Answers how many commands there are.',
  'DOCS [<command-name> ...]',
  '    Answers the documentation of the named commands, or of all.',
  'GETKEYS <full-command>',
  '    Answers the keys of a request.',
  'GETKEYSANDFLAGS <full-command>',
  '    Answers the keys of a request, with what is done to each.',
  'INFO [<command-name> ...]',
  '    Describes the named commands, or all.',
  'LIST [FILTERBY (MODULE <name>|ACLCAT <category>|PATTERN <pattern>)]',
  '    Answers the names of the commands.',
];
