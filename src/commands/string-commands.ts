/*
 * Strings as a whole: SET and GET with all their relatives. Handlers parse all arguments before
 * they touch state (STYLE 18), and declare what travels where it is not the request itself: a
 * relative expiry never does, since a replica would start its countdown later than we did.
 */

import { KEEP_EXPIRY, NO_EXPIRY } from '../keyspace/string-value.js';
import type { Arguments } from '../resp/arguments.js';
import { type Context, defineCommands, type KeySpec, keyRange } from './command.js';
import { wrongArity } from './errors.js';
import { deletionVerb, isAlreadyPast } from './expire-rules.js';
import { expireAtMs } from './expire-time.js';
import {
  GET,
  isGetOption,
  parseStringOptions,
  readExpiry,
  StringOptions,
} from './string-options.js';
import { argumentRange, firstKey, isString, replyStored, storeString } from './string-values.js';

const options = new StringOptions();

function get(ctx: Context, args: Arguments): void {
  replyCurrent(ctx, ctx.db.lookupRead(args.buffer, args.start[1], args.end[1]));
}

/** Replies with the entry's value, null for none. False when it is not a string: answered. */
function replyCurrent(ctx: Context, entry: number): boolean {
  if (entry === 0) {
    ctx.reply.null();
    return true;
  }
  if (!isString(ctx, entry)) return false;
  replyStored(ctx, entry);
  return true;
}

function set(ctx: Context, args: Arguments): void {
  if (args.count > 3) {
    setWithOptions(ctx, args);
    return;
  }
  storeString(ctx, args, 1, 2, NO_EXPIRY);
  ctx.dirty(1);
  ctx.reply.ok();
}

function setWithOptions(ctx: Context, args: Arguments): void {
  const { reply } = ctx;
  let error = parseStringOptions(args, options, 'set');
  const hasExpiry = options.form !== 'none';
  if (error === null && hasExpiry) {
    const { timeIndex: index, isSeconds, isRelative } = options;
    error = readExpiry(ctx, args, { index, isSeconds, isRelative, command: 'set' });
  }
  if (error !== null) {
    reply.error(error);
    return;
  }
  const { buffer, start, end } = args;
  if (options.isGet && !replyCurrent(ctx, ctx.db.lookupRead(buffer, start[1], end[1]))) return;
  if (options.isNx || options.isXx) {
    const entry = ctx.db.findAlive(buffer, start[1], end[1]);
    if ((entry !== 0) !== options.isXx) {
      // One use whether it is written or not: writing counts for itself.
      if (entry !== 0) ctx.db.touch(entry);
      if (!options.isGet) reply.null();
      return;
    }
  }
  const expiry = hasExpiry ? expireAtMs() : options.keepsTtl ? KEEP_EXPIRY : NO_EXPIRY;
  storeString(ctx, args, 1, 2, expiry);
  ctx.dirty(1);
  if (hasExpiry && options.form !== 'pxat') propagateWithExpiry(ctx, args, 2);
  else if (options.isGet && !hasExpiry) propagateWithoutGet(ctx, args);
  if (!options.isGet) reply.ok();
}

/** `SET key value PXAT ms`, with the value from argument `valueIndex`. */
function propagateWithExpiry(ctx: Context, args: Arguments, valueIndex: number): void {
  const key = argumentRange(args, 1);
  ctx.propagateAs(['SET', key, argumentRange(args, valueIndex), 'PXAT', String(expireAtMs())]);
}

/** The reply of GET concerns nobody downstream. */
function propagateWithoutGet(ctx: Context, args: Arguments): void {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < args.count; i++) {
    if (i < 3 || !isGetOption(args, i)) parts.push(argumentRange(args, i));
  }
  ctx.propagateAs(parts);
}

function setnx(ctx: Context, args: Arguments): void {
  if (ctx.db.lookupWrite(args.buffer, args.start[1], args.end[1]) !== 0) {
    ctx.reply.integer(0);
    return;
  }
  storeString(ctx, args, 1, 2, NO_EXPIRY);
  ctx.dirty(1);
  ctx.reply.integer(1);
}

function setex(ctx: Context, args: Arguments): void {
  setForTime(ctx, args, { index: 2, isSeconds: true, isRelative: true, command: 'setex' });
}

function psetex(ctx: Context, args: Arguments): void {
  setForTime(ctx, args, { index: 2, isSeconds: false, isRelative: true, command: 'psetex' });
}

