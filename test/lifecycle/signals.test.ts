/*
 * Signals that must not end the server, nor open a door into it. Those that end it in good order
 * are in shutdown.test.ts.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem } from '../helpers/tandem.js';

/** Sends it and waits for two replies: by the second, the event loop has dealt with it. */
async function sendAndAsk(server: ServerProcess, signal: NodeJS.Signals): Promise<void> {
  const client = await server.connect();
  server.signal(signal);
  for (let i = 0; i < 2; i++) assert.equal(await client.call('PING'), 'PONG', signal);
  client.close();
}

/** Sockets on which a process listens for TCP connections. */
function listeningSockets(pid: number): number {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return 'closed meanwhile';
    }
  });
  const own = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  let count = 0;
  for (const table of ['tcp', 'tcp6']) {
    const lines = readFileSync(`/proc/${pid}/net/${table}`, 'latin1').split('\n').slice(1);
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === '0A' && own.has(fields[9])) count++;
    }
  }
  return count;
}

test('SIGUSR1 opens no debugger, and neither it nor SIGUSR2 ends the server', async () => {
  const server = await untilTestEnds(startTandem());
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) await sendAndAsk(server, signal);
  assert.doesNotMatch(server.log, /debugger/i);
  if (process.platform === 'linux') assert.equal(listeningSockets(server.pid), 1);
});

for (const [name, start] of [
  ['redis-server', startRedis],
  ['this server', startTandem],
] as const) {
  const skip = name === 'redis-server' ? skipWithoutRedis : false;
  test(`SIGHUP, SIGPIPE and SIGALRM change nothing in ${name}`, { skip }, async () => {
    const server = await untilTestEnds(start());
    for (const signal of ['SIGHUP', 'SIGPIPE', 'SIGALRM'] as const)
      await sendAndAsk(server, signal);
    assert.equal(server.isRunning, true);
  });
}
