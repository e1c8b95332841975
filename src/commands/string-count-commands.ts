/*
 * Strings as numbers: INCR and its relatives on signed 64-bit integers, INCRBYFLOAT on extended
 * floating point. Sums within 2^53 never leave plain numbers; beyond, BigInt decides exactly.
 */

import { readInteger, stringBytes } from '../keyspace/string-read.js';
import { KEEP_EXPIRY, setBigInteger, setInteger, setText } from '../keyspace/string-value.js';
import type { Ref } from '../memory/memory.js';
import type { Arguments } from '../resp/arguments.js';
import { latin1 } from '../structures/bytes.js';
import {
  INT64_INVALID,
  INT64_MAX,
  INT64_MIN,
  INT64_SAFE,
  Int64Result,
  parseInt64,
} from '../structures/integers.js';
import {
  addLongDoubles,
  formatLongDouble,
  type LongDouble,
  parseLongDouble,
} from '../structures/long-double.js';
import { type Context, defineCommands } from './command.js';
import {
  DECREMENT_WOULD_OVERFLOW,
  INCREMENT_NOT_FINITE,
  INCREMENT_WOULD_OVERFLOW,
  NOT_A_FLOAT,
  NOT_AN_INTEGER,
} from './errors.js';
import { argumentRange, firstKey, isString } from './string-values.js';

const current = new Int64Result();
const increment = new Int64Result();

function incr(ctx: Context, args: Arguments): void {
  addNumber(ctx, args, 1);
}

function decr(ctx: Context, args: Arguments): void {
  addNumber(ctx, args, -1);
}

function incrby(ctx: Context, args: Arguments): void {
  parseInt64(args.buffer, args.start[2], args.end[2], increment);
  if (increment.kind === INT64_INVALID) ctx.reply.error(NOT_AN_INTEGER);
  else if (increment.kind === INT64_SAFE) addNumber(ctx, args, increment.number);
  else addBig(ctx, args, increment.bigint);
}

function decrby(ctx: Context, args: Arguments): void {
  parseInt64(args.buffer, args.start[2], args.end[2], increment);
  if (increment.kind === INT64_INVALID) ctx.reply.error(NOT_AN_INTEGER);
  else if (increment.kind === INT64_SAFE) addNumber(ctx, args, -increment.number);
  else if (increment.bigint === INT64_MIN) ctx.reply.error(DECREMENT_WOULD_OVERFLOW);
  else addBig(ctx, args, -increment.bigint);
}

/** The entry whose integer readCurrent has read; 0 when it is missing. */
let currentEntry: Ref = 0;

/** Reads the key's integer into `current`: 0 when it is missing. False: the error is answered. */
function readCurrent(ctx: Context, args: Arguments): boolean {
  const entry = ctx.db.lookupWrite(args.buffer, args.start[1], args.end[1]);
  currentEntry = entry;
  if (entry === 0) {
    current.kind = INT64_SAFE;
    current.number = 0;
    return true;
  }
  if (!isString(ctx, entry)) return false;
  readInteger(ctx.db, entry, current);
  if (current.kind !== INT64_INVALID) return true;
  ctx.reply.error(NOT_AN_INTEGER);
  return false;
}

function addNumber(ctx: Context, args: Arguments, by: number): void {
  if (!readCurrent(ctx, args)) return;
  const sum = current.number + by;
  if (
    current.kind !== INT64_SAFE ||
    sum > Number.MAX_SAFE_INTEGER ||
    -sum > Number.MAX_SAFE_INTEGER
  ) {
    storeBig(ctx, args, current.toBigInt() + BigInt(by));
    return;
  }
  setInteger(ctx.db, currentEntry, args.buffer, args.start[1], args.end[1], sum);
  ctx.dirty(1);
  ctx.reply.integer(sum);
}

function addBig(ctx: Context, args: Arguments, by: bigint): void {
  if (readCurrent(ctx, args)) storeBig(ctx, args, current.toBigInt() + by);
}

function storeBig(ctx: Context, args: Arguments, sum: bigint): void {
  if (sum < INT64_MIN || sum > INT64_MAX) {
    ctx.reply.error(INCREMENT_WOULD_OVERFLOW);
    return;
  }
  setBigInteger(ctx.db, currentEntry, args.buffer, args.start[1], args.end[1], sum);
  ctx.dirty(1);
  ctx.reply.bigInteger(sum);
}

const ZERO: LongDouble = { kind: 'finite', isNegative: false, mantissa: 0n, exponent: 0 };

function incrbyfloat(ctx: Context, args: Arguments): void {
  const { buffer, start, end } = args;
  const entry = ctx.db.lookupWrite(buffer, start[1], end[1]);
  if (entry !== 0 && !isString(ctx, entry)) return;
  const value = entry === 0 ? ZERO : readLongDouble(ctx, entry);
  const by = parseLongDouble(buffer, start[2], end[2]);
  if (value === null || by === null) {
    ctx.reply.error(NOT_A_FLOAT);
    return;
  }
  const sum = addLongDoubles(value, by);
  if (sum === null || sum.kind === 'infinite') {
    ctx.reply.error(INCREMENT_NOT_FINITE);
    return;
  }
  const text = latin1(formatLongDouble(sum));
  setText(ctx.db, buffer, start[1], end[1], text, 0, text.length, KEEP_EXPIRY);
  ctx.dirty(1);
  // The sum travels, not the addition: floating point may differ on the other side.
  ctx.propagateAs(['SET', argumentRange(args, 1), text, 'KEEPTTL']);
  ctx.reply.bulk(text, 0, text.length);
}

function readLongDouble(ctx: Context, entry: Ref): LongDouble | null {
  const text = stringBytes(ctx.db, entry);
  return parseLongDouble(text, 0, text.length);
}

const group = 'string';
const flags = ['write', 'denyoom', 'fast'] as const;
const keys = firstKey('RW', 'access', 'update');

export const stringCountCommands = defineCommands([
  {
    name: 'incr',
    arity: 2,
    flags,
    keys,
    group,
    since: '1.0.0',
    summary: 'Adds one to an integer; a missing key counts as 0.',
    syntax: 'key:key',
    run: incr,
  },
  {
    name: 'decr',
    arity: 2,
    flags,
    keys,
    group,
    since: '1.0.0',
    summary: 'Takes one from an integer; a missing key counts as 0.',
    syntax: 'key:key',
    run: decr,
  },
  {
    name: 'incrby',
    arity: 3,
    flags,
    keys,
    group,
    since: '1.0.0',
    summary: 'Adds to an integer; a missing key counts as 0.',
    syntax: 'key:key increment:integer',
    run: incrby,
  },
  {
    name: 'decrby',
    arity: 3,
    flags,
    keys,
    group,
    since: '1.0.0',
    summary: 'Subtracts from an integer; a missing key counts as 0.',
    syntax: 'key:key decrement:integer',
    run: decrby,
  },
  {
    name: 'incrbyfloat',
    arity: 3,
    flags,
    keys,
    group,
    since: '2.6.0',
    summary: 'Adds to a floating point number; a missing key counts as 0.',
    syntax: 'key:key increment:double',
    run: incrbyfloat,
  },
]);
