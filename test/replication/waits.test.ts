/*
 * What WAIT waits for, beyond the writes that its client has asked for, and how it is counted, on
 * both kinds of server.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeReplica } from '../helpers/fake-replica.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { waitFor } from '../helpers/wait-for.js';
import { splitCommandLine } from '../oracle/command-line.js';
import { start } from './cast.js';

for (const kind of ['tandem', 'redis'] as const) {
  const skip = kind === 'redis' && skipWithoutRedis;

  test(`${kind}: WAIT waits for the deletion of what its client found expired`, {
    skip,
  }, async () => {
    const primary = await start(kind);
    await primary.client.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    const replica = await FakeReplica.connect({ port: primary.server.port });
    for (const lines of [['GET k'], ['DEL k'], ['SCAN 0'], ['MULTI', 'TOUCH k', 'EXEC']]) {
      const setAtMs = Date.now();
      await primary.client.call('SET', 'k', 'v', 'PX', '1');
      await waitFor('the key to expire', () => Date.now() > setAtMs + 10);
      const client = await primary.server.connect();
      for (const line of lines) await client.call(...splitCommandLine(line));
      assert.equal(await client.call('WAIT', '1', '20'), 0, lines.join(', '));
      client.close();
    }
    replica.close();
  });
}
