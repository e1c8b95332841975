/*
 * MEMORY: what keys and the server take, and what the allocator holds. The figures are those of
 * INFO's memory section, counted by the server when they are asked for; field names are Redis's.
 * Must not know how memory is laid out.
 */

import type { DatabaseOverhead, MemoryFigures } from '../observability/memory-figures.js';
import type { Arguments } from '../resp/arguments.js';
import { type Context, defineCommands, keyRange } from './command.js';
import { SYNTAX_ERROR } from './errors.js';
import { readInteger, replyHelp, wordArgument } from './server-arguments.js';

const group = 'server';
const since = '4.0.0';

export const memoryCommands = defineCommands([
  {
    name: 'memory',
    arity: -2,
    flags: [],
    group,
    since,
    summary: 'Holds the commands about memory.',
    subcommands: [
      {
        name: 'memory|doctor',
        arity: 2,
        flags: [],
        group,
        since,
        summary: 'Tells in words what is wrong with the use of memory.',
        complexity: 'O(N), N being the number of clients',
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        run: (ctx) => ctx.reply.verbatim('txt', ctx.services.server.memoryReport()),
      },
      {
        name: 'memory|help',
        arity: 2,
        flags: ['loading', 'stale'],
        group,
        since,
        summary: 'Lists the subcommands.',
        complexity: 'O(1)',
        run: (ctx, args) => replyHelp(ctx, args, memoryHelp),
      },
      {
        name: 'memory|malloc-stats',
        arity: 2,
        flags: [],
        group,
        since,
        summary: 'Lists what the allocator of the pages holds.',
        complexity: 'O(N), N being the number of runs of pages',
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        run: (ctx) => ctx.reply.verbatim('txt', ctx.services.server.allocatorReport()),
      },
      {
        name: 'memory|purge',
        arity: 2,
        flags: [],
        group,
        since,
        summary: 'Has memory that is not used given back to the system.',
        complexity: 'O(1); values are moved in the background',
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        run: purge,
      },
      {
        name: 'memory|stats',
        arity: 2,
        flags: [],
        group,
        since,
        summary: 'Answers what memory is taken by.',
        complexity: 'O(N), N being the number of clients',
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        run: memoryStats,
      },
      {
        name: 'memory|usage',
        arity: -3,
        flags: ['readonly'],
        keys: keyRange({ first: 2, last: 0, step: 1, flags: ['RO'] }),
        group,
        since,
        summary: 'Answers how many bytes a key and its value take.',
        complexity: 'O(1)',
        syntax: 'key:key [SAMPLES count:integer]',
        run: memoryUsage,
      },
    ],
  },
]);

function purge(ctx: Context): void {
  ctx.keyspace.memory.purge();
  ctx.reply.ok();
}

type Field = readonly [name: string, write: number | ((ctx: Context) => void)];

/** A double, where Redis has one even if it is whole. */
function double(value: number): (ctx: Context) => void {
  return (ctx) => ctx.reply.double(value);
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

function memoryStats(ctx: Context): void {
  const figures = ctx.services.server.memoryFigures();
  writeFields(ctx, [
    ['peak.allocated', figures.peak],
    ['total.allocated', figures.used],
    ['startup.allocated', 0],
    ['replication.backlog', figures.backlog],
    ['clients.slaves', figures.replicas],
    ['clients.normal', figures.clients],
    ['cluster.links', 0],
    ['aof.buffer', 0],
    ['lua.caches', 0],
    ['functions.caches', 0],
    ...figures.databases.map(databaseField),
    ['overhead.total', figures.overhead],
    ['keys.count', figures.keys],
    ['keys.bytes-per-key', Math.floor(ratio(figures.used, figures.keys))],
    ['dataset.bytes', figures.dataset],
    ['dataset.percentage', double(ratio(figures.dataset * 100, figures.used))],
    ['peak.percentage', double(ratio(figures.used * 100, figures.peak))],
    ...allocatorFields(figures),
  ]);
}

function databaseField({ index, tableBytes, expiryBytes }: DatabaseOverhead): Field {
  const write = (ctx: Context) =>
    writeFields(ctx, [
      ['overhead.hashtable.main', tableBytes],
      ['overhead.hashtable.expires', expiryBytes],
      ['overhead.hashtable.slot-to-keys', 0],
    ]);
  return [`db.${index}`, write];
}

function allocatorFields({ used, allocated, active, resident }: MemoryFigures): Field[] {
  return [
    ['allocator.allocated', allocated],
    ['allocator.active', active],
    ['allocator.resident', active],
    ['allocator-fragmentation.ratio', double(ratio(active, allocated))],
    ['allocator-fragmentation.bytes', active - allocated],
    ['allocator-rss.ratio', double(1)],
    ['allocator-rss.bytes', 0],
    ['rss-overhead.ratio', double(ratio(resident, active))],
    ['rss-overhead.bytes', resident - active],
    ['fragmentation', double(ratio(resident, used))],
    ['fragmentation.bytes', resident - used],
  ];
}

function writeFields(ctx: Context, fields: readonly Field[]): void {
  ctx.reply.map(fields.length);
  for (const [name, value] of fields) {
    ctx.reply.bulkLatin1(name);
    if (typeof value === 'number') ctx.reply.integer(value);
    else value(ctx);
  }
}

function memoryUsage(ctx: Context, args: Arguments): void {
  for (let i = 3; i < args.count; i += 2) {
    if (wordArgument(args, i) !== 'samples' || i + 1 === args.count) {
      return ctx.reply.error(SYNTAX_ERROR);
    }
    // Read and checked only: a value's blocks are known exactly, nothing is sampled.
    const samples = readInteger(ctx, { args, index: i + 1 });
    if (samples === null) return;
    if (samples < 0) return ctx.reply.error(SYNTAX_ERROR);
  }
  const entry = ctx.db.peekAny(args.buffer, args.start[2], args.end[2]);
  if (entry === 0) return ctx.reply.null();
  ctx.reply.integer(ctx.db.memoryUsage(entry));
}

const memoryHelp = [
  'DOCTOR',
  '    Tells in words what is wrong with the use of memory.',
  'MALLOC-STATS',
  '    Lists the arenas, and the blocks of each size.',
  'PURGE',
  '    Has all memory that is not used given back to the system, in the background.',
  'STATS',
  '    Answers what memory is taken by.',
  'USAGE <key> [SAMPLES <count>]',
  '    Answers how many bytes <key> and its value take. The figure is exact: <count> is',
  '    accepted and has no effect.',
];
