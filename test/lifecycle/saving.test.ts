/*
 * Snapshots to disk while the server runs: save points, what a failing disk means for writes, and
 * that FLUSHALL does not come undone by a crash.
 */

import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { digest } from '../helpers/digest.js';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import type { RespClient } from '../helpers/resp-client.js';
import { RespError } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

async function start(...args: string[]): Promise<{ server: ServerProcess; client: RespClient }> {
  const server = await untilTestEnds(startTandem({ args }));
  return { server, client: await server.connect() };
}

function dumpOf(server: ServerProcess): string {
  return join(server.dir, 'dump.rdb');
}

async function persistence(client: RespClient): Promise<Record<string, string>> {
  return await info(client, 'persistence');
}

/** No save can replace a folder with something in it. */
function makeSavesFail(server: ServerProcess): void {
  rmSync(dumpOf(server), { force: true });
  mkdirSync(join(dumpOf(server), 'in-the-way'), { recursive: true });
}

async function bgsaveAndWait(client: RespClient): Promise<void> {
  assert.equal(await client.call('BGSAVE'), 'Background saving started');
  await waitFor('the end of the save', async () => {
    return (await persistence(client)).rdb_bgsave_in_progress === '0';
  });
}

test('a save point saves by itself once it is reached', async () => {
  const { server, client } = await start('--save', '1 3');
  await client.call('SET', 'a', '1');
  await client.call('SET', 'b', '1');
  assert.equal((await persistence(client)).rdb_changes_since_last_save, '2');
  await client.call('SET', 'c', '1');
  await server.waitForLog('3 changes in 1 seconds. Saving...');
  await server.waitForLog('Background saving terminated with success');
  assert.equal((await persistence(client)).rdb_changes_since_last_save, '0');
  await server.crashAndRestart();
  assert.equal(await (await server.connect()).call('DBSIZE'), 3);
});

test('DEBUG SET-SKIP-CHECKSUM-VALIDATION has a file with a wrong sum loaded', async () => {
  const { server, client } = await start();
  await client.call('SET', 'k', 'v');
  await client.call('SAVE');
  const file = readFileSync(dumpOf(server));
  file[file.length - 1] ^= 1;
  writeFileSync(dumpOf(server), file);
  const refused = await client.call('DEBUG', 'RELOAD', 'NOSAVE');
  assert(refused instanceof RespError);
  await server.waitForLog('RDB CRC error');
  assert.equal(await client.call('DEBUG', 'SET-SKIP-CHECKSUM-VALIDATION', '1'), 'OK');
  assert.equal(await client.call('DEBUG', 'RELOAD', 'NOSAVE'), 'OK');
  assert.equal(await client.call('GET', 'k'), 'v');
  await client.call('DEBUG', 'SET-SKIP-CHECKSUM-VALIDATION', '0');
  assert((await client.call('DEBUG', 'RELOAD', 'NOSAVE')) instanceof RespError);
});

test('INFO tells how many freezes there were, and how long the last one took', async () => {
  const { client } = await start();
  const figures = async (): Promise<number[]> => {
    const { total_forks, latest_fork_usec } = await info(client, 'stats');
    return [Number(total_forks), Number(latest_fork_usec)];
  };
  assert.deepEqual(await figures(), [0, 0]);
  await bgsaveAndWait(client);
  assert.equal(await client.call('SAVE'), 'OK');
  const [forks = 0, microseconds = 0] = await figures();
  assert.equal(forks, 2);
  assert.ok(microseconds > 0 && microseconds < 1e6, `${microseconds} us`);
  await client.call('CONFIG', 'RESETSTAT');
  assert.deepEqual(await figures(), [0, 0]);
});

test('keys whose time comes count towards no save point', async () => {
  const { client } = await start('--save', '3600 1000');
  await client.call('SET', 'read', '1', 'PX', '1');
  await client.call('SET', 'left', '1', 'PX', '1');
  await waitFor('both to be gone', async () => {
    await client.call('GET', 'read');
    return (await client.call('DBSIZE')) === 0;
  });
  assert.equal((await persistence(client)).rdb_changes_since_last_save, '2');
});

test('save points can be changed and taken away at run time', async () => {
  const { server, client } = await start();
  await client.call('SET', 'a', '1');
  assert.equal(await client.call('CONFIG', 'SET', 'save', '3600 1 1 1'), 'OK');
  assert.deepEqual(await client.call('CONFIG', 'GET', 'save'), ['save', '3600 1 1 1']);
  await server.waitForLog('Background saving terminated with success');
  assert.equal(await client.call('CONFIG', 'SET', 'save', ''), 'OK');
  assert.deepEqual(await client.call('CONFIG', 'GET', 'save'), ['save', '']);
});

