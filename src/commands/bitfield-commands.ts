/*
 * BITFIELD and BITFIELD_RO: integers of any width at any bit of a string, read, set and counted up.
 * All operations are read and checked before the first one runs. Fields, operands and sums within
 * 2^53 never leave plain numbers; beyond, BigInt decides exactly.
 */

import { openStringBits, readStringBits, writeStringBits } from '../keyspace/string-bits.js';
import { stringLength } from '../keyspace/string-read.js';
import type { Ref } from '../memory/memory.js';
import type { Arguments } from '../resp/arguments.js';
import {
  fitBig,
  fitNumber,
  NUMBER_BITS_MAX,
  signedNumber,
  unsignedNumber,
} from '../structures/bit-fields.js';
import { INT64_MAX, INT64_SAFE } from '../structures/integers.js';
import { FieldOperation, GET, OVERFLOW } from './bit-arguments.js';
import { type Context, defineCommands, type KeySpec, readKey } from './command.js';
import { BITFIELD_RO_ONLY_GETS } from './errors.js';
import { isString } from './string-values.js';

const op = new FieldOperation();

function bitfield(ctx: Context, args: Arguments): void {
  runOperations(ctx, args, false);
}

function bitfieldRo(ctx: Context, args: Arguments): void {
  runOperations(ctx, args, true);
}

function runOperations(ctx: Context, args: Arguments, isReadOnly: boolean): void {
  let replies = 0;
  /** Bytes that the string must have; 0 when nothing is written. */
  let length = 0;
  op.begin(2);
  while (op.next < args.count) {
    const error = op.read(ctx, args);
    if (error !== null) {
      ctx.reply.error(error);
      return;
    }
    if (op.kind === 'overflow') continue;
    replies++;
    if (op.kind !== 'get') length = Math.max(length, Math.ceil((op.offset + op.bits) / 8));
  }
  if (length === 0) readFields(ctx, args, replies);
  else if (isReadOnly) ctx.reply.error(BITFIELD_RO_ONLY_GETS);
  else changeFields(ctx, args, replies, length);
}

function readFields(ctx: Context, args: Arguments, replies: number): void {
  const entry = ctx.db.lookupRead(args.buffer, args.start[1], args.end[1]);
  if (entry !== 0 && !isString(ctx, entry)) return;
  ctx.reply.array(replies);
  op.begin(2);
  while (op.next < args.count) {
    op.read(ctx, args);
    if (op.kind === 'get') replyField(ctx, entry);
  }
}

function changeFields(ctx: Context, args: Arguments, replies: number, length: number): void {
  const { db } = ctx;
  const { buffer, start, end } = args;
  const found = db.lookupWrite(buffer, start[1], end[1]);
  if (found !== 0 && !isString(ctx, found)) return;
  const isGrowing = found === 0 || stringLength(db, found) < length;
  const entry = openStringBits(db, found, buffer, start[1], end[1], length);
  ctx.reply.array(replies);
  let changes = 0;
  op.begin(2);
  while (op.next < args.count) {
    op.read(ctx, args);
    if (op.kind === 'get') {
      replyField(ctx, entry);
    } else if (op.kind !== 'overflow') {
      const result = isNumeric() ? changeNumber(ctx, entry) : changeBig(ctx, entry);
      if (result === CHANGED || (result === UNCHANGED && isGrowing)) changes++;
    }
  }
  if (changes > 0) db.modified(buffer, start[1], end[1]);
  // Also when every operation has failed: the padding is a change, and replicas must have it too.
  if (changes > 0 || isGrowing) ctx.dirty(Math.max(1, changes));
}

/** The value of the field in a reply. */
function replyField(ctx: Context, entry: Ref): void {
  if (op.bits <= NUMBER_BITS_MAX) ctx.reply.integer(readNumber(ctx, entry));
  else ctx.reply.bigInteger(readBig(ctx, entry));
}

function readNumber(ctx: Context, entry: Ref): number {
  const value = readStringBits(ctx.db, entry, op.offset, op.bits);
  return op.isSigned ? signedNumber(value, op.bits) : value;
}

/** Bits of the lower of the two halves of a wide field. */
const LOW_BITS = 32;

function readBig(ctx: Context, entry: Ref): bigint {
  const { bits, offset } = op;
  if (bits <= NUMBER_BITS_MAX) return BigInt(readNumber(ctx, entry));
  const highBits = bits - LOW_BITS;
  const high = readStringBits(ctx.db, entry, offset, highBits);
  const low = readStringBits(ctx.db, entry, offset + highBits, LOW_BITS);
  const value = (BigInt(high) << BigInt(LOW_BITS)) | BigInt(low);
  return op.isSigned ? BigInt.asIntN(bits, value) : value;
}

function writeNumber(ctx: Context, entry: Ref, value: number): void {
  writeStringBits(ctx.db, entry, op.offset, op.bits, unsignedNumber(value, op.bits));
}

