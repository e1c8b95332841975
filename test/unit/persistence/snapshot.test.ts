/*
 * What snapshots mean for the server: files, log lines, LASTSAVE, dirty count, MISCONF, save
 * points, transfers; with workers that work, fail, die and hang. The real worker has its own test.
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Config } from '../../../src/config/config.js';
import type { Keyspace } from '../../../src/keyspace/keyspace.js';
import { Memory } from '../../../src/memory/memory.js';
import type { Loader } from '../../../src/persistence/loader.js';
import { Snapshots } from '../../../src/persistence/snapshot.js';
import type { ReplicationMark, Transfer } from '../../../src/persistence/transfer.js';
import { waitFor } from '../../helpers/wait-for.js';
import {
  DISK_IS_FULL,
  EXITS,
  HANGS,
  RecordingLog,
  TestClock,
  THROWS,
  temporaryFolder,
  WAITS,
  WORKS,
} from './fixture.js';

const mark: ReplicationMark = { replid: 'a'.repeat(40), offset: 77, streamDb: 3, lineage: '' };

function setUp(workerUrl: URL) {
  const config = new Config();
  const dir = temporaryFolder();
  config.override('dir', dir);
  const log = new RecordingLog();
  const clock = new TestClock();
  const memory = new Memory();
  // Of keyspace and loader only figures are asked here.
  const keyspace = { size: 2, usedBytes: 1000, databases: [] } as unknown as Keyspace;
  const loader = { isLoading: false, lastKeysLoaded: 0, lastKeysExpired: 0 } as Loader;
  const snapshots = new Snapshots({
    ...{ memory, keyspace, config, log, clock, loader, workerUrl },
    pid: 4711,
    redisVersion: '7.2.4',
    role: () => 'primary',
    replicationMark: () => null,
    failedStreamCommands: () => 0,
  });
  const dump = join(dir, 'dump.rdb');
  return { config, dir, log, clock, memory, snapshots, dump };
}

async function saved(outcome: 'busy' | Promise<boolean>): Promise<boolean> {
  assert.notEqual(outcome, 'busy');
  return outcome as Promise<boolean>;
}

function begun(outcome: 'busy' | Transfer): Transfer {
  assert.notEqual(outcome, 'busy');
  return outcome as Transfer;
}

function field(snapshots: Snapshots, name: string): string | undefined {
  const line = snapshots.persistenceInfoLines().find((text) => text.startsWith(`${name}:`));
  return line?.slice(name.length + 1);
}

test('BGSAVE: file in place, lines as Redis has them, dirty and LASTSAVE moved', async () => {
  const { snapshots, dump, dir, log, clock, memory } = setUp(WORKS);
  snapshots.addDirty(5);
  const saving = snapshots.save('bgsave');
  assert.ok(snapshots.isSaving);
  assert.ok(memory.isFrozen);
  assert.equal(snapshots.save('bgsave'), 'busy');
  assert.equal(snapshots.beginTransfer(mark, { isDiskless: true }), 'busy');
  assert.equal(field(snapshots, 'rdb_bgsave_in_progress'), '1');
  assert.equal(field(snapshots, 'current_save_keys_total'), '2');
  snapshots.addDirty(2);
  clock.nowMs += 3000;
  assert.ok(await saved(saving));
  assert.equal(readFileSync(dump, 'latin1'), 'snapshot');
  assert.deepEqual(readdirSync(dir), ['dump.rdb']);
  assert.equal(snapshots.dirty, 2);
  assert.equal(snapshots.lastSaveAtSeconds, clock.nowMs / 1000);
  assert.ok(!memory.isFrozen);
  assert.equal(field(snapshots, 'rdb_last_bgsave_time_sec'), '3');
  assert.equal(field(snapshots, 'rdb_saves'), '1');
  assert.equal(field(snapshots, 'rdb_bgsave_in_progress'), '0');
  assert.deepEqual(log.lines, [
    '* Background saving started by pid 4711',
    '* DB saved on disk',
    '* Background saving terminated with success',
  ]);
});

test('SAVE says only that it has saved', async () => {
  const { snapshots, log } = setUp(WORKS);
  assert.ok(await saved(snapshots.save('save')));
  assert.deepEqual(log.lines, ['* DB saved on disk']);
});

for (const [what, worker, line] of [
  ['a full disk', DISK_IS_FULL, /Write error while saving DB to the disk\(rdbSaveRio\): No space/],
  ['a worker that throws', THROWS, /The snapshot worker died: worker bug/],
  ['a worker that exits', EXITS, /The snapshot worker died: .*status 3/],
] as const) {
  test(`${what} fails the save: MISCONF, the old file stays, no other is left`, async () => {
    const { snapshots, dump, dir, log, memory, config } = setUp(worker);
    writeFileSync(dump, 'old');
    snapshots.addDirty(1);
    assert.equal(await saved(snapshots.save('bgsave')), false);
    assert.ok(!memory.isFrozen);
    assert.equal(readFileSync(dump, 'latin1'), 'old');
    assert.deepEqual(readdirSync(dir), ['dump.rdb']);
    assert.equal(snapshots.dirty, 1);
    assert.ok(snapshots.mustRefuseWrites);
    assert.equal(field(snapshots, 'rdb_last_bgsave_status'), 'err');
    assert.match(log.lines.join('\n'), line);
    assert.equal(log.lines.at(-1), '# Background saving error');
    config.override('save', []);
    assert.ok(!snapshots.mustRefuseWrites);
  });
}

test('a worker that hangs can be terminated, and the save has failed', async () => {
  const { snapshots, memory } = setUp(HANGS);
  const saving = saved(snapshots.save('bgsave'));
  await waitFor('the worker', () => field(snapshots, 'current_save_keys_processed') === '1');
  await snapshots.terminateWorker();
  assert.equal(await saving, false);
  assert.ok(!memory.isFrozen);
  assert.ok(!snapshots.isSaving);
});

test('a save that is called off is no error', async () => {
  const { snapshots, dir, log } = setUp(WAITS);
  const saving = saved(snapshots.save('bgsave'));
  assert.ok(await snapshots.abortSave());
  assert.equal(await saving, false);
  assert.ok(snapshots.lastSaveOk);
  assert.deepEqual(readdirSync(dir), []);
  assert.equal(log.lines.at(-1), '# Background saving aborted');
  assert.ok(!(await snapshots.abortSave()));
});

test('a folder that is not there fails the save with its reason', async () => {
  const { snapshots, config, log, dir } = setUp(WORKS);
  config.override('dir', join(dir, 'missing'));
  assert.equal(await saved(snapshots.save('bgsave')), false);
  assert.ok(!snapshots.lastSaveOk);
  assert.match(log.lines[0], /^# Failed opening the temp RDB file temp-4711.rdb .*: No such file/);
});

test('a dump that cannot be renamed into place fails the save', async () => {
  const { snapshots, config, log, dir } = setUp(WORKS);
  config.override('dbfilename', 'missing/dump.rdb');
  assert.equal(await saved(snapshots.save('bgsave')), false);
  assert.match(log.lines.join('\n'), /# Error moving temp DB file .* on the final destination/);
  assert.deepEqual(readdirSync(dir), []);
});

test('save points: changes and seconds both, and after a failure five seconds more', async () => {
  const { snapshots, config, clock, log } = setUp(DISK_IS_FULL);
  config.override('save', [
    { seconds: 60, changes: 10 },
    { seconds: 10, changes: 100 },
  ]);
  snapshots.addDirty(99);
  clock.nowMs += 60_000;
  snapshots.tick();
  assert.ok(!snapshots.isSaving);
  clock.nowMs += 1000;
  snapshots.tick();
  assert.ok(snapshots.isSaving);
  assert.equal(log.lines[0], '* 10 changes in 60 seconds. Saving...');
  await waitFor('the end', () => !snapshots.isSaving);
  clock.nowMs += 5000;
  snapshots.tick();
  assert.ok(!snapshots.isSaving);
  clock.nowMs += 1000;
  snapshots.tick();
  assert.ok(snapshots.isSaving);
  await waitFor('the end', () => !snapshots.isSaving);
});

test('BGSAVE SCHEDULE is carried out by the tick', async () => {
  const { snapshots, dump } = setUp(WORKS);
  snapshots.scheduleSave();
  assert.ok(!snapshots.isSaving);
  snapshots.tick();
  await waitFor('the end', () => !snapshots.isSaving);
  assert.ok(existsSync(dump));
});

test('a diskless transfer: readers follow, no file is left, nothing counts as saved', async () => {
  const { snapshots, dir, log } = setUp(WORKS);
  let idle = 0;
  snapshots.onIdle = () => {
    idle += 1;
  };
  snapshots.addDirty(4);
  const transfer = begun(snapshots.beginTransfer(mark, { isDiskless: true }));
  const reader = transfer.openReader();
  assert.equal(transfer.totalBytes, -1);
  assert.deepEqual(await transfer.done, { ok: true, totalBytes: 8 });
  assert.equal(transfer.totalBytes, 8);
  assert.equal(idle, 1);
  const late = transfer.openReader();
  transfer.release();
  for (const each of [reader, late]) {
    const target = new Uint8Array(20);
    assert.equal(await each.read(0, target), 8);
    assert.equal(Buffer.from(target.subarray(0, 8)).toString(), 'snapshot');
    assert.equal(await each.read(8, target), 'end');
    each.close();
  }
  assert.deepEqual(readdirSync(dir), []);
  assert.equal(snapshots.dirty, 4);
  assert.deepEqual(log.lines, [
    '* Background RDB transfer started by pid 4711',
    '* Background RDB transfer terminated with success',
  ]);
});

test('a transfer by disk is a save too, whose file replicas read', async () => {
  const { snapshots, dump, log } = setUp(WORKS);
  snapshots.addDirty(4);
  const transfer = begun(snapshots.beginTransfer(mark, { isDiskless: false }));
  assert.deepEqual(await transfer.done, { ok: true, totalBytes: 8 });
  const reader = transfer.openReader();
  assert.equal(readFileSync(dump, 'latin1'), 'snapshot');
  assert.equal(snapshots.dirty, 0);
  assert.equal(await reader.read(0, new Uint8Array(9)), 8);
  reader.close();
  transfer.release();
  assert.ok(existsSync(dump));
  assert.ok(log.lines.includes('* Background saving terminated with success'));
});

test('rdb-del-sync-files removes the dump of a sync where nothing else is saved', async () => {
  const { snapshots, dump, config } = setUp(WORKS);
  config.override('rdb-del-sync-files', true);
  config.override('save', []);
  const transfer = begun(snapshots.beginTransfer(mark, { isDiskless: false }));
  await transfer.done;
  const reader = transfer.openReader();
  transfer.release();
  assert.ok(existsSync(dump));
  reader.close();
  assert.ok(!existsSync(dump));
});

test('a transfer by disk that lost its replicas ends where nothing else is saved', async () => {
  for (const [points, isOver] of [
    [[], true],
    [[{ seconds: 900, changes: 1 }], false],
  ] as const) {
    const { snapshots, config } = setUp(WAITS);
    config.override('save', [...points]);
    const transfer = begun(snapshots.beginTransfer(mark, { isDiskless: false }));
    const reader = transfer.openReader();
    transfer.release();
    assert.equal(await reader.read(0, new Uint8Array(10)), 5);
    reader.close();
    const ended = transfer.done.then(() => true);
    const patience = new Promise((resolve) => {
      setTimeout(resolve, isOver ? 10_000 : 200, false).unref();
    });
    assert.equal(await Promise.race([ended, patience]), isOver);
    await snapshots.terminateWorker();
  }
});

test('a diskless transfer that nobody reads any more is given up', async () => {
  const { snapshots, log, memory } = setUp(WAITS);
  const transfer = begun(snapshots.beginTransfer(mark, { isDiskless: true }));
  const reader = transfer.openReader();
  transfer.release();
  const target = new Uint8Array(10);
  assert.equal(await reader.read(0, target), 5);
  reader.close();
  const result = await transfer.done;
  assert.equal(result.ok, false);
  assert.ok(!memory.isFrozen);
  assert.equal(log.lines.at(-1), '# Background transfer aborted');
});

test('a transfer whose worker dies fails for its readers, and says so once', async () => {
  const { snapshots } = setUp(THROWS);
  const transfer = begun(snapshots.beginTransfer(mark, { isDiskless: true }));
  const reader = transfer.openReader();
  await assert.rejects(reader.read(0, new Uint8Array(4)), /worker bug/);
  assert.deepEqual(await transfer.done, { ok: false, error: 'worker bug' });
  assert.ok(snapshots.lastSaveOk);
  reader.close();
  transfer.release();
});
