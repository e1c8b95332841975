/*
 * node-redis as applications use it: connecting in both protocol versions, reading and writing,
 * pipelines and transactions, what its errors look like, and that it comes back after a kill.
 */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createClient, ErrorReply, WatchError } from 'redis';
import type { ServerProcess } from '../helpers/server-process.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

interface Options {
  database?: number;
  password?: string;
  username?: string;
  /** The first failure is reported instead of trying again for ever. */
  givesUp?: boolean;
}

for (const RESP of [2, 3] as const) {
  describe(`node-redis in RESP${RESP}`, () => {
    let server: ServerProcess;
    const ends: (() => void)[] = [];

    async function connect({ givesUp = false, ...options }: Options = {}) {
      const reconnectStrategy = givesUp ? (false as const) : 20;
      const client = createClient({
        RESP,
        ...options,
        socket: { host: '127.0.0.1', port: server.port, reconnectStrategy },
      });
      client.on('error', () => {});
      ends.push(() => client.isOpen && client.destroy());
      await client.connect();
      return client;
    }

    beforeEach(async () => {
      server = await startTandem();
    });
    afterEach(async () => {
      for (const end of ends.splice(0)) end();
      await server.stop();
    });

    test('values come back as they went, with their options', async () => {
      const client = await connect();
      assert.equal(
        await client.set('text', 'grüße', { expiration: { type: 'EX', value: 100 } }),
        'OK',
      );
      assert.equal(await client.get('text'), 'grüße');
      const ttl = await client.ttl('text');
      assert.ok(ttl > 0 && ttl <= 100);
      assert.equal(await client.get('missing'), null);
      assert.deepEqual(await client.mGet(['text', 'missing']), ['grüße', null]);
      assert.equal(await client.incrByFloat('f', 1.5), '1.5');
      assert.equal(await client.exists(['text', 'f']), 2);
      const keys: string[] = [];
      for await (const batch of client.scanIterator({ MATCH: '*' })) keys.push(...batch);
      assert.deepEqual(keys.sort(), ['f', 'text']);
    });

    test('commands of one turn travel as a pipeline and answer in order', async () => {
      const client = await connect();
      const replies = await Promise.all(Array.from({ length: 1000 }, () => client.incr('n')));
      assert.deepEqual(
        replies,
        replies.map((_, i) => i + 1),
      );
    });

    test('MULTI gives all replies, and an error of its own where one failed', async () => {
      const client = await connect();
      assert.deepEqual(await client.multi().set('a', '1').incr('a').get('a').exec(), [
        'OK',
        2,
        '2',
      ]);
      await assert.rejects(client.multi().set('s', 'x').incr('s').exec(), /1 commands failed/);
    });

    test('WATCH makes EXEC fail when the key has changed', async () => {
      const client = await connect();
      const other = await connect();
      await client.watch('k');
      await other.set('k', '1');
      await assert.rejects(client.multi().set('k', '2').exec(), WatchError);
      assert.equal(await client.get('k'), '1');
    });

    test('the database option selects a database', async () => {
      const client = await connect({ database: 5 });
      await client.set('k', 'five');
      const first = await connect();
      assert.equal(await first.get('k'), null);
      await first.select(5);
      assert.equal(await first.get('k'), 'five');
    });

    test('errors are ErrorReplies with the server’s text', async () => {
      const client = await connect();
      await assert.rejects(client.sendCommand(['GET']), (error: Error) => {
        assert.ok(error instanceof ErrorReply);
        assert.equal(error.message, "ERR wrong number of arguments for 'get' command");
        return true;
      });
      await assert.rejects(client.sendCommand(['NOSUCH']), /ERR unknown command 'NOSUCH'/);
    });

    test('a password is asked for and taken', async () => {
      const first = await connect();
      await first.configSet('requirepass', 'secret');
      const client = await connect({ password: 'secret' });
      assert.equal(await client.set('k', 'v'), 'OK');
      const named = await connect({ username: 'default', password: 'secret' });
      assert.equal(await named.get('k'), 'v');
      await assert.rejects(connect({ password: 'wrong', givesUp: true }), /WRONGPASS/);
    });

    test('commands sent after the server was killed are executed when it is back', async () => {
      const client = await connect();
      await client.set('before', '1');
      await server.kill();
      await waitFor('the client to notice', () => !client.isReady);
      const pending = [client.set('meanwhile', '2'), client.get('meanwhile')];
      await server.start();
      assert.deepEqual(await Promise.all(pending), ['OK', '2']);
      assert.equal(await client.get('before'), null, 'nothing was saved');
    });
  });
}
