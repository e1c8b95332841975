/*
 * Looking through a whole database: SCAN and KEYS. Both collect references first and reply
 * afterwards; nothing is changed in between, so the references hold: the expired keys that SCAN
 * came across are deleted after its reply. The cursor and its guarantee (a key that is there from
 * start to end is seen at least once) belong to the keyspace's dict.
 */

import type { Ref } from '../memory/memory.js';
import type { Arguments } from '../resp/arguments.js';
import { latin1, textUntilZero } from '../structures/bytes.js';
import { matchesGlob } from '../structures/glob.js';
import { INT64_BIG, INT64_INVALID, Int64Result, parseInt64 } from '../structures/integers.js';
import { type Context, defineCommands } from './command.js';
import { INVALID_CURSOR, NOT_AN_INTEGER, SYNTAX_ERROR } from './errors.js';

const MATCH = latin1('match');
const COUNT = latin1('count');
const TYPE = latin1('type');

/** Buckets looked at for one SCAN are at most this many times its COUNT, so that a sparse table
 * costs several calls rather than one long one. */
const BUCKETS_PER_COUNT = 10;
const DEFAULT_COUNT = 10;

const CURSOR_MAX = 2n ** 64n - 1n;
const STAR = 0x2a;

interface ScanOptions {
  count: number;
  /** Null when every key matches. */
  pattern: Uint8Array | null;
  /** Lower case, null when every type does. */
  type: string | null;
}

const parsed = new Int64Result();
let keyBuffer = new Uint8Array(256);

/**
 * Reads a cursor the way clients may write it: what C's `strtoul` takes, so that a sign, leading
 * zeros and nothing at all are fine, and a zero byte ends it. -1 when it is none. Cursors have 32
 * bits; others fall away.
 */
function parseCursor(written: string): number {
  const text = textUntilZero(written);
  if (!/^[+-]?\d+$|^$/.test(text)) return -1;
  const isNegative = text.startsWith('-');
  const digits = text.replace(/^[+-]/, '');
  const value = BigInt(digits === '' ? '0' : digits);
  if (value > CURSOR_MAX) return -1;
  return Number(BigInt.asUintN(32, isNegative ? -value : value));
}

function parseScanOptions(args: Arguments): ScanOptions | string {
  const options: ScanOptions = { count: DEFAULT_COUNT, pattern: null, type: null };
  for (let i = 2; i < args.count; i += 2) {
    if (i + 1 === args.count) return SYNTAX_ERROR;
    if (args.is(i, COUNT)) {
      parseInt64(args.buffer, args.start[i + 1], args.end[i + 1], parsed);
      if (parsed.kind === INT64_INVALID) return NOT_AN_INTEGER;
      options.count = parsed.kind === INT64_BIG ? Number(parsed.bigint) : parsed.number;
      if (options.count < 1) return SYNTAX_ERROR;
    } else if (args.is(i, MATCH)) {
      options.pattern = patternOf(args, i + 1);
    } else if (args.is(i, TYPE)) {
      options.type = args.text(i + 1).toLowerCase();
    } else {
      return SYNTAX_ERROR;
    }
  }
  return options;
}

/** A copy of the pattern, null when it takes every key. */
function patternOf(args: Arguments, i: number): Uint8Array | null {
  const isStar = args.length(i) === 1 && args.buffer[args.start[i]] === STAR;
  return isStar ? null : args.bytes(i);
}

function scan(ctx: Context, args: Arguments): void {
  const { reply, db } = ctx;
  let cursor = parseCursor(args.text(1));
  if (cursor < 0) {
    reply.error(INVALID_CURSOR);
    return;
  }
  const options = parseScanOptions(args);
  if (typeof options === 'string') {
    reply.error(options);
    return;
  }
  const { count, pattern, type } = options;
  const found: Ref[] = [];
  const expired: Uint8Array[] = [];
  let seen = 0;
  let buckets = count * BUCKETS_PER_COUNT;
  do {
    cursor = db.scan(cursor, (entry) => {
      seen++;
      // As in Redis 7.2, TYPE spares no expired key.
      const isExpired = db.isExpired(entry);
      if (!isExpired && type !== null && db.typeOf(entry) !== type) return;
      if (!matches(ctx, entry, pattern)) return;
      if (isExpired) expired.push(copyOfKey(ctx, entry));
      else found.push(entry);
    });
    buckets--;
  } while (cursor !== 0 && seen < count && buckets > 0);
  reply.array(2);
  reply.bulkLatin1(String(cursor));
  replyKeys(ctx, found);
  // A replica waits for its primary to delete them.
  if (ctx.keyspace.expiryMode !== 'primary') return;
  for (const key of expired) db.delete(key, 0, key.length);
}

function keys(ctx: Context, args: Arguments): void {
  const pattern = patternOf(args, 1);
  const found: Ref[] = [];
  ctx.db.forEach((entry) => {
    if (!ctx.db.isExpired(entry) && matches(ctx, entry, pattern)) found.push(entry);
  });
  replyKeys(ctx, found);
}

function matches(ctx: Context, entry: Ref, pattern: Uint8Array | null): boolean {
  const { db } = ctx;
  if (pattern === null) return true;
  const length = db.keyLength(entry);
  if (keyBuffer.length < length) keyBuffer = new Uint8Array(length * 2);
  db.copyKey(entry, keyBuffer, 0);
  return matchesGlob(pattern, keyBuffer, 0, length);
}

function copyOfKey({ db }: Context, entry: Ref): Uint8Array {
  const key = new Uint8Array(db.keyLength(entry));
  db.copyKey(entry, key, 0);
  return key;
}

function replyKeys(ctx: Context, entries: readonly Ref[]): void {
  ctx.reply.array(entries.length);
  for (const entry of entries) replyKey(ctx, entry);
}

/** The entry's key as a bulk string. */
export function replyKey(ctx: Context, entry: Ref): void {
  const { reply, db } = ctx;
  const length = db.keyLength(entry);
  const at = reply.bulkToFill(length);
  db.copyKey(entry, reply.buffer, at);
}

export const scanCommands = defineCommands([
  {
    name: 'scan',
    arity: -2,
    flags: ['readonly'],
    group: 'generic',
    since: '2.8.0',
    summary: 'Goes through the keys of the database, a few with each call.',
    categories: ['@keyspace'],
    tips: ['nondeterministic_output', 'request_policy:special', 'response_policy:special'],
    syntax: 'cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type@6.0.0]',
    run: scan,
  },
  {
    name: 'keys',
    arity: 2,
    flags: ['readonly'],
    group: 'generic',
    since: '1.0.0',
    summary: 'Replies with all keys that match a pattern, at one go.',
    categories: ['@keyspace', '@dangerous'],
    tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
    syntax: 'pattern:pattern',
    run: keys,
  },
]);
