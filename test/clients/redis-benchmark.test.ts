/*
 * redis-benchmark: its start (CONFIG GET save, appendonly), and each of its tests for strings, with
 * and without a pipeline, several connections, threads, RESP3, a password.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { info } from '../helpers/info.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { startTandem } from '../helpers/tandem.js';
import { runTool, skipWithoutTools } from './redis-tool.js';

describe('redis-benchmark', { skip: skipWithoutTools }, () => {
  let tandem: ServerProcess;

  before(async () => {
    tandem = await startTandem({ args: ['--requirepass', 'p'] });
  });
  after(() => tandem.stop());

  const names = [
    ...['"PING_INLINE"', '"PING_MBULK"', '"SET"', '"GET"', '"INCR"', '"MSET (10 keys)"'],
  ];

  for (const [what, args] of [
    ['one request at a time', []],
    ['a pipeline of 16', ['-P', '16']],
    ['a pipeline of 64 in RESP3 by two threads', ['-P', '64', '-3', '--threads', '2']],
    ['large values in database 5', ['-d', '20000', '-n', '200', '--dbnum', '5']],
  ] as const) {
    test(`${what}: every test ends without an error`, async () => {
      const { stdout, stderr, status } = await runTool('redis-benchmark', [
        ...['-h', '127.0.0.1', '-p', String(tandem.port), '-a', 'p'],
        ...['--csv', '-n', '5000', '-c', '20', '-r', '1000', '-t', 'ping,set,get,incr,mset'],
        ...args,
      ]);
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stdout + stderr, /[Ee]rror|WARNING: Could not/);
      const shown = stdout.split('\n').map((line) => line.slice(0, line.indexOf('",') + 1));
      assert.deepEqual(shown.slice(1, -1), names);
    });
  }

  test('a command of one’s own, with random keys and an argument from standard input', async () => {
    const common = ['-h', '127.0.0.1', '-p', String(tandem.port), '-a', 'p', '-q', '-c', '5'];
    const client = await tandem.connect();
    await client.call('AUTH', 'p');
    await client.call('FLUSHALL');
    const own = ['-n', '2000', '-r', '100', '-P', '4', 'SET', 'own:__rand_int__', 'v'];
    const random = await runTool('redis-benchmark', [...common, ...own]);
    assert.match(random.stdout, /SET own:__rand_int__ v: \d+\.\d\d requests per second/);
    const keys = Number(await client.call('DBSIZE'));
    assert.ok(keys > 50 && keys <= 100, `${keys} keys`);
    assert.match(String(await client.call('RANDOMKEY')), /^own:0{10}\d\d$/);
    const input = 'x'.repeat(1000);
    const last = ['-n', '100', '-x', 'APPEND', 'input'];
    assert.equal((await runTool('redis-benchmark', [...common, ...last], { input })).status, 0);
    assert.equal(await client.call('STRLEN', 'input'), 100_000);
    client.close();
  });

  test('a connection for each request (-k 0)', async () => {
    const common = ['-h', '127.0.0.1', '-p', String(tandem.port), '-q'];
    const one = ['-n', '300', '-c', '10', '-k', '0', '-t', 'ping_inline,ping_mbulk'];
    const { stdout, status } = await runTool('redis-benchmark', [...common, '-a', 'p', ...one]);
    assert.equal(status, 0);
    assert.match(stdout, /PING_INLINE: [\s\S]*PING_MBULK: /);
  });

  test('nothing is left of it afterwards', async () => {
    const client = await tandem.connect();
    await client.call('AUTH', 'p');
    assert.equal((await info(client, 'clients')).connected_clients, '1');
    assert.equal((await info(client, 'stats')).total_error_replies, '0');
  });

  test('an error ends it', async () => {
    const args = ['-h', '127.0.0.1', '-p', String(tandem.port), '-q', '-n', '10', 'PING'];
    const refused = await runTool('redis-benchmark', args);
    assert.match(refused.stdout + refused.stderr, /NOAUTH Authentication required/);
    assert.notEqual(refused.status, 0);
  });
});
