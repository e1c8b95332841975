/*
 * What every string command does with arguments and values: look a string up and refuse other
 * types, reply with a value's bytes, hand a range of the request on. Must not know any single
 * command.
 */

import { pinString } from '../keyspace/pinned-value.js';
import { copyString, stringLength } from '../keyspace/string-read.js';
import { setLargeString, setString } from '../keyspace/string-value.js';
import { PINNED_REPLY_BYTES_MIN } from '../limits.js';
import type { Ref } from '../memory/memory.js';
import type { Arguments } from '../resp/arguments.js';
import type { Context, KeySpec } from './command.js';
import { WRONG_TYPE } from './errors.js';

/** Key specifications of string commands, in the words of COMMAND INFO. */
export function firstKey(...flags: string[]): readonly KeySpec[] {
  return [{ flags, begin: { index: 1 }, find: { lastKey: 0, step: 1, limit: 0 } }];
}

/** The bytes of one argument, where they lie: valid until the request ends. */
export function argumentRange(args: Arguments, index: number): Uint8Array {
  return args.range(index);
}

/** True when the entry holds a string; otherwise the error has been answered. */
export function isString(ctx: Context, entry: Ref): boolean {
  if (ctx.db.typeOf(entry) === 'string') return true;
  ctx.reply.error(WRONG_TYPE);
  return false;
}

/** SET's way of storing argument `valueIndex` at argument `keyIndex`. */
export function storeString(
  ctx: Context,
  args: Arguments,
  keyIndex: number,
  valueIndex: number,
  expiresAtMs: number,
): void {
  const { buffer, start, end, large } = args;
  if (large !== null && valueIndex === args.largeIndex) {
    setLargeString(ctx.db, buffer, start[keyIndex], end[keyIndex], large, expiresAtMs);
    return;
  }
  setString(
    ctx.db,
    buffer,
    start[keyIndex],
    end[keyIndex],
    buffer,
    start[valueIndex],
    end[valueIndex],
    expiresAtMs,
  );
}

/** The whole value of a string entry as a bulk. */
export function replyStored(ctx: Context, entry: Ref): void {
  replySlice(ctx, entry, 0, stringLength(ctx.db, entry));
}

/** Values up to here are copied into the reply buffer at one go. */
const SHORT_VALUE_BYTES = 4096;

/** The bytes `[from, to)` of a string entry as a bulk, written straight into the reply; where they
 * are many they stay in place until the socket takes them. */
export function replySlice(ctx: Context, entry: Ref, from: number, to: number): void {
  const { reply, db } = ctx;
  if (to - from <= SHORT_VALUE_BYTES) {
    const at = reply.bulkToFill(to - from);
    copyString(db, entry, from, to, reply.buffer, at);
  } else {
    reply.bulkHeader(to - from);
    const isCopied = to - from < PINNED_REPLY_BYTES_MIN || reply.mayCopy(to - from);
    const pinned = isCopied ? null : pinString(db, entry, from, to);
    if (pinned === null) replyPieces(ctx, entry, from, to);
    else reply.pinned(pinned);
    reply.bulkEnd();
  }
}

/** A long value, in pieces as large as the reply buffer has room for. */
function replyPieces(ctx: Context, entry: Ref, from: number, to: number): void {
  const { reply, db } = ctx;
  for (let at = from; at < to; ) {
    const count = reply.room(to - at);
    copyString(db, entry, at, at + count, reply.buffer, reply.position);
    reply.advance(count);
    at += count;
  }
}
