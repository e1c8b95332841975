/*
 * Single values out of a server and into another: DUMP and RESTORE. A value restored with a time to
 * live travels with the time at which it ends; one whose time was over when it came deletes what it
 * was to replace, and travels as that. Which types there are, the payload's reader knows.
 */

import assert from 'node:assert/strict';
import { lfuBitsOf, lruBitsOf } from '../keyspace/access-bits.js';
import { pinString } from '../keyspace/pinned-value.js';
import { stringBytes, stringLength } from '../keyspace/string-read.js';
import { NO_EXPIRY, setLargeString, setString } from '../keyspace/string-value.js';
import { dropKey } from '../keyspace/whole-key.js';
import { LARGE_BULK_BYTES_MIN, RDB_COMPRESS_BYTES_MAX } from '../limits.js';
import type { Ref } from '../memory/memory.js';
import {
  DumpWriter,
  decompressDumped,
  frameOfLongDump,
  isDumpIntact,
  locateDumped,
} from '../persistence/rdb/dump-payload.js';
import type { StringSlot } from '../persistence/rdb/string-slot.js';
import type { Arguments } from '../resp/arguments.js';
import { latin1 } from '../structures/bytes.js';
import { type CommandFlag, type Context, defineCommands, readKey } from './command.js';
import {
  BAD_DATA_FORMAT,
  BAD_DUMP,
  BUSY_KEY,
  INVALID_FREQUENCY,
  INVALID_IDLE_TIME,
  INVALID_TTL,
  NOT_AN_INTEGER,
  SYNTAX_ERROR,
} from './errors.js';
import { isAlreadyPast } from './expire-rules.js';
import { expireAtMs, readTime, TIME_NOT_AN_INTEGER, TIME_OVERFLOWS } from './expire-time.js';
import { integerArgument } from './server-arguments.js';
import { argumentRange, firstKey } from './string-values.js';

const compressing = new DumpWriter(true);
const plain = new DumpWriter(false);

function dump(ctx: Context, args: Arguments): void {
  const { db, reply } = ctx;
  const entry = db.lookupRead(args.buffer, args.start[1], args.end[1]);
  if (entry === 0) {
    reply.null();
    return;
  }
  if (stringLength(db, entry) > RDB_COMPRESS_BYTES_MAX) {
    replyLongDump(ctx, entry);
    return;
  }
  const writer = ctx.services.config.values.rdbcompression ? compressing : plain;
  const payload = writer.write(stringBytes(db, entry));
  reply.bulk(payload, 0, payload.length);
}

/** The bytes of the value are summed and sent where they lie. */
function replyLongDump(ctx: Context, entry: Ref): void {
  const { db, reply } = ctx;
  const length = stringLength(db, entry);
  const pinned = pinString(db, entry, 0, length);
  assert(pinned !== null, 'a long value has a block of its own');
  const { head, footer } = frameOfLongDump(pinned.bytes);
  reply.bulkHeader(head.length + length + footer.length);
  reply.raw(head, 0, head.length);
  reply.pinned(pinned);
  reply.raw(footer, 0, footer.length);
  reply.bulkEnd();
}

const REPLACE = latin1('replace');
const ABSTTL = latin1('absttl');
const IDLETIME = latin1('idletime');
const FREQ = latin1('freq');

const FREQUENCY_MAX = 255;

interface RestoreOptions {
  mayReplace: boolean;
  isAbsolute: boolean;
  /** -1: not given. */
  idleSeconds: number;
  frequency: number;
}

