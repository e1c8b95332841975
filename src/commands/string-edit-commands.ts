/*
 * Commands that read or change a part of a string: APPEND, SETRANGE, GETRANGE, and its length. What
 * a value looks like in memory is the keyspace's business.
 */

import { stringLength } from '../keyspace/string-read.js';
import { appendString, setStringRange } from '../keyspace/string-value.js';
import { STRING_BYTES_MAX } from '../limits.js';
import type { Arguments } from '../resp/arguments.js';
import { type Context, defineCommands } from './command.js';
import { OFFSET_OUT_OF_RANGE, STRING_TOO_LONG } from './errors.js';
import { isInvertedRange, readIndex } from './string-range.js';
import { firstKey, isString, replySlice } from './string-values.js';

function strlen(ctx: Context, args: Arguments): void {
  const entry = ctx.db.lookupRead(args.buffer, args.start[1], args.end[1]);
  if (entry === 0) ctx.reply.integer(0);
  else if (isString(ctx, entry)) ctx.reply.integer(stringLength(ctx.db, entry));
}

/** True when a string of `length` bytes is allowed; otherwise the error has been answered. Our
 * primary has decided already: of its stream only what has no place is refused. */
function mayBecome(ctx: Context, length: number): boolean {
  const allowed = ctx.isFromPrimary
    ? STRING_BYTES_MAX
    : ctx.services.config.values['proto-max-bulk-len'];
  if (length <= Math.min(allowed, STRING_BYTES_MAX)) return true;
  ctx.reply.error(STRING_TOO_LONG);
  return false;
}

function append(ctx: Context, args: Arguments): void {
  const { db } = ctx;
  const { buffer, start, end } = args;
  const entry = db.lookupWrite(buffer, start[1], end[1]);
  if (entry !== 0) {
    if (!isString(ctx, entry)) return;
    if (!mayBecome(ctx, stringLength(db, entry) + end[2] - start[2])) return;
  }
  const length = appendString(db, entry, buffer, start[1], end[1], buffer, start[2], end[2]);
  ctx.dirty(1);
  ctx.reply.integer(length);
}

function setrange(ctx: Context, args: Arguments): void {
  const { db } = ctx;
  const { buffer, start, end } = args;
  const offset = readIndex(ctx, args, 2);
  if (Number.isNaN(offset)) return;
  if (offset < 0) {
    ctx.reply.error(OFFSET_OUT_OF_RANGE);
    return;
  }
  const entry = db.lookupWrite(buffer, start[1], end[1]);
  if (entry !== 0 && !isString(ctx, entry)) return;
  const oldLength = entry === 0 ? 0 : stringLength(db, entry);
  const added = end[3] - start[3];
  if (added === 0) {
    ctx.reply.integer(oldLength);
    return;
  }
  if (!mayBecome(ctx, offset + added)) return;
  const length = setStringRange(
    db,
    entry,
    buffer,
    start[1],
    end[1],
    offset,
    buffer,
    start[3],
    end[3],
  );
  ctx.dirty(1);
  ctx.reply.integer(length);
}

function getrange(ctx: Context, args: Arguments): void {
  const { reply } = ctx;
  let from = readIndex(ctx, args, 2);
  if (Number.isNaN(from)) return;
  let to = readIndex(ctx, args, 3);
  if (Number.isNaN(to)) return;
  const entry = ctx.db.lookupRead(args.buffer, args.start[1], args.end[1]);
  if (entry !== 0 && !isString(ctx, entry)) return;
  const length = entry === 0 ? 0 : stringLength(ctx.db, entry);
  const isInverted = isInvertedRange(args, 2);
  if (from < 0) from = Math.max(0, length + from);
  if (to < 0) to = Math.max(0, length + to);
  if (to >= length) to = length - 1;
  if (isInverted || from > to) {
    reply.bulkHeader(0);
    reply.bulkEnd();
    return;
  }
  replySlice(ctx, entry, from, to + 1);
}

const group = 'string';

export const stringEditCommands = defineCommands([
  {
    name: 'append',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keys: firstKey('RW', 'insert'),
    group,
    since: '2.0.0',
    summary: 'Appends to a string, which is created when it is missing.',
    syntax: 'key:key value',
    run: append,
  },
  {
    name: 'strlen',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: firstKey('RO'),
    group,
    since: '2.2.0',
    summary: 'Replies with the length of a string in bytes.',
    syntax: 'key:key',
    run: strlen,
  },
  {
    name: 'setrange',
    arity: 4,
    flags: ['write', 'denyoom'],
    keys: firstKey('RW', 'update'),
    group,
    since: '2.2.0',
    summary: 'Overwrites a part of a string, which grows with zero bytes as needed.',
    syntax: 'key:key offset:integer value',
    run: setrange,
  },
  {
    name: 'getrange',
    arity: 4,
    flags: ['readonly'],
    keys: firstKey('RO', 'access'),
    group,
    since: '2.4.0',
    summary: 'Replies with a part of a string, both ends included.',
    syntax: 'key:key start:integer end:integer',
    run: getrange,
  },
  {
    name: 'substr',
    arity: 4,
    flags: ['readonly'],
    keys: firstKey('RO', 'access'),
    group,
    since: '1.0.0',
    summary: 'An older name of GETRANGE.',
    docFlags: ['deprecated'],
    deprecatedSince: '2.0.0',
    replacedBy: '`GETRANGE`',
    syntax: 'key:key start:integer end:integer',
    run: getrange,
  },
]);
