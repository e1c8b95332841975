/*
 * The end of the server, by SHUTDOWN with each of its options and by signals: waiting for replicas
 * that lag while reads are served, saving, calling it off, exit statuses.
 */

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import type { RespClient } from '../helpers/resp-client.js';
import { RespError } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

function start(...args: string[]): Promise<ServerProcess> {
  return untilTestEnds(startTandem({ args }));
}

const SAVES = ['--save', '3600 1'];

function dumpOf(server: ServerProcess): string {
  return join(server.dir, 'dump.rdb');
}

/** A replica that is online and has not acknowledged the last write. */
async function withLaggingReplica(server: ServerProcess, client: RespClient): Promise<FakeReplica> {
  const replica = await FakeReplica.connect({ port: server.port });
  await waitFor('the replica to be online', async () =>
    /state=online/.test((await info(client, 'replication')).slave0 ?? ''),
  );
  await client.call('SET', 'k', 'v');
  await replica.waitForCommand('the write', (command) => command[0] === 'SET');
  return replica;
}

/** Sends a command that will not be answered; what it was answered, in case it was. */
function sendShutdown(client: RespClient, ...options: string[]) {
  return client.call('SHUTDOWN', ...options).catch((error: Error) => error);
}

for (const [options, args, isSaved] of [
  [[], [], false],
  [[], SAVES, true],
  [['SAVE'], [], true],
  [['NOSAVE'], SAVES, false],
  [['NOW'], SAVES, true],
  [['FORCE'], SAVES, true],
  [['SAVE', 'NOW', 'FORCE'], [], true],
  [['NOSAVE', 'NOW', 'FORCE'], SAVES, false],
] as const) {
  const name = `SHUTDOWN ${options.join(' ')} ${args.length > 0 ? 'with' : 'without'} save points`;
  test(`${name} ${isSaved ? 'saves' : 'does not save'} and exits 0`, async () => {
    const server = await start(...args);
    const client = await server.connect();
    await client.call('SET', 'k', 'v');
    const reply = await sendShutdown(client, ...options);
    assert.ok(reply instanceof Error, 'the connection is closed without a reply');
    assert.equal(await server.exited(), 0);
    assert.equal(existsSync(dumpOf(server)), isSaved);
    assert.match(server.log, /\* User requested shutdown\.\.\./);
    assert.match(server.log, /# Redis is now ready to exit, bye bye\.\.\.\n$/);
  });
}

test('SHUTDOWN’s options are checked, and ABORT needs something to abort', async () => {
  const server = await start();
  const client = await server.connect();
  for (const options of [['SAVE', 'NOSAVE'], ['ABORT', 'NOW'], ['OTHER'], ['SAVE', 'ABORT']]) {
    assert.equal(String(await client.call('SHUTDOWN', ...options)), '(error) ERR syntax error');
  }
  assert.equal(
    String(await client.call('SHUTDOWN', 'ABORT')),
    '(error) ERR No shutdown in progress.',
  );
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} saves where save points exist and exits 0`, async () => {
    const server = await start(...SAVES);
    await (await server.connect()).call('SET', 'k', 'v');
    server.signal(signal);
    assert.equal(await server.exited(), 0);
    assert.equal(existsSync(dumpOf(server)), true);
    assert.match(server.log, new RegExp(`# Received ${signal} scheduling shutdown\\.\\.\\.`));
    assert.match(server.log, /\* Saving the final RDB snapshot before exiting\./);
    assert.match(server.log, /\* DB saved on disk/);
  });
}

test('shutdown-on-sigterm and -sigint say what a signal does', async () => {
  const server = await start(...SAVES, '--shutdown-on-sigterm', 'nosave', 'now');
  const client = await server.connect();
  await client.call('CONFIG', 'SET', 'shutdown-on-sigint', 'save force');
  await client.call('SET', 'k', 'v');
  server.signal('SIGTERM');
  assert.equal(await server.exited(), 0);
  assert.equal(existsSync(dumpOf(server)), false);
  await server.start(['--shutdown-on-sigint', 'save']);
  server.signal('SIGINT');
  assert.equal(await server.exited(), 0);
  assert.equal(existsSync(dumpOf(server)), true);
});

