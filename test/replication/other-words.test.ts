/*
 * What a redis-server says to a Tandem replica beyond writes of strings: messages, its failover,
 * commands of types that are missing here; and what stays known of the damage those do.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakePrimary } from '../helpers/fake-primary.js';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { plain } from '../helpers/resp-reply.js';
import { untilTestEnds } from '../helpers/started.js';
import { waitFor } from '../helpers/wait-for.js';
import { type Actor, assertInSync, follow, start, waitForLink } from './cast.js';

async function startPair(args: readonly string[] = []): Promise<[Actor, Actor]> {
  const primary = await start('redis');
  const replica = await start('tandem', { args });
  await follow(replica, primary.server.port);
  await waitForLink(replica);
  return [primary, replica];
}

/** Once the replica has applied all that the primary has streamed. */
async function waitUntilApplied(primary: Actor, replica: Actor): Promise<void> {
  const { master_repl_offset } = await info(primary.client, 'replication');
  await waitFor('the replica to have come as far', async () => {
    const { slave_repl_offset } = await info(replica.client, 'replication');
    return Number(slave_repl_offset) >= Number(master_repl_offset);
  });
}

describe('a redis-server as the primary', { skip: skipWithoutRedis }, () => {
  test('messages are passed on, heard, and no reason to distrust the data', async () => {
    const [primary, replica] = await startPair(['--propagation-error-behavior', 'panic']);
    const below = await FakeReplica.connect({ port: replica.server.port });
    const subscriber = await replica.server.connect({ protocol: 3 });
    subscriber.raw('PSUBSCRIBE *\r\n');
    await waitFor('the subscription', () => subscriber.pushes.length === 1);
    await primary.client.call('PUBLISH', 'channel', 'message');
    await primary.client.pipeline([['MULTI'], ['SPUBLISH', 'c', 'm'], ['SET', 'a', '1'], ['EXEC']]);
    await below.waitForCommand('SET', ([name]) => name === 'SET');
    assert.deepEqual(
      below.commands.filter(([name]) => name === 'publish' || name === 'PUBLISH'),
      [['PUBLISH', 'channel', 'message']],
    );
    await waitFor('the message', () => subscriber.pushes.length === 2);
    assert.deepEqual(plain(subscriber.pushes[1]), ['pmessage', '*', 'channel', 'message']);
    await waitUntilApplied(primary, replica);
    const fields = await info(replica.client, 'all');
    assert.equal(fields.tandem_data_complete, 'yes');
    assert.equal(fields.unexpected_error_replies, '0');
    assert(!replica.server.log.includes('CRITICAL'));
    assert.equal(await replica.client.call('GET', 'a'), '1');
    below.close();
  });

  test("the primary's PING is no reason for distrust where it has another name", async () => {
    const primary = await start('tandem');
    const replica = await start('tandem', { args: ['--rename-command', 'PING', 'other'] });
    await primary.client.call('CONFIG', 'SET', 'repl-ping-replica-period', '1');
    await follow(replica, primary.server.port);
    await waitForLink(replica);
    const from = Number((await info(primary.client, 'replication')).master_repl_offset);
    await waitFor('a PING', async () => {
      const { slave_repl_offset } = await info(replica.client, 'replication');
      return Number(slave_repl_offset) > from;
    });
    const fields = await info(replica.client, 'all');
    assert.equal(fields.tandem_data_complete, 'yes');
    assert.equal(fields.unexpected_error_replies, '0');
    assert(!replica.server.log.includes('CRITICAL'));
  });

  test('errors of the stream are counted as a redis-server counts them', async () => {
    const primary = await start('redis');
    const replicas = [await start('tandem'), await start('redis')];
    for (const replica of replicas) {
      await follow(replica, primary.server.port);
      await waitForLink(replica);
      await replica.client.call('CONFIG', 'RESETSTAT');
    }
    await primary.client.call('SET', 'k', 'text');
    for (const line of ['INCR k', 'NOSUCH a', 'SET k', 'EXPIRE k x', 'GET k', 'CONFIG NOSUCH']) {
      await primary.client.call('DEBUG', 'REPLICATE', ...line.split(' '));
    }
    const counts: string[][] = [];
    for (const replica of replicas) {
      await waitUntilApplied(primary, replica);
      const fields = Object.entries(await info(replica.client, 'everything'));
      counts.push(
        fields
          .filter(([name]) => /^(errorstat_|(total|unexpected)_error_|cmdstat_[^p])/.test(name))
          .filter(([name]) => !/cmdstat_(info|replconf|config|select)/.test(name))
          .map(([name, text]) => `${name} ${text.replace(/usec.*call=[\d.]+/, '')}`)
          .sort(),
      );
    }
    assert.deepEqual(counts[0], counts[1]);
  });

  test('FAILOVER makes the replica primary, and its primary follows it partially', async () => {
    const [primary, replica] = await startPair();
    await primary.client.call('SET', 'a', '1');
    const { port } = replica.server;
    assert.equal(await primary.client.call('FAILOVER', 'TO', '127.0.0.1', port), 'OK');
    await waitForLink(primary);
    const [now, former] = [await info(replica.client, 'all'), await info(primary.client, 'all')];
    assert.equal(now.role, 'master');
    assert.equal(former.role, 'slave');
    assert.equal(former.master_failover_state, 'no-failover');
    assert.equal(now.sync_partial_ok, '1');
    assert.match(replica.server.log, /MASTER MODE enabled \(failover request from 'id=/);
    assert.equal(await replica.client.call('SET', 'b', '2'), 'OK');
    await assertInSync(replica, primary);
  });

  test('what is missing stays known through a promotion and back', async () => {
    const [primary, replica] = await startPair();
    await primary.client.call('RPUSH', 'list', 'a');
    await waitUntilApplied(primary, replica);
    assert.match(replica.server.log, /'list'.*' after processing the command '<unknown>'/);
    const isComplete = async (): Promise<string | undefined> =>
      (await info(replica.client, 'replication')).tandem_data_complete;
    assert.equal(await isComplete(), 'no');
    await replica.client.call('REPLICAOF', 'NO', 'ONE');
    assert.equal(await isComplete(), 'no');
    await follow(replica, primary.server.port);
    assert.equal(await isComplete(), 'no');
    // The full sync that is asked for succeeds, and makes it whole, once the list is gone.
    await primary.client.call('DEL', 'list');
    await waitFor('the data to be complete', async () => (await isComplete()) === 'yes', {
      timeoutMs: 30_000,
    });
  });
});

for (const kind of ['tandem', 'redis'] as const) {
  const skip = kind === 'redis' ? skipWithoutRedis : false;
  test(`${kind}: PSYNC … FAILOVER is for a replica of that history only`, { skip }, async () => {
    const upstream = await untilTestEnds(FakePrimary.start());
    const server = await start(kind);
    const ask = (replid: string): Promise<unknown> =>
      server.client.call('PSYNC', replid, '1', 'FAILOVER');
    const own = (await info(server.client, 'replication')).master_replid ?? '';
    assert.equal(String(await ask(own)), "(error) ERR PSYNC FAILOVER can't be sent to a master.");
    await follow(server, upstream.port);
    await waitForLink(server);
    const text = '(error) ERR PSYNC FAILOVER replid must match my replid.';
    assert.equal(String(await ask('a'.repeat(40))), text);
    assert.equal((await info(server.client, 'replication')).role, 'slave');
    assert.match(String(await ask(upstream.replid)), /^CONTINUE/);
  });
}