/** What stands from argument 4 on, or the error to answer. */
function parseRestoreOptions(args: Arguments): RestoreOptions | string {
  const options = { mayReplace: false, isAbsolute: false, idleSeconds: -1, frequency: -1 };
  for (let i = 4; i < args.count; i++) {
    const hasNext = i + 1 < args.count;
    if (args.is(i, REPLACE)) {
      options.mayReplace = true;
    } else if (args.is(i, ABSTTL)) {
      options.isAbsolute = true;
    } else if (args.is(i, IDLETIME) && hasNext && options.frequency === -1) {
      const seconds = integerArgument(args, ++i);
      if (seconds === null) return NOT_AN_INTEGER;
      if (seconds < 0) return INVALID_IDLE_TIME;
      options.idleSeconds = seconds;
    } else if (args.is(i, FREQ) && hasNext && options.idleSeconds === -1) {
      const frequency = integerArgument(args, ++i);
      if (frequency === null) return NOT_AN_INTEGER;
      if (frequency < 0 || frequency > FREQUENCY_MAX) return INVALID_FREQUENCY;
      options.frequency = frequency;
    } else {
      return SYNTAX_ERROR;
    }
  }
  return options;
}

function restore(ctx: Context, args: Arguments): void {
  const { db, reply } = ctx;
  const { buffer, start, end } = args;
  const options = parseRestoreOptions(args);
  if (typeof options === 'string') {
    reply.error(options);
    return;
  }
  if (!options.mayReplace && db.lookupWrite(buffer, start[1], end[1]) !== 0) {
    reply.error(BUSY_KEY);
    return;
  }
  const ttl = integerArgument(args, 2);
  if (ttl === null || ttl < 0) {
    reply.error(ttl === null ? NOT_AN_INTEGER : INVALID_TTL);
    return;
  }
  const skipsSum = ctx.services.server.skipsChecksums;
  if (!isDumpIntact(buffer, start[3], end[3], skipsSum)) {
    reply.error(BAD_DUMP);
    return;
  }
  const atMs = ttl === 0 ? NO_EXPIRY : readDeadline(ctx, args, options.isAbsolute);
  if (!restoreValue(ctx, args, options, atMs)) {
    reply.error(BAD_DATA_FORMAT);
    return;
  }
  reply.ok();
}

/** A deadline beyond 64 bits is past already: so Redis sees it, where the sum wraps around. */
const WRAPPED_MS = 1;

/** The deadline in ms that argument 2, which has been checked, stands for. */
function readDeadline(ctx: Context, args: Arguments, isAbsolute: boolean): number {
  const status = readTime(args, 2, false, isAbsolute ? 0 : ctx.nowMs);
  assert(status !== TIME_NOT_AN_INTEGER);
  return status === TIME_OVERFLOWS ? WRAPPED_MS : expireAtMs();
}

/** Stores what the payload holds, and says what travels. False when it holds no value. */
function restoreValue(
  ctx: Context,
  args: Arguments,
  options: RestoreOptions,
  atMs: number,
): boolean {
  const { db } = ctx;
  const { buffer, start, end } = args;
  const key = { db, key: buffer, start: start[1], end: end[1] };
  const slot = locateDumped(buffer, start[3], end[3]);
  if (slot === null) return false;
  // The value is looked at before anything is deleted for it.
  const store = prepareValue(ctx, args, slot);
  if (store === null) return false;
  if (atMs !== NO_EXPIRY && isAlreadyPast(ctx, atMs)) {
    store(null);
    if (options.mayReplace && dropKey(key)) tellDeleted(ctx, args);
    return true;
  }
  const old = db.peekAny(buffer, start[1], end[1]);
  // A key past its time that is replaced does not expire before that: nothing of it travels.
  if (old !== 0 && db.isExpired(old)) dropKey(key);
  store(atMs);
  setAccess(ctx, args, options);
  ctx.dirty(1);
  if (atMs !== NO_EXPIRY && !options.isAbsolute) propagateAbsolute(ctx, args, atMs);
  return true;
}

/** Stores a decoded value with a deadline, or lets it go (null). */
type Store = (atMs: number | null) => void;

/**
 * Decodes the value; null when it cannot be, or there is no room. A long one goes straight into the
 * block where it will lie: those are bounded, and no heap but the data's grows by what a few bytes
 * expand to.
 */
