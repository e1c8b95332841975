/*
 * Whole keys into another place: COPY and MOVE. Both travel as they came. No handler knows how a
 * value is stored.
 */

import type { Database } from '../keyspace/database.js';
import { copyKey, type KeyPlace, moveKey } from '../keyspace/whole-key.js';
import type { Arguments } from '../resp/arguments.js';
import { equalBytes, latin1 } from '../structures/bytes.js';
import { type Context, defineCommands, keyRange } from './command.js';
import { DB_INDEX_OUT_OF_RANGE, SAME_OBJECT, SYNTAX_ERROR } from './errors.js';
import { type IntegerRange, readInteger } from './server-arguments.js';
import { firstKey } from './string-values.js';

const REPLACE = latin1('replace');
const DB = latin1('db');
const INT_RANGE: IntegerRange = { min: -(2 ** 31), max: 2 ** 31 - 1 };

/** The database that argument `index` names; otherwise the error has been answered. */
function readDatabase(ctx: Context, args: Arguments, index: number): Database | null {
  const number = readInteger(ctx, { args, index, range: INT_RANGE });
  if (number === null) return null;
  const { databases } = ctx.keyspace;
  if (number >= 0 && number < databases.length) return ctx.keyspace.database(number);
  ctx.reply.error(DB_INDEX_OUT_OF_RANGE);
  return null;
}

function place(db: Database, args: Arguments, index: number): KeyPlace {
  return { db, key: args.buffer, start: args.start[index], end: args.end[index] };
}

interface CopyOptions {
  readonly to: Database;
  readonly mayReplace: boolean;
}

/** DB and REPLACE, from argument 3 on; null when an error has been answered. */
function readCopyOptions(ctx: Context, args: Arguments): CopyOptions | null {
  let to = ctx.db;
  let mayReplace = false;
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, REPLACE)) {
      mayReplace = true;
    } else if (args.is(i, DB) && i + 1 < args.count) {
      const named = readDatabase(ctx, args, ++i);
      if (named === null) return null;
      to = named;
    } else {
      ctx.reply.error(SYNTAX_ERROR);
      return null;
    }
  }
  return { to, mayReplace };
}

function copy(ctx: Context, args: Arguments): void {
  const { db, reply } = ctx;
  const { buffer, start, end } = args;
  const options = readCopyOptions(ctx, args);
  if (options === null) return;
  const { to, mayReplace } = options;
  const length = args.length(1);
  const isSameName =
    length === args.length(2) && equalBytes(buffer, start[1], buffer, start[2], length);
  if (to === db && isSameName) {
    reply.error(SAME_OBJECT);
    return;
  }
  if (
    db.lookupRead(buffer, start[1], end[1]) === 0 ||
    (to.lookupWrite(buffer, start[2], end[2]) !== 0 && !mayReplace)
  ) {
    reply.integer(0);
    return;
  }
  copyKey(place(db, args, 1), place(to, args, 2));
  ctx.dirty(1);
  reply.integer(1);
}

function move(ctx: Context, args: Arguments): void {
  const { db, reply } = ctx;
  const { buffer, start, end } = args;
  const to = readDatabase(ctx, args, 2);
  if (to === null) return;
  if (to === db) {
    reply.error(SAME_OBJECT);
    return;
  }
  if (
    db.lookupWrite(buffer, start[1], end[1]) === 0 ||
    to.lookupWrite(buffer, start[1], end[1]) !== 0
  ) {
    reply.integer(0);
    return;
  }
  moveKey(place(db, args, 1), to);
  ctx.dirty(1);
  reply.integer(1);
}

const group = 'generic';
const categories = ['@keyspace'];

export const keyCopyCommands = defineCommands([
  {
    name: 'copy',
    arity: -3,
    flags: ['write', 'denyoom'],
    keys: [
      ...firstKey('RO', 'access'),
      ...keyRange({ first: 2, last: 0, step: 1, flags: ['OW', 'update'] }),
    ],
    group,
    since: '6.2.0',
    summary: 'Copies a value to another key, also of another database.',
    categories,
    syntax: 'source:key destination:key [DB destination-db:integer] [REPLACE]',
    run: copy,
  },
  {
    name: 'move',
    arity: 3,
    flags: ['write', 'fast'],
    keys: firstKey('RW', 'access', 'update'),
    group,
    since: '1.0.0',
    summary: 'Moves a key to another database.',
    categories,
    syntax: 'key:key db:integer',
    run: move,
  },
]);
