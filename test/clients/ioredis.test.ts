/*
 * ioredis as applications use it: connecting in both protocol versions, reading and writing,
 * pipelines and transactions, what its errors look like, and that it comes back after the server
 * was killed.
 */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Redis, type RedisOptions, ReplyError } from 'ioredis';
import type { ServerProcess } from '../helpers/server-process.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

/** What the tests set. */
type Options = Pick<
  RedisOptions,
  'db' | 'password' | 'username' | 'maxRetriesPerRequest' | 'enableReadyCheck' | 'retryStrategy'
>;

for (const protocol of [2, 3] as const) {
  describe(`ioredis in RESP${protocol}`, () => {
    let server: ServerProcess;
    const clients: Redis[] = [];

    function connect(options: Options = {}): Redis {
      const client = new Redis({ port: server.port, host: '127.0.0.1', protocol, ...options });
      // Lost connections are part of these tests; ioredis reports them again to each command.
      client.on('error', () => {});
      clients.push(client);
      return client;
    }

    beforeEach(async () => {
      server = await startTandem();
    });
    afterEach(async () => {
      for (const client of clients.splice(0)) client.disconnect();
      await server.stop();
    });

    test('text and binary values come back as they went', async () => {
      const client = connect();
      assert.equal(await client.set('text', 'grüße'), 'OK');
      assert.equal(await client.get('text'), 'grüße');
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      await client.set(bytes, bytes, 'PX', 100_000);
      assert.deepEqual(await client.getBuffer(bytes), bytes);
      assert.equal(await client.get('missing'), null);
      assert.deepEqual(await client.mget('text', 'missing'), ['grüße', null]);
      const ttlMs = await client.pttl(bytes);
      assert.ok(ttlMs > 0 && ttlMs <= 100_000);
    });

    test('a pipeline of a thousand commands answers in order', async () => {
      const client = connect();
      const pipeline = client.pipeline();
      for (let i = 0; i < 1000; i++) pipeline.incrby('n', i);
      const replies = (await pipeline.exec()) ?? [];
      let sum = 0;
      assert.deepEqual(
        replies,
        replies.map((_, i) => {
          sum += i;
          return [null, sum];
        }),
      );
      assert.equal(replies.length, 1000);
    });

    test('MULTI gives all replies, errors at run time among them', async () => {
      const client = connect();
      const replies = await client.multi().set('s', 'x').incr('s').get('s').exec();
      assert.equal(replies?.length, 3);
      assert.deepEqual(replies?.[0], [null, 'OK']);
      assert.match(String(replies?.[1][0]), /ERR value is not an integer or out of range/);
      assert.deepEqual(replies?.[2], [null, 'x']);
    });

    test('WATCH makes EXEC answer null when the key has changed', async () => {
      const client = connect();
      const other = connect();
      await client.watch('k');
      await other.set('k', '1');
      assert.equal(await client.multi().set('k', '2').exec(), null);
      assert.equal(await client.get('k'), '1');
      await client.watch('k');
      assert.deepEqual(await client.multi().set('k', '3').exec(), [[null, 'OK']]);
    });

    test('the db option selects a database, also after a reconnection', async () => {
      const client = connect({ db: 5 });
      await client.set('k', 'five');
      assert.equal(await connect().get('k'), null);
      await connect().call('CLIENT', 'KILL', 'TYPE', 'normal');
      await waitFor('the key', async () => (await client.get('k')) === 'five');
    });

    test('errors are ReplyErrors with the server’s text', async () => {
      const client = connect();
      await assert.rejects(client.call('GET'), (error: Error) => {
        assert.ok(error instanceof ReplyError);
        assert.equal(error.message, "ERR wrong number of arguments for 'get' command");
        return true;
      });
      await assert.rejects(client.call('NOSUCH', 'a'), /^ReplyError: ERR unknown command/);
    });

    test('a password is asked for and taken', async () => {
      await connect().config('SET', 'requirepass', 'secret');
      const client = connect({ password: 'secret' });
      assert.equal(await client.set('k', 'v'), 'OK');
      const named = connect({ username: 'default', password: 'secret' });
      assert.equal(await named.get('k'), 'v');
      const without = connect({ maxRetriesPerRequest: 0, enableReadyCheck: false });
      await assert.rejects(without.get('k'), /^ReplyError: NOAUTH /);
    });

    test('commands sent while the server is killed and restarted are executed', async () => {
      const client = connect({ maxRetriesPerRequest: null, retryStrategy: () => 20 });
      await client.set('before', '1');
      let reconnections = 0;
      client.on('ready', () => reconnections++);
      await server.kill();
      const pending = [client.set('meanwhile', '2'), client.get('meanwhile')];
      await server.start();
      assert.deepEqual(await Promise.all(pending), ['OK', '2']);
      assert.equal(await client.get('before'), null, 'nothing was saved');
      assert.equal(reconnections, 1);
    });
  });
}
