/*
 * Chains of three with either program in the middle: the stream passes on byte for byte, cuts on
 * either link resume, and a promotion in the middle keeps its replicas.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import { seededRandom } from '../helpers/random.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { waitFor } from '../helpers/wait-for.js';
import {
  assertInSync,
  follow,
  type Kind,
  someWrites,
  start,
  syncs,
  Writer,
  waitForLink,
} from './cast.js';

const chains: readonly (readonly [Kind, Kind, Kind])[] = [
  ['tandem', 'tandem', 'tandem'],
  ['redis', 'tandem', 'redis'],
  ['tandem', 'redis', 'tandem'],
];

for (const kinds of chains) {
  const skip = kinds.includes('redis') ? skipWithoutRedis : false;

  describe(kinds.join(' → '), { skip }, () => {
    test('both links cut under writes: equal data, partial resyncs only', async () => {
      const [top, middle, leaf] = await Promise.all(kinds.map((kind) => start(kind)));
      await follow(middle, top.server.port);
      await waitForLink(middle);
      await follow(leaf, middle.server.port);
      await waitForLink(leaf);
      const writer = await Writer.start(top, 21);
      for (let i = 1; i <= 3; i++) {
        await writer.waitForMore(100);
        await middle.client.call('CLIENT', 'KILL', 'TYPE', 'replica');
        await waitFor('the lower link', async () => (await syncs(middle)).partial >= i);
        await writer.waitForMore(100);
        await top.client.call('CLIENT', 'KILL', 'TYPE', 'replica');
        await waitFor('the upper link', async () => (await syncs(top)).partial >= i);
      }
      await writer.stop();
      await assertInSync(top, middle, leaf);
      assert.equal((await syncs(top)).full, 1);
      assert.equal((await syncs(middle)).full, 1);
    });

    test('the middle passes the stream on byte for byte', async () => {
      const [top, middle] = await Promise.all(kinds.slice(0, 2).map((kind) => start(kind)));
      await follow(middle, top.server.port);
      await waitForLink(middle);
      const above = await FakeReplica.connect({ port: top.server.port });
      const below = await FakeReplica.connect({ port: middle.server.port });
      const begin = Math.max(above.startOffset, below.startOffset);
      await top.client.pipeline(someWrites(seededRandom(22), 300));
      await top.client.call('SET', 'large', 'y'.repeat(400_000));
      const wanted = Number((await info(top.client, 'replication')).master_repl_offset);
      const hasAll = (): boolean => above.offset >= wanted && below.offset >= wanted;
      await waitFor('both to have it', hasAll);
      const cut = (one: FakeReplica): Buffer =>
        one.stream.subarray(begin - one.startOffset, wanted - one.startOffset);
      assert(cut(above).equals(cut(below)));
      assert.equal(above.replid, below.replid);
      above.close();
      below.close();
    });

    test('the middle promoted: its replica and its former primary go on partially', async () => {
      const [top, middle, leaf] = await Promise.all(kinds.map((kind) => start(kind)));
      await follow(middle, top.server.port);
      await waitForLink(middle);
      await follow(leaf, middle.server.port);
      await waitForLink(leaf);
      await top.client.pipeline(someWrites(seededRandom(23), 200));
      await assertInSync(top, middle, leaf);
      assert.equal(await middle.client.call('REPLICAOF', 'NO', 'ONE'), 'OK');
      await middle.client.pipeline(someWrites(seededRandom(24), 200));
      await follow(top, middle.server.port);
      await assertInSync(middle, leaf, top);
      const { full } = await syncs(middle);
      // A redis-server PINGs on while it has a replica: its history may have moved past ours.
      const mayDiverge = top.kind === 'redis';
      assert(mayDiverge ? full <= 2 : full === 1, `${full} full resyncs`);
    });
  });
}
