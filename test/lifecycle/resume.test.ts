/*
 * Servers restarted in an orderly way: what a snapshot tells of the history lets a primary and a
 * replica resume where they were, with a redis-server on the other side too. (kill -9 at any moment
 * is in test/replication/crashes.)
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntilInSync } from '../helpers/digest.js';
import { info } from '../helpers/info.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { ServerOptions, ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

type Kind = 'tandem' | 'redis';

function start(kind: Kind, args: readonly string[] = []): Promise<ServerProcess> {
  const options: ServerOptions = { args: ['--save', '3600 1', ...args] };
  return untilTestEnds(kind === 'tandem' ? startTandem(options) : startRedis(options));
}

interface Pair {
  primary: ServerProcess;
  replica: ServerProcess;
}

async function startPair(primaryKind: Kind, replicaKind: Kind): Promise<Pair> {
  const primary = await start(primaryKind);
  const replica = await start(replicaKind, ['--replicaof', '127.0.0.1', String(primary.port)]);
  const client = await primary.connect();
  await client.call('SELECT', '2');
  await client.call('SET', 'k', 'before');
  await settle({ primary, replica });
  return { primary, replica };
}

/** Waits until both are linked and equal. */
async function settle({ primary, replica }: Pair): Promise<void> {
  await waitUntilInSync(await primary.connect(), await replica.connect());
}

async function shutDown(server: ServerProcess): Promise<void> {
  server.signal('SIGTERM');
  assert.equal(await server.exited(), 0);
}

async function syncsOf(client: RespClient): Promise<{ full: string; partial: string }> {
  const fields = await info(client, 'stats');
  return { full: fields.sync_full ?? '', partial: fields.sync_partial_ok ?? '' };
}

for (const [primaryKind, replicaKind] of [
  ['tandem', 'tandem'],
  ['tandem', 'redis'],
  ['redis', 'tandem'],
] as const) {
  const skip = primaryKind === 'redis' || replicaKind === 'redis' ? skipWithoutRedis : false;

  describe(`${primaryKind} → ${replicaKind}`, { skip }, () => {
    test('a restarted replica resumes partially, in the database of the stream', async () => {
      const pair = await startPair(primaryKind, replicaKind);
      await shutDown(pair.replica);
      const client = await pair.primary.connect();
      await client.call('SELECT', '2');
      await client.call('SET', 'k', 'meanwhile');
      await client.call('SET', 'k2', 'meanwhile');
      await pair.replica.start();
      await settle(pair);
      assert.deepEqual(await syncsOf(client), { full: '1', partial: '1' });
    });

    test('a primary shut down and restarted serves its replica partially', async () => {
      const pair = await startPair(primaryKind, replicaKind);
      const before = await info(await pair.primary.connect(), 'replication');
      await shutDown(pair.primary);
      await pair.primary.start();
      const client = await pair.primary.connect();
      await client.call('SET', 'after', 'the restart');
      await settle(pair);
      const after = await info(client, 'replication');
      assert.notEqual(after.master_replid, before.master_replid);
      assert.equal(after.master_replid2, before.master_replid);
      assert.equal((await syncsOf(client)).full, '0');
    });
  });
}

for (const replicaKind of ['tandem', 'redis'] as const) {
  const skip = replicaKind === 'redis' ? skipWithoutRedis : false;
  // DESIGN, replication, trap 3.
  test(`a key expired while the primary was down: DEL for a ${replicaKind} that resumes`, {
    skip,
  }, async () => {
    const pair = await startPair('tandem', replicaKind);
    const client = await pair.primary.connect();
    await client.call('SELECT', '5');
    await client.call('SET', 'short', 'x', 'PX', '1500');
    await client.call('SET', 'long', 'x', 'PX', '1000000');
    const expiresAtMs = Number(await client.call('PEXPIRETIME', 'short'));
    await settle(pair);
    await shutDown(pair.primary);
    // The one thing to wait for is the clock.
    await sleep(Math.max(0, expiresAtMs - Date.now()) + 1);
    await pair.primary.start();
    assert.match(pair.primary.log, /keys loaded: 2, keys expired: 1\./);
    await settle(pair);
    const [ours, theirs] = [await pair.primary.connect(), await pair.replica.connect()];
    assert.equal((await syncsOf(ours)).full, '0', 'it resumed');
    for (const one of [ours, theirs]) {
      await one.call('SELECT', '5');
      assert.equal(await one.call('DBSIZE'), 1);
      assert.equal(await one.call('TTL', 'short'), -2);
    }
  });
}

test('a replica restarted while its primary is down serves its data and links later', async () => {
  const pair = await startPair('tandem', 'tandem');
  await shutDown(pair.primary);
  await shutDown(pair.replica);
  await pair.replica.start();
  const replica = await pair.replica.connect();
  await replica.call('SELECT', '2');
  assert.equal(await replica.call('GET', 'k'), 'before');
  assert.equal((await info(replica, 'replication')).master_link_status, 'down');
  assert.match(String(await replica.call('SET', 'k', 'x')), /READONLY/);
  await pair.primary.start();
  await settle(pair);
  const client = await pair.primary.connect();
  await waitFor('a partial resync', async () => (await syncsOf(client)).partial === '1');
  assert.equal((await syncsOf(client)).full, '0');
});

test('a replica promoted after a restart serves the others of its primary partially', async () => {
  const primary = await start('tandem');
  const args = ['--replicaof', '127.0.0.1', String(primary.port)];
  const promoted = await start('tandem', args);
  const other = await start('tandem', args);
  await (await primary.connect()).call('SET', 'k', 'v');
  await settle({ primary, replica: promoted });
  await settle({ primary, replica: other });
  // An orderly end would ask for ACKs, which one of the two would no longer see.
  await primary.kill();
  await shutDown(promoted);
  await promoted.start();
  const client = await promoted.connect();
  assert.equal(await client.call('REPLICAOF', 'NO', 'ONE'), 'OK');
  const follower = await other.connect();
  assert.equal(await follower.call('REPLICAOF', '127.0.0.1', promoted.port), 'OK');
  await client.call('SET', 'k', 'new');
  await settle({ primary: promoted, replica: other });
  assert.deepEqual(await syncsOf(client), { full: '0', partial: '1' });
});