function setForTime(ctx: Context, args: Arguments, time: Parameters<typeof readExpiry>[2]): void {
  const error = readExpiry(ctx, args, time);
  if (error !== null) {
    ctx.reply.error(error);
    return;
  }
  storeString(ctx, args, 1, 3, expireAtMs());
  ctx.dirty(1);
  propagateWithExpiry(ctx, args, 3);
  ctx.reply.ok();
}

function getset(ctx: Context, args: Arguments): void {
  if (!replyCurrent(ctx, ctx.db.lookupRead(args.buffer, args.start[1], args.end[1]))) return;
  storeString(ctx, args, 1, 2, NO_EXPIRY);
  ctx.dirty(1);
  ctx.propagateAs(['SET', argumentRange(args, 1), argumentRange(args, 2)]);
}

function getdel(ctx: Context, args: Arguments): void {
  const { buffer, start, end } = args;
  const entry = ctx.db.lookupRead(buffer, start[1], end[1]);
  if (!replyCurrent(ctx, entry) || entry === 0) return;
  if (!ctx.db.delete(buffer, start[1], end[1])) return;
  ctx.dirty(1);
  ctx.propagateAs(['DEL', argumentRange(args, 1)]);
}

function getex(ctx: Context, args: Arguments): void {
  const { db, reply } = ctx;
  const { buffer, start, end } = args;
  const error = parseStringOptions(args, options, 'getex');
  if (error !== null) {
    reply.error(error);
    return;
  }
  const entry = db.lookupRead(buffer, start[1], end[1]);
  if (entry === 0) {
    reply.null();
    return;
  }
  if (!isString(ctx, entry)) return;
  if (options.form === 'none') {
    replyStored(ctx, entry);
    if (options.persists && db.persist(buffer, start[1], end[1])) {
      ctx.dirty(1);
      ctx.propagateAs(['PERSIST', argumentRange(args, 1)]);
    }
    return;
  }
  getexWithExpiry(ctx, args, entry);
}

function getexWithExpiry(ctx: Context, args: Arguments, entry: number): void {
  const { buffer, start, end } = args;
  const { timeIndex: index, isSeconds, isRelative } = options;
  const error = readExpiry(ctx, args, { index, isSeconds, isRelative, command: 'getex' });
  if (error !== null) {
    ctx.reply.error(error);
    return;
  }
  replyStored(ctx, entry);
  const atMs = expireAtMs();
  ctx.dirty(1);
  const key = argumentRange(args, 1);
  if (!isRelative && isAlreadyPast(ctx, atMs)) {
    ctx.db.delete(buffer, start[1], end[1]);
    ctx.propagateAs([deletionVerb(ctx), key]);
  } else {
    ctx.db.setExpiresAt(buffer, start[1], end[1], atMs);
    ctx.propagateAs(['PEXPIREAT', key, String(atMs)]);
  }
}

function mget(ctx: Context, args: Arguments): void {
  const { reply, db } = ctx;
  const { buffer, start, end, count } = args;
  reply.array(count - 1);
  for (let i = 1; i < count; i++) {
    const entry = db.lookupRead(buffer, start[i], end[i]);
    if (entry === 0 || db.typeOf(entry) !== 'string') reply.null();
    else replyStored(ctx, entry);
  }
}

function mset(ctx: Context, args: Arguments): void {
  if (args.count % 2 === 0) {
    ctx.reply.error(wrongArity('mset'));
    return;
  }
  storePairs(ctx, args);
  ctx.reply.ok();
}

function msetnx(ctx: Context, args: Arguments): void {
  const { buffer, start, end, count } = args;
  if (count % 2 === 0) {
    ctx.reply.error(wrongArity('msetnx'));
    return;
  }
  for (let i = 1; i < count; i += 2) {
    if (ctx.db.lookupWrite(buffer, start[i], end[i]) === 0) continue;
    ctx.reply.integer(0);
    return;
  }
  storePairs(ctx, args);
  ctx.reply.integer(1);
}

function storePairs(ctx: Context, args: Arguments): void {
  for (let i = 1; i < args.count; i += 2) storeString(ctx, args, i, i + 1, NO_EXPIRY);
  ctx.dirty((args.count - 1) / 2);
}

const group = 'string';

/** SET reads only when asked for what was there. */
const setKey: readonly KeySpec[] = [
  {
    flags: ['RW', 'access', 'update', 'variable_flags'],
    begin: { index: 1 },
    find: { lastKey: 0, step: 1, limit: 0 },
    flagsOf: (args, from) => {
      for (let i = from + 3; i < args.count; i++) {
        if (args.is(i, GET)) return ['RW', 'access', 'update'];
      }
      return ['OW', 'update'];
    },
  },
];

