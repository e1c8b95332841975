/*
 * The codec against real files: what redis-server writes is read and written again by ours, and
 * redis-server loads that to the same digest; and the sample files of older versions, where they
 * are.
 */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { digest } from '../../../helpers/digest.js';
import { skipWithoutRedis, startRedis } from '../../../helpers/redis-server.js';
import type { Argument, RespClient } from '../../../helpers/resp-client.js';
import { readRdb, writeRdb } from './rdb-bytes.js';

const samples = resolve(process.cwd(), '../shared/rdb-samples');
const skipWithoutSamples = existsSync(samples) ? false : 'skipped: no sample files beside';

/** Every way in which Redis encodes a string, in several databases, with and without expiry. */
function fillCommands(): Argument[][] {
  const commands: Argument[][] = [];
  for (const bits of [6, 7, 8, 14, 15, 16, 30, 31, 32, 53, 62]) {
    for (const delta of [-1, 0, 1]) {
      const number = 2n ** BigInt(bits) + BigInt(delta);
      commands.push(['SET', `int:${number}`, String(number)], ['SET', String(-number), 'negative']);
      commands.push(['SET', `neg:${number}`, String(-number)]);
    }
  }
  for (const length of [0, 1, 20, 21, 63, 64, 300, 16383, 16384, 70_000, 3_000_000]) {
    const noise = Uint8Array.from({ length }, (_, at) => (at * at * 31 + (at >> 3)) & 0xff);
    commands.push(['SET', `noise:${length}`, noise], ['SET', `same:${length}`, 'a'.repeat(length)]);
    if (length <= 16384) commands.push(['SET', `${'k'.repeat(length)}`, 'long key']);
  }
  commands.push(
    ['SET', 'raw', '1'],
    ['APPEND', 'raw', '2'],
    ['SET', 'zero', '0'],
    ['SET', 'm', '-0'],
  );
  for (let database = 0; database < 16; database += 1) {
    commands.push(['SELECT', database], ['SET', 'where', database]);
    commands.push(['SET', 'soon', 'x', 'PXAT', 4_000_000_000_000 + database]);
    commands.push(['SETEX', 'later', 100_000, 'y'.repeat(100)]);
  }
  return commands;
}

async function expiriesOf(client: RespClient): Promise<unknown> {
  return client.pipeline([
    ['SELECT', 0],
    ['PEXPIRETIME', 'soon'],
    ['PEXPIRETIME', 'where'],
    ['SELECT', 15],
    ['PEXPIRETIME', 'soon'],
    ['PEXPIRETIME', 'later'],
  ]);
}

test('what redis-server wrote comes through our codec to an equal digest', {
  skip: skipWithoutRedis,
}, async () => {
  const source = await startRedis();
  const folder = mkdtempSync(join(tmpdir(), 'tandem-codec-'));
  try {
    const client = await source.connect();
    await client.pipeline(fillCommands());
    await client.call('SAVE');
    const theirs = readRdb(readFileSync(join(source.dir, 'dump.rdb')), { nextCut: () => 100_003 });
    assert.equal(theirs.error, null);
    assert.equal(theirs.checksum, 'ok');
    for (const compress of [true, false]) {
      const ours = writeRdb(theirs.entries, { compress, checksum: compress });
      assert.deepEqual(readRdb(ours).entries, theirs.entries);
      writeFileSync(join(folder, 'dump.rdb'), ours);
      const target = await startRedis({ dir: folder });
      try {
        const other = await target.connect();
        assert.equal(await digest(other), await digest(client));
        assert.deepEqual(await expiriesOf(other), await expiriesOf(client));
      } finally {
        await target.stop();
      }
    }
  } finally {
    await source.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('sample files are read, or name the key and type that cannot be', {
  skip: skipWithoutSamples,
}, () => {
  for (const name of readdirSync(samples).filter((file) => /\.(rdb|aof)$/.test(file))) {
    const contents = readRdb(readFileSync(join(samples, name)), { nextCut: () => 1000 });
    const reason = contents.error?.reason ?? '';
    const expected = EXPECTED.get(name);
    if (expected === undefined) continue;
    if (expected === null) assert.equal(contents.error, null, `${name}: ${reason}`);
    else assert.match(reason, expected, name);
  }
});

const OTHER_TYPE = /^Key '.+' in DB \d+ is of type \S/;

const EXPECTED = new Map<string, RegExp | null>([
  ['all-types-7.0.15.rdb', OTHER_TYPE],
  ['all-types-7.2.4.rdb', OTHER_TYPE],
  ['corrupt_empty_keys.rdb', OTHER_TYPE],
  ['corrupt_ziplist.rdb', OTHER_TYPE],
  ['encodings.rdb', OTHER_TYPE],
  ['hash-ziplist.rdb', /is of type hash \(ziplist\)/],
  ['hash-zipmap.rdb', /is of type hash \(zipmap\)/],
  ['list-quicklist.rdb', /is of type list \(quicklist\)/],
  ['rdb-preamble.aof', null],
  ['scriptbackup.rdb', null],
  ['zset-ziplist.rdb', /is of type zset \(ziplist\)/],
]);
