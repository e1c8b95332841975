/*
 * Keys of any type: whether they exist, what they are, deleting and renaming them. No handler knows
 * how a value is stored.
 */

import type { Database } from '../keyspace/database.js';
import { dropKey } from '../keyspace/whole-key.js';
import type { Arguments } from '../resp/arguments.js';
import { equalBytes } from '../structures/bytes.js';
import { type Context, defineCommands, type KeySpec, keyRange } from './command.js';
import { NO_SUCH_KEY } from './errors.js';
import { replyKey } from './scan-commands.js';
import { firstKey } from './string-values.js';

function del(ctx: Context, args: Arguments): void {
  const { db } = ctx;
  const { buffer, start, end, count } = args;
  const isReplica = ctx.keyspace.expiryMode === 'replica';
  let deleted = 0;
  for (let i = 1; i < count; i++) {
    if (isReplica) {
      if (deleteHidden(db, args, i)) deleted++;
      continue;
    }
    // The lookup comes first: a key that has expired is gone, and its deletion is not ours to
    // count.
    if (db.lookupWrite(buffer, start[i], end[i]) === 0) continue;
    if (db.delete(buffer, start[i], end[i])) deleted++;
  }
  ctx.dirty(deleted);
  ctx.reply.integer(deleted);
}

/** On a replica keys past their time are hidden, and there to be deleted. */
function deleteHidden(db: Database, { buffer, start, end }: Arguments, i: number): boolean {
  const wasThere = dropKey({ db, key: buffer, start: start[i], end: end[i] });
  if (wasThere) db.modified(buffer, start[i], end[i]);
  return wasThere;
}

/** A key named twice counts twice. */
function exists(ctx: Context, args: Arguments): void {
  const { buffer, start, end, count } = args;
  let found = 0;
  for (let i = 1; i < count; i++) {
    if (ctx.db.lookupReadNoTouch(buffer, start[i], end[i]) !== 0) found++;
  }
  ctx.reply.integer(found);
}

/** What it is for, it does also for clients whose use of keys is not noted. */
function touch(ctx: Context, args: Arguments): void {
  const { keyspace } = ctx;
  const { buffer, start, end, count } = args;
  const { notesUse } = keyspace;
  keyspace.notesUse = true;
  let found = 0;
  for (let i = 1; i < count; i++) {
    if (ctx.db.lookupRead(buffer, start[i], end[i]) !== 0) found++;
  }
  keyspace.notesUse = notesUse;
  ctx.reply.integer(found);
}

function type(ctx: Context, args: Arguments): void {
  const entry = ctx.db.lookupReadNoTouch(args.buffer, args.start[1], args.end[1]);
  ctx.reply.simple(entry === 0 ? 'none' : ctx.db.typeOf(entry));
}

function isSameKey(args: Arguments): boolean {
  const { buffer, start } = args;
  const length = args.length(1);
  return length === args.length(2) && equalBytes(buffer, start[1], buffer, start[2], length);
}

function rename(ctx: Context, args: Arguments): void {
  if (!moveKey(ctx, args, true)) return;
  ctx.reply.ok();
}

function renamenx(ctx: Context, args: Arguments): void {
  if (!moveKey(ctx, args, false)) return;
  ctx.reply.integer(isSameKey(args) ? 0 : 1);
}

/** False when the reply has been written already. */
function moveKey(ctx: Context, args: Arguments, mayReplace: boolean): boolean {
  const { db, reply } = ctx;
  const { buffer, start, end } = args;
  if (db.lookupWrite(buffer, start[1], end[1]) === 0) {
    reply.error(NO_SUCH_KEY);
    return false;
  }
  if (isSameKey(args)) return true;
  const isTaken = db.lookupWrite(buffer, start[2], end[2]) !== 0;
  if (isTaken && !mayReplace) {
    reply.integer(0);
    return false;
  }
  db.rename(buffer, start[1], end[1], buffer, start[2], end[2]);
  ctx.dirty(1);
  return true;
}

function randomkey(ctx: Context): void {
  const entry = ctx.db.randomKey();
  if (entry === 0) ctx.reply.null();
  else replyKey(ctx, entry);
}

function dbsize(ctx: Context): void {
  ctx.reply.integer(ctx.db.size);
}

const group = 'generic';
const categories = ['@keyspace'];

function allKeys(...flags: string[]): readonly KeySpec[] {
  return keyRange({ first: 1, last: -1, step: 1, flags });
}

function twoKeys(secondFlags: readonly string[]): readonly KeySpec[] {
  const target = keyRange({ first: 2, last: 0, step: 1, flags: secondFlags });
  return [...firstKey('RW', 'access', 'delete'), ...target];
}

export const keyCommands = defineCommands([
  {
    name: 'del',
    arity: -2,
    flags: ['write'],
    keys: allKeys('RM', 'delete'),
    group,
    since: '1.0.0',
    summary: 'Deletes keys.',
    categories,
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    syntax: 'key:key...',
    run: del,
  },
  {
    name: 'unlink',
    arity: -2,
    flags: ['write', 'fast'],
    keys: allKeys('RM', 'delete'),
    group,
    since: '4.0.0',
    summary: 'Deletes keys; what they held is freed in the background.',
    categories,
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    syntax: 'key:key...',
    run: del,
  },
  {
    name: 'exists',
    arity: -2,
    flags: ['readonly', 'fast'],
    keys: allKeys('RO'),
    group,
    since: '1.0.0',
    summary: 'Counts how many of the keys exist.',
    categories,
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    syntax: 'key:key...',
    run: exists,
  },
  {
    name: 'touch',
    arity: -2,
    flags: ['readonly', 'fast'],
    keys: allKeys('RO'),
    group,
    since: '3.2.1',
    summary: 'Counts how many of the keys exist, and marks them as used.',
    categories,
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    syntax: 'key:key...',
    run: touch,
  },
  {
    name: 'type',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: firstKey('RO'),
    group,
    since: '1.0.0',
    summary: 'Replies with the type of the value at a key.',
    categories,
    syntax: 'key:key',
    run: type,
  },
  {
    name: 'rename',
    arity: 3,
    flags: ['write'],
    keys: twoKeys(['OW', 'update']),
    group,
    since: '1.0.0',
    summary: 'Gives a key another name, over whatever had that name.',
    categories,
    syntax: 'key:key newkey:key',
    run: rename,
  },
  {
    name: 'renamenx',
    arity: 3,
    flags: ['write', 'fast'],
    keys: twoKeys(['OW', 'insert']),
    group,
    since: '1.0.0',
    summary: 'Gives a key another name that is not taken.',
    categories,
    syntax: 'key:key newkey:key',
    run: renamenx,
  },
  {
    name: 'randomkey',
    arity: 1,
    flags: ['readonly'],
    group,
    since: '1.0.0',
    summary: 'Replies with a key chosen at random.',
    categories,
    tips: ['request_policy:all_shards', 'response_policy:special', 'nondeterministic_output'],
    run: randomkey,
  },
  {
    name: 'dbsize',
    arity: 1,
    flags: ['readonly', 'fast'],
    group: 'server',
    since: '1.0.0',
    summary: 'Replies with the number of keys in the database.',
    categories,
    tips: ['request_policy:all_shards', 'response_policy:agg_sum'],
    run: dbsize,
  },
]);
