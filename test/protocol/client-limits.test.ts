/*
 * client-output-buffer-limit, client-query-buffer-limit, timeout and CLIENT PAUSE from the outside,
 * on a redis-server and on Tandem alike: who is dropped, when, and what the log says of it.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import { encodeRequest, type RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

const MIB = 1024 * 1024;
/** More than the kernel takes for a reader that does not read. */
const LARGE_BYTES = 20 * MIB;
const DROPPED = 'for overcoming of output buffer limits.';

async function start(kind: 'tandem' | 'redis', args: string[] = []): Promise<ServerProcess> {
  const options = { args: ['--loglevel', 'verbose', ...args] };
  return untilTestEnds(kind === 'redis' ? startRedis(options) : startTandem(options));
}

type Slow = Pick<RespClient, 'close'>;

/** Makes the server owe a client of one class much, which it does not read. */
const SLOW_READERS: Readonly<Record<string, (server: ServerProcess) => Promise<Slow>>> = {
  normal: async (server) => {
    const helper = await server.connect();
    await helper.call('SETRANGE', 'large', LARGE_BYTES, 'x');
    const slow = await server.connect();
    slow.socket.pause();
    slow.raw(encodeRequest(['GET', 'large']));
    return slow;
  },
  pubsub: async (server) => {
    const helper = await server.connect();
    const slow = await server.connect();
    await slow.call('SUBSCRIBE', 'news');
    slow.socket.pause();
    await helper.call('PUBLISH', 'news', Buffer.alloc(LARGE_BYTES, 'x'));
    return slow;
  },
  replica: async (server) => {
    const helper = await server.connect();
    const slow = await FakeReplica.connect({ port: server.port });
    slow.socket.pause();
    const value = Buffer.alloc(MIB, 'x');
    for (let sent = 0; sent < LARGE_BYTES; sent += value.length) {
      await helper.call('SET', 'large', value);
    }
    return slow;
  },
};

/** Requests of one connection, held up by a pause of writes. */
const WAITING_LINES = [
  ...[
    'SET k v',
    'GETSET k v',
    'GETDEL k',
    'GETEX k EX 100',
    'GETEX k',
    'DEL missing',
    'EXPIRE k 10',
  ],
  ...['PERSIST missing', 'INCR n', 'FLUSHALL', 'FLUSHDB', 'SWAPDB 0 1', 'COPY k c', 'RENAME k c'],
  ...[
    'PUBLISH channel text',
    'MULTI; SET k v; EXEC',
    'MULTI; SET k v; DISCARD',
    'MULTI; GET k; PUBLISH a b; EXEC',
  ],
  ...['BITFIELD k GET u8 0', 'BITFIELD k SET u8 0 1', 'RESTORE r 0 x', 'WAIT 0 0; SET k v'],
];
const GOING_LINES = [
  ...['GET k', 'MGET k n', 'EXISTS k', 'TTL k', 'KEYS *', 'SCAN 0', 'PING', 'ECHO x', 'DBSIZE'],
  ...['INFO server', 'CONFIG GET maxmemory', 'CLIENT ID', 'CLIENT LIST', 'SUBSCRIBE a', 'WATCH k'],
  ...['MULTI; GET k; EXEC', 'BITFIELD_RO k GET u8 0'],
  ...['OBJECT ENCODING k', 'SELECT 1', 'WAIT 0 0', 'TOUCH k', 'COMMAND COUNT', 'RANDOMKEY'],
  ...['BITCOUNT k', 'PUBSUB CHANNELS', 'DUMP k', 'MEMORY USAGE k', 'SLOWLOG LEN', 'LASTSAVE'],
];

async function clientsLeft(server: ServerProcess, type: string): Promise<number> {
  const helper = await server.connect();
  const lines = String(await helper.call('CLIENT', 'LIST', 'TYPE', type)).split('\n');
  helper.close();
  return lines.filter((line) => line.includes('id=') && !line.includes(' cmd=client|list')).length;
}

