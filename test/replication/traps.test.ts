/*
 * Traps that replication has caught others in, over real sockets: a slow replica among quick ones,
 * a sync that outlasts the backlog, keys past their time on a replica, a link that falls silent
 * before the stream. docs/TESTING.md says where the other traps are held.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digest } from '../helpers/digest.js';
import { FakePrimary } from '../helpers/fake-primary.js';
import { info } from '../helpers/info.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { untilTestEnds } from '../helpers/started.js';
import { TcpProxy } from '../helpers/tcp-proxy.js';
import { waitFor } from '../helpers/wait-for.js';
import { type Actor, assertInSync, follow, pairs, start, syncs, waitForLink } from './cast.js';

/** Bytes that no pair of kernel buffers holds, so that a frozen reader holds the sender up. */
async function fillWith32Mb(primary: Actor): Promise<void> {
  const value = 'x'.repeat(1_000_000);
  for (let i = 0; i < 32; i++) await primary.client.call('SET', `k${i}`, value);
}

test('in one diskless transfer a replica that takes nothing holds no other back', async () => {
  const delay = ['--repl-diskless-sync-delay', '60', '--repl-diskless-sync-max-replicas', '2'];
  const primary = await start('tandem', { args: [...delay, '--rdbcompression', 'no'] });
  await fillWith32Mb(primary);
  const proxy = await untilTestEnds(TcpProxy.start({ targetPort: primary.server.port }));
  const [slow, quick] = [await start('tandem'), await start('tandem')];
  await follow(slow, proxy.port);
  await waitFor('it to be waiting', async () => {
    return (await info(primary.client, 'replication')).connected_slaves === '1';
  });
  proxy.onChunk = () => {
    if (proxy.bytes.down > 100_000) proxy.freeze('down');
  };
  await follow(quick, primary.server.port);
  await waitForLink(quick);
  assert.equal((await info(slow.client, 'replication')).master_link_status, 'down');
  assert.equal(primary.server.log.split('Starting BGSAVE for SYNC').length, 2, 'one snapshot');
  await primary.client.call('SET', 'after', '1');
  await waitFor('the stream', async () => (await quick.client.call('GET', 'after')) === '1');
  proxy.onChunk = null;
  proxy.thaw('down');
  await waitForLink(slow);
  await assertInSync(primary, slow, quick);
});

for (const isDiskless of ['yes', 'no']) {
  test(`a full sync may take longer than the backlog lasts, diskless ${isDiskless}`, async () => {
    const args = ['--repl-backlog-size', '16kb', '--repl-diskless-sync', isDiskless];
    const primary = await start('tandem', { args: [...args, '--rdbcompression', 'no'] });
    await fillWith32Mb(primary);
    const proxy = await untilTestEnds(TcpProxy.start({ targetPort: primary.server.port }));
    const replica = await start('tandem');
    proxy.onChunk = () => {
      if (proxy.bytes.down > 100_000) proxy.freeze('down');
    };
    await follow(replica, proxy.port);
    await waitFor('the payload to begin', () => proxy.bytes.down > 100_000);
    // Sixty times the backlog while the payload is on its way.
    const value = 'w'.repeat(10_000);
    for (let i = 0; i < 100; i++) await primary.client.call('SET', `w${i}`, value);
    proxy.onChunk = null;
    proxy.thaw('down');
    await waitForLink(replica);
    await assertInSync(primary, replica);
    assert.equal((await syncs(primary)).full, 1);
  });
}

