/*
 * What a primary keeps for a replica and gives up as soon as it has gone.
 */

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import { RespClient } from '../helpers/resp-client.js';
import { waitFor } from '../helpers/wait-for.js';
import { start } from './cast.js';

for (const isDiskless of ['yes', 'no']) {
  test(`diskless ${isDiskless}: a slow dump ends at once with its last replica`, async () => {
    const args = ['--repl-diskless-sync', isDiskless, '--rdb-key-save-delay', '10000000'];
    args.push('--repl-diskless-sync-delay', '0');
    const primary = await start('tandem', { args });
    await primary.client.call('MSET', 'a', '1', 'b', '2');
    const isSaving = async (): Promise<boolean> =>
      (await info(primary.client, 'persistence')).rdb_bgsave_in_progress === '1';
    const replicas = [0, 1].map(() => connect(primary.server.port, '127.0.0.1'));
    for (const replica of replicas) {
      let received = '';
      replica.on('data', (bytes) => {
        received += bytes;
      });
      replica.write('REPLCONF capa eof\r\nPSYNC ? -1\r\n');
      await waitFor('the sync to begin', () => received.includes('+FULLRESYNC'));
    }
    replicas[0]?.destroy();
    await waitFor('one of them to go', async () => {
      const { connected_slaves } = await info(primary.client, 'replication');
      return connected_slaves === '1';
    });
    assert(await isSaving(), 'the other one waits');
    replicas[1]?.destroy();
    await waitFor('the dump to end', async () => !(await isSaving()), { timeoutMs: 3000 });
  });
}

test('what only a lost replica still needed is given back at once', async () => {
  const args = ['--repl-backlog-size', '16kb', '--rdb-key-save-delay', '1000000'];
  const primary = await start('tandem', { args });
  const other = await FakeReplica.connect({ port: primary.server.port });
  for (let i = 0; i < 100; i++) await primary.client.call('SET', `k${i}`, 'v');
  const waiting = await RespClient.connect({ port: primary.server.port });
  assert.match(String(await waiting.call('PSYNC', '?', '-1')), /FULLRESYNC/);
  const held = async (): Promise<number> =>
    Number((await info(primary.client, 'memory')).mem_total_replication_buffers);
  for (let i = 0; i < 1100; i++) await primary.client.call('SET', 'k', 'v'.repeat(1000));
  // A SELECT after each of the two freezes.
  await other.waitForCommand('the last SET', () => other.writes.length === 2 + 100 + 1100);
  const heldBytes = await held();
  assert(heldBytes > 1_100_000, `${heldBytes}`);
  waiting.close();
  await waitFor('the replica to be gone', async () => {
    const { connected_slaves } = await info(primary.client, 'replication');
    return connected_slaves === '1';
  });
  assert((await held()) < heldBytes - 1024 * 1024);
  other.close();
});
