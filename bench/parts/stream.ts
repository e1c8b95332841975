/*
 * The replication stream: processor time for each SET on a primary with no, one and three replicas,
 * and for each applied SET on a replica of either kind that follow the same primary; how far behind
 * a replica is; and how long a partial resync takes to catch up.
 */

import assert from 'node:assert/strict';
import { info } from '../../test/helpers/info.js';
import { startRedis } from '../../test/helpers/redis-server.js';
import type { RespClient } from '../../test/helpers/resp-client.js';
import type { ServerProcess } from '../../test/helpers/server-process.js';
import { waitFor } from '../../test/helpers/wait-for.js';
import { addRows, type Bench, compare, type Figures, sleep, withServers } from '../bench.js';
import { processorTime } from '../process-figures.js';
import { runRound } from '../redis-benchmark.js';
import { startWrites } from '../under-load.js';

const KEYS = 10_000;
const REQUESTS = 800_000;
const REPLICAS = [0, 1, 3];
const MISSED_BYTES = 100 * 2 ** 20;
const LAG_MS = 3000;
const LAG_SAMPLE_MS = 50;
const POLL_MS = 2;
const PART = 'stream';

export async function stream(bench: Bench): Promise<void> {
  await primaries(bench);
  await replicas(bench);
  await partialSyncs(bench);
}

function sets(server: ServerProcess, requests: number) {
  const words = ['SET', 'key:__rand_int__', 'x'.repeat(16)];
  return runRound(server, { words, clients: 50, pipeline: 64, keys: KEYS, requests });
}

async function primaries(bench: Bench): Promise<void> {
  const requests = bench.requests(REQUESTS);
  for (const count of bench.isQuick ? REPLICAS.slice(0, 2) : REPLICAS) {
    await withServers(bench, {}, async (servers) => {
      const followers: ServerProcess[] = [];
      try {
        for (const server of servers) {
          for (let i = 0; i < count; i++) followers.push(await startReplica(server));
        }
        await compare(bench, {
          part: PART,
          what: `a SET on a primary with ${count} replicas`,
          units: { 'CPU a request': 'µs' },
          contenders: servers,
          warmUps: 1,
          measure: async (server) => {
            const { cost } = await sets(server, requests);
            await untilInSync(server, count);
            return { 'CPU a request': cost };
          },
        });
      } finally {
        for (const one of followers) await one.stop();
      }
    });
  }
}

async function startReplica(primary: ServerProcess): Promise<ServerProcess> {
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(primary.port)] });
  const client = await replica.connect();
  await waitFor('the link', async () => {
    return (await info(client, 'replication')).master_link_status === 'up';
  });
  client.close();
  return replica;
}

/** Until all replicas have acknowledged everything. */
async function untilInSync(primary: ServerProcess, count: number): Promise<void> {
  const client = await primary.connect();
  await client.call('SET', 'last', 'one');
  const reached = await client.call('WAIT', String(count), '30000');
  assert(Number(reached) >= count, 'replicas do not follow');
  client.close();
}

/** All replicas follow one redis-server, so that they apply the same stream at the same time. */
async function replicas(bench: Bench): Promise<void> {
  const requests = bench.requests(REQUESTS);
  const primary = await startRedis();
  try {
    const args = ['--replicaof', '127.0.0.1', String(primary.port)];
    await withServers(bench, { args }, async (servers) => {
      const source = await primary.connect();
      await waitFor('the links', async () => {
        return Number((await info(source, 'replication')).connected_slaves) === servers.length;
      });
      await untilInSync(primary, servers.length);
      const rounds = new Map(servers.map(({ name }) => [name, [] as Figures[]]));
      for (let round = -1; round < bench.rounds; round++) {
        const before = servers.map(({ pid }) => processorTime(pid));
        await sets(primary, requests);
        await untilInSync(primary, servers.length);
        for (const [i, { name, pid }] of servers.entries()) {
          const cost = (processorTime(pid) - (before[i] ?? 0)) / requests;
          if (round >= 0) rounds.get(name)?.push({ 'CPU a request': cost });
        }
      }
      const units = { 'CPU a request': 'µs' };
      addRows(bench, { part: PART, what: 'an applied SET on a replica', units, rounds });
      await lag(bench, primary, source, servers);
    });
  } finally {
    await primary.stop();
  }
}

