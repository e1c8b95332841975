/*
 * The slow log against redis-server: SLOWLOG's replies, and which commands enter the log with which
 * arguments when everything does. Times are no part of the comparison, and ids only count on.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import type { Plain } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { splitCommandLine } from './command-line.js';
import { oracleSuite, startCandidate } from './harness.js';

oracleSuite('slow log', [
  {
    name: 'SLOWLOG and its errors',
    lines: [
      'CONFIG SET slowlog-log-slower-than -1',
      'SLOWLOG',
      'SLOWLOG NOSUCH',
      'SLOWLOG RESET',
      'SLOWLOG RESET x',
      'SLOWLOG LEN',
      'SLOWLOG LEN x',
      'SLOWLOG GET',
      'SLOWLOG GET -1',
      'SLOWLOG GET 0',
      'SLOWLOG GET 5',
      'SLOWLOG GET 9223372036854775807',
      'SLOWLOG GET 9223372036854775808',
      'SLOWLOG GET -2',
      'SLOWLOG GET x',
      'SLOWLOG GET 1 2',
      'SLOWLOG HELP x',
      'COMMAND INFO slowlog|get slowlog|len slowlog|reset',
    ],
  },
  {
    name: 'its directives',
    lines: [
      'CONFIG SET slowlog-log-slower-than -2',
      'CONFIG SET slowlog-log-slower-than x',
      'CONFIG SET slowlog-max-len -1',
      'CONFIG SET slowlog-log-slower-than 9223372036854775807 slowlog-max-len 9223372036854775807',
      'CONFIG GET slowlog-max-len',
      'CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 3',
      'SLOWLOG LEN',
      'SLOWLOG RESET',
      ...['PING', 'PING', 'PING', 'SLOWLOG LEN', 'CONFIG SET slowlog-max-len 2', 'SLOWLOG LEN'],
      ...['CONFIG SET slowlog-log-slower-than -1', 'CONFIG SET slowlog-max-len 1', 'SLOWLOG LEN'],
      ...['CONFIG SET slowlog-log-slower-than 10000000', 'SLOWLOG LEN'],
      ...['CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 0', 'PING', 'SLOWLOG LEN'],
      'CONFIG SET slowlog-log-slower-than 10000 slowlog-max-len 128',
    ],
  },
  {
    name: 'one that is slow is there by default, fast ones are not',
    lines: [
      'SLOWLOG RESET',
      'PING',
      'SET k v',
      'DEBUG SLEEP 0.05',
      'GET k',
      'SLOWLOG LEN',
      'SLOWLOG RESET',
      'MULTI',
      'DEBUG SLEEP 0.05',
      'GET k',
      'EXEC',
      'SLOWLOG LEN',
    ],
  },
]);

const long = 'x'.repeat(200);
const many = Array.from({ length: 40 }, (_, i) => `k${i}`).join(' ');

const logged: readonly { readonly name: string; readonly lines: readonly string[] }[] = [
  {
    name: 'what runs, also when it fails, and not what is refused',
    lines: ['SET k v', 'get k', 'INCR k', 'INCR', 'NOSUCH', 'CONFIG NOSUCH', 'SLOWLOG LEN', 'PING'],
  },
  {
    name: 'long and many arguments',
    lines: [
      `SET ${long} ${long}`,
      `SET k ${'y'.repeat(128)}`,
      `SET k ${'y'.repeat(129)}`,
      `SET k ${'z'.repeat(100_000)}`,
      `DEL ${many}`,
      `MGET ${many} ${long}`,
      `EXISTS ${many.split(' ').slice(0, 31).join(' ')}`,
      `EXISTS ${many.split(' ').slice(0, 32).join(' ')}`,
      'SET "\\x00\\r\\n\\xff" ""',
    ],
  },
  {
    name: 'commands that travel in other words are shown as they came',
    lines: ['SET k v EX 100', 'GETEX k PERSIST', 'EXPIRE k 10', 'INCRBYFLOAT f 1.50', 'GETDEL k'],
  },
  {
    name: 'each command of EXEC once, and EXEC never',
    lines: ['MULTI', 'SET k v', 'INCR k', 'GET k', 'EXEC', 'MULTI', 'PING', 'DISCARD'],
  },
  {
    name: 'secrets',
    lines: [
      ...['AUTH p', 'AUTH u p', 'HELLO 2 AUTH u p', 'HELLO 2 SETNAME "" AUTH u p', 'HELLO 2'],
      'CONFIG SET masterauth secret',
      'CONFIG SET MASTERUSER name masterauth secret timeout 0',
      'CONFIG SET masterauth secret nosuch x masteruser u',
      'CONFIG SET masterauth "" masteruser ""',
      'CONFIG GET masterauth',
    ],
  },
  {
    name: 'the name that the client has when the command has run',
    lines: ['PING', 'CLIENT SETNAME me', 'PING', 'CLIENT SETNAME ""', 'PING', 'CLIENT SETNAME x'],
  },
];

describe('oracle: what enters the slow log', { skip: skipWithoutRedis }, () => {
  let servers: ServerProcess[] = [];
  before(async () => {
    servers = await Promise.all([startCandidate(), startRedis()]);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });
  for (const protocol of [2, 3] as const) {
    for (const { name, lines } of logged) {
      test(`${name} (RESP${protocol})`, async () => {
        const logs = servers.map((server) => logOf(server, { lines, protocol }));
        const [tandem, redis] = await Promise.all(logs);
        assert.deepEqual(tandem, redis);
      });
    }
  }
});

/** What the lines leave in the log: arguments and name, the address when it is the client's. */
async function logOf(
  server: ServerProcess,
  options: { lines: readonly string[]; protocol: 2 | 3 },
): Promise<unknown[]> {
  const client = await server.connect({ protocol: options.protocol });
  await client.call('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
  await client.call('SLOWLOG', 'RESET');
  for (const line of options.lines) {
    // HELLO 2 in a table of RESP3 changes the protocol, and RESP2 is read just as well.
    await client.typed(...splitCommandLine(line));
  }
  const address = / addr=(\S+)/.exec(String(await client.call('CLIENT', 'INFO')))?.[1];
  const entries = (await client.call('SLOWLOG', 'GET', '-1')) as Plain[][];
  await client.call('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
  client.close();
  const ids = entries.map(([id]) => Number(id));
  const first = ids.at(-1) ?? 0;
  return entries.map(([id, seconds, microseconds, words, from, name]) => {
    assert.ok(Math.abs(Number(seconds) - Date.now() / 1000) < 60);
    assert.ok(Number.isInteger(microseconds) && Number(microseconds) >= 0);
    return { id: Number(id) - first, words, isOurs: from === address, name };
  });
}
