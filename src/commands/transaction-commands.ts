/*
 * MULTI, EXEC, DISCARD, WATCH, UNWATCH. The rows and the argument checks only: what they do is in
 * transaction-runner, what a queued command does is its own handler.
 */

import type { Arguments } from '../resp/arguments.js';
import { type Context, defineCommands, keyRange } from './command.js';
import * as errors from './errors.js';

export const transactionCommands = defineCommands([
  {
    name: 'multi',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    group: 'transactions',
    since: '1.2.0',
    summary: 'Begins a transaction: the commands that follow are queued.',
    run: multi,
  },
  {
    name: 'exec',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
    group: 'transactions',
    since: '1.2.0',
    summary: 'Executes the queued commands, unless a watched key has changed.',
    run: exec,
  },
  {
    name: 'discard',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    group: 'transactions',
    since: '2.0.0',
    summary: 'Drops the queued commands and the watches.',
    run: discard,
  },
  {
    name: 'watch',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    keys: keyRange({ first: 1, last: -1, step: 1, flags: ['RO'] }),
    group: 'transactions',
    since: '2.2.0',
    summary: 'Makes the next EXEC depend on the keys being unchanged.',
    syntax: 'key:key...',
    run: watch,
  },
  {
    name: 'unwatch',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    group: 'transactions',
    since: '2.2.0',
    summary: 'Forgets the watched keys.',
    run: unwatch,
  },
]);

function multi(ctx: Context): void {
  if (ctx.client.transaction !== null) return ctx.reply.error(errors.NESTED_MULTI);
  ctx.services.transactions.begin(ctx.client);
  ctx.reply.ok();
}

function exec(ctx: Context): void {
  ctx.services.transactions.execute(ctx);
}

function discard(ctx: Context): void {
  if (ctx.client.transaction === null) return ctx.reply.error(errors.DISCARD_WITHOUT_MULTI);
  ctx.services.transactions.discard(ctx.client);
  ctx.reply.ok();
}

function watch(ctx: Context, args: Arguments): void {
  const { client, services } = ctx;
  if (client.transaction !== null) return ctx.reply.error(errors.WATCH_IN_MULTI);
  // A client that is marked already stays so: watching more cannot undo it.
  if (client.watches?.isDirty || services.transactions.watch(client, args)) return ctx.reply.ok();
  ctx.reply.error(errors.TOO_MANY_WATCHES);
}

function unwatch(ctx: Context): void {
  ctx.services.transactions.unwatch(ctx.client);
  ctx.reply.ok();
}
