/*
 * Idle times and counters of use beside a redis-server, where a table of lines says too little: how
 * far counters have come after many uses, files that carry them from one server to the other, and a
 * policy that changes at run time.
 */

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DumpWriter } from '../../src/persistence/rdb/dump-payload.js';
import { latin1 } from '../../src/structures/bytes.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { startCandidate } from './harness.js';

const payload = new DumpWriter(false).write(latin1('a value'));

/** How far apart two clocks may have been read, in seconds. */
const CLOCK_SECONDS = 3;

async function eachFrequency(client: RespClient, keys: number): Promise<number[]> {
  const requests = Array.from({ length: keys }, (_, i) => ['OBJECT', 'FREQ', `k${i}`]);
  return (await client.pipeline(requests)).map(Number);
}

/** New keys, each used so many times. */
async function useKeys(client: RespClient, keys: number, uses: number): Promise<void> {
  for (let i = 0; i < keys; i++) {
    await client.call('SET', `k${i}`, 'v');
    await client.call('TOUCH', ...Array.from({ length: uses }, () => `k${i}`));
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, n) => sum + n, 0) / values.length;
const variance = (values: readonly number[]) =>
  mean(values.map((n) => (n - mean(values)) ** 2)) + 1 / 12;

/** `lru` and `lru_seconds_idle` of DEBUG OBJECT. */
async function debugAccess(client: RespClient, key: string): Promise<[number, number]> {
  const line = String(await client.call('DEBUG', 'OBJECT', key));
  const [, bits, idle] = / lru:(\d+) lru_seconds_idle:(\d+)/.exec(line) ?? assert.fail(line);
  return [Number(bits), Number(idle)];
}

describe('oracle: how keys have been used', { skip: skipWithoutRedis }, () => {
  let servers: ServerProcess[];
  let clients: RespClient[];

  before(async () => {
    const args = ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lfu'];
    servers = await Promise.all([startCandidate({ args }), startRedis({ args })]);
    clients = await Promise.all(servers.map((server) => server.connect()));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const both = (...request: (string | Uint8Array)[]) =>
    Promise.all(clients.map((client) => client.call(...request)));

  for (const [factor, uses] of [
    [1, 100],
    [10, 1000],
    [100, 5000],
  ]) {
    test(`counters after ${uses} uses with factor ${factor} are as far on both`, async () => {
      const keys = 150;
      await both('FLUSHALL');
      await both('CONFIG', 'SET', 'lfu-log-factor', String(factor), 'lfu-decay-time', '0');
      await Promise.all(clients.map((client) => useKeys(client, keys, uses)));
      const [ours, theirs] = await Promise.all(clients.map((c) => eachFrequency(c, keys)));
      const apart = Math.abs(mean(ours) - mean(theirs));
      const bound = 6 * Math.sqrt((variance(ours) + variance(theirs)) / keys);
      assert.ok(apart <= bound, `means ${mean(ours)} and ${mean(theirs)}, bound ${bound}`);
      const spread = variance(ours) / variance(theirs);
      assert.ok(spread > 0.4 && spread < 2.5, `variances ${variance(ours)}, ${variance(theirs)}`);
    });
  }

  test('lfu-log-factor is obeyed from CONFIG SET on', async () => {
    await both('CONFIG', 'SET', 'lfu-log-factor', '0', 'lfu-decay-time', '1');
    await both('SET', 'k', 'v');
    await both('TOUCH', ...Array.from({ length: 70 }, () => 'k'));
    assert.deepEqual(await both('OBJECT', 'FREQ', 'k'), [75, 75]);
  });

  test('DEBUG OBJECT tells the bits and the idle time under both kinds of policies', async () => {
    await both('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    for (const idle of ['0', '500', '16777214', '16777215', '20000000', '9999999999']) {
      await both('RESTORE', 'k', '0', payload, 'REPLACE', 'IDLETIME', idle);
      const [ours, theirs] = await Promise.all(clients.map((c) => debugAccess(c, 'k')));
      for (const i of [0, 1]) {
        const apart = Math.abs(ours[i] - theirs[i]);
        assert.ok(
          Math.min(apart, 2 ** 24 - apart) <= CLOCK_SECONDS,
          `idle ${idle}: ${ours} and ${theirs}`,
        );
      }
    }
  });

  test('a policy that changes leaves the bits as they are, and reads them anew', async () => {
    await both('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await both('RESTORE', 'k', '0', payload, 'REPLACE', 'IDLETIME', '5000');
    const before = await Promise.all(clients.map((c) => debugAccess(c, 'k')));
    for (const policy of ['allkeys-lfu', 'noeviction', 'volatile-lfu', 'volatile-ttl']) {
      await both('CONFIG', 'SET', 'maxmemory-policy', policy);
      const now = await Promise.all(clients.map((c) => debugAccess(c, 'k')));
      for (const i of [0, 1]) assert.equal(now[i][0], before[i][0], policy);
      const [ours, theirs] = await both('OBJECT', 'IDLETIME', 'k');
      assert.equal(typeof ours, typeof theirs, `IDLETIME under ${policy}`);
      const frequencies = await both('OBJECT', 'FREQ', 'k');
      assert.equal(typeof frequencies[0], typeof frequencies[1], `FREQ under ${policy}`);
    }
  });

  for (const policy of ['allkeys-lru', 'allkeys-lfu', 'noeviction']) {
    test(`a file carries use to the other server and back (${policy})`, async () => {
      await both('FLUSHALL');
      await both('CONFIG', 'SET', 'maxmemory-policy', policy);
      const [ours, theirs] = clients;
      const field = policy === 'allkeys-lfu' ? ['FREQ', '200'] : ['IDLETIME', '70000'];
      const subcommand = policy === 'allkeys-lfu' ? 'FREQ' : 'IDLETIME';
      // Without a policy that asks, the file says nothing, and the key is new.
      const expected = policy === 'noeviction' ? 0 : Number(field[1]);
      await ours.call('RESTORE', 'k', '0', payload, ...field);
      for (const [from, to] of [
        [0, 1],
        [1, 0],
      ]) {
        await clients[from].call('SAVE');
        await clients[to].call('FLUSHALL');
        copyFileSync(join(servers[from].dir, 'dump.rdb'), join(servers[to].dir, 'dump.rdb'));
        await clients[to].call('DEBUG', 'RELOAD', 'NOSAVE');
        const found = Number(await clients[to].call('OBJECT', subcommand, 'k'));
        const apart = Math.abs(found - expected);
        assert.ok(apart <= CLOCK_SECONDS * 2, `${policy}: ${found} on ${servers[to].name}`);
      }
      assert.equal(await theirs.call('EXISTS', 'k'), 1);
    });
  }
});