for (const kind of ['tandem', 'redis'] as const) {
  const skip = kind === 'redis' ? skipWithoutRedis : false;

  for (const [type, makeSlow] of Object.entries(SLOW_READERS)) {
    test(`${kind}: a slow ${type} client over its hard limit is dropped`, { skip }, async () => {
      const server = await start(kind, ['--client-output-buffer-limit', `${type} 4mb 0 0`]);
      const slow = await makeSlow(server);
      await server.waitForLog(DROPPED);
      assert.match(
        server.log,
        new RegExp(`Client id=\\d+ .* (scheduled to be )?closed .*${DROPPED}`),
      );
      const fields = await info(await server.connect(), 'stats');
      // Redis counts them since 7.4.
      assert.equal(fields.client_output_buffer_limit_disconnections ?? '1', '1');
      slow.close();
    });

    test(`${kind}: a slow ${type} client is dropped after its soft seconds`, { skip }, async () => {
      const server = await start(kind, [
        ...['--client-output-buffer-limit', `${type} 0 4mb 2`, '--repl-backlog-size', '16kb'],
        ...['--repl-ping-replica-period', '1'],
      ]);
      const helper = await server.connect();
      const startMs = performance.now();
      const slow = await makeSlow(server);
      // Redis looks at it when something more is to be sent.
      const send = type === 'pubsub' ? ['PUBLISH', 'news', 'x'] : ['SET', 'x', 'y'];
      await waitFor('it to be dropped', async () => {
        await helper.call(...send);
        return server.log.includes(DROPPED);
      });
      // Redis counts in whole seconds of a clock that it looks at now and then.
      assert.ok(performance.now() - startMs > 1500, 'dropped too early');
      slow.close();
    });

    test(`${kind}: without a limit a slow ${type} client stays`, { skip }, async () => {
      const server = await start(kind, ['--client-output-buffer-limit', `${type} 0 0 0`]);
      const before = await clientsLeft(server, type);
      const slow = await makeSlow(server);
      await sleep(300);
      assert.ok(!server.log.includes(DROPPED), server.log);
      assert.ok((await clientsLeft(server, type)) > before);
      slow.close();
    });
  }

  test(`${kind}: a subscriber that reads stays, however many are published at once`, {
    skip,
  }, async () => {
    const server = await start(kind);
    const publisher = await server.connect();
    const message = 'm'.repeat(200);
    const monitor = await server.connect();
    await monitor.call('MONITOR');
    // Below 16 KB nothing counts; then what is published at once is several times the limit.
    for (const [limit, count] of [
      ['1kb', 50],
      ['64kb', 2000],
    ] as const) {
      await publisher.call('CONFIG', 'SET', 'client-output-buffer-limit', `pubsub ${limit} 0 0`);
      const subscriber = await server.connect();
      await subscriber.call('SUBSCRIBE', 'news');
      const requests = Array.from({ length: count }, () => ['PUBLISH', 'news', message]);
      await publisher.pipeline(requests);
      for (let i = 0; i < count; i++) await subscriber.nextReply();
      subscriber.close();
    }
    await publisher.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 1kb 0 0');
    for (let i = 0; i < 10; i++) await publisher.call('ECHO', message);
    assert.ok(!monitor.isClosed && !server.log.includes(DROPPED), server.log);
  });

  for (const [name, request] of [
    ['a long bulk', `*2\r\n$4\r\nECHO\r\n$3000000\r\n${'x'.repeat(2_000_000)}`],
    ['a long bulk by and by', `*2\r\n$4\r\nECHO\r\n$20000\r\n${'x'.repeat(1000)}`],
  ] as const) {
    test(`${kind}: client-query-buffer-limit and ${name}`, { skip }, async () => {
      const server = await start(kind, ['--client-query-buffer-limit', '1mb']);
      const client = await server.connect();
      client.raw(request);
      if (request.length > MIB) {
        await client.closed;
        await server.waitForLog('Closing client that reached max query buffer length: id=');
        assert.match(server.log, /\(qbuf initial bytes: "/);
      } else {
        client.raw('x'.repeat(19_000));
        client.raw('\r\n');
        assert.equal((await client.nextReply()).type, 'bulk');
      }
      assert.equal(await (await server.connect()).call('PING'), 'PONG');
    });
  }

  test(`${kind}: a value longer than client-query-buffer-limit is refused`, { skip }, async () => {
    const server = await start(kind);
    const client = await server.connect();
    await client.call('CONFIG', 'SET', 'client-query-buffer-limit', 2 * MIB);
    assert.equal(await client.call('SET', 'k', Buffer.alloc(MIB)), 'OK');
    client.raw(encodeRequest(['SET', 'k', Buffer.alloc(3 * MIB)]));
    await client.closed;
    await server.waitForLog('Closing client that reached max query buffer length');
    const other = await server.connect();
    assert.equal(await other.call('STRLEN', 'k'), MIB);
    const fields = await info(other, 'stats');
    assert.equal(fields.client_query_buffer_limit_disconnections ?? '1', '1');
  });

  test(`${kind}: what waits for EXEC counts towards client-query-buffer-limit`, {
    // As in later versions of Redis: see docs/DIFFERENCES.md.
    skip: kind === 'redis' ? 'not in this version' : false,
  }, async () => {
    const server = await start(kind, ['--client-query-buffer-limit', '1mb']);
    const client = await server.connect();
    await client.call('MULTI');
    for (let i = 0; i < 8; i++) client.raw(encodeRequest(['SET', `k${i}`, Buffer.alloc(MIB / 4)]));
    await client.closed;
    await server.waitForLog('Closing client that reached max query buffer length: id=');
    const other = await server.connect();
    assert.equal(await other.call('DBSIZE'), 0);
    const fields = await info(other, 'stats');
    assert.equal(fields.client_query_buffer_limit_disconnections, '1');
  });

  test(`${kind}: timeout closes who is idle, not who waits, listens or follows`, {
    skip,
  }, async () => {
    const server = await start(kind, ['--timeout', '1', '--repl-timeout', '60']);
    const idle = await server.connect();
    const busy = await server.connect();
    const listening = await server.connect();
    await listening.call('SUBSCRIBE', 'news');
    const waiting = await server.connect();
    waiting.raw(encodeRequest(['WAIT', '5', '0']));
    const replica = await FakeReplica.connect({ port: server.port });
    await waitFor('the idle one to be closed', async () => {
      await busy.call('PING');
      return idle.isClosed;
    });
    await server.waitForLog('Closing idle client');
    await sleep(1500);
    assert.deepEqual(
      [listening.isClosed, waiting.isClosed, replica.isClosed],
      [false, false, false],
    );
    replica.close();
  });

  test(`${kind}: what waits while CLIENT PAUSE WRITE runs, and what does not`, {
    skip,
  }, async () => {
    const server = await start(kind);
    const admin = await server.connect();
    const found: Record<'waits' | 'goes on', string[]> = { waits: [], 'goes on': [] };
    for (const line of [...WAITING_LINES, ...GOING_LINES]) {
      await admin.call('MSET', 'k', 'v', 'n', '1');
      const client = await server.connect();
      await admin.call('CLIENT', 'PAUSE', '100000', 'WRITE');
      let isAnswered = false;
      const requests = line.split('; ').map((text) => text.split(' '));
      const replies = client.pipeline(requests).then(() => {
        isAnswered = true;
      });
      await waitFor(line, async () => {
        return isAnswered || (await info(admin, 'clients')).blocked_clients === '1';
      });
      found[isAnswered ? 'goes on' : 'waits'].push(line);
      await admin.call('CLIENT', 'UNPAUSE');
      await replies;
      client.close();
    }
    assert.deepEqual(found, { waits: WAITING_LINES, 'goes on': GOING_LINES });
  });

  test(`${kind}: while CLIENT PAUSE ALL runs nobody is answered`, {
    skip,
  }, async () => {
    const server = await start(kind);
    const [admin, other] = [await server.connect(), await server.connect()];
    await admin.call('SET', 'k', 'v', 'PX', '100');
    await admin.call('CLIENT', 'PAUSE', '500', 'ALL');
    const startMs = performance.now();
    const replies = [other.call('PING'), other.call('GET', 'k'), admin.call('CLIENT', 'UNPAUSE')];
    const late = await server.connect();
    const [pong, value] = await Promise.all([...replies, late.call('ECHO', 'x')]);
    assert.deepEqual([pong, value], ['PONG', null]);
    assert.ok(performance.now() - startMs >= 450);
  });
}
