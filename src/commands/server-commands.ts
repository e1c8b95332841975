/*
 * SAVE, BGSAVE, LASTSAVE, SHUTDOWN and TIME: commands about the server as a whole that are small.
 * What they start is done by snapshots and by the server's life cycle; a command that takes long
 * blocks its own client only.
 */

import type { Arguments } from '../resp/arguments.js';
import { type Context, defineCommands } from './command.js';
import { SYNTAX_ERROR } from './errors.js';
import { wordArgument } from './server-arguments.js';
import * as errors from './server-errors.js';

export const serverCommands = defineCommands([
  {
    name: 'save',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    group: 'server',
    since: '1.0.0',
    summary: 'Saves the data set to disk, and answers when that is done.',
    complexity: 'O(N), N being the number of keys',
    run: save,
  },
  {
    name: 'bgsave',
    arity: -1,
    flags: ['admin', 'noscript', 'no_async_loading'],
    group: 'server',
    since: '1.0.0',
    summary: 'Begins to save the data set to disk.',
    complexity: 'O(1)',
    syntax: '[SCHEDULE@3.2.2]',
    run: bgsave,
  },
  {
    name: 'lastsave',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    group: 'server',
    since: '1.0.0',
    summary: 'Answers when the data set was last saved, in seconds since 1970.',
    complexity: 'O(1)',
    categories: ['@admin', '@dangerous'],
    tips: ['nondeterministic_output'],
    run: (ctx) => ctx.reply.integer(ctx.services.snapshots.lastSaveAtSeconds),
  },
  {
    name: 'shutdown',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy'],
    group: 'server',
    since: '1.0.0',
    summary: 'Saves the data set where that is configured, and ends the server.',
    complexity: 'O(N) when saving, N being the number of keys',
    syntax: '[save-selector(NOSAVE | SAVE)] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]',
    run: shutdown,
  },
  {
    name: 'time',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    group: 'server',
    since: '2.6.0',
    summary: "Answers the server's time.",
    complexity: 'O(1)',
    tips: ['nondeterministic_output'],
    run: time,
  },
]);

const MICROSECONDS_PER_SECOND = 1_000_000;

function save(ctx: Context): void {
  const saving = ctx.services.snapshots.save('save');
  if (saving === 'busy') return ctx.reply.error(errors.ALREADY_SAVING);
  const unblock = ctx.block({ reason: 'save', timeoutMs: 0, onTimeout: () => {} });
  const failed = () => unblock((reply) => reply.error(errors.SAVE_FAILED));
  saving.then((hasSaved) => (hasSaved ? unblock((reply) => reply.ok()) : failed()), failed);
}

function bgsave(ctx: Context, args: Arguments): void {
  const { reply, services } = ctx;
  if (args.count > 2 || (args.count === 2 && wordArgument(args, 1) !== 'schedule')) {
    return reply.error(SYNTAX_ERROR);
  }
  if (services.snapshots.isSaving) return reply.error(errors.ALREADY_SAVING);
  if (ctx.isInTransaction) {
    // A freeze happens between commands: in the middle of EXEC it would split the transaction.
    services.snapshots.scheduleSave();
    return reply.simple('Background saving scheduled');
  }
  const saving = services.snapshots.save('bgsave');
  if (saving === 'busy') return reply.error(errors.ALREADY_SAVING);
  // The outcome is logged, and stands in INFO.
  saving.catch(() => {});
  reply.simple('Background saving started');
}

interface ShutdownOptions {
  save: 'default' | 'save' | 'nosave';
  isNow: boolean;
  isForced: boolean;
  isAbort: boolean;
}

function shutdown(ctx: Context, args: Arguments): void {
  const options = parseShutdown(args);
  if (options === null) return ctx.reply.error(SYNTAX_ERROR);
  const { server } = ctx.services;
  const { isAbort, ...request } = options;
  if (isAbort) {
    if (!server.abortShutdown()) return ctx.reply.error(errors.NO_SHUTDOWN);
    return ctx.reply.ok();
  }
  const unblock = ctx.block({ reason: 'shutdown', timeoutMs: 0, onTimeout: () => {} });
  server.shutdown({
    ...request,
    onRefused: () => unblock((reply) => reply.error(errors.SHUTDOWN_FAILED)),
  });
}

function parseShutdown(args: Arguments): ShutdownOptions | null {
  const options: ShutdownOptions = {
    save: 'default',
    isNow: false,
    isForced: false,
    isAbort: false,
  };
  for (let i = 1; i < args.count; i++) {
    const word = wordArgument(args, i);
    if (word === 'now') options.isNow = true;
    else if (word === 'force') options.isForced = true;
    else if (word === 'abort') options.isAbort = true;
    else if (word !== 'save' && word !== 'nosave') return null;
    else if (options.save !== 'default' && options.save !== word) return null;
    else options.save = word;
  }
  const hasOthers = options.save !== 'default' || options.isNow || options.isForced;
  return options.isAbort && hasOthers ? null : options;
}

function time(ctx: Context): void {
  const now = ctx.services.clock.wallMicroseconds();
  ctx.reply.array(2);
  ctx.reply.bulkLatin1(String(Math.floor(now / MICROSECONDS_PER_SECOND)));
  ctx.reply.bulkLatin1(String(now % MICROSECONDS_PER_SECOND));
}
