/*
 * The real worker over the real memory: what it writes is the data set as it was at the freeze,
 * whatever is written meanwhile; killed in the middle it fails the save only; redis-server loads
 * it.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Config } from '../../../src/config/config.js';
import { Memory } from '../../../src/memory/memory.js';
import { Loader } from '../../../src/persistence/loader.js';
import { Snapshots } from '../../../src/persistence/snapshot.js';
import { latin1 } from '../../../src/structures/bytes.js';
import { digest } from '../../helpers/digest.js';
import { seededRandom } from '../../helpers/random.js';
import { skipWithoutRedis, startRedis } from '../../helpers/redis-server.js';
import type { Argument } from '../../helpers/resp-client.js';
import { waitFor } from '../../helpers/wait-for.js';
import { RecordingLog, TestClock, temporaryFolder } from './fixture.js';
import { contentsOf, makeKeyspace, put } from './plain-data.js';
import { readRdb } from './rdb/rdb-bytes.js';

const isLong = process.env.TANDEM_LONG === '1';
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

function setUp(firstArena = 0) {
  const config = new Config();
  const dir = temporaryFolder();
  config.override('dir', dir);
  config.override('rdb-save-incremental-fsync', false);
  const log = new RecordingLog();
  const clock = new TestClock();
  const memory = new Memory({ firstArena, isChecked: true });
  const { keyspace } = makeKeyspace({ nowMs: clock.nowMs, memory });
  const loader = new Loader({ keyspace, config, log, clock });
  const snapshots = new Snapshots({
    ...{ memory, keyspace, config, log, clock, loader },
    pid: 1,
    redisVersion: '7.2.4',
    role: () => 'primary',
    replicationMark: () => ({ replid: 'b'.repeat(40), offset: 99, streamDb: 2, lineage: 'x:1' }),
    failedStreamCommands: () => 3,
  });
  return {
    config,
    dir,
    log,
    clock,
    memory,
    keyspace,
    loader,
    snapshots,
    dump: join(dir, 'dump.rdb'),
  };
}

/** Some of the keys expire within `briefMs` of the test's own time, unless that is 0. */
function writeAtRandom(
  keyspace: ReturnType<typeof setUp>['keyspace'],
  random: () => number,
  briefMs = 5000,
): void {
  const database = Math.floor(random() * 16);
  const key = `key:${Math.floor(random() ** 2 * 3000)}`;
  const choice = random();
  if (choice < 0.2) {
    keyspace.databases[database].delete(latin1(key), 0, key.length);
  } else if (choice < 0.202) {
    keyspace.flush(database);
  } else {
    const length = choice < 0.95 ? random() * 60 : random() * 20_000;
    const value = choice < 0.5 ? String(Math.floor(random() * 1e9)) : 'v'.repeat(length) + random();
    const isBrief = choice > 0.3 && briefMs > 0;
    const expiresAtMs = isBrief ? keyspace.nowMs + random() * briefMs : 1_900_000_000_000;
    put(keyspace, { database, key, value, expiresAtMs: choice < 0.4 ? Math.ceil(expiresAtMs) : 0 });
  }
}

function plain(file: string): Map<string, string> {
  const contents = readRdb(readFileSync(file));
  assert.equal(contents.error, null);
  return new Map(
    contents.entries.map((item) => [
      `${item.database} ${item.key}`,
      `${item.expiresAtMs} ${item.value}`,
    ]),
  );
}

test(`a snapshot is the data set at the freeze, under random writes (SEED=${seed})`, async () => {
  const random = seededRandom(seed);
  for (let round = 0; round < (isLong ? 60 : 4); round += 1) {
    const { keyspace, snapshots, memory, dump } = setUp(round % 2 === 0 ? 0 : 63);
    for (let count = 0; count < 20_000; count += 1) writeAtRandom(keyspace, random);
    // In the middle of freeing what was flushed: much of it is still there.
    keyspace.flush(round % 16);
    keyspace.backgroundSlice(0, () => performance.now());
    assert.ok(keyspace.lazyFreePending > 100, `${keyspace.lazyFreePending} keys to be freed`);
    const atFreeze = contentsOf(keyspace);
    const saving = snapshots.save('bgsave');
    assert.notEqual(saving, 'busy');
    const expiredBefore = keyspace.expiredKeys;
    const freedBefore = keyspace.lazyFreedObjects;
    while (snapshots.isSaving) {
      for (let count = 0; count < 200; count += 1) writeAtRandom(keyspace, random);
      // What is freed is used again at once, under the eyes of the worker.
      keyspace.backgroundSlice(1, () => performance.now());
      keyspace.nowMs += 50;
      keyspace.expireSlice(1, () => performance.now());
      memory.checkBarrier();
      await new Promise(setImmediate);
    }
    assert.equal(await saving, true);
    assert.ok(keyspace.expiredKeys > expiredBefore && keyspace.lazyFreedObjects > freedBefore);
    assert.deepEqual(plain(dump), atFreeze);
  }
});