test('while a replica lags reads are served and writes wait; ABORT resumes them', async () => {
  const server = await start('--shutdown-timeout', '60');
  const client = await server.connect();
  const replica = await withLaggingReplica(server, client);
  server.signal('SIGTERM');
  await server.waitForLog('Waiting for replicas before shutting down.');
  const late = await server.connect();
  assert.equal(await late.call('GET', 'k'), 'v');
  const shutdownInMs = Number((await info(late, 'server')).shutdown_in_milliseconds);
  assert.ok(shutdownInMs > 50_000 && shutdownInMs <= 60_000, `${shutdownInMs}`);
  const write = client.call('SET', 'k', 'later');
  await waitFor('the write to wait', async () =>
    /cmd=set/.test(String(await late.call('CLIENT', 'LIST'))),
  );
  assert.equal(await late.call('GET', 'k'), 'v');
  assert.equal(await late.call('SHUTDOWN', 'ABORT'), 'OK');
  assert.equal(await write, 'OK');
  assert.equal(await late.call('GET', 'k'), 'later');
  assert.equal((await info(late, 'server')).shutdown_in_milliseconds, undefined);
  assert.match(server.log, /\* Shutdown manually aborted\./);
  replica.close();
});

test('an aborted SHUTDOWN tells the client that asked for it', async () => {
  const server = await start('--shutdown-timeout', '60');
  const client = await server.connect();
  const replica = await withLaggingReplica(server, client);
  const asked = sendShutdown(client);
  await server.waitForLog('Waiting for replicas before shutting down.');
  const other = await server.connect();
  assert.equal(await other.call('SHUTDOWN', 'ABORT'), 'OK');
  const reply = await asked;
  assert.ok(reply instanceof RespError);
  assert.equal(reply.text, 'ERR Errors trying to SHUTDOWN. Check logs.');
  assert.equal(await client.call('SET', 'k', 'v'), 'OK');
  replica.close();
});

test('a replica that catches up ends the waiting; it is asked for its offset', async () => {
  const server = await start('--shutdown-timeout', '60');
  const client = await server.connect();
  const replica = await withLaggingReplica(server, client);
  server.signal('SIGTERM');
  await replica.waitForCommand(
    'GETACK',
    ([name, what]) => name === 'REPLCONF' && what === 'GETACK',
  );
  await server.waitForLog('Waiting for replicas before shutting down.');
  replica.ack();
  assert.equal(await server.exited(), 0);
  assert.match(server.log, /\* 1 of 1 replicas are in sync when shutting down\./);
});

test('a replica that stays behind is given up after shutdown-timeout and named', async () => {
  const server = await start('--shutdown-timeout', '1');
  const client = await server.connect();
  const replica = await withLaggingReplica(server, client);
  server.signal('SIGTERM');
  assert.equal(await server.exited(), 0);
  assert.match(
    server.log,
    /\* Lagging replica 127\.0\.0\.1:1 reported offset \d+ behind master, lag=\d+, state=online\./,
  );
  assert.match(server.log, /\* 0 of 1 replicas are in sync when shutting down\./);
  replica.close();
});

test('NOW waits for no replica, nor does shutdown-timeout 0', async () => {
  for (const [args, options] of [
    [['--shutdown-timeout', '60'], ['NOW']],
    [['--shutdown-timeout', '0'], []],
  ]) {
    const server = await start(...args);
    const client = await server.connect();
    const replica = await withLaggingReplica(server, client);
    void sendShutdown(client, ...options);
    assert.equal(await server.exited(5000), 0);
    assert.doesNotMatch(server.log, /Waiting for replicas/);
    replica.close();
  }
});

