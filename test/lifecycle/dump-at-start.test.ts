/*
 * What a start makes of dump.rdb: data back after a shutdown and after kill -9, a start refused
 * where the file is damaged, and what is served while it is being loaded.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { digest } from '../helpers/digest.js';
import { info } from '../helpers/info.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import { RespError } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

/** Some keys of every kind in three databases. */
async function fill(server: ServerProcess): Promise<string> {
  const client = await server.connect();
  await client.call('DEBUG', 'POPULATE', '500');
  await client.call('SET', 'number', '-9007199254740993');
  await client.call('SET', 'compressible', 'ab'.repeat(5000));
  await client.call('SET', Buffer.from([0, 255, 10]), Buffer.from([13, 10, 0]), 'PX', 10_000_000);
  await client.call('SELECT', '3');
  await client.call('SET', 'in-three', '3');
  await client.call('SELECT', '15');
  await client.call('SET', 'in-fifteen', '', 'EX', '5000');
  const result = await digest(client);
  client.close();
  return result;
}

async function digestOf(server: ServerProcess): Promise<string> {
  const client = await server.connect();
  const result = await digest(client);
  client.close();
  return result;
}

function sha1(file: string): string {
  return createHash('sha1').update(readFileSync(file)).digest('hex');
}

test('a shutdown with save points and a new start keep data and expiry times', async () => {
  const server = await startTandem({ args: ['--save', '3600 1'] });
  const before = await fill(server);
  server.signal('SIGTERM');
  assert.equal(await server.exited(), 0);
  await server.start();
  assert.match(server.log, /Done loading RDB, keys loaded: 505, keys expired: 0\./);
  assert.match(server.log, /DB loaded from disk: \d+\.\d{3} seconds/);
  assert.equal(await digestOf(server), before);
  const client = await server.connect();
  const ttlMs = Number(await client.call('PTTL', Buffer.from([0, 255, 10])));
  assert.ok(ttlMs > 9_900_000 && ttlMs <= 10_000_000, `${ttlMs}`);
  await server.stop();
});

test('after kill -9 a start has exactly the data of the last save', async () => {
  const server = await startTandem();
  const saved = await fill(server);
  const client = await server.connect();
  assert.equal(await client.call('SAVE'), 'OK');
  await client.call('SET', 'unsaved', '1');
  await server.crashAndRestart();
  assert.equal(await digestOf(server), saved);
  await server.stop();
});

test('kill -9 in the middle of BGSAVE leaves the former file whole', async () => {
  const server = await startTandem();
  const saved = await fill(server);
  const client = await server.connect();
  await client.call('SAVE');
  await client.call('DEBUG', 'POPULATE', '200000', 'more');
  await client.call('BGSAVE');
  await waitFor('some bytes of the new file', async () => {
    const fields = await info(client, 'persistence');
    return fields.rdb_bgsave_in_progress === '1';
  });
  await server.crashAndRestart();
  assert.equal(await digestOf(server), saved);
  await server.stop();
});

test('a file of redis-server is loaded, and ours by redis-server', {
  skip: skipWithoutRedis,
}, async () => {
  const redis = await startRedis();
  const wanted = await fill(redis);
  assert.equal(await (await redis.connect()).call('SAVE'), 'OK');
  await redis.kill();
  const tandem = await startTandem({ dir: redis.dir });
  assert.equal(await digestOf(tandem), wanted);
  const client = await tandem.connect();
  await client.call('SET', 'written-by-us', '1');
  const ours = await digest(client);
  assert.equal(await client.call('SAVE'), 'OK');
  await tandem.kill();
  await redis.start();
  assert.equal(await digestOf(redis), ours);
  await redis.stop();
});

for (const [what, damage, message] of [
  [
    'cut',
    (bytes: Buffer) => bytes.subarray(0, bytes.length - 2000),
    /Short read or OOM loading DB/,
  ],
  ['with a flipped bit', flipMiddle, /offset \d+|[Cc]hecksum|CRC/],
  ['with a wrong checksum', flipLast, /checksum|CRC/],
  ['that is no RDB', () => Buffer.from('This is not an RDB file.'), /signature|format/i],
  ['that is empty', () => Buffer.alloc(0), /Short read/],
] as const) {
  test(`a dump.rdb ${what} ends the start with status 1 and is left untouched`, async () => {
    const server = await startTandem();
    await fill(server);
    assert.equal(await (await server.connect()).call('SAVE'), 'OK');
    await server.kill();
    const file = join(server.dir, 'dump.rdb');
    writeFileSync(file, damage(readFileSync(file)));
    const before = { sum: sha1(file), modifiedMs: statSync(file).mtimeMs };
    const from = server.log.length;
    await assert.rejects(server.start(), /ended at start/);
    assert.equal(await server.exited(), 1);
    const log = server.log.slice(from);
    assert.match(log, message);
    assert.match(log, /offset \d+/, 'the place is named');
    assert.match(log, /Fatal error loading the DB, check server logs\. Exiting\./);
    assert.doesNotMatch(log, /Ready to accept connections/);
    assert.deepEqual({ sum: sha1(file), modifiedMs: statSync(file).mtimeMs }, before);
    await server.stop();
  });
}