test('what was saved loads to the same data, with its mark', async () => {
  const { keyspace, snapshots, loader } = setUp();
  const random = seededRandom(seed);
  for (let count = 0; count < 5000; count += 1) writeAtRandom(keyspace, random);
  put(keyspace, { key: 'huge', value: 'huge value '.repeat(2_000_000) });
  const before = contentsOf(keyspace);
  assert.equal(await snapshots.save('save'), true);
  put(keyspace, { key: 'later', value: 'not in the file' });
  const result = await loader.loadFile(loader.dumpPath, { role: 'primary', flush: true });
  assert.ok(result.ok);
  assert.deepEqual(result.mark, {
    replid: 'b'.repeat(40),
    offset: 99,
    streamDb: 2,
    lineage: 'x:1',
  });
  assert.equal(result.failedStreamCommands, 3);
  assert.deepEqual(contentsOf(keyspace), before);
});

test('rdb-key-save-delay slows a save down: progress is told, no abort waits for it', async () => {
  const { config, keyspace, snapshots } = setUp();
  config.override('rdb-key-save-delay', 100_000_000);
  for (let at = 0; at < 10; at += 1) put(keyspace, { key: `k${at}`, value: 'v' });
  const endless = snapshots.save('bgsave');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(await snapshots.abortSave(), true);
  assert.equal(await endless, false);
  config.override('rdb-key-save-delay', 100_000);
  const saving = snapshots.save('bgsave');
  await waitFor('some of the keys to be told', () =>
    snapshots.persistenceInfoLines().includes('current_save_keys_processed:5'),
  );
  assert.equal(await saving, true);
});

test('a worker killed in the middle fails the save; the next one works', async () => {
  const { keyspace, snapshots, memory, dir, dump } = setUp();
  for (let at = 0; at < 300_000; at += 1) put(keyspace, { key: `k${at}`, value: `v${at}` });
  const saving = snapshots.save('bgsave');
  await waitFor('bytes to be written', () =>
    snapshots
      .persistenceInfoLines()
      .some((line) => /^current_save_keys_processed:[1-9]/.test(line)),
  );
  await snapshots.terminateWorker();
  assert.equal(await saving, false);
  assert.ok(!memory.isFrozen);
  assert.deepEqual(readdirSync(dir), []);
  assert.equal(await snapshots.save('bgsave'), true);
  assert.equal(plain(dump).size, 300_000);
});

test('redis-server loads what was saved, to the digest of a server given the same data', {
  skip: skipWithoutRedis,
}, async () => {
  const { keyspace, snapshots, dir } = setUp();
  const random = seededRandom(seed);
  // A key past its time may be gone from one server, and still count in the other.
  for (let count = 0; count < 3000; count += 1) writeAtRandom(keyspace, random, 0);
  assert.equal(await snapshots.save('save'), true);
  const commands: Argument[][] = [];
  for (const [place, text] of contentsOf(keyspace)) {
    const [database, key] = place.split(' ');
    const [expiresAtMs, ...value] = text.split(' ');
    commands.push(['SELECT', database]);
    const expiry: Argument[] = expiresAtMs === '-1' ? [] : ['PXAT', expiresAtMs];
    commands.push(['SET', latin1(key), latin1(value.join(' ')), ...expiry]);
  }
  const loaded = await startRedis({ dir });
  const filled = await startRedis();
  try {
    const direct = await filled.connect();
    await direct.pipeline(commands);
    assert.equal(await digest(await loaded.connect()), await digest(direct));
  } finally {
    await loaded.stop();
    await filled.stop();
  }
});
