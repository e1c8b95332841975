/*
 * Debian's redis-cli in each of its modes that needs something of the server. What it prints for
 * plain commands is compared with what it prints for a real redis-server.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startRedis } from '../helpers/redis-server.js';
import { encodeRequest, type RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';
import { cliText, redisCli, runTool, skipWithoutTools } from './redis-tool.js';

describe('redis-cli', { skip: skipWithoutTools }, () => {
  let tandem: ServerProcess;
  let redis: ServerProcess;
  let client: RespClient;

  before(async () => {
    tandem = await startTandem();
    redis = await startRedis();
    client = await tandem.connect();
  });
  after(async () => {
    await tandem.stop();
    await redis.stop();
  });

  /** The same call for both servers, and that it prints the same. */
  async function same(...args: string[]): Promise<void> {
    const [ours, theirs] = await Promise.all([
      redisCli(tandem.port, args),
      redisCli(redis.port, args),
    ]);
    assert.deepEqual(ours, theirs, args.join(' '));
  }

  test('prints replies of each type as for a redis-server', async () => {
    for (const format of [
      [],
      ['-3'],
      ['--raw'],
      ['--no-raw'],
      ['--csv'],
      ['--json'],
      ['-3', '--json'],
    ]) {
      await same(...format, 'FLUSHALL');
      await same(...format, 'SET', 'k', 'a\\"b\r\n\x01');
      await same(...format, 'GET', 'k');
      await same(...format, 'GET', 'missing');
      await same(...format, 'INCR', 'n');
      await same(...format, 'MGET', 'k', 'missing', 'n');
      await same(...format, 'INCR', 'k');
      await same(...format, 'CONFIG', 'GET', 'maxclients');
      await same(...format, 'COMMAND', 'GETKEYS', 'MSET', 'a', '1', 'b', '2');
      await same(...format, 'LCS', 'k', 'k', 'IDX');
    }
    await same('-e', 'INCR', 'k');
    await same('-r', '3', 'INCR', 'n');
    await same('-n', '7', 'SET', 'in-seven', '1');
    await same('-D', ';', 'MGET', 'n', 'n');
  });

  test('takes commands and the last argument from standard input', async () => {
    const lines = 'SET in "a b"\nGET in\nMULTI\nINCR n1\nINCR n1\nEXEC\nNOSUCH\nPING\n';
    assert.equal(
      (await redisCli(tandem.port, [], { input: lines })).stdout,
      (await redisCli(redis.port, [], { input: lines })).stdout,
    );
    await redisCli(tandem.port, ['-x', 'SET', 'x'], { input: 'from stdin' });
    assert.equal(await cliText(tandem.port, 'GET', 'x'), 'from stdin');
  });

  test('loads COMMAND DOCS at its start in an interactive session', async () => {
    // A pseudo-terminal makes it interactive: `script` gives one.
    const { stdout } = await runTool('script', [
      '-qec',
      `sh -c 'printf "help set\\nget k\\nquit\\n" | redis-cli -p ${tandem.port}'`,
      '/dev/null',
    ]);
    assert.match(stdout, /key value \[NX\|XX\] \[GET\]/);
    assert.match(stdout, /group:.* string/);
    assert.deepEqual(await client.call('PING'), 'PONG');
  });

  test('connects by URI with database and password', async () => {
    const guarded = await startTandem({ args: ['--requirepass', 'p'] });
    const uri = (password: string) => `redis://default:${password}@127.0.0.1:${guarded.port}/3`;
    const set = await runTool('redis-cli', ['-u', uri('p'), 'SET', 'k', 'v']);
    assert.equal(set.stdout, 'OK\n');
    assert.equal(
      await cliText(guarded.port, '-n', '3', '-a', 'p', '--no-auth-warning', 'GET', 'k'),
      'v',
    );
    assert.match((await runTool('redis-cli', ['-u', uri('x'), 'PING'])).stdout, /NOAUTH/);
    const named = ['--user', 'default', '--pass', 'p', '--no-auth-warning', '-3', 'PING'];
    assert.equal(await cliText(guarded.port, ...named), 'PONG');
    await guarded.stop();
  });

  test('--pipe sends a mass of requests and sees the end of the replies', async () => {
    const count = 20_000;
    const requests = Array.from({ length: count }, (_, i) => encodeRequest(['SET', `p${i}`, i]));
    requests.push(encodeRequest(['INCR', 'p']), encodeRequest(['NOSUCH']));
    const result = await redisCli(tandem.port, ['--pipe'], { input: Buffer.concat(requests) });
    assert.match(result.stdout, /errors: 1, replies: 20002/);
    assert.equal(await client.call('GET', 'p19999'), '19999');
    const inline = await redisCli(tandem.port, ['--pipe'], { input: 'SET i 1\r\nSET j 2\r\n' });
    assert.equal(inline.status, 0);
    assert.match(inline.stdout, /errors: 0, replies: 2/);
  });

  test('--scan with a pattern, a count and a type prints each key once', async () => {
    await client.call('FLUSHALL');
    await client.call('DEBUG', 'POPULATE', '1000', 'scan');
    await client.call('SET', 'other', '1');
    const all = (await cliText(tandem.port, '--scan')).split('\n');
    assert.equal(all.length, 1001);
    assert.equal(new Set(all).size, 1001);
    const some = (await cliText(tandem.port, '--scan', '--pattern', 'scan:99?')).split('\n');
    assert.equal(some.length, 10);
    assert.equal(await cliText(tandem.port, '--scan', '--pattern', 'other'), 'other');
  });

  test('--bigkeys and --memkeys name the biggest key and count all', async () => {
    await client.call('FLUSHALL');
    await client.call('DEBUG', 'POPULATE', '300');
    await client.call('SET', 'giant', 'x'.repeat(10_000));
    const big = await cliText(tandem.port, '--bigkeys');
    assert.match(big, /Sampled 301 keys in the keyspace!/);
    assert.match(big, /Biggest string found '"giant"' has 10000 bytes/);
    const memory = await cliText(tandem.port, '--memkeys');
    assert.match(memory, /Biggest string found '"giant"' has 1\d\d\d\d bytes/);
    assert.match(await cliText(tandem.port, '--memkeys-samples', '3'), /Sampled 301 keys/);
  });

  test('--hotkeys says what it needs, and works under an LFU policy', async () => {
    assert.match(
      (await redisCli(tandem.port, ['--hotkeys'])).stderr,
      /ERR An LFU maxmemory policy is not selected/,
    );
    await client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
    await client.call('SET', 'hot', '1');
    for (let i = 0; i < 1000; i++) client.raw(encodeRequest(['GET', 'hot']));
    for (let i = 0; i < 1000; i++) await client.nextReply();
    assert.match(
      await cliText(tandem.port, '--hotkeys'),
      /hot key found with counter: \d+\tkeyname: "?hot/,
    );
    await client.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  });

  test('--stat reads keys, memory, clients and requests from INFO', async () => {
    await client.call('FLUSHALL');
    await client.call('DEBUG', 'POPULATE', '123');
    const { stdout } = await redisCli(tandem.port, ['--stat', '-i', '0.05'], {
      until: (output) => output.split('\n').length > 4,
    });
    assert.match(stdout, /keys +mem +clients +blocked +requests +connections/);
    assert.match(stdout, /^123 +\d+\.\d\d[KMG] +2 +0 +\d+ \(\+\d+\) +\d+/m);
  });

  test('monitor prints commands as they run', async () => {
    const watching = redisCli(tandem.port, ['monitor'], {
      until: (output) => output.includes('the-end'),
    });
    await waitFor('the monitor', async () =>
      String(await client.call('CLIENT', 'LIST')).includes(' flags=O '),
    );
    await client.call('SET', 'monitored', 'a\r\n"b"');
    await client.call('ECHO', 'the-end');
    const { stdout } = await watching;
    assert.match(
      stdout,
      /^OK\n\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] "SET" "monitored" "a\\r\\n\\"b\\""\n.*"the-end"\n/,
    );
  });

  test('--latency measures, and --latency-dist draws', async () => {
    const { stdout } = await redisCli(tandem.port, ['--raw', '--latency', '-i', '0.1'], {
      until: (output) => output.includes('\n'),
    });
    assert.match(stdout, /^\d+ \d+ \d+\.\d\d \d+/);
    await redisCli(tandem.port, ['--latency-dist', '-i', '0.1'], {
      until: (output) => output.includes('---'),
    });
  });
});
