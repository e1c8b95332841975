/*
 * Random requests over all commands on strings and keys: few keys, so that they meet; values and
 * numbers from the places where things break; options right and wrong. Times are far away or past,
 * never near: what two servers answer must not depend on when they are asked.
 */

import { DumpWriter } from '../../src/persistence/rdb/dump-payload.js';
import { latin1, latin1Text } from '../../src/structures/bytes.js';
import type { Random } from '../helpers/random.js';
import type { Request } from './program.js';
import type { Comparison } from './reply-comparison.js';

export const KEYS = [
  'a',
  'b',
  'c',
  'd',
  'key:1',
  'key:2',
  'long-key'.repeat(12),
  '',
  '\x00\xff',
  'k\r\n',
];

export const NUMBERS = [
  ...['0', '1', '-1', '7', '10', '99', '-100', '9999', '10000', '2147483647', '-2147483648'],
  ...['4294967296', '9007199254740991', '9007199254740992', '-9007199254740993'],
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775806'],
];

export const BAD_NUMBERS = ['', 'x', '1.5', '+1', '01', ' 1', '9223372036854775808', '-0', '1e3'];

const FLOATS = [
  '0.1',
  '-0.5',
  '1e3',
  '3.0',
  '1.25e-3',
  '100',
  '.5',
  '5.',
  '-1e10',
  '0x1p3',
  'inf',
  'nan',
];

/** Times beyond 2^53 ms are left out: there Tandem rounds, see docs/DIFFERENCES.md. */
export const ODD_TIMES = [
  '0',
  '-1',
  '-100',
  '-9223372036854775808',
  '9223372036854775808',
  'x',
  '',
  '1.5',
];

/**
 * Relative times, never twice the same: whether a deadline is later than another must not hang on
 * the millisecond at which each server was asked.
 */
const farSeconds = (random: Random): string => String(random.integer(1_000, 9_000_000));
const farMs = (random: Random): string => `${farSeconds(random)}000`;

const AT_SECONDS: readonly string[] = ['33177117420', '20000000000', '1'];
const AT_MS: readonly string[] = ['33177117420123', '20000000000500', '1'];

export const PATTERNS = [
  '*',
  'a*',
  '*e*',
  '?',
  '[a-c]',
  '[^a]',
  'key:?',
  'k*\n',
  '\\a',
  '[',
  '**y**',
  '*\xff',
];

type Maker = (random: Random) => readonly string[];

function key(random: Random): string {
  return random.pick(KEYS);
}

function value(random: Random): string {
  const roll = random.next();
  if (roll < 0.4) return random.pick(NUMBERS);
  if (roll < 0.5) return random.pick(BAD_NUMBERS);
  if (roll < 0.6) return random.pick(FLOATS);
  if (roll < 0.9) return random.text(random.integer(0, 50), 32, 126);
  return random.text(random.integer(0, random.chance(0.1) ? 5000 : 100));
}

function integer(random: Random): string {
  if (random.chance(0.1)) return random.pick(BAD_NUMBERS);
  return random.chance(0.5) ? String(random.integer(-100, 100)) : random.pick(NUMBERS);
}

/** Up to 100 bytes either way, now and then anything. */
function index(random: Random): string {
  return random.chance(0.9) ? String(random.integer(-60, 100)) : integer(random);
}

function many<T>(random: Random, make: (random: Random) => T, max = 4): T[] {
  return Array.from({ length: random.integer(1, max) }, () => make(random));
}

function expiry(random: Random): string[] {
  switch (random.integer(0, 4)) {
    case 0:
      return ['EX', farSeconds(random)];
    case 1:
      return ['PX', farMs(random)];
    case 2:
      return ['EXAT', random.pick(AT_SECONDS)];
    case 3:
      return ['PXAT', random.pick(AT_MS)];
    default:
      return [random.pick(['EX', 'PX', 'EXAT', 'PXAT']), random.pick(['0', '-1', 'x', ''])];
  }
}

function setOptions(random: Random): string[] {
  const options: string[] = [];
  if (random.chance(0.3)) options.push(random.pick(['NX', 'XX', 'nx', 'xX']));
  if (random.chance(0.3)) options.push('GET');
  if (random.chance(0.3)) options.push(...expiry(random));
  if (random.chance(0.1)) options.push('KEEPTTL');
  if (random.chance(0.03)) options.push(random.pick(['NX', 'XX', 'PERSIST', 'EX', 'what']));
  return options;
}

function expireCommand(random: Random): string[] {
  const conditions = random.chance(0.4)
    ? many(random, (r) => r.pick(['NX', 'XX', 'GT', 'LT']), 2)
    : [];
  const [name, usual] = random.pick([
    ['EXPIRE', farSeconds(random)],
    ['PEXPIRE', farMs(random)],
    ['EXPIREAT', random.pick(AT_SECONDS)],
    ['PEXPIREAT', random.pick(AT_MS)],
  ] as const);
  const time = random.chance(0.15) ? random.pick(ODD_TIMES) : usual;
  return [name, key(random), time, ...conditions];
}

