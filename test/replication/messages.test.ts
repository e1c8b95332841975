/*
 * Messages and replication: subscribers of a replica hear what its primary's clients publish, down
 * a chain too; what is published on a replica stays there.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { redisVersion } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import { plain } from '../helpers/resp-reply.js';
import { waitFor } from '../helpers/wait-for.js';
import { type Actor, follow, pairs, start, waitForLink } from './cast.js';

async function listen({ server }: Actor): Promise<RespClient> {
  const client = await server.connect({ protocol: 3 });
  client.raw('SUBSCRIBE news\r\nPSUBSCRIBE n*\r\n');
  await waitFor('the subscriptions', () => client.pushes.length === 2);
  return client;
}

/** The texts that came to the channel itself. */
function heard(client: RespClient): string[] {
  return client.pushes
    .map((push) => plain(push) as string[])
    .filter(([word]) => word === 'message')
    .map(([, , text]) => String(text));
}

for (const kinds of pairs) {
  const skip = kinds.includes('redis') && redisVersion === null;
  describe(`messages from ${kinds[0]} to ${kinds[1]}`, { skip }, () => {
    test('subscribers of the replica hear them, in order with writes', async () => {
      const [primary, replica] = [await start(kinds[0]), await start(kinds[1])];
      await follow(replica, primary.server.port);
      await waitForLink(replica);
      const subscriber = await listen(replica);
      await primary.client.call('SET', 'k', '0');
      assert.equal(await primary.client.call('PUBLISH', 'news', 'one'), 0);
      await primary.client.pipeline([
        ['MULTI'],
        ['PUBLISH', 'news', 'two'],
        ['SET', 'k', '1'],
        ['PUBLISH', 'news', 'three'],
        ['EXEC'],
        ...Array.from({ length: 500 }, (_, i) => ['PUBLISH', 'news', String(i)]),
      ]);
      const numbers = Array.from({ length: 500 }, (_, i) => String(i));
      await waitFor('the messages', () => heard(subscriber).length === 503);
      assert.deepEqual(heard(subscriber), ['one', 'two', 'three', ...numbers]);
      assert.equal(subscriber.pushes.length, 2 + 2 * 503);
      assert.equal(await replica.client.call('GET', 'k'), '1');
    });

    test('what is published on the replica is heard there only', async () => {
      const [primary, replica] = [await start(kinds[0]), await start(kinds[1])];
      await follow(replica, primary.server.port);
      await waitForLink(replica);
      const [above, below] = [await listen(primary), await listen(replica)];
      assert.equal(await replica.client.call('PUBLISH', 'news', 'below'), 2);
      assert.equal(await primary.client.call('PUBLISH', 'news', 'above'), 2);
      await waitFor('both', () => heard(below).length === 2);
      assert.deepEqual(heard(below), ['below', 'above']);
      await waitFor('one', () => heard(above).length === 1);
      assert.deepEqual(heard(above), ['above']);
    });
  });
}

test('messages go down a chain of replicas, and WAIT counts those that have them', async () => {
  const [top, middle, bottom] = [
    await start('tandem'),
    await start('tandem'),
    await start('tandem'),
  ];
  await follow(middle, top.server.port);
  await waitForLink(middle);
  await follow(bottom, middle.server.port);
  await waitForLink(bottom);
  const subscriber = await listen(bottom);
  assert.equal(await top.client.call('PUBLISH', 'news', 'far'), 0);
  assert.equal(await top.client.call('WAIT', 1, 10_000), 1);
  await waitFor('the message', () => heard(subscriber).length === 1);
  const stayed = await middle.server.connect();
  assert.equal(await stayed.call('PUBLISH', 'news', 'near'), 0);
  assert.equal(await top.client.call('PUBLISH', 'news', 'again'), 0);
  await waitFor('the next', () => heard(subscriber).length === 2);
  assert.deepEqual(heard(subscriber), ['far', 'again']);
});
