/*
 * redis-cli as an old-fashioned replica: `--rdb` takes a snapshot by SYNC, `--replica` the stream.
 * What it fetched must load in a real redis-server with the same data.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertEqualDigests } from '../helpers/digest.js';
import { info } from '../helpers/info.js';
import { startRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';
import { redisCli, skipWithoutTools } from './redis-tool.js';

describe('redis-cli as a replica', { skip: skipWithoutTools }, () => {
  let tandem: ServerProcess;
  let client: RespClient;
  let dir: string;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'redis-cli-'));
    tandem = await startTandem();
    client = await tandem.connect();
    await client.call('DEBUG', 'POPULATE', '5000');
    await client.call('SELECT', '9');
    await client.call('SET', 'binary', Buffer.from([0, 13, 10, 255]), 'EX', '1000');
    await client.call('SET', 'long', 'x'.repeat(200_000));
    await client.call('SELECT', '0');
  });
  after(async () => {
    await tandem.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const isDiskless of ['yes', 'no']) {
    test(`--rdb fetches what redis-server loads, repl-diskless-sync ${isDiskless}`, async () => {
      await client.call('CONFIG', 'SET', 'repl-diskless-sync', isDiskless);
      const result = await redisCli(tandem.port, ['--rdb', join(dir, 'dump.rdb')]);
      assert.equal(result.status, 0, result.stderr);
      assert.match(result.stderr, /Transfer finished with success/);
      const redis = await startRedis({ dir });
      await assertEqualDigests(client, await redis.connect());
      await redis.stop();
      await waitFor(
        'the replica to be gone',
        async () => (await info(client, 'replication')).connected_slaves === '0',
      );
    });
  }

  test('--rdb - writes the snapshot to standard output', async () => {
    const { stdout } = await redisCli(tandem.port, ['--rdb', '-']);
    assert.ok(stdout.startsWith('REDIS00'));
    assert.equal(stdout.length, readFileSync(join(dir, 'dump.rdb'), 'latin1').length);
  });

  test('--functions-rdb fetches a snapshot without data', async () => {
    const file = join(dir, 'functions.rdb');
    const result = await redisCli(tandem.port, ['--functions-rdb', file]);
    assert.equal(result.status, 0, result.stderr);
    const bytes = readFileSync(file, 'latin1');
    assert.ok(bytes.startsWith('REDIS00'));
    assert.ok(!bytes.includes('key:1'));
  });

  test('--replica shows the stream', async () => {
    let hasWritten = false;
    const { stdout } = await redisCli(tandem.port, ['--replica'], {
      until: (output) => {
        if (output.includes('SYNC done') && !hasWritten) {
          hasWritten = true;
          void client.call('SET', 'streamed', 'now');
        }
        return output.includes('streamed');
      },
    });
    assert.match(stdout, /"SET","streamed","now"/);
  });
});