/** Mostly near, so that strings stay short. */
function bitOffset(random: Random): string {
  if (random.chance(0.05)) return random.pick(BAD_NUMBERS);
  return String(random.integer(random.chance(0.02) ? -1 : 0, random.chance(0.05) ? 40_000 : 400));
}

/** Ends of a range, with a unit or without; now and then one end, or a wrong word. */
function bitRange(random: Random): string[] {
  if (random.chance(0.2)) return [];
  if (random.chance(0.1)) return [index(random)];
  const unit = random.pick([[], ['BYTE'], ['bit'], ['BIT'], ['BIT']]);
  return [index(random), index(random), ...(random.chance(0.03) ? ['what'] : unit)];
}

function fieldType(random: Random): string {
  if (random.chance(0.02)) return random.pick(['u64', 'i65', 'u0', 'x8', 'i', '']);
  return random.chance(0.5) ? `u${random.integer(1, 63)}` : `i${random.integer(1, 64)}`;
}

function fieldOperation(random: Random): string[] {
  const offset = random.chance(0.3) ? `#${random.integer(0, 9)}` : bitOffset(random);
  const operand = random.chance(0.5) ? random.pick(NUMBERS) : integer(random);
  switch (random.integer(0, 3)) {
    case 0:
      // A write at such a place would make strings of hundreds of megabytes.
      if (random.chance(0.05)) return ['GET', fieldType(random), `#${random.pick(NUMBERS)}`];
      return ['GET', fieldType(random), offset];
    case 1:
      return ['SET', fieldType(random), offset, operand];
    case 2:
      return ['INCRBY', fieldType(random), offset, operand];
    default:
      return ['OVERFLOW', random.pick(['WRAP', 'SAT', 'FAIL', 'sat', 'Fail'])];
  }
}

/**
 * Where operations may fail one is there that does not: of those that all fail only the string's
 * growth is left, which docs/DIFFERENCES.md takes for a change.
 */
function bitfield(random: Random): string[] {
  const operations = many(random, fieldOperation).flat();
  const mayFail = operations.some((word) => /^fail$/i.test(word));
  return ['BITFIELD', key(random), ...operations, ...(mayFail ? ['INCRBY', 'u8', '0', '0'] : [])];
}

function bitop(random: Random): string[] {
  if (random.chance(0.2)) return ['BITOP', 'NOT', key(random), key(random)];
  const operation = random.pick(['AND', 'OR', 'XOR', 'xor', 'NOT', 'NAND']);
  return ['BITOP', operation, key(random), ...many(random, key)];
}

function copyCommand(random: Random): string[] {
  const options: string[] = [];
  if (random.chance(0.3))
    options.push('DB', String(random.integer(0, random.chance(0.1) ? 16 : 2)));
  if (random.chance(0.4)) options.push(random.pick(['REPLACE', 'replace']));
  if (random.chance(0.03)) options.push(random.pick(['DB', 'x']));
  return ['COPY', key(random), key(random), ...options];
}

const dumps = [new DumpWriter(true), new DumpWriter(false)];

/** Mostly whole; else a byte of it is another one. */
function payload(random: Random): string {
  const bytes = random.pick(dumps).write(latin1(value(random)));
  if (random.chance(0.05)) bytes[random.integer(0, bytes.length - 1)] ^= 4;
  return latin1Text(bytes);
}

function restoreCommand(random: Random): string[] {
  const options: string[] = [];
  if (random.chance(0.6)) options.push(random.pick(['REPLACE', 'replace']));
  if (random.chance(0.1))
    options.push(...random.pick([['IDLETIME', '9'], ['FREQ', '9'], ['what']]));
  if (random.chance(0.05)) options.push('FREQ', random.pick(['-1', '256', 'x']));
  const isAbsolute = random.chance(0.3);
  if (isAbsolute) options.push('ABSTTL');
  const usual = isAbsolute ? random.pick(AT_MS) : farMs(random);
  const ttl = random.chance(0.5) ? '0' : random.chance(0.1) ? random.pick(ODD_TIMES) : usual;
  return ['RESTORE', key(random), ttl, payload(random), ...options];
}

