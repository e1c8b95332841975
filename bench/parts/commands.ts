/*
 * Processor time and throughput of single commands, from redis-benchmark (skewed keys: from our own
 * generator): pipelines, clients, value sizes, hits and misses, few keys and many.
 */

import type { ServerProcess } from '../../test/helpers/server-process.js';
import { type Bench, compare, type Figures, withServers } from '../bench.js';
import { fill } from '../fill.js';
import { Load } from '../load/load.js';
import type { RequestName } from '../load/requests.js';
import { processorTime } from '../process-figures.js';
import { runRound } from '../redis-benchmark.js';

const KIB = 1024;
const FEW_KEYS = 10_000;
const MANY_KEYS = 10_000_000;
const PIPELINES = [1, 16, 64];
const PAIRS = 10;
/** Requests of a round: half a second of a server's time, roughly. */
const REQUESTS: Readonly<Record<number, number>> = { 1: 50_000, 16: 400_000, 64: 600_000 };
const SKEWED_MS = 1000;
const UNITS = { 'CPU a request': 'µs', throughput: 'requests/s' };

const KEY = 'key:__rand_int__';
const value = (bytes: number): string => 'x'.repeat(bytes);

interface Case {
  readonly name: string;
  readonly words: readonly string[];
  readonly clients?: number;
  readonly pipelines?: readonly number[];
  /** Bytes that a request moves, beside its first hundred: fewer requests make a round. */
  readonly weight?: number;
}

const set: Case = { name: 'SET', words: ['SET', KEY, value(16)] };
const get: Case = { name: 'GET', words: ['GET', KEY] };
const QUICK: readonly Case[] = [set, get];

const ALL: readonly Case[] = [
  { name: 'PING', words: ['PING'] },
  set,
  get,
  { name: 'INCR', words: ['INCR', 'ctr:__rand_int__'] },
  { name: 'SET EX', words: ['SET', KEY, value(16), 'EX', '1000'] },
  { name: 'MSET of 10', words: ['MSET', ...repeated([KEY, value(16)])], weight: 400 },
  { name: 'MGET of 10', words: ['MGET', ...repeated([KEY])], weight: 400 },
  { name: 'GET, all misses', words: ['GET', 'not:__rand_int__'] },
  { ...set, name: 'SET, 1000 clients', clients: 1000 },
  { ...get, name: 'GET, 1000 clients', clients: 1000 },
  ...[KIB, 64 * KIB].flatMap((bytes): Case[] => [
    // Sets first, so that the gets find values of this size.
    { ...sized(bytes), name: `SET of ${bytes / KIB} KiB`, words: ['SET', KEY, value(bytes)] },
    { ...sized(bytes), name: `GET of ${bytes / KIB} KiB`, words: ['GET', KEY] },
  ]),
  // Last: it leaves holes.
  { name: 'DEL', words: ['DEL', KEY] },
];

function repeated(words: readonly string[]): string[] {
  return Array.from({ length: PAIRS }, () => words).flat();
}

function sized(bytes: number): { weight: number; pipelines: readonly number[] } {
  return { weight: bytes / 4, pipelines: [1, 16] };
}

export async function commands(bench: Bench): Promise<void> {
  await withServers(bench, {}, async (servers) => {
    const part = 'commands';
    const few = bench.keys(FEW_KEYS);
    for (const server of servers) await fill(server, few);
    for (const one of bench.isQuick ? QUICK : ALL) await runCase(bench, part, servers, one, few);
  });
  await withServers(bench, {}, async (servers) => {
    const keys = bench.keys(MANY_KEYS);
    const part = `commands, ${keys} keys`;
    for (const server of servers) await fill(server, keys);
    for (const one of QUICK) await runCase(bench, part, servers, one, keys);
    for (const name of ['set', 'get'] as const) await runSkewed(bench, part, servers, name, keys);
  });
}

async function runCase(
  bench: Bench,
  part: string,
  servers: readonly ServerProcess[],
  one: Case,
  keys: number,
): Promise<void> {
  const { words, clients = 50, weight = 0 } = one;
  for (const pipeline of one.pipelines ?? PIPELINES) {
    const requests = bench.requests((REQUESTS[pipeline] ?? 0) / (1 + weight / 100));
    await compare(bench, {
      part,
      what: `${one.name}, pipeline ${pipeline}`,
      units: UNITS,
      contenders: servers,
      warmUps: 1,
      measure: async (server): Promise<Figures> => {
        const all = Math.max(requests, clients * pipeline);
        const round = { words, clients, pipeline, keys, requests: Math.round(all) };
        const { cost, rate } = await runRound(server, round);
        return { 'CPU a request': cost, throughput: rate };
      },
    });
  }
}

async function runSkewed(
  bench: Bench,
  part: string,
  servers: readonly ServerProcess[],
  name: RequestName,
  keys: number,
): Promise<void> {
  await compare(bench, {
    part,
    what: `${name.toUpperCase()}, skewed keys, pipeline 16`,
    units: UNITS,
    contenders: servers,
    warmUps: 1,
    measure: async (server): Promise<Figures> => {
      const load = await Load.start({
        port: server.port,
        connections: 50,
        ratePerSecond: null,
        request: { name, pipeline: 16, keys, valueBytes: 16, isSkewed: true },
      });
      const before = [processorTime(server.pid), load.requests] as const;
      const rate = await load.rateOver(bench.ms(SKEWED_MS));
      const cost = (processorTime(server.pid) - before[0]) / (load.requests - before[1]);
      await load.stop();
      return { 'CPU a request': cost, throughput: rate };
    },
  });
}
