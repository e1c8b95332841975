/*
 * How subscribers look to others, and how they end: closed, killed, or too slow. Run against a real
 * redis-server too.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { info } from '../helpers/info.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import { waitFor } from '../helpers/wait-for.js';
import { type Actor, start } from '../replication/cast.js';

async function subscribe({ server }: Actor, protocol: 2 | 3, ...names: string[]) {
  const client = await server.connect({ protocol });
  const from = client.receivedBytes;
  client.raw(`SUBSCRIBE ${names.join(' ')}\r\n`);
  await waitFor('the subscription', () => client.receivedBytes > from);
  return client;
}

async function channels(client: RespClient): Promise<string> {
  return String(await client.call('PUBSUB', 'CHANNELS'));
}

/** The line of CLIENT LIST of those that subscribe, as names and values. */
async function listed(client: RespClient): Promise<Record<string, string>[]> {
  const text = String(await client.call('CLIENT', 'LIST', 'TYPE', 'pubsub'));
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) =>
    Object.fromEntries(line.split(' ').map((token) => token.split('=', 2) as [string, string])),
  );
}

for (const kind of ['tandem', 'redis'] as const) {
  const skip = kind === 'redis' ? skipWithoutRedis : false;
  describe(kind, { skip }, () => {
    test('CLIENT LIST and INFO show who listens to how much', async () => {
      const server = await start(kind);
      const subscriber = await subscribe(server, 3, 'a', 'b');
      subscriber.raw('PSUBSCRIBE a* b* c*\r\n');
      await waitFor('all', () => subscriber.pushes.length === 5);
      const [line, ...others] = await listed(server.client);
      assert.deepEqual(others, []);
      assert.deepEqual(
        [line?.flags, line?.sub, line?.psub, line?.cmd],
        ['P', '2', '3', 'psubscribe'],
      );
      const fields = await info(server.client, 'stats');
      assert.deepEqual([fields.pubsub_channels, fields.pubsub_patterns], ['2', '3']);
      assert.equal(await server.client.call('PUBSUB', 'NUMPAT'), 3);
      await subscriber.call('MULTI');
      assert.equal((await listed(server.client))[0]?.flags, 'Px');
      await subscriber.call('RESET');
      assert.deepEqual(await listed(server.client), []);
    });

    test('a subscriber that closes, QUITs or is killed leaves nothing behind', async () => {
      const server = await start(kind);
      const [closing, quitting, killed] = await Promise.all([
        subscribe(server, 2, 'a'),
        subscribe(server, 2, 'a', 'b'),
        subscribe(server, 3, 'a', 'c'),
      ]);
      closing.close();
      quitting.raw('QUIT\r\n');
      await quitting.closed;
      await waitFor('two to be gone', async () => (await listed(server.client)).length === 1);
      assert.deepEqual(await server.client.call('PUBSUB', 'NUMSUB', 'a', 'b'), ['a', 1, 'b', 0]);
      assert.equal(await server.client.call('CLIENT', 'KILL', 'TYPE', 'normal'), 0);
      assert.equal(await server.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub'), 1);
      await killed.closed;
      await waitFor('the last to be gone', async () => (await channels(server.client)) === '');
      assert.equal(await server.client.call('PUBLISH', 'a', 'text'), 0);
    });

    test('who reads too slowly is dropped by the limit of its class, nobody else', async () => {
      const server = await start(kind);
      const limit = 'normal 0 0 0 pubsub 1mb 0 0';
      await server.client.call('CONFIG', 'SET', 'client-output-buffer-limit', limit);
      const slow = await subscribe(server, 2, 'news');
      const quick = await subscribe(server, 3, 'news');
      slow.socket.pause();
      const text = 'x'.repeat(20_000);
      let sent = 0;
      while ((await listed(server.client)).length === 2) {
        assert(sent < 10_000, 'the slow one is never dropped');
        const requests = Array.from({ length: 20 }, () => ['PUBLISH', 'news', text]);
        for (const receivers of await server.client.pipeline(requests)) {
          assert(receivers === 1 || receivers === 2);
        }
        sent += requests.length;
        await waitFor('the quick one', () => quick.pushes.length === sent + 1);
      }
      assert.equal(await server.client.call('PUBLISH', 'news', text), 1);
      const fields = await info(server.client, 'stats');
      // Redis counts them since 7.2.
      assert.equal(fields.client_output_buffer_limit_disconnections ?? '1', '1');
      assert.match(
        server.server.log,
        /Client id=.* flags=P .* scheduled to be closed ASAP for overcoming of output buffer/,
      );
      slow.close();
    });

    test('PUBLISH waits for the end of a pause of writes, SUBSCRIBE does not', async () => {
      const server = await start(kind);
      const subscriber = await subscribe(server, 3, 'a');
      assert.equal(await server.client.call('CLIENT', 'PAUSE', '100000', 'WRITE'), 'OK');
      const publisher = await server.server.connect();
      const receivers = publisher.call('PUBLISH', 'a', 'text');
      await waitFor('it to be postponed', async () => {
        return (await info(server.client, 'clients')).blocked_clients === '1';
      });
      subscriber.raw('SUBSCRIBE b\r\n');
      await waitFor('the subscription', () => subscriber.pushes.length === 2);
      await server.client.call('CLIENT', 'UNPAUSE');
      assert.equal(await receivers, 1);
      await waitFor('the message', () => subscriber.pushes.length === 3);
    });
  });
}
