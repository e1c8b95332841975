/*
 * kill -9 of either side at random moments, with and without a snapshot on disk to resume from.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { info } from '../helpers/info.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { waitFor } from '../helpers/wait-for.js';
import { randomFrom } from '../simulation/world.js';
import {
  assertInSync,
  crashAndRestart,
  follow,
  type Kind,
  someWrites,
  start,
  stopAll,
  syncs,
  Writer,
  waitForLink,
} from './cast.js';

const pairs: readonly (readonly [Kind, Kind])[] = [
  ['tandem', 'tandem'],
  ['tandem', 'redis'],
  ['redis', 'tandem'],
];

const rounds = process.env.TANDEM_LONG === '1' ? 30 : 3;

for (const [primaryKind, replicaKind] of pairs) {
  const skip = primaryKind === 'redis' || replicaKind === 'redis' ? skipWithoutRedis : false;

  describe(`${primaryKind} → ${replicaKind}`, { skip }, () => {
    test('the replica killed at random moments comes back and catches up', async () => {
      const primary = await start(primaryKind);
      const args = ['--replicaof', '127.0.0.1', String(primary.server.port)];
      const replica = await start(replicaKind, { args });
      const writer = await Writer.start(primary, 31);
      const random = randomFrom(32);
      for (let i = 0; i < rounds; i++) {
        await sleep(random() * 400);
        await crashAndRestart(replica);
      }
      await writer.stop();
      await assertInSync(primary, replica);
      await stopAll(primary.server, replica.server);
    });

    test('the primary killed at random moments comes back without its unsaved data', async () => {
      const primary = await start(primaryKind);
      const args = ['--replicaof', '127.0.0.1', String(primary.server.port)];
      const replica = await start(replicaKind, { args });
      const random = randomFrom(33);
      for (let i = 0; i < rounds; i++) {
        const writer = await Writer.start(primary, 34 + i);
        await sleep(random() * 400);
        await primary.server.kill();
        await writer.stop();
        await primary.server.start();
        primary.client = await primary.server.connect();
      }
      await primary.client.pipeline(someWrites(random, 50));
      await assertInSync(primary, replica);
      await stopAll(primary.server, replica.server);
    });
  });
}

test('a Tandem primary restarted from its snapshot serves its replica partially', async () => {
  const primary = await start('tandem');
  const replica = await start('tandem');
  await follow(replica, primary.server.port);
  await waitForLink(replica);
  await primary.client.pipeline(someWrites(randomFrom(41), 200));
  await assertInSync(primary, replica);
  assert.equal(await primary.client.call('SAVE'), 'OK');
  const before = await info(primary.client, 'replication');
  await crashAndRestart(primary);
  const after = await info(primary.client, 'replication');
  assert.notEqual(after.master_replid, before.master_replid, 'a restarted primary rotates');
  assert.equal(after.master_replid2, before.master_replid);
  await primary.client.pipeline(someWrites(randomFrom(42), 100));
  await waitForLink(replica);
  await assertInSync(primary, replica);
  assert.deepEqual(await syncs(primary), { full: 0, partial: 1, refused: 0 });
  await stopAll(primary.server, replica.server);
});

test('a replica that has more than the restarted primary saved is refused', async () => {
  const primary = await start('tandem');
  const replica = await start('tandem');
  await follow(replica, primary.server.port);
  await waitForLink(replica);
  assert.equal(await primary.client.call('SAVE'), 'OK');
  await primary.client.pipeline(someWrites(randomFrom(43), 100));
  await assertInSync(primary, replica);
  await crashAndRestart(primary);
  await waitForLink(replica);
  await assertInSync(primary, replica);
  assert.equal((await info(primary.client, 'stats')).sync_full_diverged, '1');
  assert.match(primary.server.log, /Requested offset for second ID was \d+, but I can reply up to/);
  await stopAll(primary.server, replica.server);
});

for (const replicaKind of ['tandem', 'redis'] as const) {
  const skip = replicaKind === 'redis' ? skipWithoutRedis : false;
  test(`a ${replicaKind} replica restarted from its snapshot resumes partially`, {
    skip,
  }, async () => {
    const primary = await start('tandem');
    const args = ['--replicaof', '127.0.0.1', String(primary.server.port)];
    const replica = await start(replicaKind, { args });
    await waitForLink(replica);
    await primary.client.call('SELECT', '3');
    await primary.client.pipeline(someWrites(randomFrom(44), 200));
    await assertInSync(primary, replica);
    assert.equal(await replica.client.call('SAVE'), 'OK');
    await primary.client.pipeline(someWrites(randomFrom(45), 100));
    await crashAndRestart(replica);
    await assertInSync(primary, replica);
    const given = await syncs(primary);
    assert.equal(given.full, 1);
    assert.equal(given.partial, 1);
    await stopAll(primary.server, replica.server);
  });
}

test('a replica restarted without SAVE resumes from the snapshot it received', async () => {
  const primary = await start('tandem');
  await primary.client.pipeline(someWrites(randomFrom(46), 200));
  const args = ['--replicaof', '127.0.0.1', String(primary.server.port)];
  const replica = await start('tandem', { args });
  await waitForLink(replica);
  await primary.client.pipeline(someWrites(randomFrom(47), 100));
  await assertInSync(primary, replica);
  await crashAndRestart(replica);
  await waitFor('a partial resync', async () => (await syncs(primary)).partial === 1);
  await assertInSync(primary, replica);
  assert.equal((await syncs(primary)).full, 1);
  await stopAll(primary.server, replica.server);
});
