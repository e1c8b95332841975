/*
 * A real sentinel fails a primary of ours over to a replica of ours: the roles change, and with
 * them the files, so that each is after its next start what the sentinel made of it.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { info } from '../helpers/info.js';
import { freePort } from '../helpers/ports.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { RespClient } from '../helpers/resp-client.js';
import { type Program, ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { tandemArguments } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

const tandem: Program = {
  name: 'tandem',
  command: process.execPath,
  argumentsFor: () => tandemArguments(['tandem.conf']),
};

/** A sentinel looks at what it knows every ten seconds, when nothing is wrong. */
const timeoutMs = 60_000;

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tandem-sentinel-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function startServer(t: TestContext, ...lines: string[]): Promise<ServerProcess> {
  const dir = folder(t);
  const port = await freePort();
  const all = [`port ${port}`, 'bind 127.0.0.1', 'repl-diskless-sync-delay 0', ...lines];
  writeFileSync(join(dir, 'tandem.conf'), `${all.join('\n')}\n`);
  return await untilTestEnds(ServerProcess.start(tandem, { port, dir }));
}

async function startSentinel(t: TestContext, primaryPort: number): Promise<RespClient> {
  const dir = folder(t);
  const port = await freePort();
  const file = join(dir, 'sentinel.conf');
  writeFileSync(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${dir}\n` +
      `sentinel monitor ours 127.0.0.1 ${primaryPort} 1\n` +
      'sentinel down-after-milliseconds ours 5000\nsentinel failover-timeout ours 10000\n',
  );
  const command = process.env.ORACLE || 'redis-server';
  const child: ChildProcess = spawn(command, [file, '--sentinel'], { stdio: 'ignore' });
  t.after(async () => {
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  });
  let client: RespClient | null = null;
  await waitFor('the sentinel to listen', async () => {
    client = await RespClient.connect({ port }).catch(() => null);
    return client !== null;
  });
  assert(client !== null);
  const connected: RespClient = client;
  t.after(() => connected.close());
  return connected;
}

async function roleOf(server: ServerProcess): Promise<string> {
  const client = await server.connect();
  const { role = '' } = await info(client, 'replication');
  client.close();
  return role;
}

function file(server: ServerProcess): string {
  return readFileSync(join(server.dir, 'tandem.conf'), 'utf8');
}

test('a failover by a sentinel outlives restarts', { skip: skipWithoutRedis }, async (t) => {
  const first = await startServer(t);
  const second = await startServer(t, `replicaof 127.0.0.1 ${first.port}`);
  const sentinel = await startSentinel(t, first.port);
  await waitFor(
    'the sentinel to know the replica',
    async () => {
      const replicas = await sentinel.call('SENTINEL', 'REPLICAS', 'ours');
      return JSON.stringify(replicas).includes('"master-link-status","ok"');
    },
    { timeoutMs },
  );
  assert.equal(await sentinel.call('SENTINEL', 'FAILOVER', 'ours'), 'OK');
  await waitFor('the replica to be promoted', async () => (await roleOf(second)) === 'master', {
    timeoutMs,
  });
  await waitFor('the primary to be demoted', async () => (await roleOf(first)) === 'slave', {
    timeoutMs,
  });
  await first.waitForLog('CONFIG REWRITE executed with success.');
  await second.waitForLog('CONFIG REWRITE executed with success.');
  assert.doesNotMatch(file(second), /replicaof/);
  assert.match(file(first), new RegExp(`^replicaof 127\\.0\\.0\\.1 ${second.port}$`, 'm'));
  await second.crashAndRestart();
  await first.crashAndRestart();
  assert.equal(await roleOf(second), 'master');
  assert.equal(await roleOf(first), 'slave');
});
