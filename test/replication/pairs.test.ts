/*
 * Each pair of programs: a full sync in both payload forms under writes, then the link cut in every
 * phase by a proxy between the two. In the end the data are equal, and every resync that could be
 * partial was.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../helpers/random.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { untilTestEnds } from '../helpers/started.js';
import { TcpProxy } from '../helpers/tcp-proxy.js';
import { waitFor } from '../helpers/wait-for.js';
import {
  type Actor,
  AMPLE_BACKLOG,
  assertInSync,
  follow,
  pairs,
  someWrites,
  start,
  syncs,
  Writer,
  waitForLink,
} from './cast.js';

async function fill(actor: Actor): Promise<void> {
  await actor.client.pipeline(someWrites(seededRandom(99), 500));
  await actor.client.call('SELECT', '9');
  await actor.client.call('SET', 'binary', Buffer.from([0, 13, 10, 255, 36, 42]));
  await actor.client.call('SET', 'number', '12345678901234');
  await actor.client.call('SET', 'large', 'x'.repeat(300_000));
  await actor.client.call('SELECT', '0');
}

for (const [primaryKind, replicaKind] of pairs) {
  const skip = primaryKind === 'redis' || replicaKind === 'redis' ? skipWithoutRedis : false;

  describe(`${primaryKind} → ${replicaKind}`, { skip }, () => {
    for (const isDiskless of ['yes', 'no']) {
      test(`full sync under writes, repl-diskless-sync ${isDiskless}`, async () => {
        const args = ['--repl-diskless-sync', isDiskless];
        const primary = await start(primaryKind, { args });
        const replica = await start(replicaKind);
        await fill(primary);
        await replica.client.call('SET', 'stale', 'must go');
        const writer = await Writer.start(primary);
        await follow(replica, primary.server.port);
        await waitForLink(replica);
        await writer.waitForMore(500);
        await writer.stop();
        await assertInSync(primary, replica);
        assert.equal((await syncs(primary)).full, 1);
      });
    }

    test('CLIENT KILL TYPE replica on the primary leads to a partial resync', async () => {
      const primary = await start(primaryKind, { args: AMPLE_BACKLOG });
      const replica = await start(replicaKind);
      await follow(replica, primary.server.port);
      await waitForLink(replica);
      const writer = await Writer.start(primary, 2);
      for (let i = 1; i <= 3; i++) {
        await writer.waitForMore(100);
        await primary.client.call('CLIENT', 'KILL', 'TYPE', 'replica');
        await waitFor('a partial resync', async () => (await syncs(primary)).partial >= i);
      }
      await writer.stop();
      await assertInSync(primary, replica);
      assert.equal((await syncs(primary)).full, 1);
      assert.match(
        (primaryKind === 'tandem' ? primary : replica).server.log,
        primaryKind === 'tandem'
          ? /request from 127\.0\.0\.1:\d+ accepted\. Sending \d+ bytes of backlog starting from/
          : /Successful partial resynchronization with master\./,
      );
    });

    test('the link cut after each few bytes of handshake and snapshot', async () => {
      const primary = await start(primaryKind, { args: AMPLE_BACKLOG });
      await fill(primary);
      const proxy = await untilTestEnds(TcpProxy.start({ targetPort: primary.server.port }));
      const replica = await start(replicaKind);
      const writer = await Writer.start(primary, 3);
      await follow(replica, proxy.port);
      for (const bytes of [1, 7, 12, 17, 60, 100, 130, 200, 5000, 100_000, 250_000]) {
        proxy.cutAfter('down', bytes);
        const before = proxy.connectionCount;
        proxy.cut();
        await waitFor(
          `a new attempt after a cut at ${bytes}`,
          () => proxy.connectionCount > before,
        );
      }
      await waitForLink(replica);
      await writer.stop();
      await assertInSync(primary, replica);
    });

    test('the stream cut at any byte resumes with a partial resync', async () => {
      const primary = await start(primaryKind, { args: AMPLE_BACKLOG });
      const proxy = await untilTestEnds(TcpProxy.start({ targetPort: primary.server.port }));
      const replica = await start(replicaKind);
      await follow(replica, proxy.port);
      await waitForLink(replica);
      const writer = await Writer.start(primary, 4);
      const random = seededRandom(5);
      for (let i = 1; i <= 8; i++) {
        // From the connection's beginning: the handshake's replies are about 80 bytes.
        proxy.cutAfter('down', 100 + Math.floor(random() * 20_000));
        proxy.cut();
        await waitFor(`partial resync ${i}`, async () => (await syncs(primary)).partial >= i);
        await writer.waitForMore(50);
      }
      await writer.stop();
      await assertInSync(primary, replica);
      const { full, refused } = await syncs(primary);
      assert.equal(full, 1);
      assert(refused <= 1, 'only the very first request may have been for an unknown history');
    });

    test('a frozen link is given up after repl-timeout and resumes', async () => {
      const args = ['--repl-timeout', '2', '--repl-ping-replica-period', '1'];
      const primary = await start(primaryKind, { args });
      const proxy = await untilTestEnds(TcpProxy.start({ targetPort: primary.server.port }));
      const replica = await start(replicaKind, { args });
      await follow(replica, proxy.port);
      await waitForLink(replica);
      await primary.client.pipeline(someWrites(seededRandom(6), 100));
      await assertInSync(primary, replica);
      // On a slow machine the first one may have been given up after 2 s, too.
      const { full } = await syncs(primary);
      proxy.freeze();
      await primary.client.pipeline(someWrites(seededRandom(7), 100));
      const timedOut = /MASTER timeout: no data nor PING received|Disconnecting timedout replica/;
      await waitFor(
        'somebody to notice',
        () => timedOut.test(replica.server.log) || timedOut.test(primary.server.log),
        { timeoutMs: 15_000 },
      );
      proxy.thaw();
      await assertInSync(primary, replica);
      assert.equal((await syncs(primary)).full, full);
    });

    test('a slow link delivers everything', async () => {
      const primary = await start(primaryKind);
      const proxy = await untilTestEnds(TcpProxy.start({ targetPort: primary.server.port }));
      proxy.delayMs = 15;
      const replica = await start(replicaKind);
      const writer = await Writer.start(primary, 8);
      await follow(replica, proxy.port);
      await waitForLink(replica);
      await writer.waitForMore(300);
      await writer.stop();
      await assertInSync(primary, replica);
    });
  });
}
