/*
 * What CLIENT UNBLOCK leaves in the statistics, on a real redis-server too, and whom it leaves
 * waiting.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { info } from '../helpers/info.js';
import { isVersionAtLeast, redisVersion, skipWithoutRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import { waitFor } from '../helpers/wait-for.js';
import { start } from '../replication/cast.js';

async function blockedCount(client: RespClient, count: number): Promise<void> {
  await waitFor(`${count} blocked`, async () => {
    return (await info(client, 'clients')).blocked_clients === String(count);
  });
}

// Earlier ones count a wait that ends with an error as a call that did not fail.
const skipRedis =
  skipWithoutRedis || (isVersionAtLeast(redisVersion ?? '0', '7.2') ? false : 'needs Redis 7.2');

for (const kind of ['tandem', 'redis'] as const) {
  describe(`CLIENT UNBLOCK: ${kind}`, { skip: kind === 'redis' ? skipRedis : false }, () => {
    test('ERROR counts as a failure of the command, TIMEOUT does not', async () => {
      const { client, server } = await start(kind);
      const waiting = await server.connect();
      const id = String(await waiting.call('CLIENT', 'ID'));
      for (const reason of ['TIMEOUT', 'ERROR']) {
        const reply = waiting.typed('WAIT', '1', '0');
        await blockedCount(client, 1);
        assert.equal(await client.call('CLIENT', 'UNBLOCK', id, reason), 1);
        assert.equal((await reply).type, reason === 'ERROR' ? 'error' : 'integer');
      }
      await blockedCount(client, 0);
      const { cmdstat_wait } = await info(client, 'commandstats');
      // Not `calls`: there a wait that ends with an error counts twice in Redis.
      assert.match(cmdstat_wait ?? '', /,rejected_calls=0,failed_calls=1$/);
      assert.equal((await info(client, 'errorstats')).errorstat_UNBLOCKED, 'count=1');
    });
  });
}

describe('CLIENT UNBLOCK: tandem alone, for Redis 7.2.4 panics', () => {
  test('a client that a pause holds back goes on waiting', async () => {
    const { client, server } = await start('tandem');
    const held = await server.connect();
    const id = String(await held.call('CLIENT', 'ID'));
    await client.call('CLIENT', 'PAUSE', '100000', 'WRITE');
    const reply = held.call('SET', 'k', 'v');
    await blockedCount(client, 1);
    for (const reason of ['TIMEOUT', 'ERROR']) {
      assert.equal(await client.call('CLIENT', 'UNBLOCK', id, reason), 0);
    }
    assert.equal(await client.call('EXISTS', 'k'), 0);
    await client.call('CLIENT', 'UNPAUSE');
    assert.equal(await reply, 'OK');
  });
});
