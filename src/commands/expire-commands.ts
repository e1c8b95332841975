/*
 * When keys expire: the EXPIRE and TTL families and PERSIST. A deadline always travels as
 * PEXPIREAT; one that is past already deletes the key here and now, on a primary. A replica never
 * decides that: it keeps the deadline and waits for its primary's DEL.
 */

import type { Arguments } from '../resp/arguments.js';
import { latin1 } from '../structures/bytes.js';
import { type CommandFlag, type Context, defineCommands, type KeySpec } from './command.js';
import {
  EXPIRE_GT_AND_LT,
  EXPIRE_NX_AND_OTHERS,
  invalidExpire,
  NOT_AN_INTEGER,
  unsupportedOption,
} from './errors.js';
import { deletionVerb, isAlreadyPast } from './expire-rules.js';
import { expireAtMs, readTime, TIME_NOT_AN_INTEGER, TIME_OVERFLOWS } from './expire-time.js';
import { argumentRange, firstKey } from './string-values.js';

const NX = 1;
const XX = 2;
const GT = 4;
const LT = 8;

const NX_TOKEN = latin1('nx');
const XX_TOKEN = latin1('xx');
const GT_TOKEN = latin1('gt');
const LT_TOKEN = latin1('lt');

/** Condition bits; set by parseConditions. */
let conditions = 0;

/** Reads NX, XX, GT and LT from index 3 on. `null`, or the error to answer. */
function parseConditions(args: Arguments): string | null {
  conditions = 0;
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, NX_TOKEN)) conditions |= NX;
    else if (args.is(i, XX_TOKEN)) conditions |= XX;
    else if (args.is(i, GT_TOKEN)) conditions |= GT;
    else if (args.is(i, LT_TOKEN)) conditions |= LT;
    else return unsupportedOption(args.text(i));
  }
  if ((conditions & NX) !== 0 && conditions !== NX) return EXPIRE_NX_AND_OTHERS;
  return (conditions & GT) !== 0 && (conditions & LT) !== 0 ? EXPIRE_GT_AND_LT : null;
}

/** Whether the conditions let `atMs` replace `currentMs` (-1: the key does not expire). */
function isAllowed(atMs: number, currentMs: number): boolean {
  if (conditions === 0) return true;
  if ((conditions & NX) !== 0 && currentMs !== -1) return false;
  if ((conditions & XX) !== 0 && currentMs === -1) return false;
  // Without an expiry the key lives for ever: nothing is later, everything is earlier.
  if ((conditions & GT) !== 0 && (currentMs === -1 || atMs <= currentMs)) return false;
  return (conditions & LT) === 0 || currentMs === -1 || atMs < currentMs;
}

interface Unit {
  readonly name: 'expire' | 'pexpire' | 'expireat' | 'pexpireat';
  readonly isSeconds: boolean;
  readonly isRelative: boolean;
}

function expireGeneric(ctx: Context, args: Arguments, unit: Unit): void {
  const { reply, db } = ctx;
  const { buffer, start, end } = args;
  const error = parseConditions(args);
  if (error !== null) {
    reply.error(error);
    return;
  }
  const status = readTime(args, 2, unit.isSeconds, unit.isRelative ? ctx.nowMs : 0);
  if (status === TIME_NOT_AN_INTEGER || status === TIME_OVERFLOWS) {
    reply.error(status === TIME_OVERFLOWS ? invalidExpire(unit.name) : NOT_AN_INTEGER);
    return;
  }
  const atMs = expireAtMs();
  const entry = db.lookupWrite(buffer, start[1], end[1]);
  if (entry === 0 || !isAllowed(atMs, db.expiresAt(entry))) {
    reply.integer(0);
    return;
  }
  ctx.dirty(1);
  if (isAlreadyPast(ctx, atMs)) {
    db.delete(buffer, start[1], end[1]);
    ctx.propagateAs([deletionVerb(ctx), argumentRange(args, 1)]);
  } else {
    db.setExpiresAt(buffer, start[1], end[1], atMs);
    if (unit.isRelative || unit.isSeconds) propagateAbsolute(ctx, args, atMs);
  }
  reply.integer(1);
}

/** `PEXPIREAT key ms`, conditions and all: they hold downstream as they held here. */
function propagateAbsolute(ctx: Context, args: Arguments, atMs: number): void {
  const parts: (string | Uint8Array)[] = ['PEXPIREAT', argumentRange(args, 1), String(atMs)];
  for (let i = 3; i < args.count; i++) parts.push(argumentRange(args, i));
  ctx.propagateAs(parts);
}

const EXPIRE: Unit = { name: 'expire', isSeconds: true, isRelative: true };
const PEXPIRE: Unit = { name: 'pexpire', isSeconds: false, isRelative: true };
const EXPIREAT: Unit = { name: 'expireat', isSeconds: true, isRelative: false };
const PEXPIREAT: Unit = { name: 'pexpireat', isSeconds: false, isRelative: false };

function expire(ctx: Context, args: Arguments): void {
  expireGeneric(ctx, args, EXPIRE);
}

function pexpire(ctx: Context, args: Arguments): void {
  expireGeneric(ctx, args, PEXPIRE);
}

