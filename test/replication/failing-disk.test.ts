/*
 * A replica whose own snapshots fail: it refuses the writes of its clients as a primary does, and
 * replica-ignore-disk-write-errors says what becomes of those that its primary sends. Redis does
 * the same, and stands here beside this server.
 */

import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { info } from '../helpers/info.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { RespError } from '../helpers/resp-reply.js';
import { waitFor } from '../helpers/wait-for.js';
import { type Actor, follow, start, waitForLink } from './cast.js';

const GOES_ON = 'Replica is applying a command even though it is unable to write to disk.';
const GURU = /Guru Meditation: Replica was unable to write command to disk\./;

const kinds = [
  ['tandem', false],
  ['redis', skipWithoutRedis],
] as const;

/** No save can replace a folder with something in it. */
async function failToSave({ server, client }: Actor): Promise<void> {
  const dump = join(server.dir, 'dump.rdb');
  rmSync(dump, { force: true });
  mkdirSync(join(dump, 'in-the-way'), { recursive: true });
  await client.call('CONFIG', 'SET', 'save', '3600 1000000');
  await client.call('BGSAVE');
  await waitFor('the save to have failed', async () => {
    return (await info(client, 'persistence')).rdb_last_bgsave_status === 'err';
  });
}

async function startPair(kind: 'tandem' | 'redis', ignores: 'yes' | 'no'): Promise<[Actor, Actor]> {
  const primary = await start('tandem');
  const args = ['--replica-ignore-disk-write-errors', ignores, '--crash-memcheck-enabled', 'no'];
  const replica = await start(kind, { args });
  await follow(replica, primary.server.port);
  await waitForLink(replica);
  await failToSave(replica);
  return [primary, replica];
}

async function assertMisconf({ client }: Actor, ...request: string[]): Promise<void> {
  const reply = await client.call(...request);
  assert(reply instanceof RespError && reply.code === 'MISCONF', `${request}: ${String(reply)}`);
}

for (const [kind, skip] of kinds) {
  test(`${kind}: a replica that cannot save tells its clients so`, { skip }, async () => {
    const [, replica] = await startPair(kind, 'yes');
    await assertMisconf(replica, 'PING');
    await assertMisconf(replica, 'SET', 'a', '1');
    await replica.client.call('CONFIG', 'SET', 'replica-read-only', 'no');
    await assertMisconf(replica, 'SET', 'a', '1');
    assert.equal(await replica.client.call('GET', 'a'), null);
  });

  test(`${kind}: replica-ignore-disk-write-errors yes has it go on`, { skip }, async () => {
    const [primary, replica] = await startPair(kind, 'yes');
    for (const value of ['1', '2']) await primary.client.call('SET', 'a', value);
    await waitFor('the writes', async () => (await replica.client.call('GET', 'a')) === '2');
    assert.equal(replica.server.log.split(GOES_ON).length - 1, 1, 'said, but not each time');
  });

  test(`${kind}: without it a write of the primary ends it`, { skip }, async () => {
    const [primary, replica] = await startPair(kind, 'no');
    await primary.client.call('PUBLISH', 'channel', 'no write');
    await primary.client.call('SET', 'a', '1');
    await waitFor('the end', () => !replica.server.isRunning);
    assert.equal(replica.server.endSignal, 'SIGABRT');
    assert.match(replica.server.log, GURU);
  });
}
