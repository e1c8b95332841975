/*
 * DEBUG HTSTATS, HTSTATS-KEY, SDSLEN, LISTPACK and QUICKLIST: how keys and values lie in memory, in
 * Redis's words as far as they fit. A dict here grows by a bucket at a time, and a bucket holds
 * twelve keys: the size of a table is its buckets, a chain is counted in buckets.
 */

import type { Ref } from '../memory/memory.js';
import type { Arguments } from '../resp/arguments.js';
import type { Dict } from '../structures/dict.js';
import type { Context } from './command.js';
import { stringValueAt } from './debug-object.js';
import { NO_SUCH_KEY } from './errors.js';
import { readInteger, wordArgument } from './server-arguments.js';
import * as errors from './server-errors.js';

const EMPTY = 'No stats available for empty dictionaries\n';

export function tableStats(ctx: Context, args: Arguments): void {
  const index = readInteger(ctx, { args, index: 2 });
  if (index === null) return;
  const database = ctx.keyspace.databases[index];
  if (database === undefined) return ctx.reply.error(errors.NO_DATABASE);
  const isFull = args.count > 3 && wordArgument(args, 3) === 'full';
  // The expiries stand in an index of their own, which is no table.
  const expiries = database.expires > 0 ? ` number of elements: ${database.expires}\n` : EMPTY;
  const head = 'Hash table 0 stats (main hash table):\n';
  ctx.reply.verbatim(
    'txt',
    `[Dictionary HT]\n${head}${describeTable(database.contents.dict, isFull)}` +
      `[Expires HT]\n${head}${expiries}`,
  );
}

function describeTable(dict: Dict, isFull: boolean): string {
  if (dict.size === 0) return EMPTY;
  const text = ` table size: ${dict.bucketCount}\n number of elements: ${dict.size}\n`;
  return isFull ? `${text} max chain length: ${dict.longestChain()}\n` : text;
}

/** Answers why the value at the key has nothing of that kind; there are strings only. */
export function notOfKind(error: string): (ctx: Context, args: Arguments) => void {
  return (ctx, args) => {
    const entry = ctx.db.lookupReadNoTouch(args.buffer, args.start[2], args.end[2]);
    ctx.reply.error(entry === 0 ? NO_SUCH_KEY : error);
  };
}

/** Lengths of key and value, and the blocks they lie in: the value's is 0 where it lies in that of
 * its key. Nothing is set aside for a string to grow into but the rest of its block. */
export function stringLengths(ctx: Context, args: Arguments): void {
  const { db, keyspace, reply } = ctx;
  const entry: Ref = db.peekAny(args.buffer, args.start[2], args.end[2]);
  if (entry === 0) return reply.error(NO_SUCH_KEY);
  if (db.encodingOf(entry) === 'int') return reply.error(errors.NOT_A_TEXT);
  const block = keyspace.memory.blockBytes(entry);
  reply.simple(
    `key_sds_len:${db.keyLength(entry)}, key_sds_avail:0, key_zmalloc: ${block}, ` +
      `val_sds_len:${stringValueAt(ctx, entry).length}, val_sds_avail:0, ` +
      `val_zmalloc: ${db.memoryUsage(entry) - block}`,
  );
}