function expireat(ctx: Context, args: Arguments): void {
  expireGeneric(ctx, args, EXPIREAT);
}

function pexpireat(ctx: Context, args: Arguments): void {
  expireGeneric(ctx, args, PEXPIREAT);
}

function persist(ctx: Context, args: Arguments): void {
  const { buffer, start, end } = args;
  const entry = ctx.db.lookupWrite(buffer, start[1], end[1]);
  const isChanged = entry !== 0 && ctx.db.persist(buffer, start[1], end[1]);
  if (isChanged) ctx.dirty(1);
  ctx.reply.integer(isChanged ? 1 : 0);
}

const NO_KEY = -2;

/** The key's deadline in ms, -1 when it has none, or NO_KEY. */
function deadline(ctx: Context, args: Arguments): number {
  const entry = ctx.db.lookupReadNoTouch(args.buffer, args.start[1], args.end[1]);
  return entry === 0 ? NO_KEY : ctx.db.expiresAt(entry);
}

function ttl(ctx: Context, args: Arguments): void {
  const atMs = deadline(ctx, args);
  ctx.reply.integer(atMs < 0 ? atMs : toSeconds(Math.max(0, atMs - ctx.nowMs)));
}

function pttl(ctx: Context, args: Arguments): void {
  const atMs = deadline(ctx, args);
  ctx.reply.integer(atMs < 0 ? atMs : Math.max(0, atMs - ctx.nowMs));
}

function expiretime(ctx: Context, args: Arguments): void {
  const atMs = deadline(ctx, args);
  ctx.reply.integer(atMs < 0 ? atMs : toSeconds(atMs));
}

function pexpiretime(ctx: Context, args: Arguments): void {
  ctx.reply.integer(deadline(ctx, args));
}

/** Rounded to the nearest second. */
function toSeconds(ms: number): number {
  return Math.floor((ms + 500) / 1000);
}

const group = 'generic';
const categories = ['@keyspace'];
const write: readonly CommandFlag[] = ['write', 'fast'];
const read: readonly CommandFlag[] = ['readonly', 'fast'];
const writeKey: readonly KeySpec[] = firstKey('RW', 'update');
const readKey: readonly KeySpec[] = firstKey('RO', 'access');

export const expireCommands = defineCommands([
  {
    name: 'expire',
    arity: -3,
    flags: write,
    keys: writeKey,
    group,
    since: '1.0.0',
    summary: 'Lets a key expire after some seconds.',
    categories,
    syntax: 'key:key seconds:integer [condition(NX | XX | GT | LT)@7.0.0]',
    run: expire,
  },
  {
    name: 'pexpire',
    arity: -3,
    flags: write,
    keys: writeKey,
    group,
    since: '2.6.0',
    summary: 'Lets a key expire after some milliseconds.',
    categories,
    syntax: 'key:key milliseconds:integer [condition(NX | XX | GT | LT)@7.0.0]',
    run: pexpire,
  },
  {
    name: 'expireat',
    arity: -3,
    flags: write,
    keys: writeKey,
    group,
    since: '1.2.0',
    summary: 'Lets a key expire at a Unix time in seconds.',
    categories,
    syntax: 'key:key unix-time-seconds:unix-time [condition(NX | XX | GT | LT)@7.0.0]',
    run: expireat,
  },
  {
    name: 'pexpireat',
    arity: -3,
    flags: write,
    keys: writeKey,
    group,
    since: '2.6.0',
    summary: 'Lets a key expire at a Unix time in milliseconds.',
    categories,
    syntax: 'key:key unix-time-milliseconds:unix-time [condition(NX | XX | GT | LT)@7.0.0]',
    run: pexpireat,
  },
  {
    name: 'persist',
    arity: 2,
    flags: write,
    keys: writeKey,
    group,
    since: '2.2.0',
    summary: 'Takes the expiry away from a key.',
    categories,
    syntax: 'key:key',
    run: persist,
  },
  {
    name: 'ttl',
    arity: 2,
    flags: read,
    keys: readKey,
    group,
    since: '1.0.0',
    summary: 'Replies with the seconds that a key has left to live.',
    categories,
    tips: ['nondeterministic_output'],
    syntax: 'key:key',
    run: ttl,
  },
  {
    name: 'pttl',
    arity: 2,
    flags: read,
    keys: readKey,
    group,
    since: '2.6.0',
    summary: 'Replies with the milliseconds that a key has left to live.',
    categories,
    tips: ['nondeterministic_output'],
    syntax: 'key:key',
    run: pttl,
  },
  {
    name: 'expiretime',
    arity: 2,
    flags: read,
    keys: readKey,
    group,
    since: '7.0.0',
    summary: 'Replies with the Unix time in seconds at which a key expires.',
    categories,
    syntax: 'key:key',
    run: expiretime,
  },
  {
    name: 'pexpiretime',
    arity: 2,
    flags: read,
    keys: readKey,
    group,
    since: '7.0.0',
    summary: 'Replies with the Unix time in milliseconds at which a key expires.',
    categories,
    syntax: 'key:key',
    run: pexpiretime,
  },
]);
