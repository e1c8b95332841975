/*
 * How long a replica may be silent, and what counts as a sign of life, with either program as the
 * primary.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakePrimary } from '../helpers/fake-primary.js';
import { FakeReplica } from '../helpers/fake-replica.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { untilTestEnds } from '../helpers/started.js';
import { waitFor } from '../helpers/wait-for.js';
import { follow, start, waitForLink } from './cast.js';

for (const kind of ['tandem', 'redis'] as const) {
  for (const form of ['length', 'eof'] as const) {
    const skip = kind === 'redis' ? skipWithoutRedis : false;
    test(`${kind}, form ${form}: empty lines keep a replica that loads, silence does not`, {
      skip,
    }, async () => {
      const primary = await start(kind, { args: ['--repl-timeout', '1'] });
      const replica = await FakeReplica.connect({
        port: primary.server.port,
        capabilities: form === 'eof' ? ['eof', 'psync2'] : ['psync2'],
        acksOnline: false,
      });
      assert.equal(replica.snapshotForm, form);
      for (let i = 0; i < 12; i++) {
        replica.socket.write('\n');
        await sleep(200);
      }
      assert(!replica.isClosed, primary.server.log);
      await primary.server.waitForLog('Disconnecting timedout replica (streaming sync)');
      replica.close();
    });
  }
}

test('a replica that loads for long says each second that it is there', async () => {
  const source = await start('tandem');
  for (let i = 0; i < 200; i++) await source.client.call('SET', `k${i}`, 'v');
  const { snapshot, ...copy } = await FakeReplica.connect({ port: source.server.port });
  copy.socket.destroy();
  const primary = await untilTestEnds(FakePrimary.start({ snapshot }));
  const replica = await start('tandem', { args: ['--key-load-delay', '15000'] });
  await follow(replica, primary.port);
  await waitFor('signs of life', () => (primary.links[0]?.signsOfLife ?? 0) >= 2);
  assert.match(String(await replica.client.call('GET', 'k1')), /LOADING/);
  await waitForLink(replica);
  assert.equal(await replica.client.call('DBSIZE'), 200);
});
