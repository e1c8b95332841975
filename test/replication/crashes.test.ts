/*
 * kill -9 of either side at random moments, with and without a snapshot on disk to resume from.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import { seededRandom } from '../helpers/random.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { waitFor } from '../helpers/wait-for.js';
import {
  assertInSync,
  crashAndRestart,
  follow,
  pairs,
  someWrites,
  start,
  syncs,
  Writer,
  waitForLink,
} from './cast.js';

const rounds = process.env.TANDEM_LONG === '1' ? 30 : 3;

for (const [primaryKind, replicaKind] of pairs) {
  const skip = primaryKind === 'redis' || replicaKind === 'redis' ? skipWithoutRedis : false;

  describe(`${primaryKind} → ${replicaKind}`, { skip }, () => {
    test('the replica killed at random moments comes back and catches up', async () => {
      const primary = await start(primaryKind);
      const args = ['--replicaof', '127.0.0.1', String(primary.server.port)];
      const replica = await start(replicaKind, { args });
      const writer = await Writer.start(primary, 31);
      const random = seededRandom(32);
      for (let i = 0; i < rounds; i++) {
        await sleep(random() * 400);
        await crashAndRestart(replica);
      }
      await writer.stop();
      await assertInSync(primary, replica);
    });

    test('the primary killed at random moments comes back without its unsaved data', async () => {
      const primary = await start(primaryKind);
      const args = ['--replicaof', '127.0.0.1', String(primary.server.port)];
      const replica = await start(replicaKind, { args });
      const random = seededRandom(33);
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
    });
  });
}

test('a Tandem primary restarted from its snapshot serves its replica partially', async () => {
  const primary = await start('tandem');
  const replica = await start('tandem');
  await follow(replica, primary.server.port);
  await waitForLink(replica);
  await primary.client.pipeline(someWrites(seededRandom(41), 200));
  await assertInSync(primary, replica);
  assert.equal(await primary.client.call('SAVE'), 'OK');
  const before = await info(primary.client, 'replication');
  await crashAndRestart(primary);
  const after = await info(primary.client, 'replication');
  assert.notEqual(after.master_replid, before.master_replid, 'a restarted primary rotates');
  assert.equal(after.master_replid2, before.master_replid);
  await primary.client.pipeline(someWrites(seededRandom(42), 100));
  await waitForLink(replica);
  await assertInSync(primary, replica);
  assert.deepEqual(await syncs(primary), { full: 0, partial: 1, refused: 0 });
});

/** A primary restarted twice from its snapshot, and where its first history stood by then. */
async function restartTwice(args: readonly string[] = []) {
  const primary = await start('tandem', { args });
  const { port } = primary.server;
  const first = await FakeReplica.connect({ port });
  await primary.client.pipeline(someWrites(seededRandom(48), 100));
  const { master_repl_offset } = await info(primary.client, 'replication');
  const offset = Number(master_repl_offset);
  await waitFor('the replica to have all', () => first.offset >= offset);
  first.close();
  for (let i = 0; i < 2; i++) {
    assert.equal(await primary.client.call('SAVE'), 'OK');
    await crashAndRestart(primary);
  }
  return { primary, port, replid: first.replid, offset: first.offset };
}

test('a primary restarted twice knows its first id, up to the recovered offset', async () => {
  const { primary, port, replid, offset } = await restartTwice();
  const fields = await info(primary.client, 'replication');
  assert.notEqual(fields.master_replid2, replid, 'two ids lie between');
  assert.equal(fields.master_repl_offset, String(offset));
  const known = await FakeReplica.connect({ port, resume: { replid, offset } });
  assert.equal(known.mode, 'continue');
  known.close();
  const ahead = await FakeReplica.connect({ port, resume: { replid, offset: offset + 1 } });
  assert.equal(ahead.mode, 'full', 'it has what was lost with the crash');
  ahead.close();
  assert.equal((await info(primary.client, 'stats')).sync_full_diverged, '1');
});

test('a lineage that is malformed is ignored, and the log says so', async () => {
  const { primary, port, replid, offset } = await restartTwice(['--rdbchecksum', 'no']);
  await primary.server.kill();
  const file = join(primary.server.dir, 'dump.rdb');
  const bytes = readFileSync(file);
  bytes.write('z', bytes.indexOf(replid));
  writeFileSync(file, bytes);
  await primary.server.start();
  assert.match(primary.server.log, /The lineage in the RDB is malformed: former ids are forgotten/);
  const replica = await FakeReplica.connect({ port, resume: { replid, offset } });
  assert.equal(replica.mode, 'full');
  replica.close();
});

test('a redis-server loads a snapshot with a lineage', { skip: skipWithoutRedis }, async () => {
  const { primary, port } = await restartTwice();
  const args = ['--replicaof', '127.0.0.1', String(port), '--loglevel', 'debug'];
  const replica = await start('redis', { args });
  await assertInSync(primary, replica);
  assert.match(replica.server.log, /Unrecognized RDB AUX field: 'tandem-lineage'/);
});

test('a replica that has more than the restarted primary saved is refused', async () => {
  const primary = await start('tandem');
  const replica = await start('tandem');
  await follow(replica, primary.server.port);
  await waitForLink(replica);
  assert.equal(await primary.client.call('SAVE'), 'OK');
  await primary.client.pipeline(someWrites(seededRandom(43), 100));
  await assertInSync(primary, replica);
  await crashAndRestart(primary);
  await waitForLink(replica);
  await assertInSync(primary, replica);
  assert.equal((await info(primary.client, 'stats')).sync_full_diverged, '1');
  assert.match(primary.server.log, /Requested offset for second ID was \d+, but I can reply up to/);
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
    await primary.client.pipeline(someWrites(seededRandom(44), 200));
    await assertInSync(primary, replica);
    assert.equal(await replica.client.call('SAVE'), 'OK');
    await primary.client.pipeline(someWrites(seededRandom(45), 100));
    await crashAndRestart(replica);
    await assertInSync(primary, replica);
    const given = await syncs(primary);
    assert.equal(given.full, 1);
    assert.equal(given.partial, 1);
  });
}

test('a replica restarted without SAVE resumes from the snapshot it received', async () => {
  const primary = await start('tandem');
  await primary.client.pipeline(someWrites(seededRandom(46), 200));
  const args = ['--replicaof', '127.0.0.1', String(primary.server.port)];
  const replica = await start('tandem', { args });
  await waitForLink(replica);
  await primary.client.pipeline(someWrites(seededRandom(47), 100));
  await assertInSync(primary, replica);
  await crashAndRestart(replica);
  await waitFor('a partial resync', async () => (await syncs(primary)).partial === 1);
  await assertInSync(primary, replica);
  assert.equal((await syncs(primary)).full, 1);
});