function writeBig(ctx: Context, entry: Ref, value: bigint): void {
  const { bits, offset } = op;
  if (bits <= NUMBER_BITS_MAX) {
    writeNumber(ctx, entry, Number(value));
    return;
  }
  const highBits = bits - LOW_BITS;
  const unsigned = BigInt.asUintN(bits, value);
  const low = Number(BigInt.asUintN(LOW_BITS, unsigned));
  writeStringBits(ctx.db, entry, offset, highBits, Number(unsigned >> BigInt(LOW_BITS)));
  writeStringBits(ctx.db, entry, offset + highBits, LOW_BITS, low);
}

const FAILED = 0;
const UNCHANGED = 1;
const CHANGED = 2;
type Result = typeof FAILED | typeof UNCHANGED | typeof CHANGED;

/** Do field, operand and their sum stay within the safe integers? */
function isNumeric(): boolean {
  if (op.bits > NUMBER_BITS_MAX || op.operand.kind !== INT64_SAFE) return false;
  const { number } = op.operand;
  if (op.kind === 'incrby') return Math.abs(number) + 2 ** op.bits <= Number.MAX_SAFE_INTEGER;
  // A negative value for an unsigned field counts as its 64 bits.
  return op.isSigned || number >= 0;
}

function changeNumber(ctx: Context, entry: Ref): Result {
  const old = readNumber(ctx, entry);
  const isSet = op.kind === 'set';
  const wanted = isSet ? op.operand.number : old + op.operand.number;
  const value = fitNumber(wanted, op.isSigned, op.bits, op.overflow);
  if (Number.isNaN(value)) {
    ctx.reply.null();
    return FAILED;
  }
  ctx.reply.integer(isSet ? old : value);
  if (value === old) return UNCHANGED;
  writeNumber(ctx, entry, value);
  return CHANGED;
}

/**
 * The operand of SET as Redis judges it, in arithmetic of 64 bits. A negative one counts as its 64
 * bits where the field is unsigned. One that is further below a signed field's maximum than 64 bits
 * can tell is too large for it, not too small: SAT then stores the maximum.
 */
function wantedBySet(operand: bigint): bigint {
  if (!op.isSigned) return BigInt.asUintN(64, operand);
  if (op.overflow !== 'sat' || op.bits === 64) return operand;
  const max = (1n << BigInt(op.bits - 1)) - 1n;
  return max - operand > INT64_MAX ? max + 1n : operand;
}

function changeBig(ctx: Context, entry: Ref): Result {
  const old = readBig(ctx, entry);
  const isSet = op.kind === 'set';
  const operand = op.operand.toBigInt();
  const wanted = isSet ? wantedBySet(operand) : old + operand;
  const value = fitBig(wanted, op.isSigned, op.bits, op.overflow);
  if (value === null) {
    ctx.reply.null();
    return FAILED;
  }
  ctx.reply.bigInteger(isSet ? old : value);
  if (value === old) return UNCHANGED;
  writeBig(ctx, entry, value);
  return CHANGED;
}

const group = 'bitmap';

/** A request that cannot be read counts as one that writes. */
function flagsOfFields(args: Arguments, from: number): readonly string[] {
  let i = from + 2;
  while (i < args.count) {
    const following = args.count - i - 1;
    if (args.is(i, GET) && following >= 2) i += 3;
    else if (args.is(i, OVERFLOW) && following >= 1) i += 2;
    else return ['RW', 'access', 'update'];
  }
  return ['RO', 'access'];
}

const fieldsKey: readonly KeySpec[] = [
  {
    flags: ['RW', 'access', 'update', 'variable_flags'],
    begin: { index: 1 },
    find: { lastKey: 0, step: 1, limit: 0 },
    flagsOf: flagsOfFields,
  },
];

export const bitfieldCommands = defineCommands([
  {
    name: 'bitfield',
    arity: -2,
    flags: ['write', 'denyoom'],
    keys: fieldsKey,
    group,
    since: '3.2.0',
    summary: 'Reads, sets and counts up integers of any width at any bit of a string.',
    syntax:
      'key:key [operation( GET get-block{ encoding offset:integer } | write{ ' +
      '[OVERFLOW overflow-block( WRAP | SAT | FAIL )] write-operation( ' +
      'SET set-block{ encoding offset:integer value:integer } | ' +
      'INCRBY incrby-block{ encoding offset:integer increment:integer } ) } )]...',
    run: bitfield,
  },
  {
    name: 'bitfield_ro',
    arity: -2,
    flags: ['readonly', 'fast'],
    keys: readKey,
    group,
    since: '6.0.0',
    summary: 'Reads integers of any width at any bit of a string.',
    syntax: 'key:key [GET get-block{ encoding offset:integer }]...*',
    run: bitfieldRo,
  },
]);