test('after a failed background save writes are refused until one works; reads go on', async () => {
  const { server, client } = await start('--save', '3600 1000000');
  await client.call('SET', 'k', 'v');
  makeSavesFail(server);
  await bgsaveAndWait(client);
  assert.match(server.log, /# Background saving error/);
  assert.equal((await persistence(client)).rdb_last_bgsave_status, 'err');
  const refused = await client.call('SET', 'k', 'w');
  assert.ok(refused instanceof RespError && refused.code === 'MISCONF', String(refused));
  assert.equal(await client.call('GET', 'k'), 'v');
  const ping = await client.call('PING');
  assert.ok(ping instanceof RespError && ping.code === 'MISCONF', 'as Redis answers');
  assert.equal(await client.call('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no'), 'OK');
  assert.equal(await client.call('SET', 'k', 'w'), 'OK');
  await client.call('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes');
  rmSync(dumpOf(server), { recursive: true });
  await bgsaveAndWait(client);
  assert.equal(await client.call('SET', 'k', 'x'), 'OK');
  assert.equal((await persistence(client)).rdb_last_bgsave_status, 'ok');
});

test('a failed save leaves no temporary file and keeps the former dump', async () => {
  const { server, client } = await start();
  makeSavesFail(server);
  assert.ok((await client.call('SAVE')) instanceof RespError);
  await bgsaveAndWait(client);
  assert.deepEqual(readdirSync(server.dir), ['dump.rdb']);
  const inPlace = /# Error moving temp DB file temp-\d+\.rdb on the final destination dump\.rdb \(/;
  assert.match(server.log, inPlace);
});

test('DEBUG RELOAD while a background save runs waits for its end', async () => {
  const { server, client } = await start('--rdb-key-save-delay', '1000');
  await client.call('DEBUG', 'POPULATE', '300');
  const before = await digest(client);
  assert.equal(await client.call('BGSAVE'), 'Background saving started');
  assert.equal(await client.call('DEBUG', 'RELOAD'), 'OK');
  assert.equal(await digest(client), before);
  assert.match(server.log, /Background saving terminated with success.*DB reloaded by DEBUG/s);
});

test('dir and dbfilename can be changed at run time', async () => {
  const { server, client } = await start('--enable-protected-configs', 'yes');
  const dir = mkdtempSync(join(tmpdir(), 'tandem-dir-'));
  await client.call('SET', 'k', 'v');
  assert.equal(await client.call('CONFIG', 'SET', 'dir', dir, 'dbfilename', 'other.rdb'), 'OK');
  assert.equal(await client.call('SAVE'), 'OK');
  assert.equal(existsSync(join(dir, 'other.rdb')), true);
  assert.match(
    String(await client.call('CONFIG', 'SET', 'dbfilename', 'a/b')),
    /dbfilename can't be/,
  );
  assert.match(
    String(await client.call('CONFIG', 'SET', 'dir', join(dir, 'missing'))),
    /No such file/,
  );
  assert.equal(existsSync(dumpOf(server)), false);
  rmSync(dir, { recursive: true });
});

test('a snapshot holds one moment, however much is written meanwhile', async () => {
  const { server, client } = await start();
  await client.call('DEBUG', 'POPULATE', '50000');
  const before = await digest(client);
  const saving = client.call('BGSAVE');
  let writes = 0;
  const writer = await server.connect();
  assert.equal(await saving, 'Background saving started');
  do {
    const batch = Array.from({ length: 500 }, () => ['SET', `key:${writes++}`, 'changed']);
    await writer.pipeline(batch);
  } while ((await persistence(client)).rdb_bgsave_in_progress === '1');
  await server.crashAndRestart();
  assert.equal(await digest(await server.connect()), before);
});

test('FLUSHALL where save points exist empties the file before it answers', async () => {
  const { server, client } = await start('--save', '3600 1000000');
  await client.call('SET', 'k', 'v');
  assert.equal(await client.call('SAVE'), 'OK');
  assert.equal(await client.call('FLUSHALL'), 'OK');
  assert.equal((await persistence(client)).rdb_changes_since_last_save, '0');
  await server.crashAndRestart();
  assert.equal(await (await server.connect()).call('DBSIZE'), 0);
});

test('FLUSHALL in MULTI empties the file too', async () => {
  const { server, client } = await start('--save', '3600 1000000');
  await client.call('SET', 'k', 'v');
  await client.call('SAVE');
  const from = server.log.length;
  await client.pipeline([['MULTI'], ['FLUSHALL'], ['SET', 'kept', '1'], ['EXEC']]);
  await server.waitForLog('DB saved on disk', { from });
  await server.crashAndRestart();
  const later = await server.connect();
  assert.equal(await later.call('DBSIZE'), 1);
  assert.equal(await later.call('EXISTS', 'kept'), 1);
});

for (const savePoints of ['', '3600 1000000']) {
  test(`FLUSHALL calls off a background save, save points "${savePoints}"`, async () => {
    const { server, client } = await start('--save', savePoints);
    await client.call('DEBUG', 'POPULATE', '300000');
    await client.call('BGSAVE');
    assert.equal(await client.call('FLUSHALL'), 'OK');
    await server.waitForLog('Background saving aborted');
    await waitFor('the end of all saves', async () => {
      return (await persistence(client)).rdb_bgsave_in_progress === '0';
    });
    await server.crashAndRestart();
    assert.equal(await (await server.connect()).call('DBSIZE'), 0);
  });
}

test('FLUSHALL during a full sync harms neither the replica nor the file', async () => {
  const { server, client } = await start('--save', '3600 1000000');
  await client.call('DEBUG', 'POPULATE', '200000');
  const joining = FakeReplica.connect({ port: server.port });
  await server.waitForLog(/Starting BGSAVE for SYNC/);
  assert.equal(await client.call('FLUSHALL'), 'OK');
  const replica = await joining;
  await replica.waitForCommand('FLUSHALL', ([name]) => name?.toUpperCase() === 'FLUSHALL');
  replica.close();
  await server.crashAndRestart();
  assert.equal(await (await server.connect()).call('DBSIZE'), 0);
});
