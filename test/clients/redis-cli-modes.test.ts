/*
 * redis-cli where it measures, repeats, asks and shows hints: on a pseudo-terminal where it needs
 * one. `--intrinsic-latency` is left out, since it asks no server.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { info } from '../helpers/info.js';
import { startRedis } from '../helpers/redis-server.js';
import { encodeRequest, type RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem } from '../helpers/tandem.js';
import { cliText, redisCli, runInTerminal, skipWithoutTools } from './redis-tool.js';

describe('modes of redis-cli', { skip: skipWithoutTools }, () => {
  let tandem: ServerProcess;
  let client: RespClient;

  before(async () => {
    tandem = await startTandem();
    client = await tandem.connect();
  });
  after(() => tandem.stop());

  const inTerminal = (args: string, options: Parameters<typeof runInTerminal>[1]) =>
    runInTerminal(`redis-cli -p ${tandem.port} ${args}`, options);

  test('hints come from COMMAND DOCS while a command is typed', async () => {
    const prompt = `${tandem.port}> `;
    const shown = await inTerminal('', {
      typed: [
        [prompt, 'set '],
        ['key value [NX|XX]', 'mykey '],
        ['value [NX|XX] [GET]', '\x15client no-evict '],
        ['ON|OFF', '\x15set k 1\r'],
        ['OK', ''],
        [prompt, 'quit\r'],
      ],
    });
    assert.match(shown, /PERSIST|EX seconds/);
    assert.equal(await client.call('GET', 'k'), '1');
  });

  test('a transaction, a database and a subscription change the prompt', async () => {
    const shown = await inTerminal('-3', {
      typed: [
        [`${tandem.port}> `, 'select 3\r'],
        ['[3]> ', 'multi\r'],
        ['[3](TX)> ', 'get k\r'],
        ['QUEUED', ''],
        ['[3](TX)> ', 'discard\r'],
        ['[3]> ', 'subscribe c\r'],
        ['"subscribe"', ''],
      ],
      until: (output) => output.includes('"subscribe"'),
    });
    assert.match(shown, /\[3\]\(TX\)> /);
  });

  test('a password is asked for, or taken from the environment', async () => {
    const guarded = await untilTestEnds(startTandem({ args: ['--requirepass', 'secret'] }));
    const port = guarded.port;
    const shown = await runInTerminal(`redis-cli -p ${port} --askpass PING`, {
      typed: [['password: ', 'secret\r']],
    });
    assert.match(shown, /PONG/);
    assert.doesNotMatch(shown, /secret/);
    const env = { REDISCLI_AUTH: 'secret' };
    assert.equal((await redisCli(port, ['PING'], { env })).stdout, 'PONG\n');
    const refused = await redisCli(port, ['PING'], { env: { REDISCLI_AUTH: 'wrong' } });
    assert.match(refused.stderr, /AUTH failed: WRONGPASS/);
    assert.match(refused.stdout, /^NOAUTH/);
  });

  test('--latency-history begins a new line after each interval', async () => {
    const line = /min: \d+, max: \d+, avg: \d+\.\d\d \(\d+ samples\) -- 0\.\d+ seconds range/g;
    const isTwo = (output: string): boolean => (output.match(line) ?? []).length >= 2;
    await inTerminal('--latency-history -i 0.1', { until: isTwo });
  });

  test('--lru-test reads and writes keys until it is ended', async () => {
    await client.call('FLUSHALL');
    await inTerminal('--lru-test 1000', {
      until: (output) => /\d+ Gets\/sec \| Hits: \d+/.test(output),
    });
    assert.match(String(await client.call('RANDOMKEY')), /^lru:\d+$/);
    const stats = await info(client, 'stats');
    assert.ok(Number(stats.keyspace_hits) > 0 && Number(stats.keyspace_misses) > 0);
  });

  test('-r and -i repeat a command as often, and for ever', async () => {
    await client.call('DEL', 'n');
    assert.equal(await cliText(tandem.port, '-r', '4', '-i', '0.01', 'INCR', 'n'), '1\n2\n3\n4');
    await inTerminal('-r -1 -i 0.01 INCR n', { until: (output) => output.includes('10') });
    assert.ok(Number(await client.call('GET', 'n')) >= 10);
  });

  test('-x and -X take an argument from standard input, quoted input its bytes', async () => {
    const input = Buffer.from('a\x00b\r\n\xff', 'latin1');
    await redisCli(tandem.port, ['-x', 'SET', 'x'], { input });
    await redisCli(tandem.port, ['-X', 'tag', 'SET', 'X', 'tag', 'GET'], { input });
    await redisCli(tandem.port, ['--quoted-input', 'SET', '"q\\x01a"', '"a\\x00b\\r\\n\\xff"']);
    for (const key of ['x', 'X', 'q\x01a'])
      assert.equal(await client.call('GET', key), input.toString('latin1'));
  });

  test('--scan with a quoted pattern finds keys of any bytes', async () => {
    await client.call('FLUSHALL');
    for (const key of ['q\x01a', 'q\x01b', 'r\x01a', 'q"a']) await client.call('SET', key, 1);
    const found = await cliText(tandem.port, '--scan', '--quoted-pattern', '"q\\x01*"');
    assert.deepEqual(found.split('\n').sort(), ['q\x01a', 'q\x01b']);
  });

  test('what is not there is said to be missing, as a redis-server without it would', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redis-cli-'));
    const script = join(dir, 'one.lua');
    writeFileSync(script, 'return 1');
    const said = await cliText(tandem.port, '--eval', script, 'k', ',', 'a');
    rmSync(dir, { recursive: true });
    assert.match(
      said,
      /^ERR unknown command 'EVAL', with args beginning with: 'return 1' '1' 'k' /,
    );
    const cluster = await redisCli(tandem.port, ['--cluster', 'info', `127.0.0.1:${tandem.port}`]);
    assert.match(cluster.stdout + cluster.stderr, /not configured as a cluster node/);
    assert.equal(cluster.status, 1);
  });

  test('monitor shows what others send, as for a redis-server', async () => {
    const redis = await untilTestEnds(startRedis());
    const outputs = [tandem, redis].map(async (server) => {
      const other = await server.connect();
      await other.call('CONFIG', 'RESETSTAT');
      const shown = redisCli(server.port, ['monitor'], {
        until: (output) => output.includes('"ECHO" "end"'),
      });
      // Until it listens nothing is shown: so it is told again and again what ends it.
      const end = encodeRequest(['ECHO', 'end']);
      const timer = setInterval(() => other.raw(end), 50);
      await shown.finally(() => clearInterval(timer));
      return (await shown).stdout.replace(
        /^\d+\.\d{6} \[0 127\.0\.0\.1:\d+\]/gm,
        '<time> <client>',
      );
    });
    const [ours, theirs] = await Promise.all(outputs);
    assert.equal(ours.split('\n')[0], 'OK');
    assert.match(ours, /^<time> <client> "ECHO" "end"$/m);
    assert.equal(ours.split('\n')[1], theirs.split('\n')[1]);
  });
});