export const stringCommands = defineCommands([
  {
    name: 'get',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: firstKey('RO', 'access'),
    group,
    since: '1.0.0',
    summary: 'Replies with the string stored at a key.',
    syntax: 'key:key',
    run: get,
  },
  {
    name: 'set',
    arity: -3,
    flags: ['write', 'denyoom'],
    keys: setKey,
    group,
    since: '1.0.0',
    summary: 'Stores a string at a key, whatever was there, with conditions and a time to live.',
    syntax:
      'key:key value [condition(NX | XX)@2.6.12] [GET@6.2.0] [expiration(EX ' +
      'seconds:integer@2.6.12 | PX milliseconds:integer@2.6.12 | EXAT ' +
      'unix-time-seconds:unix-time@6.2.0 | PXAT unix-time-milliseconds:unix-time@6.2.0 | ' +
      'KEEPTTL@6.0.0)]',
    stores: 2,
    run: set,
  },
  {
    name: 'setnx',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keys: firstKey('OW', 'insert'),
    group,
    since: '1.0.0',
    summary: 'Stores a string at a key that does not exist yet.',
    docFlags: ['deprecated'],
    deprecatedSince: '2.6.12',
    replacedBy: '`SET` with the `NX` argument',
    syntax: 'key:key value',
    stores: 2,
    run: setnx,
  },
  {
    name: 'setex',
    arity: 4,
    flags: ['write', 'denyoom'],
    keys: firstKey('OW', 'update'),
    group,
    since: '2.0.0',
    summary: 'Stores a string together with its time to live in seconds.',
    docFlags: ['deprecated'],
    deprecatedSince: '2.6.12',
    replacedBy: '`SET` with the `EX` argument',
    syntax: 'key:key seconds:integer value',
    stores: 3,
    run: setex,
  },
  {
    name: 'psetex',
    arity: 4,
    flags: ['write', 'denyoom'],
    keys: firstKey('OW', 'update'),
    group,
    since: '2.6.0',
    summary: 'Stores a string together with its time to live in milliseconds.',
    docFlags: ['deprecated'],
    deprecatedSince: '2.6.12',
    replacedBy: '`SET` with the `PX` argument',
    syntax: 'key:key milliseconds:integer value',
    stores: 3,
    run: psetex,
  },
  {
    name: 'getset',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keys: firstKey('RW', 'access', 'update'),
    group,
    since: '1.0.0',
    summary: 'Stores a string and replies with the one it replaces.',
    docFlags: ['deprecated'],
    deprecatedSince: '6.2.0',
    replacedBy: '`SET` with the `!GET` argument',
    syntax: 'key:key value',
    stores: 2,
    run: getset,
  },
  {
    name: 'getdel',
    arity: 2,
    flags: ['write', 'fast'],
    keys: firstKey('RW', 'access', 'delete'),
    group,
    since: '6.2.0',
    summary: 'Replies with the string stored at a key and deletes the key.',
    syntax: 'key:key',
    run: getdel,
  },
  {
    name: 'getex',
    arity: -2,
    flags: ['write', 'fast'],
    keys: firstKey('RW', 'access', 'update'),
    group,
    since: '6.2.0',
    summary: 'Replies with the string stored at a key and changes when the key expires.',
    syntax:
      'key:key [expiration(EX seconds:integer | PX milliseconds:integer | EXAT ' +
      'unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | PERSIST)]',
    run: getex,
  },
  {
    name: 'mget',
    arity: -2,
    flags: ['readonly', 'fast'],
    keys: keyRange({ first: 1, last: -1, step: 1, flags: ['RO', 'access'] }),
    group,
    since: '1.0.0',
    summary: 'Replies with the strings stored at several keys.',
    tips: ['request_policy:multi_shard'],
    syntax: 'key:key...',
    run: mget,
  },
  {
    name: 'mset',
    arity: -3,
    flags: ['write', 'denyoom'],
    keys: keyRange({ first: 1, last: -1, step: 2, flags: ['OW', 'update'] }),
    group,
    since: '1.0.1',
    summary: 'Stores several strings at once.',
    tips: ['request_policy:multi_shard', 'response_policy:all_succeeded'],
    syntax: 'data{key:key value}...',
    stores: 'last',
    run: mset,
  },
  {
    name: 'msetnx',
    arity: -3,
    flags: ['write', 'denyoom'],
    keys: keyRange({ first: 1, last: -1, step: 2, flags: ['OW', 'insert'] }),
    group,
    since: '1.0.1',
    summary: 'Stores several strings, all or none: none when one of the keys exists.',
    syntax: 'data{key:key value}...',
    stores: 'last',
    run: msetnx,
  },
]);
