/*
 * What subscriptions cost and how many there may be, which Redis does not tell; all else is put to
 * a real redis-server.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientMemoryBytes } from '../../../src/commands/client-line.js';
import { pubsubCommands } from '../../../src/commands/pubsub-commands.js';
import { TOO_MANY_SUBSCRIPTIONS } from '../../../src/commands/server-errors.js';
import { PubSub } from '../../../src/pubsub/pub-sub.js';
import { ServerFixture } from './server-fixture.js';

test('names for which there is no room are refused together', () => {
  const asked: number[][] = [];
  const pubsub = new PubSub({ hashSeed: new Uint8Array(16) });
  pubsub.hasRoomFor = (...sizes) => {
    asked.push(sizes);
    return false;
  };
  const server = new ServerFixture([pubsubCommands], { services: { pubsub } });
  for (const name of ['SUBSCRIBE', 'PSUBSCRIBE']) {
    assert.equal(server.run(name, 'a', 'bc', ''), `-${TOO_MANY_SUBSCRIPTIONS}\r\n`);
  }
  assert.deepEqual(asked, [
    [3, 3],
    [3, 3],
  ]);
  assert.equal(server.client.subscriptions, null);
  assert.equal(pubsub.channels.size + pubsub.patterns.size, 0);
});

test('what a client has subscribed to counts as its memory, long names too', () => {
  const server = new ServerFixture([pubsubCommands]);
  const { client } = server;
  const before = clientMemoryBytes(client);
  server.run('SUBSCRIBE', 'a', 'a', 'x'.repeat(10_000));
  server.run('PSUBSCRIBE', 'a*');
  const held = clientMemoryBytes(client) - before;
  assert(held > 10_000 && held < 20_000, `${held} bytes`);
  server.run('UNSUBSCRIBE');
  server.run('PUNSUBSCRIBE', 'a*');
  assert.equal(clientMemoryBytes(client), before);
});
