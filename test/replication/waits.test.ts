/*
 * What WAIT waits for, beyond the writes that its client has asked for, and how it is counted, on
 * both kinds of server.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import { isVersionAtLeast, redisVersion, skipWithoutRedis } from '../helpers/redis-server.js';
import { waitFor } from '../helpers/wait-for.js';
import { splitCommandLine } from '../oracle/command-line.js';
import { type Actor, start } from './cast.js';

/** How INFO counts WAIT, without times, and all commands, that of the question apart. */
async function countsOf({ client }: Actor): Promise<string> {
  const { cmdstat_wait } = await info(client, 'commandstats');
  const { total_commands_processed } = await info(client, 'stats');
  const calls = cmdstat_wait?.replace(/usec=.*call=[^,]*,/, '') ?? 'none';
  return `${calls} of ${Number(total_commands_processed) - 1}`;
}

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

  const skipBefore72 = skip || (kind === 'redis' && !isVersionAtLeast(redisVersion ?? '', '7.2'));
  const ends = [
    ['the time is over', 'CLIENT UNBLOCK {id} TIMEOUT', 'calls=1,rejected_calls=0,failed_calls=0'],
    ['its client is killed', 'CLIENT KILL ID {id}', 'calls=1,rejected_calls=0,failed_calls=0'],
    ['it is given up', 'CLIENT UNBLOCK {id} ERROR', /^calls=[12],rejected_calls=0,failed_calls=1 /],
    [
      'its primary is none',
      'REPLICAOF 127.0.0.1 1',
      /^calls=[12],rejected_calls=0,failed_calls=1 /,
    ],
  ] as const;
  for (const [name, line, counts] of ends) {
    test(`${kind}: WAIT is counted when it ends: ${name}`, { skip: skipBefore72 }, async () => {
      const primary = await start(kind);
      const client = await primary.server.connect();
      const id = String(await client.call('CLIENT', 'ID'));
      await primary.client.call('CONFIG', 'RESETSTAT');
      client.raw('WAIT 1 0\r\n');
      await waitFor('it to wait', async () => {
        return (await info(primary.client, 'clients')).blocked_clients === '1';
      });
      await primary.client.call('CONFIG', 'RESETSTAT');
      assert.equal(await countsOf(primary), 'none of 1');
      await primary.client.call(...splitCommandLine(line.replace('{id}', id)));
      const found = await countsOf(primary);
      // Redis counts a wait that fails twice.
      if (typeof counts === 'string') assert.equal(found, `${counts} of 5`);
      else assert.match(found, counts);
    });
  }
}
