/*
 * Whole databases: emptying them and exchanging two. What the values held is always freed in the
 * background, also for SYNC: the reply does not promise when memory comes back, and no client
 * waits.
 */

import type { Arguments } from '../resp/arguments.js';
import { latin1 } from '../structures/bytes.js';
import { INT64_SAFE, Int64Result, parseInt64 } from '../structures/integers.js';
import { type Context, defineCommands } from './command.js';
import {
  DB_INDEX_OUT_OF_RANGE,
  INVALID_FIRST_DB_INDEX,
  INVALID_SECOND_DB_INDEX,
  SYNTAX_ERROR,
} from './errors.js';

const SYNC = latin1('sync');
const ASYNC = latin1('async');

/** Nothing, SYNC or ASYNC; otherwise the error has been answered. */
function areFlushArgumentsValid(ctx: Context, args: Arguments): boolean {
  if (args.count === 1) return true;
  if (args.count === 2 && (args.is(1, SYNC) || args.is(1, ASYNC))) return true;
  ctx.reply.error(SYNTAX_ERROR);
  return false;
}

/** Each key is a change. A flush of nothing travels too: the replica may hold what we have not. */
function flush(ctx: Context, index: number | 'all'): void {
  ctx.dirty(ctx.keyspace.flush(index));
  ctx.propagateUnchanged();
}

function flushdb(ctx: Context, args: Arguments): void {
  if (!areFlushArgumentsValid(ctx, args)) return;
  flush(ctx, ctx.client.database);
  ctx.reply.ok();
}

function flushall(ctx: Context, args: Arguments): void {
  if (!areFlushArgumentsValid(ctx, args)) return;
  flush(ctx, 'all');
  const saving = ctx.services.snapshots.saveAfterFlush();
  // Who reads OK need not fear that a crash brings the data back. Others are not kept waiting.
  if (saving === null || ctx.isInTransaction || ctx.client.kind === 'primary') {
    return ctx.reply.ok();
  }
  const unblock = ctx.block({ reason: 'save', timeoutMs: 0, onTimeout: () => {} });
  void saving.then(() => unblock((reply) => reply.ok()));
}

const parsed = new Int64Result();

/** A 32-bit integer, or null. */
function readIndex(args: Arguments, i: number): number | null {
  parseInt64(args.buffer, args.start[i], args.end[i], parsed);
  return parsed.kind === INT64_SAFE && parsed.number === (parsed.number | 0) ? parsed.number : null;
}

function swapdb(ctx: Context, args: Arguments): void {
  const { reply, keyspace } = ctx;
  const first = readIndex(args, 1);
  const second = readIndex(args, 2);
  if (first === null || second === null) {
    reply.error(first === null ? INVALID_FIRST_DB_INDEX : INVALID_SECOND_DB_INDEX);
    return;
  }
  const count = keyspace.databases.length;
  if (first < 0 || first >= count || second < 0 || second >= count) {
    reply.error(DB_INDEX_OUT_OF_RANGE);
    return;
  }
  if (first !== second) keyspace.swap(first, second);
  ctx.dirty(1);
  reply.ok();
}

const group = 'server';
const categories = ['@keyspace', '@dangerous'];

export const keyDatabaseCommands = defineCommands([
  {
    name: 'flushdb',
    arity: -1,
    flags: ['write'],
    group,
    since: '1.0.0',
    summary: 'Deletes all keys of the database.',
    categories,
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    syntax: '[flush-type(ASYNC@4.0.0 | SYNC@6.2.0)]',
    run: flushdb,
  },
  {
    name: 'flushall',
    arity: -1,
    flags: ['write'],
    group,
    since: '1.0.0',
    summary: 'Deletes all keys of all databases.',
    categories,
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    syntax: '[flush-type(ASYNC@4.0.0 | SYNC@6.2.0)]',
    run: flushall,
  },
  {
    name: 'swapdb',
    arity: 3,
    flags: ['write', 'fast'],
    group,
    since: '4.0.0',
    summary: 'Exchanges the contents of two databases.',
    categories,
    syntax: 'index1:integer index2:integer',
    run: swapdb,
  },
]);