/** Makers by how often they are drawn. */
const MAKERS: readonly (readonly [number, Maker])[] = [
  [12, (r) => ['SET', key(r), value(r)]],
  [10, (r) => ['SET', key(r), value(r), ...setOptions(r)]],
  [8, (r) => ['GET', key(r)]],
  [2, (r) => ['SETNX', key(r), value(r)]],
  [2, (r) => ['SETEX', key(r), farSeconds(r), value(r)]],
  [1, (r) => ['PSETEX', key(r), farMs(r), value(r)]],
  [2, (r) => ['GETSET', key(r), value(r)]],
  [2, (r) => ['GETDEL', key(r)]],
  [3, (r) => ['GETEX', key(r), ...(r.chance(0.6) ? expiry(r) : r.pick([[], ['PERSIST'], ['x']]))]],
  [3, (r) => ['MGET', ...many(r, key)]],
  [3, (r) => ['MSET', ...many(r, (s) => [key(s), value(s)]).flat()]],
  [2, (r) => ['MSETNX', ...many(r, (s) => [key(s), value(s)], 2).flat()]],
  [5, (r) => ['APPEND', key(r), value(r)]],
  [2, (r) => ['STRLEN', key(r)]],
  [4, (r) => ['SETRANGE', key(r), index(r), value(r)]],
  [4, (r) => [r.pick(['GETRANGE', 'SUBSTR']), key(r), index(r), index(r)]],
  [5, (r) => [r.pick(['INCR', 'DECR']), key(r)]],
  [5, (r) => [r.pick(['INCRBY', 'DECRBY']), key(r), integer(r)]],
  [4, (r) => ['INCRBYFLOAT', key(r), r.chance(0.7) ? r.pick(FLOATS) : value(r)]],
  [1, (r) => ['LCS', key(r), key(r), ...r.pick([[], ['LEN'], ['IDX'], ['IDX', 'WITHMATCHLEN']])]],
  [4, (r) => ['SETBIT', key(r), bitOffset(r), r.pick(['0', '1', '1', '0', '1', '2'])]],
  [2, (r) => ['GETBIT', key(r), bitOffset(r)]],
  [3, (r) => ['BITCOUNT', key(r), ...bitRange(r)]],
  [3, (r) => ['BITPOS', key(r), r.pick(['0', '1', '1', '0', '2']), ...bitRange(r)]],
  [3, bitop],
  [5, bitfield],
  [2, (r) => ['BITFIELD_RO', key(r), 'GET', fieldType(r), bitOffset(r)]],
  [4, (r) => [r.pick(['DEL', 'UNLINK']), ...many(r, key, 2)]],
  [2, (r) => [r.pick(['EXISTS', 'TOUCH']), ...many(r, key)]],
  [1, (r) => ['TYPE', key(r)]],
  [8, expireCommand],
  [4, (r) => [r.pick(['TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME']), key(r)]],
  [2, (r) => ['PERSIST', key(r)]],
  [3, (r) => [r.pick(['RENAME', 'RENAMENX']), key(r), key(r)]],
  [3, copyCommand],
  [2, (r) => ['MOVE', key(r), String(r.integer(0, r.chance(0.1) ? 16 : 2))]],
  [1, (r) => ['DUMP', key(r)]],
  [3, restoreCommand],
  [1, (r) => ['KEYS', r.pick(PATTERNS)]],
  [
    1,
    (r) => ['SCAN', '0', 'COUNT', '10000', ...(r.chance(0.5) ? ['MATCH', r.pick(PATTERNS)] : [])],
  ],
  [1, () => ['RANDOMKEY']],
  [1, () => ['DBSIZE']],
  [2, (r) => ['SELECT', String(r.integer(0, 2))]],
  [1, (r) => ['OBJECT', r.pick(['ENCODING', 'REFCOUNT']), key(r)]],
];

/** Drawn once in so many commands: they would leave little to look at. */
const RARE_ONE_IN = 300;
const RARE: readonly Maker[] = [
  () => ['FLUSHDB'],
  () => ['FLUSHALL'],
  (r) => ['SWAPDB', String(r.integer(0, 2)), String(r.integer(0, 3))],
  () => ['SET'],
  () => ['NOSUCHCOMMAND', 'x'],
];

const TOTAL_WEIGHT = MAKERS.reduce((sum, [weight]) => sum + weight, 0);

const COMPARISONS: Record<string, Comparison> = {
  KEYS: 'sameSorted',
  SCAN: 'scan',
  TTL: 'approx',
  PTTL: 'approx',
  EXPIRETIME: 'approx',
  PEXPIRETIME: 'approx',
  RANDOMKEY: 'sameType',
  // Its footer has a version, and compression leaves a choice.
  DUMP: 'sameType',
  // A small integer that COPY has made is no shared object in Redis.
  'OBJECT REFCOUNT': 'sameType',
  // Keys past their time count until somebody comes across them.
  DBSIZE: 'sameType',
};

export function makeData(random: Random): readonly string[] {
  return draw(random)(random);
}

export function randomDataRequest(random: Random): Request {
  const args = makeData(random);
  const byWords = COMPARISONS[args.slice(0, 2).join(' ')];
  return { args, comparison: byWords ?? COMPARISONS[args[0]] ?? 'same' };
}

function draw(random: Random): Maker {
  if (random.integer(1, RARE_ONE_IN) === 1) return random.pick(RARE);
  let roll = random.next() * TOTAL_WEIGHT;
  for (const [weight, maker] of MAKERS) {
    roll -= weight;
    if (roll < 0) return maker;
  }
  return MAKERS[0][1];
}