function flipMiddle(bytes: Buffer): Buffer {
  bytes[bytes.length >> 1] ^= 0x40;
  return bytes;
}

function flipLast(bytes: Buffer): Buffer {
  bytes[bytes.length - 1] ^= 1;
  return bytes;
}

test('a type that is not there yet is named with its key', { skip: skipWithoutRedis }, async () => {
  const redis = await startRedis();
  const client = await redis.connect();
  await client.call('SET', 'fine', '1');
  await client.call('RPUSH', 'my-list', 'a', 'b');
  await client.call('SAVE');
  await redis.kill();
  const tandem = await startTandem({ dir: redis.dir, waitUntilReady: false });
  assert.equal(await tandem.exited(), 1);
  assert.match(tandem.log, /my-list/);
  assert.match(tandem.log, /list/);
  await redis.stop();
});

const KEYS = 5000;
/** Makes the file last a hundred seconds, if nobody speeds it up. */
const KEY_LOAD_DELAY_US = 20_000;

/** A file to be loaded slowly, made once. */
let slowFile: Promise<Buffer> | null = null;

async function makeSlowFile(): Promise<Buffer> {
  const server = await startTandem();
  const client = await server.connect();
  await client.call('DEBUG', 'POPULATE', `${KEYS}`);
  assert.equal(await client.call('SAVE'), 'OK');
  const bytes = readFileSync(join(server.dir, 'dump.rdb'));
  await server.stop();
  return bytes;
}

/** A server that has just begun to load it. */
async function startLoading(): Promise<ServerProcess> {
  slowFile ??= makeSlowFile();
  const dir = mkdtempSync(join(tmpdir(), 'tandem-loading-'));
  folders.push(dir);
  writeFileSync(join(dir, 'dump.rdb'), await slowFile);
  const args = ['--key-load-delay', `${KEY_LOAD_DELAY_US}`];
  const server = await startTandem({ dir, args, waitUntilReady: false });
  loading.push(server);
  await server.waitForLog('Server initialized');
  return server;
}

const folders: string[] = [];
const loading: ServerProcess[] = [];
after(async () => {
  for (const server of loading) await server.stop();
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

test('while the file is loaded clients read LOADING, and INFO is served', async () => {
  const server = await startLoading();
  const client = await server.connect();
  const get = await client.call('GET', 'key:1');
  assert.ok(get instanceof RespError);
  assert.equal(get.text, 'LOADING Redis is loading the dataset in memory');
  const fields = await info(client, 'persistence');
  assert.equal(fields.loading, '1');
  assert.equal(Number(fields.loading_total_bytes), (await slowFile)?.length);
  const ping = await client.call('PING');
  assert.ok(ping instanceof RespError && ping.code === 'LOADING');
  assert.equal(await client.call('CONFIG', 'SET', 'key-load-delay', '0'), 'OK');
  await waitFor('the end', async () => (await info(client, 'persistence')).loading === '0');
  assert.equal(await client.call('DBSIZE'), KEYS);
});

test('loading-process-events-interval-bytes: who comes before so many waits', async () => {
  const server = await startTandem();
  const client = await server.connect();
  // Some 20 MB: a second to load, and more than the default of 2 MB.
  await client.call('DEBUG', 'POPULATE', '1000000');
  assert.equal(await client.call('SAVE'), 'OK');
  await server.kill();
  for (const [bytes, expected] of [
    ['2147483647', 'PONG'],
    ['1024', new RespError('LOADING Redis is loading the dataset in memory')],
  ] as const) {
    const args = ['--loading-process-events-interval-bytes', bytes];
    const next = await startTandem({ dir: server.dir, args, waitUntilReady: false });
    loading.push(next);
    await next.waitForLog('Server initialized');
    const early = await next.connect();
    assert.deepEqual(await early.call('PING'), expected, `${bytes} bytes`);
    await next.kill();
  }
  await server.stop();
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} while loading ends the server with status 0, the file untouched`, async () => {
    const server = await startLoading();
    const before = sha1(join(server.dir, 'dump.rdb'));
    server.signal(signal);
    assert.equal(await server.exited(), 0);
    assert.match(server.log, /# Received shutdown signal during loading, scheduling shutdown\./);
    assert.doesNotMatch(server.log, /Ready to accept connections/);
    assert.equal(sha1(join(server.dir, 'dump.rdb')), before);
  });
}