test('a second SIGTERM changes nothing, a SIGINT after it exits with status 1', async () => {
  const server = await start('--shutdown-timeout', '60', ...SAVES);
  const client = await server.connect();
  const replica = await withLaggingReplica(server, client);
  server.signal('SIGTERM');
  await server.waitForLog('Waiting for replicas before shutting down.');
  const from = server.log.length;
  server.signal('SIGTERM');
  await server.waitForLog('Received SIGTERM scheduling shutdown...', { from });
  assert.equal(await client.call('GET', 'k'), 'v', 'it goes on waiting');
  server.signal('SIGINT');
  assert.equal(await server.exited(5000), 1);
  assert.match(server.log, /# You insist\.\.\. exiting now\./);
  assert.equal(existsSync(dumpOf(server)), false, 'nothing was saved');
  replica.close();
});

test('two SIGINTs exit with status 1', async () => {
  const server = await start('--shutdown-timeout', '60');
  const client = await server.connect();
  const replica = await withLaggingReplica(server, client);
  server.signal('SIGINT');
  await server.waitForLog('Waiting for replicas before shutting down.');
  server.signal('SIGINT');
  assert.equal(await server.exited(5000), 1);
  replica.close();
});

/** No save can replace a folder with something in it, whoever runs the test. */
function makeSavesFail(server: ServerProcess): void {
  mkdirSync(join(dumpOf(server), 'in-the-way'), { recursive: true });
  chmodSync(dumpOf(server), 0o755);
}

test('a failed save cancels the shutdown, and the next one works once the disk does', async () => {
  const server = await start(...SAVES);
  const client = await server.connect();
  await client.call('SET', 'k', 'v');
  makeSavesFail(server);
  const reply = await sendShutdown(client);
  assert.ok(reply instanceof RespError, String(reply));
  assert.equal(reply.text, 'ERR Errors trying to SHUTDOWN. Check logs.');
  server.signal('SIGTERM');
  await server.waitForLog(/can't exit\.[\s\S]*Received SIGTERM[\s\S]*can't exit\./);
  assert.equal(await client.call('SET', 'k', 'still here'), 'OK');
  server.signal('SIGINT');
  await server.waitForLog(/Received SIGINT[\s\S]*can't exit\./);
  rmSync(dumpOf(server), { recursive: true });
  server.signal('SIGTERM');
  assert.equal(await server.exited(), 0);
  assert.equal(existsSync(dumpOf(server)), true);
});

test('FORCE exits in spite of a failed save', async () => {
  const server = await start(...SAVES);
  const client = await server.connect();
  makeSavesFail(server);
  await sendShutdown(client, 'FORCE');
  assert.equal(await server.exited(), 0);
  assert.match(server.log, /# Error trying to save the DB\. Exit anyway\./);
});

test('a background save that runs is called off by the shutdown’s own', async () => {
  const server = await start(...SAVES);
  const client = await server.connect();
  await client.call('DEBUG', 'POPULATE', '300000');
  await client.call('BGSAVE');
  void sendShutdown(client);
  assert.equal(await server.exited(), 0);
  assert.match(server.log, /There is a child saving an \.rdb\. Killing it!/);
  await server.start();
  assert.equal(await (await server.connect()).call('DBSIZE'), 300_000);
});

test('a replica that waits for the end of a background save does not stop a shutdown', async () => {
  const server = await start(...SAVES);
  const client = await server.connect();
  await client.call('DEBUG', 'POPULATE', '300000');
  await client.call('BGSAVE');
  const joining = FakeReplica.connect({ port: server.port }).catch((error: Error) => error);
  await server.waitForLog('Full resync');
  void sendShutdown(client, 'NOW');
  assert.equal(await server.exited(), 0);
  await joining;
  await server.start();
  assert.equal(await (await server.connect()).call('DBSIZE'), 300_000);
});

test('what a client was told is written is in the final save', async () => {
  const server = await start(...SAVES);
  const client = await server.connect();
  let acknowledged = 0;
  const writing = (async () => {
    for (;;) acknowledged = Number(await client.call('INCR', 'n'));
  })().catch(() => {});
  await waitFor('some writes', () => acknowledged > 200);
  server.signal('SIGTERM');
  assert.equal(await server.exited(), 0);
  await writing;
  await server.start();
  assert.ok(Number(await (await server.connect()).call('GET', 'n')) >= acknowledged);
});