function prepareValue(ctx: Context, args: Arguments, slot: StringSlot): Store | null {
  const { db } = ctx;
  const { buffer } = args;
  const from = args.start[1];
  const to = args.end[1];
  if (slot.kind !== 'lzf' || slot.length < LARGE_BULK_BYTES_MIN) {
    if (!slot.decode(buffer)) return null;
    const { bytes, bytesStart, bytesEnd } = slot;
    return (atMs) => {
      if (atMs !== null) setString(db, buffer, from, to, bytes, bytesStart, bytesEnd, atMs);
    };
  }
  const large = ctx.keyspace.largeValues.reserve(slot.length);
  if (large === null) return null;
  if (!decompressDumped(slot, buffer, large.window(slot.length))) {
    large.free();
    return null;
  }
  large.advance(slot.length);
  return (atMs) => {
    try {
      if (atMs !== null) setLargeString(db, buffer, from, to, large, atMs);
    } finally {
      // Nothing is left to free once the key has taken it.
      large.free();
    }
  };
}

/** The access bits of a new key, or as the request says under the policy that counts so. */
function setAccess(ctx: Context, args: Arguments, options: RestoreOptions): void {
  const { db, keyspace, nowMs } = ctx;
  const { idleSeconds, frequency } = options;
  let bits = db.newAccessBits();
  if (keyspace.usesLfu) {
    if (frequency !== -1) bits = lfuBitsOf(frequency, nowMs);
  } else if (idleSeconds !== -1) {
    bits = lruBitsOf(idleSeconds, nowMs);
  }
  const entry = db.peekAny(args.buffer, args.start[1], args.end[1]);
  db.setAccessBits(entry, bits);
}

/** The key was deleted for a value that has not come. */
function tellDeleted(ctx: Context, args: Arguments): void {
  const { config } = ctx.services;
  ctx.db.modified(args.buffer, args.start[1], args.end[1]);
  ctx.dirty(1);
  const verb = config.values['lazyfree-lazy-server-del'] ? 'UNLINK' : 'DEL';
  ctx.propagateAs([verb, argumentRange(args, 1)]);
}

/** The request with the time at which the key ends: a replica's countdown would start later. */
function propagateAbsolute(ctx: Context, args: Arguments, atMs: number): void {
  const parts: (string | Uint8Array)[] = [];
  for (let i = 0; i < args.count; i++) {
    parts.push(i === 2 ? String(atMs) : argumentRange(args, i));
  }
  parts.push('ABSTTL');
  ctx.propagateAs(parts);
}

const group = 'generic';
const flags: readonly CommandFlag[] = ['write', 'denyoom'];
const dangerous = ['@keyspace', '@dangerous'];
const target = firstKey('OW', 'update');
const syntax =
  'key:key ttl:integer serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] ' +
  '[IDLETIME seconds:integer@5.0.0] [FREQ frequency:integer@5.0.0]';

export const keyDumpCommands = defineCommands([
  {
    name: 'dump',
    arity: 2,
    flags: ['readonly'],
    keys: readKey,
    group,
    since: '2.6.0',
    summary: 'Replies with a value in a form that RESTORE takes.',
    categories: ['@keyspace'],
    tips: ['nondeterministic_output'],
    syntax: 'key:key',
    run: dump,
  },
  {
    name: 'restore',
    arity: -4,
    flags,
    keys: target,
    group,
    since: '2.6.0',
    summary: 'Creates a key from what DUMP has replied.',
    categories: dangerous,
    syntax,
    run: restore,
  },
  {
    name: 'restore-asking',
    arity: -4,
    flags: [...flags, 'asking'],
    keys: target,
    group: 'server',
    since: '3.0.0',
    summary: 'As RESTORE, for keys that migrate within a cluster.',
    categories: dangerous,
    syntax,
    docFlags: ['syscmd'],
    run: restore,
  },
]);
