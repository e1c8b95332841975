/*
 * Values of INFO beside redis-server, where they tell of what a test can bring about: saves,
 * waits, addresses, percentiles, and what directives change of the sections.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { info } from '../helpers/info.js';
import {
  isVersionAtLeast,
  redisVersion,
  skipWithoutRedis,
  startRedis,
} from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { waitFor } from '../helpers/wait-for.js';
import { startCandidate } from './harness.js';

const args = ['--unixsocket', 'sock'];

describe('values of INFO beside redis-server', { skip: skipWithoutRedis }, () => {
  let servers: ServerProcess[] = [];
  let clients: RespClient[] = [];
  before(async () => {
    servers = await Promise.all([startCandidate({ args }), startRedis({ args })]);
    clients = await Promise.all(servers.map((server) => server.connect()));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  /** What each server tells, after the same has been done to both. */
  async function each<T>(act: (client: RespClient, server: ServerProcess) => Promise<T>) {
    return await Promise.all(clients.map((client, index) => act(client, servers[index])));
  }

  async function both(expected: unknown, act: Parameters<typeof each>[0]): Promise<void> {
    assert.deepEqual(await each(act), [expected, expected]);
  }

  test('rdb_saves counts SAVE and BGSAVE, until CONFIG RESETSTAT', async () => {
    const saves = async (client: RespClient) => (await info(client, 'persistence')).rdb_saves;
    await both(['1', '1', '2', '0'], async (client) => {
      await client.call('CONFIG', 'RESETSTAT');
      await client.call('SAVE');
      const afterSave = await saves(client);
      await client.call('DEBUG', 'RELOAD');
      const afterReload = await saves(client);
      await client.call('BGSAVE');
      const afterBgsave = await saves(client);
      await waitFor('the save to end', async () => {
        return (await info(client, 'persistence')).rdb_bgsave_in_progress === '0';
      });
      await client.call('CONFIG', 'RESETSTAT');
      return [afterSave, afterReload, afterBgsave, await saves(client)];
    });
  });

  test('a wait with a time limit is counted as such, until it is over', async () => {
    await both(['2', '1', '0', '0'], async (client, server) => {
      const waiters = await Promise.all([server.connect(), server.connect()]);
      waiters[0].raw('WAIT 5 100000\r\n');
      waiters[1].raw('WAIT 5 0\r\n');
      const fields = async () => await info(client, 'clients');
      await waitFor('both to wait', async () => (await fields()).blocked_clients === '2');
      const during = await fields();
      for (const waiter of waiters) waiter.close();
      await waitFor('none to wait', async () => (await fields()).blocked_clients === '0');
      const over = await fields();
      return [during, over].flatMap((f) => [f.blocked_clients, f.clients_in_timeout_table]);
    });
  });

  test('percentiles are named with six digits at most', async () => {
    await both(['p0', 'p99.9', 'p99.99999', 'p100', 'p33.333333'], async (client) => {
      const percentiles = '0 99.900 99.99999 99.9999999 33.333333333';
      await client.call('CONFIG', 'SET', 'latency-tracking-info-percentiles', percentiles);
      await client.call('GET', 'k');
      const { latency_percentiles_usec_get: line = '' } = await info(client, 'latencystats');
      return line.split(',').map((part) => part.replace(/=\d+\.\d{3}$/, ''));
    });
  });

  test('latency-tracking no hides the percentiles, and nothing more is recorded', async () => {
    await both([['# Latencystats', ''], 0, true], async (client) => {
      await client.call('CONFIG', 'RESETSTAT');
      await client.call('CONFIG', 'SET', 'latency-tracking', 'no');
      await client.call('GET', 'k');
      const hidden = String(await client.call('INFO', 'latencystats')).split('\r\n');
      const recorded = (await client.call('LATENCY', 'HISTOGRAM', 'get')) as unknown[];
      await client.call('CONFIG', 'SET', 'latency-tracking', 'yes');
      await client.call('GET', 'k');
      const shown = 'latency_percentiles_usec_get' in (await info(client, 'latencystats'));
      return [hidden, recorded.length, shown];
    });
  });

  test('replica-priority and replica-announced are shown while there is a primary', async () => {
    await both(['7', '0'], async (client) => {
      await client.call('CONFIG', 'SET', 'replica-priority', '7', 'replica-announced', 'no');
      await client.call('REPLICAOF', '127.0.0.1', '1');
      const fields = await info(client, 'replication');
      await client.call('REPLICAOF', 'NO', 'ONE');
      return [fields.slave_priority, fields.replica_announced];
    });
  });

  test('replica-ignore-maxmemory decides whether clients of a replica hear OOM', async () => {
    const SET_LINE = ['SET', 'k', 'v'] as const;
    await both(['OK', 'OOM', 'OOM'], async (client) => {
      await client.call('CONFIG', 'SET', 'replica-read-only', 'no', 'maxmemory', '1');
      await client.call('REPLICAOF', '127.0.0.1', '1');
      const replies = [await client.call(...SET_LINE)];
      await client.call('CONFIG', 'SET', 'replica-ignore-maxmemory', 'no');
      replies.push(await client.call(...SET_LINE));
      await client.call('CONFIG', 'SET', 'replica-ignore-maxmemory', 'yes');
      await client.call('REPLICAOF', 'NO', 'ONE');
      replies.push(await client.call(...SET_LINE));
      await client.call('CONFIG', 'SET', 'maxmemory', '0');
      return replies.map((reply) => String(reply).replace(/^.*\b(OOM|OK)\b.*$/s, '$1'));
    });
  });

  test('where it listens: the port, and the unix socket', async () => {
    const listeners = await each(async (client, { port }) => {
      const fields = await info(client, 'server');
      return [fields.listener0?.replace(String(port), 'PORT'), fields.listener1];
    });
    const expected = ['name=tcp,bind=127.0.0.1,port=PORT', 'name=unix,bind=sock'];
    assert.deepEqual(listeners[0], expected);
    if (isVersionAtLeast(redisVersion ?? '0', '7.2')) assert.deepEqual(listeners[1], expected);
  });
});

describe('INFO persistence of a fresh server', { skip: skipWithoutRedis }, () => {
  test('SAVE is no background save: rdb_last_bgsave_time_sec stays', async () => {
    const servers = await Promise.all([startCandidate(), startRedis()]);
    for (const server of servers) {
      const client = await server.connect();
      await client.call('SAVE');
      assert.equal((await info(client, 'persistence')).rdb_last_bgsave_time_sec, '-1');
      await server.stop();
    }
  });
});