/** Bytes of the stream that a replica has still to apply, under full write load. */
async function lag(
  bench: Bench,
  primary: ServerProcess,
  source: RespClient,
  servers: readonly ServerProcess[],
): Promise<void> {
  const clients = await Promise.all(servers.map((server) => server.connect()));
  const load = await startWrites(primary.port, KEYS);
  const rounds = new Map(servers.map(({ name }) => [name, [] as Figures[]]));
  for (let ms = 0; ms <= bench.ms(LAG_MS); ms += LAG_SAMPLE_MS) {
    await sleep(LAG_SAMPLE_MS);
    const end = Number((await info(source, 'replication')).master_repl_offset);
    for (const [i, { name }] of servers.entries()) {
      const client = clients[i];
      assert(client !== undefined);
      const { slave_repl_offset } = await info(client, 'replication');
      const behind = Math.max(0, end - Number(slave_repl_offset)) / 1024;
      rounds.get(name)?.push({ 'behind under full load': behind });
    }
  }
  await load.stop();
  const units = { 'behind under full load': 'KiB' };
  addRows(bench, { part: PART, what: 'a replica', units, rounds });
}

/** A replica is cut off, misses much, and comes back. */
async function partialSyncs(bench: Bench): Promise<void> {
  const missed = bench.keys(MISSED_BYTES);
  const args = ['--repl-backlog-size', String(2 * missed + 2 ** 20)];
  await withServers(bench, { args }, async (servers) => {
    const followers = new Map<ServerProcess, ServerProcess>();
    try {
      for (const server of servers) followers.set(server, await startReplica(server));
      await compare(bench, {
        part: PART,
        what: `partial resync of ${(missed / 2 ** 20).toFixed(1)} MiB`,
        units: { 'caught up': 's', 'CPU of the primary': 'ms' },
        contenders: servers,
        measure: async (primary) => {
          const replica = followers.get(primary);
          assert(replica !== undefined);
          return await catchUp(primary, replica, missed);
        },
      });
    } finally {
      for (const one of followers.values()) await one.stop();
    }
  });
}

async function catchUp(
  primary: ServerProcess,
  replica: ServerProcess,
  missed: number,
): Promise<Figures> {
  const client = await primary.connect();
  const follower = await replica.connect();
  const offset = async () => Number((await info(client, 'replication')).master_repl_offset);
  const stats = await info(client, 'stats');
  // A primary that cannot be reached: what it streams meanwhile is missed.
  await follower.call('REPLICAOF', '127.0.0.1', '1');
  const from = await offset();
  const value = 'x'.repeat(1000);
  while ((await offset()) - from < missed) {
    await client.pipeline(Array.from({ length: 200 }, (_, i) => ['SET', `key:${i}`, value]));
  }
  const end = await offset();
  const before = processorTime(primary.pid);
  const startMs = performance.now();
  await follower.call('REPLICAOF', '127.0.0.1', String(primary.port));
  while (Number((await info(follower, 'replication')).slave_repl_offset) < end) {
    await sleep(POLL_MS);
  }
  const seconds = (performance.now() - startMs) / 1000;
  const cost = (processorTime(primary.pid) - before) / 1000;
  const { sync_partial_ok } = await info(client, 'stats');
  assert(Number(sync_partial_ok) > Number(stats.sync_partial_ok), 'it was no partial resync');
  client.close();
  follower.close();
  return { 'caught up': seconds, 'CPU of the primary': cost };
}
