/*
 * INFO's counts for each command, calls, refused and failed ones, and for each kind of error,
 * against redis-server.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseInfo } from '../helpers/info.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { splitCommandLine } from './command-line.js';
import { startCandidate } from './harness.js';

const tables: readonly { readonly name: string; readonly lines: readonly string[] }[] = [
  {
    name: 'a command that fails, one that is refused, one that nobody knows',
    lines: ['SET k text', 'INCR k', 'INCR k', 'INCR', 'NOSUCH', 'CONFIG NOSUCH', 'CONFIG GET port'],
  },
  {
    name: 'what fails inside EXEC counts as its own failure and not as EXEC',
    lines: ['SET k text', 'MULTI', 'INCR k', 'GET k', 'SET k v EX x', 'EXEC', 'MULTI', 'EXEC'],
  },
  {
    name: 'what is refused inside MULTI, and the EXEC that follows',
    lines: ['MULTI', 'SET k', 'EXEC', 'EXEC', 'DISCARD'],
  },
];

describe('oracle: counts of commands', { skip: skipWithoutRedis }, () => {
  let servers: ServerProcess[] = [];
  before(async () => {
    servers = await Promise.all([startCandidate(), startRedis()]);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });
  for (const { name, lines } of tables) {
    test(name, async () => {
      const [tandem, redis] = await Promise.all(servers.map((server) => countsOf(server, lines)));
      assert.deepEqual(tandem, redis);
    });
  }
});

/** The counts that the lines leave behind, without times and without what asks for them. */
async function countsOf(server: ServerProcess, lines: readonly string[]): Promise<string[]> {
  const client = await server.connect();
  await client.call('CONFIG', 'RESETSTAT');
  for (const line of lines) await client.typed(...splitCommandLine(line));
  const counts = [
    ...(await section(client, 'commandstats')),
    ...(await section(client, 'errorstats')),
  ];
  client.close();
  return counts.sort();
}

async function section(client: RespClient, name: string): Promise<string[]> {
  const fields = parseInfo(String(await client.call('INFO', name)));
  return Object.entries(fields)
    .filter(([field]) => field !== 'cmdstat_info' && field !== 'cmdstat_config|resetstat')
    .map(([field, text]) => `${field} ${text.replace(/usec=[^,]*,usec_per_call=[^,]*,/, '')}`);
}
