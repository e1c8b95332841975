/*
 * What the client libraries build on top of commands: scans as streams, pipelines made by
 * themselves, monitors, duplicates; their own errors, after which the connection must still be in
 * step; and what replies become in RESP3.
 */

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { info } from '../helpers/info.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

let server: ServerProcess;
let admin: RespClient;
before(async () => {
  server = await startTandem();
  admin = await server.connect();
});
after(() => server.stop());
beforeEach(() => admin.call('FLUSHALL'));

for (const protocol of [2, 3] as const) {
  describe(`what ioredis adds in RESP${protocol}`, () => {
    const clients: Redis[] = [];
    const connect = (options = {}): Redis => {
      const client = new Redis({ port: server.port, host: '127.0.0.1', protocol, ...options });
      client.on('error', () => {});
      clients.push(client);
      return client;
    };
    afterEach(() => {
      for (const client of clients.splice(0)) client.disconnect();
    });

    test('scanStream gives every key while others come and go', async () => {
      await admin.call('DEBUG', 'POPULATE', '3000', 'stay');
      const seen: string[] = [];
      const stream = connect().scanStream({ match: 'stay:*', count: 50 });
      for await (const keys of stream) {
        seen.push(...(keys as string[]));
        await admin.call('SET', `other:${seen.length}`, 'x');
        await admin.call('DEL', `other:${seen.length - 500}`);
      }
      assert.equal(new Set(seen).size, 3000);
    });

    test('commands of one turn become one pipeline where that is wanted', async () => {
      const client = connect({ enableAutoPipelining: true });
      await client.set('n', '0');
      const replies = await Promise.all(Array.from({ length: 500 }, () => client.incr('n')));
      assert.deepEqual(
        replies,
        replies.map((_, i) => i + 1),
      );
    });

    test('monitor shows the commands of others', async () => {
      const monitor = await connect().monitor();
      clients.push(monitor);
      const shown: string[][] = [];
      monitor.on('monitor', (_time: string, args: string[]) => shown.push(args));
      await connect().set('k', 'a "b"\r\n');
      const isSet = (args: string[]): boolean => args[0]?.toLowerCase() === 'set';
      await waitFor('the command', () => shown.some(isSet));
      assert.deepEqual(shown.find(isSet)?.slice(1, 2), ['k']);
    });

    test('a transaction with a wrong command is refused whole, and the next one runs', async () => {
      const client = connect();
      const refused = client.multi().set('k', '1').call('GET').exec();
      await assert.rejects(refused, /EXECABORT/);
      assert.equal(await client.get('k'), null);
      assert.deepEqual(await client.multi().set('k', '2').get('k').exec(), [
        [null, 'OK'],
        [null, '2'],
      ]);
    });

    test('a key prefix follows what COMMAND says of keys', async () => {
      const client = connect({ keyPrefix: 'app:' });
      await client.mset('a', '1', 'b', '2');
      await client.bitop('OR', 'c', 'a', 'b');
      await client.copy('a', 'd');
      assert.deepEqual(((await admin.call('KEYS', '*')) as string[]).sort(), [
        ...['app:a', 'app:b', 'app:c', 'app:d'],
      ]);
    });

    test('a duplicate is a connection of its own, and quit ends it', async () => {
      const client = connect();
      await client.client('SETNAME', 'first');
      const second = client.duplicate();
      clients.push(second);
      assert.notEqual(await second.client('ID'), await client.client('ID'));
      assert.equal(await second.quit(), 'OK');
      assert.equal(await client.client('GETNAME'), 'first');
    });
  });

  describe(`what node-redis adds in RESP${protocol}`, () => {
    const ends: (() => void)[] = [];
    async function connect() {
      const socket = { host: '127.0.0.1', port: server.port };
      const client = createClient({ RESP: protocol, socket });
      client.on('error', () => {});
      ends.push(() => client.isOpen && client.destroy());
      await client.connect();
      return client;
    }
    afterEach(() => {
      for (const end of ends.splice(0)) end();
    });

    test('what it refuses itself leaves the connection in step', async () => {
      const client = await connect();
      const wrong = 7 as unknown as string;
      await assert.rejects(client.sendCommand(['SET', 'k', wrong]), TypeError);
      assert.equal(await client.set('k', 'v'), 'OK');
      assert.equal(await client.get('k'), 'v');
    });

    test('a transaction with a wrong command is refused whole', async () => {
      const client = await connect();
      await assert.rejects(client.multi().set('k', '1').addCommand(['GET']).exec());
      assert.equal(await client.get('k'), null);
      assert.deepEqual(await client.multi().set('k', '2').get('k').exec(), ['OK', '2']);
    });

    test('maps, numbers and nulls come as what they are', async () => {
      const client = await connect();
      assert.deepEqual(
        { ...(await client.configGet(['hz', 'port'])) },
        {
          hz: '10',
          port: String(server.port),
        },
      );
      assert.equal(await client.incrByFloat('f', 0.5), '0.5');
      assert.equal(await client.get('missing'), null);
      assert.deepEqual(await client.mGet(['f', 'missing']), ['0.5', null]);
      assert.equal(await client.lcsLen('f', 'f'), 3);
      const name = protocol === 3 ? '3' : '2';
      assert.match(await client.sendCommand(['CLIENT', 'INFO']), new RegExp(` resp=${name} `));
    });

    test('monitor shows the commands of others', async () => {
      const watching = await connect();
      const shown: string[] = [];
      await watching.monitor((line) => shown.push(String(line)));
      await (await connect()).set('k', 'v');
      await waitFor('the command', () => shown.some((line) => line.includes('"SET" "k" "v"')));
    });

    test('what is written before close is executed, and nothing is left', async () => {
      const client = await connect();
      const written = Array.from({ length: 200 }, (_, i) => client.set(`k${i}`, 'v'));
      await client.close();
      await Promise.all(written);
      assert.equal(await admin.call('DBSIZE'), 200);
      await waitFor('the connection to be gone', async () => {
        return (await info(admin, 'clients')).connected_clients === '1';
      });
    });
  });
}
