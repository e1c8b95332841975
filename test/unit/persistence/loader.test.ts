/*
 * The loader: files and streams into a keyspace, in slices; keys past their time by role; the mark
 * before the first key; and that an error leaves either the old data or none, and the file as it
 * was.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Config } from '../../../src/config/config.js';
import { Loader, type LoadFailure, type LoadResult } from '../../../src/persistence/loader.js';
import type { ReplicationMark } from '../../../src/persistence/transfer.js';
import { latin1Text } from '../../../src/structures/bytes.js';
import { waitFor } from '../../helpers/wait-for.js';
import { RecordingLog, TestClock, temporaryFolder } from './fixture.js';
import { contentsOf, makeKeyspace, put } from './plain-data.js';
import { entry, type PlainEntry, rawRdb, writeRdb } from './rdb/rdb-bytes.js';

function setUp() {
  const config = new Config();
  const dir = temporaryFolder();
  config.override('dir', dir);
  const log = new RecordingLog();
  const clock = new TestClock();
  const { keyspace } = makeKeyspace({ nowMs: clock.nowMs });
  const loader = new Loader({ keyspace, config, log, clock });
  const path = join(dir, 'dump.rdb');
  const load = (bytes: Uint8Array, role: 'primary' | 'replica' = 'primary') => {
    writeFileSync(path, bytes);
    return loader.loadFile(path, { role, flush: true });
  };
  return { config, dir, log, clock, keyspace, loader, path, load };
}

function failed(result: LoadResult): LoadFailure {
  assert.ok(!result.ok && !result.missing);
  return result;
}

function expected(entries: readonly PlainEntry[]): Map<string, string> {
  return new Map(
    entries.map((item) => [`${item.database} ${item.key}`, `${item.expiresAtMs} ${item.value}`]),
  );
}

const future = 1_800_000_000_000;
const past = 1_600_000_000_000;
const sample = [
  entry('text', 'hello'),
  entry('number', '-12345'),
  entry('packed', 'ab'.repeat(5000), { expiresAtMs: future }),
  entry('empty', ''),
  entry('long', 'x1y2'.repeat(700_000)),
  entry('elsewhere', 'z', { database: 15, expiresAtMs: future }),
];

test('a file becomes the data set', async () => {
  const { load, keyspace, log, loader } = setUp();
  const result = await load(writeRdb(sample, { compress: true, aux: [['redis-ver', '7.2.4']] }));
  assert.ok(result.ok);
  assert.deepEqual([result.keysLoaded, result.keysExpired, result.mark], [6, 0, null]);
  assert.deepEqual(contentsOf(keyspace), expected(sample));
  assert.equal(keyspace.expiryMode, 'primary');
  assert.ok(!loader.isLoading);
  assert.deepEqual(log.lines, [
    '* Loading RDB produced by version 7.2.4',
    '* Done loading RDB, keys loaded: 6, keys expired: 0.',
  ]);
});

test('uncompressed long values go in piece by piece', async () => {
  const { load, keyspace } = setUp();
  assert.ok((await load(writeRdb(sample, { compress: false }))).ok);
  assert.deepEqual(contentsOf(keyspace), expected(sample));
});

test('a start logs how long it took, and a missing file is no error', async () => {
  const { loader, log, path } = setUp();
  assert.deepEqual(await loader.loadAtStart({ role: 'primary' }), { ok: false, missing: true });
  assert.deepEqual(log.lines, []);
  writeFileSync(path, writeRdb(sample));
  assert.ok((await loader.loadAtStart({ role: 'primary' })).ok);
  assert.match(log.lines.at(-1) ?? '', /^\* DB loaded from disk: \d+\.\d{3} seconds$/);
});

test('from before the first client until the data are there it is loading', async () => {
  const { loader, path } = setUp();
  for (const isThere of [false, true]) {
    if (isThere) writeFileSync(path, writeRdb(sample));
    loader.awaitStart();
    assert.deepEqual([loader.isLoading, loader.isFilling], [true, false]);
    await loader.loadAtStart({ role: 'primary' });
    assert.equal(loader.isLoading, false);
  }
});

test('a primary drops keys past their time and owes DELs; a replica keeps them', async () => {
  const entries = [
    entry('old', '1', { expiresAtMs: past }),
    entry('older', 'b'.repeat(2_000_000), { expiresAtMs: past - 1, database: 4 }),
    entry('young', '2', { expiresAtMs: future, database: 4 }),
  ];
  const bytes = writeRdb(entries, { compress: false });
  const { loader, keyspace, path } = setUp();
  writeFileSync(path, bytes);
  const owed: string[] = [];
  const result = await loader.loadFile(path, {
    role: 'primary',
    flush: true,
    onExpired: (database, key, start, end) =>
      owed.push(`${database} ${latin1Text(key, start, end)}`),
  });
  assert.ok(result.ok);
  assert.deepEqual([result.keysLoaded, result.keysExpired], [1, 2]);
  assert.deepEqual([loader.lastKeysLoaded, loader.lastKeysExpired], [1, 2]);
  assert.deepEqual(owed, ['0 old', '4 older']);
  assert.deepEqual(contentsOf(keyspace), expected(entries.slice(2)));
  const replica = setUp();
  const kept = await replica.load(bytes, 'replica');
  assert.ok(kept.ok && kept.keysExpired === 0);
  replica.keyspace.expiryMode = 'stream';
  assert.deepEqual(contentsOf(replica.keyspace), expected(entries));
});

test('the mark is there before the first key, and only when it is whole', async () => {
  const replid = 'c0ffee'.repeat(7).slice(0, 40);
  const aux: [string, string | number][] = [
    ['repl-stream-db', 5],
    ['repl-id', replid],
    ['repl-offset', 123456789012],
  ];
  const { loader, path } = setUp();
  const seen: (ReplicationMark | string)[] = [];
  const request = {
    role: 'primary' as const,
    flush: true,
    onMark: (mark: ReplicationMark) => seen.push(mark),
    onExpired: () => seen.push('expired'),
  };
  writeFileSync(path, writeRdb([entry('old', '1', { expiresAtMs: past })], { aux }));
  const result = await loader.loadFile(path, request);
  const mark = { replid, offset: 123456789012, streamDb: 5, lineage: '' };
  assert.ok(result.ok);
  assert.deepEqual(result.mark, mark);
  assert.deepEqual(seen, [mark, 'expired']);
  for (const broken of [
    aux.slice(1),
    [aux[0], ['repl-id', 'short'], aux[2]],
    [['repl-stream-db', 16], ...aux.slice(1)],
  ]) {
    writeFileSync(path, writeRdb(sample, { aux: broken as [string, string][] }));
    const other = await loader.loadFile(path, request);
    assert.ok(other.ok && other.mark === null);
  }
});

test('a damaged file leaves an empty keyspace empty, and is not touched', async () => {
  const { load, keyspace, path, log } = setUp();
  const bytes = writeRdb(sample);
  bytes[bytes.length >> 1] ^= 4;
  const failure = failed(await load(bytes));
  assert.equal(failure.keyspaceIsEmpty, true);
  assert.ok(failure.offset > 0);
  assert.match(failure.error, /^Internal error in RDB reading offset \d+ -> /);
  assert.ok(log.lines.includes(`# ${failure.error}`));
  assert.equal(keyspace.size, 0);
  assert.equal(keyspace.expiryMode, 'primary');
  assert.deepEqual(readFileSync(path), bytes);
});

test('with data there a file is checked first: damage leaves them untouched', async () => {
  const { load, keyspace, loader } = setUp();
  put(keyspace, { key: 'mine', value: 'kept', expiresAtMs: future });
  const before = contentsOf(keyspace);
  for (const bytes of [
    writeRdb(sample).subarray(0, -1),
    rawRdb('0010', [0, 1], 'a', [1], 'b', [1, 4], 'list', [0]),
    Buffer.from('not an RDB at all'),
    Buffer.alloc(0),
  ]) {
    const failure = failed(await load(bytes));
    assert.equal(failure.keyspaceIsEmpty, false);
    assert.deepEqual(contentsOf(keyspace), before);
    assert.ok(!loader.isLoading);
  }
  assert.ok((await load(writeRdb(sample))).ok);
  assert.deepEqual(contentsOf(keyspace), expected(sample));
});

test('another value type names key and type; cut, corrupt, unsupported differ', async () => {
  const { load } = setUp();
  const list = failed(await load(rawRdb('0010', [1, 4], 'list', [0])));
  assert.equal(list.kind, 'unsupported');
  assert.match(list.error, /Key 'list' in DB 0 is of type list \(RDB type 1\)/);
  assert.equal(failed(await load(writeRdb(sample).subarray(0, 40))).kind, 'cut');
  assert.equal(failed(await load(Buffer.from('XEDIS'))).kind, 'corrupt');
  assert.match(
    failed(await load(writeRdb([entry('same', '1'), entry('same', '2')]))).error,
    /RDB has duplicated key 'same' in DB 0/,
  );
});

test('a file that cannot be opened is an error of its own', async () => {
  const { loader, dir, log } = setUp();
  const failure = failed(await loader.loadFile(dir, { role: 'primary', flush: true }));
  assert.equal(failure.kind, 'io');
  assert.match(log.lines.join('\n'), /Is a directory/);
});

test('merging keeps what is there and replaces what comes', async () => {
  const { loader, keyspace, path } = setUp();
  put(keyspace, { key: 'text', value: 'before' });
  put(keyspace, { key: 'mine', value: 'kept' });
  writeFileSync(path, writeRdb(sample));
  assert.ok((await loader.loadFile(path, { role: 'primary', flush: false })).ok);
  const merged = expected(sample).set('0 mine', '-1 kept');
  assert.deepEqual(contentsOf(keyspace), merged);
});

test('two loads at once come one after the other', async () => {
  const { loader, keyspace, path, dir } = setUp();
  writeFileSync(path, writeRdb(sample));
  const other = join(dir, 'other.rdb');
  writeFileSync(other, writeRdb([entry('other', '1')]));
  const request = { role: 'primary', flush: true } as const;
  const [first, second] = await Promise.all([
    loader.loadFile(path, request),
    loader.loadFile(other, request),
  ]);
  assert.ok(first.ok && second.ok);
  assert.deepEqual(contentsOf(keyspace), expected([entry('other', '1')]));
});

test('the loop has its turns while a file is loaded, and INFO tells how far it is', async () => {
  const { loader, path, keyspace } = setUp();
  const entries = Array.from({ length: 60_000 }, (_, at) => entry(`key:${at}`, `value:${at}`));
  writeFileSync(path, writeRdb(entries));
  let turns = 0;
  let isOver = false;
  const lines: string[] = [];
  const turn = () => {
    turns += 1;
    if (loader.isLoading && keyspace.size > 0 && lines.length === 0) {
      assert.equal(keyspace.expiryMode, 'stream');
      lines.push(...loader.loadingInfoLines());
    }
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const result = await loader.loadFile(path, { role: 'primary', flush: true });
  isOver = true;
  assert.ok(result.ok);
  assert.ok(turns > 4, `${turns} turns`);
  assert.match(lines.join(' '), /loading_total_bytes:\d{6,}.* loading_loaded_perc:\d+\.\d\d/);
  assert.equal(keyspace.size, entries.length);
});

test('key-load-delay slows a load down while it lasts', async () => {
  const { config, loader, path, keyspace } = setUp();
  const entries = Array.from({ length: 20 }, (_, at) => entry(`key:${at}`, 'v'));
  writeFileSync(path, writeRdb(entries));
  config.override('key-load-delay', 20_000);
  const loading = loader.loadFile(path, { role: 'primary', flush: true });
  await waitFor('some keys', () => loader.isLoading && keyspace.size >= 3);
  assert.ok(keyspace.size < 20);
  config.override('key-load-delay', 0);
  assert.ok((await loading).ok);
  assert.equal(keyspace.size, 20);
});

test('a stream loads as it comes and tells where the RDB ends', async () => {
  const { loader, keyspace } = setUp();
  const bytes = writeRdb(sample, { compress: false });
  const stream = loader.beginStream(0, { role: 'replica', flush: true });
  const all = Buffer.concat([bytes, Buffer.from('what follows')]);
  for (let at = 0; at < all.length; ) {
    const end = Math.min(all.length, at + 70_001);
    const progress = await stream.push(all, at, end);
    assert.equal(progress.error, null);
    if (progress.isFinished) {
      assert.equal(at + progress.consumed, bytes.length);
      break;
    }
    assert.equal(progress.consumed, end - at);
    at = end;
  }
  assert.ok(stream.finish().ok);
  assert.deepEqual(contentsOf(keyspace), expected(sample));
});

test('a stream that breaks off leaves nothing', async () => {
  const { loader, keyspace } = setUp();
  put(keyspace, { key: 'old', value: 'gone' });
  const stream = loader.beginStream(1000, { role: 'replica', flush: true });
  const bytes = writeRdb(sample);
  await stream.push(bytes, 0, 60);
  assert.ok(loader.isLoading);
  assert.equal(failed(stream.finish()).kind, 'cut');
  assert.equal(keyspace.size, 0);
  assert.ok(!loader.isLoading);
});

test('idle times and frequencies are taken over as the policy counts', async () => {
  const { load, keyspace } = setUp();
  const bytes = writeRdb([
    entry('idle', '1', { idleSeconds: 500 }),
    entry('often', '2', { frequency: 200 }),
  ]);
  assert.ok((await load(bytes)).ok);
  const db = keyspace.databases[0];
  const find = (key: string) => db.peekAny(Buffer.from(key), 0, key.length);
  assert.equal(db.idleSeconds(find('idle')), 500);
  keyspace.usesLfu = true;
  assert.ok((await load(bytes)).ok);
  assert.equal(db.frequency(find('often')), 200);
});
