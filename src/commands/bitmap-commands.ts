/*
 * Commands on strings as rows of bits: SETBIT, GETBIT, BITCOUNT, BITPOS and BITOP. How bits are
 * counted, found and combined is the business of the keyspace and below.
 */

import { BitSources, setCombined } from '../keyspace/string-bitop.js';
import {
  countStringBits,
  findStringBit,
  setStringBit,
  stringBit,
} from '../keyspace/string-bits.js';
import { stringLength } from '../keyspace/string-read.js';
import type { Arguments } from '../resp/arguments.js';
import type { BitOperation } from '../structures/bits.js';
import { latin1 } from '../structures/bytes.js';
import { INT64_SAFE, Int64Result, parseInt64 } from '../structures/integers.js';
import { BIT, BYTE, readBitOffset } from './bit-arguments.js';
import { type Context, defineCommands, type KeySpec, readKey } from './command.js';
import {
  BIT_MUST_BE_1_OR_0,
  BIT_OFFSET_OUT_OF_RANGE,
  BIT_OUT_OF_RANGE,
  BITOP_NOT_TAKES_ONE_KEY,
  SYNTAX_ERROR,
} from './errors.js';
import { isInvertedRange, readIndex } from './string-range.js';
import { firstKey, isString } from './string-values.js';

const parsed = new Int64Result();

function setbit(ctx: Context, args: Arguments): void {
  const { db } = ctx;
  const { buffer, start, end } = args;
  const offset = readBitOffset(ctx, args, 2, 0);
  if (Number.isNaN(offset)) {
    ctx.reply.error(BIT_OFFSET_OUT_OF_RANGE);
    return;
  }
  parseInt64(buffer, start[3], end[3], parsed);
  const bit = parsed.number;
  if (parsed.kind !== INT64_SAFE || (bit !== 0 && bit !== 1)) {
    ctx.reply.error(BIT_OUT_OF_RANGE);
    return;
  }
  const entry = db.lookupWrite(buffer, start[1], end[1]);
  if (entry !== 0 && !isString(ctx, entry)) return;
  const isGrowing = entry === 0 || offset >= stringLength(db, entry) * 8;
  const old = setStringBit(db, entry, buffer, start[1], end[1], offset, bit);
  // What changes nothing does not travel.
  if (isGrowing || old !== bit) ctx.dirty(1);
  ctx.reply.integer(old);
}

function getbit(ctx: Context, args: Arguments): void {
  const offset = readBitOffset(ctx, args, 2, 0);
  if (Number.isNaN(offset)) {
    ctx.reply.error(BIT_OFFSET_OUT_OF_RANGE);
    return;
  }
  const entry = ctx.db.lookupRead(args.buffer, args.start[1], args.end[1]);
  if (entry === 0) ctx.reply.integer(0);
  else if (isString(ctx, entry)) ctx.reply.integer(stringBit(ctx.db, entry, offset));
}

/** The range that a request names, in bits of the string: `[from, to)`, empty unless from < to. */
const range = { from: 0, to: 0 };

/** Sets the range from its ends in bytes or bits, both included, negative ones from the end on. */
function setRange(length: number, first: number, last: number, isInBits: boolean): void {
  const unit = isInBits ? 1 : 8;
  const total = isInBits ? length * 8 : length;
  const from = first < 0 ? Math.max(0, total + first) : first;
  const to = last < 0 ? Math.max(0, total + last) : last;
  range.from = from * unit;
  range.to = (Math.min(to, total - 1) + 1) * unit;
}

/** BIT or BYTE at argument `index`; `null` when it is another word: the error has been answered. */
function readIsInBits(ctx: Context, args: Arguments, index: number): boolean | null {
  if (args.is(index, BIT)) return true;
  if (args.is(index, BYTE)) return false;
  ctx.reply.error(SYNTAX_ERROR);
  return null;
}

/** Errors come in Redis's order: a missing key hides them all. */
function bitcount(ctx: Context, args: Arguments): void {
  const { db, reply } = ctx;
  const entry = db.lookupRead(args.buffer, args.start[1], args.end[1]);
  if (entry === 0) {
    reply.integer(0);
    return;
  }
  if (!isString(ctx, entry)) return;
  const length = stringLength(db, entry);
  if (args.count === 2) {
    range.from = 0;
    range.to = length * 8;
  } else if (args.count > 5 || args.count === 3) {
    reply.error(SYNTAX_ERROR);
    return;
  } else if (!readCountRange(ctx, args, length)) {
    return;
  }
  const { from, to } = range;
  reply.integer(from < to ? countStringBits(db, entry, from, to) : 0);
}

/** False: the error has been answered. */
function readCountRange(ctx: Context, args: Arguments, length: number): boolean {
  const first = readIndex(ctx, args, 2);
  if (Number.isNaN(first)) return false;
  const last = readIndex(ctx, args, 3);
  if (Number.isNaN(last)) return false;
  if (isInvertedRange(args, 2)) {
    range.from = range.to = 0;
    return true;
  }
  const isInBits = args.count === 5 ? readIsInBits(ctx, args, 4) : false;
  if (isInBits === null) return false;
  setRange(length, first, last, isInBits);
  return true;
}