const PAST = '1600000000000';
/** `k` is past its time from the second command on, or from the first. */
const pastKeys: readonly (readonly (readonly string[])[])[] = [
  [['SET', 'k', 'v', 'PXAT', PAST]],
  [
    ['SET', 'k', 'v', 'PXAT', PAST],
    ['APPEND', 'k', 'w'],
    ['PERSIST', 'k'],
  ],
  [
    ['SET', 'k', '5', 'PXAT', PAST],
    ['INCR', 'k'],
    ['PERSIST', 'k'],
  ],
  [
    ['SET', 'k', '1', 'PXAT', PAST],
    ['INCRBYFLOAT', 'k', '1.5'],
    ['PERSIST', 'k'],
  ],
  [
    ['SET', 'k', 'v'],
    ['PEXPIREAT', 'k', PAST],
  ],
  [
    ['SET', 'k', 'v'],
    ['PEXPIREAT', 'k', PAST],
    ['PERSIST', 'k'],
  ],
  [
    ['SET', 'k', 'v', 'PXAT', PAST],
    ['RENAME', 'k', 'j'],
    ['PERSIST', 'j'],
  ],
  [
    ['SET', 'k', 'v', 'PXAT', PAST],
    ['RENAMENX', 'k', 'j'],
    ['PERSIST', 'j'],
  ],
  [
    ['SET', 'k', 'v', 'PXAT', PAST],
    ['SETNX', 'k', 'x'],
    ['PERSIST', 'k'],
  ],
  [
    ['SET', 'k', 'v', 'PXAT', PAST],
    ['SET', 'k', 'x', 'XX'],
  ],
  [
    ['SET', 'k', 'v', 'PXAT', PAST],
    ['SET', 'k', 'x', 'KEEPTTL'],
    ['PERSIST', 'k'],
  ],
  [
    ['SET', 'k', 'v', 'PXAT', PAST],
    ['SETRANGE', 'k', '3', 'x'],
    ['PERSIST', 'k'],
  ],
  [
    ['SET', 'k', 'v', 'PXAT', PAST],
    ['GETEX', 'k', 'PERSIST'],
  ],
  [
    ['SET', 'k', 'v', 'PXAT', PAST],
    ['GETDEL', 'k'],
  ],
  [
    ['SET', 'k', 'v', 'PXAT', PAST],
    ['MSETNX', 'k', '2', 'j', '3'],
  ],
  [
    ['SET', 'k', '1', 'PXAT', PAST],
    ['SWAPDB', '0', '1'],
    ['SELECT', '1'],
    ['INCR', 'k'],
  ],
  [['MULTI'], ['SET', 'k', '1', 'PXAT', PAST], ['INCR', 'k'], ['EXEC'], ['PERSIST', 'k']],
  [
    ['SET', 'k', 'v', 'PXAT', PAST],
    ['DEL', 'k'],
  ],
  [
    ['SET', 'k', 'v'],
    ['EXPIRE', 'k', '-1'],
  ],
];

test('a key past its time: gone for readers, alive for the stream, as on a redis-server', {
  skip: skipWithoutRedis,
}, async () => {
  const primary = await untilTestEnds(FakePrimary.start());
  const replicas = [await start('tandem'), await start('redis')];
  for (const replica of replicas) await follow(replica, primary.port);
  for (const replica of replicas) await waitForLink(replica);
  for (const commands of pastKeys) {
    primary.stream('SELECT', '0');
    primary.stream('FLUSHALL');
    for (const command of commands) primary.stream(...command);
    const seen: unknown[] = [];
    for (const { client, server } of replicas) {
      await waitFor(`${server.name} to have applied it`, async () => {
        return Number((await info(client, 'replication')).slave_repl_offset) === primary.offset;
      });
      const reads = [['GET', 'k'], ['TTL', 'k'], ['EXISTS', 'k', 'j'], ['DBSIZE'], ['KEYS', '*']];
      seen.push([await digest(client), await client.pipeline(reads)]);
    }
    assert.deepEqual(seen[0], seen[1], JSON.stringify(commands));
  }
});

for (const [primaryKind, replicaKind] of pairs) {
  const skip = primaryKind === replicaKind ? false : skipWithoutRedis;
  describe(`${primaryKind} → ${replicaKind}`, { skip }, () => {
    test('a link frozen in handshake and snapshot is given up and retried', async () => {
      const primary = await start(primaryKind, { args: ['--rdbcompression', 'no'] });
      await fillWith32Mb(primary);
      const proxy = await untilTestEnds(TcpProxy.start({ targetPort: primary.server.port }));
      const replica = await start(replicaKind, { args: ['--repl-timeout', '2'] });
      proxy.freeze('down');
      await follow(replica, proxy.port);
      await replica.server.waitForLog('Timeout connecting to the MASTER');
      proxy.onChunk = () => {
        if (proxy.bytes.down > 100_000) proxy.freeze('down');
      };
      proxy.thaw('down');
      await replica.server.waitForLog('Timeout receiving bulk data from MASTER');
      proxy.onChunk = null;
      proxy.thaw('down');
      await waitForLink(replica);
      await assertInSync(primary, replica);
    });
  });
}
