/*
 * LCS: two strings, options, and the reply in its three shapes. The algorithm is string-lcs.ts.
 */

import { stringBytes } from '../keyspace/string-read.js';
import type { Ref } from '../memory/memory.js';
import type { Arguments } from '../resp/arguments.js';
import { latin1 } from '../structures/bytes.js';
import { INT64_BIG, INT64_INVALID, Int64Result, parseInt64 } from '../structures/integers.js';
import { type Context, defineCommands, keyRange } from './command.js';
import {
  LCS_LENGTH_AND_INDEXES,
  LCS_NEEDS_STRINGS,
  LCS_TOO_LARGE,
  NOT_AN_INTEGER,
  SYNTAX_ERROR,
} from './errors.js';
import { LcsTable } from './string-lcs.js';

const IDX = latin1('idx');
const LEN = latin1('len');
const WITHMATCHLEN = latin1('withmatchlen');
const MINMATCHLEN = latin1('minmatchlen');

/** What Redis takes for each cell of the table; the bound on the whole is measured in it. */
const BYTES_PER_CELL = 4;

interface LcsOptions {
  wantsIndexes: boolean;
  wantsLength: boolean;
  withMatchLength: boolean;
  matchBytesMin: number;
}

const parsed = new Int64Result();

function parseLcsOptions(args: Arguments): LcsOptions | string {
  const options: LcsOptions = {
    wantsIndexes: false,
    wantsLength: false,
    withMatchLength: false,
    matchBytesMin: 0,
  };
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, IDX)) {
      options.wantsIndexes = true;
    } else if (args.is(i, LEN)) {
      options.wantsLength = true;
    } else if (args.is(i, WITHMATCHLEN)) {
      options.withMatchLength = true;
    } else if (args.is(i, MINMATCHLEN) && i + 1 < args.count) {
      i++;
      parseInt64(args.buffer, args.start[i], args.end[i], parsed);
      if (parsed.kind === INT64_INVALID) return NOT_AN_INTEGER;
      options.matchBytesMin = parsed.kind === INT64_BIG ? Number(parsed.bigint) : parsed.number;
    } else {
      return SYNTAX_ERROR;
    }
  }
  return options.wantsIndexes && options.wantsLength ? LCS_LENGTH_AND_INDEXES : options;
}

function lcs(ctx: Context, args: Arguments): void {
  const { reply, db } = ctx;
  const { buffer, start, end } = args;
  const first = db.lookupRead(buffer, start[1], end[1]);
  const second = db.lookupRead(buffer, start[2], end[2]);
  if (!isStringOrNone(ctx, first) || !isStringOrNone(ctx, second)) {
    reply.error(LCS_NEEDS_STRINGS);
    return;
  }
  const options = parseLcsOptions(args);
  if (typeof options === 'string') {
    reply.error(options);
    return;
  }
  const a = valueBytes(ctx, first);
  const b = valueBytes(ctx, second);
  const tableBytes = (a.length + 1) * (b.length + 1) * BYTES_PER_CELL;
  if (tableBytes > ctx.services.config.values['proto-max-bulk-len']) {
    reply.error(LCS_TOO_LARGE);
    return;
  }
  const table = new LcsTable(a, b);
  if (options.wantsIndexes) {
    replyRanges(ctx, table, options);
  } else if (options.wantsLength) {
    reply.integer(table.length);
  } else {
    const text = table.subsequence();
    reply.bulk(text, 0, text.length);
  }
}

function replyRanges(ctx: Context, table: LcsTable, options: LcsOptions): void {
  const { reply } = ctx;
  const ranges = table.ranges(options.matchBytesMin);
  reply.map(2);
  reply.bulkLatin1('matches');
  reply.array(ranges.length);
  for (const { aStart, aEnd, bStart, bEnd } of ranges) {
    reply.array(options.withMatchLength ? 3 : 2);
    reply.array(2);
    reply.integer(aStart);
    reply.integer(aEnd);
    reply.array(2);
    reply.integer(bStart);
    reply.integer(bEnd);
    if (options.withMatchLength) reply.integer(aEnd - aStart + 1);
  }
  reply.bulkLatin1('len');
  reply.integer(table.length);
}

function isStringOrNone(ctx: Context, entry: Ref): boolean {
  return entry === 0 || ctx.db.typeOf(entry) === 'string';
}

function valueBytes(ctx: Context, entry: Ref): Uint8Array {
  return entry === 0 ? new Uint8Array(0) : stringBytes(ctx.db, entry);
}

export const stringLcsCommands = defineCommands([
  {
    name: 'lcs',
    arity: -3,
    flags: ['readonly'],
    keys: keyRange({ first: 1, last: 1, step: 1, flags: ['RO', 'access'] }),
    group: 'string',
    since: '7.0.0',
    summary: 'Finds the longest common subsequence of two strings.',
    syntax: 'key1:key key2:key#0 [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]',
    run: lcs,
  },
]);