function bitpos(ctx: Context, args: Arguments): void {
  const { db, reply } = ctx;
  const bit = readIndex(ctx, args, 2);
  if (Number.isNaN(bit)) return;
  if (bit !== 0 && bit !== 1) {
    reply.error(BIT_MUST_BE_1_OR_0);
    return;
  }
  const entry = db.lookupRead(args.buffer, args.start[1], args.end[1]);
  if (entry === 0) {
    reply.integer(bit === 1 ? -1 : 0);
    return;
  }
  if (!isString(ctx, entry)) return;
  const length = stringLength(db, entry);
  if (args.count > 6) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  if (!readSearchRange(ctx, args, length)) return;
  const { from, to } = range;
  const found = from < to ? findStringBit(db, entry, bit, from, to) : -1;
  // Behind a string whose end the request leaves open there are zeros.
  const isPadded = found === -1 && bit === 0 && args.count < 5 && from < to;
  reply.integer(isPadded ? to : found);
}

/** False: the error has been answered. */
function readSearchRange(ctx: Context, args: Arguments, length: number): boolean {
  const first = args.count > 3 ? readIndex(ctx, args, 3) : 0;
  if (Number.isNaN(first)) return false;
  const isInBits = args.count === 6 ? readIsInBits(ctx, args, 5) : false;
  if (isInBits === null) return false;
  const last = args.count > 4 ? readIndex(ctx, args, 4) : -1;
  if (Number.isNaN(last)) return false;
  setRange(length, first, last, isInBits);
  return true;
}

const AND = latin1('and');
const OR = latin1('or');
const XOR = latin1('xor');
const NOT = latin1('not');

const sources = new BitSources();

function readOperation(args: Arguments): BitOperation | 'not' | null {
  if (args.is(1, AND)) return 'and';
  if (args.is(1, OR)) return 'or';
  if (args.is(1, XOR)) return 'xor';
  return args.is(1, NOT) ? 'not' : null;
}

function bitop(ctx: Context, args: Arguments): void {
  const { db, reply } = ctx;
  const { buffer, start, end } = args;
  const operation = readOperation(args);
  if (operation === null) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  if (operation === 'not' && args.count !== 4) {
    reply.error(BITOP_NOT_TAKES_ONE_KEY);
    return;
  }
  let length = 0;
  for (let i = 3; i < args.count; i++) {
    const entry = db.lookupRead(buffer, start[i], end[i]);
    if (entry === 0) continue;
    if (!isString(ctx, entry)) return;
    length = Math.max(length, stringLength(db, entry));
  }
  if (length > 0) {
    // Each of these lookups may have deleted a key past its time: the sources are looked up again.
    db.findAlive(buffer, start[2], end[2]);
    sources.clear();
    for (let i = 3; i < args.count; i++) sources.add(db.peek(buffer, start[i], end[i]));
    setCombined(db, buffer, start[2], end[2], operation, length, sources);
    ctx.dirty(1);
  } else if (db.delete(buffer, start[2], end[2])) {
    ctx.dirty(1);
  }
  reply.integer(length);
}

const group = 'bitmap';

const bitopKeys: readonly KeySpec[] = [
  {
    flags: ['OW', 'update'],
    begin: { index: 2 },
    find: { lastKey: 0, step: 1, limit: 0 },
  },
  {
    flags: ['RO', 'access'],
    begin: { index: 3 },
    find: { lastKey: -1, step: 1, limit: 0 },
  },
];

export const bitmapCommands = defineCommands([
  {
    name: 'setbit',
    arity: 4,
    flags: ['write', 'denyoom'],
    keys: firstKey('RW', 'access', 'update'),
    group,
    since: '2.2.0',
    summary: 'Sets or clears one bit of a string, which grows with zero bytes as needed.',
    syntax: 'key:key offset:integer value:integer',
    run: setbit,
  },
  {
    name: 'getbit',
    arity: 3,
    flags: ['readonly', 'fast'],
    keys: readKey,
    group,
    since: '2.2.0',
    summary: 'Replies with one bit of a string.',
    syntax: 'key:key offset:integer',
    run: getbit,
  },
  {
    name: 'bitcount',
    arity: -2,
    flags: ['readonly'],
    keys: readKey,
    group,
    since: '2.6.0',
    summary: 'Counts the bits that are set in a string or a part of it.',
    syntax: 'key:key [range{ start:integer end:integer [unit( BYTE | BIT )@7.0.0] }]',
    run: bitcount,
  },
  {
    name: 'bitpos',
    arity: -3,
    flags: ['readonly'],
    keys: readKey,
    group,
    since: '2.8.7',
    summary: 'Finds the first bit that is set, or clear, in a string or a part of it.',
    syntax:
      'key:key bit:integer ' +
      '[range{ start:integer [end-unit-block{ end:integer [unit( BYTE | BIT )@7.0.0] }] }]',
    run: bitpos,
  },
  {
    name: 'bitop',
    arity: -4,
    flags: ['write', 'denyoom'],
    keys: bitopKeys,
    group,
    since: '2.6.0',
    summary: 'Combines strings bit by bit and stores the result.',
    syntax: 'operation( AND | OR | XOR | NOT ) destkey:key key:key...',
    run: bitop,
  },
]);
