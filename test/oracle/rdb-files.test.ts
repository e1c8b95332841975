/*
 * Hand-made RDB files, sound, odd and hostile, given to Tandem and to redis-server: both load the
 * same data, or both refuse to start. Where redis-server loads what Tandem must not (types that are
 * not there yet), or refuses what Tandem may skip, other tests hold it (dump-at-start, loader).
 */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Crc64 } from '../../src/persistence/rdb/crc64.js';
import { digest } from '../helpers/digest.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { ServerOptions, ServerProcess } from '../helpers/server-process.js';
import { startCandidate } from './harness.js';

const AUX = 0xfa;
const RESIZEDB = 0xfb;
const EXPIRE_MS = 0xfc;
const EXPIRE_SECONDS = 0xfd;
const SELECT = 0xfe;
const END = 0xff;
const IDLE = 0xf8;
const FREQUENCY = 0xf9;
const PRE_RELEASE_FUNCTION = 0xf6;

/** Bytes one after the other; a text stands for its characters, without a length. */
type Piece = number | string | Uint8Array;

function bytes(...pieces: Piece[]): Buffer {
  return Buffer.concat(
    pieces.map((piece) => {
      if (typeof piece === 'number') return Buffer.from([piece]);
      return typeof piece === 'string' ? Buffer.from(piece, 'latin1') : Buffer.from(piece);
    }),
  );
}

/** A short string with its length. */
const text = (value: string): Buffer => bytes(value.length, value);
const pair = (key: string, value: string): Buffer => bytes(0, text(key), text(value));
const stringOf = (...pieces: Piece[]): Buffer => bytes(0, text('a'), ...pieces);
const auxiliary = (name: string, value: string): Buffer => bytes(AUX, text(name), text(value));

function int64(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(value);
  return buffer;
}

/** A length in the encoding for 64 bits. */
function length64(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(value);
  return bytes(0x81, buffer);
}

/** Head, body, end mark and the right sum. */
function sound(body: Uint8Array, version = '0010'): Buffer {
  const content = bytes('REDIS', version, body, END);
  const sum = new Crc64();
  sum.update(content, 0, content.length);
  const tail = Buffer.alloc(8);
  tail.writeInt32LE(sum.low, 0);
  tail.writeInt32LE(sum.high, 4);
  return bytes(content, tail);
}

const one = pair('a', '1');
const FAR_MS = 4_102_444_800_123n;

const files: Readonly<Record<string, Buffer>> = {
  'no byte at all': Buffer.alloc(0),
  'a piece of the head': bytes('RED'),
  'the head alone': bytes('REDIS0010'),
  'another signature': bytes('RADIS0010', one, END, Buffer.alloc(8)),
  'version 0': sound(one, '0000'),
  'a version that is no number': sound(one, '00ab'),
  'a version far ahead': sound(one, '9999'),
  'version 1': bytes('REDIS0001', one, END),
  'version 4, which has no sum': bytes('REDIS0004', one, END),
  'nothing in it': sound(bytes()),
  'no SELECT before the first key': sound(one),
  'databases back and forth': sound(
    bytes(SELECT, 1, one, SELECT, 15, pair('a', '2'), SELECT, 1, pair('b', '3')),
  ),
  'a database too many': sound(bytes(SELECT, 16, one)),
  'a database with a number of 32 bits': sound(bytes(SELECT, 0x80, 255, 255, 255, 255, one)),
  'no end mark': bytes('REDIS0010', one),
  'a cut sum': bytes('REDIS0010', one, END, '123'),
  'a wrong sum': bytes('REDIS0010', one, END, '12345678'),
  'a sum of zeros': bytes('REDIS0010', one, END, Buffer.alloc(8)),
  'bytes behind the end': bytes(sound(one), 'junk'),
  'the same key twice': sound(bytes(one, pair('a', '2'))),
  'the empty key and the empty value': sound(bytes(pair('', 'x'), pair('y', ''))),
  'a key that is an integer': sound(bytes(0, 0xc0, 5, text('x'))),
  'integers of every width': sound(
    bytes(
      ...[0, text('a'), 0xc0, 0x80, 0, text('b'), 0xc1, 0x00, 0x80],
      ...[0, text('c'), 0xc2, 0, 0, 0, 0x80],
    ),
  ),
  'an unknown encoding': sound(stringOf(0xc4, 1)),
  'an unknown length': sound(stringOf(0x82, 0, 0, 0, 1, 'x')),
  'short strings with long lengths': sound(
    bytes(0, text('a'), 0x80, 0, 0, 0, 1, 'x', 0, text('b'), length64(1n), 'y'),
  ),
  'a string of 2^64 - 1 bytes': sound(stringOf(length64(0xffff_ffff_ffff_ffffn), 'x')),
  'a string of 2^60 bytes': sound(stringOf(length64(1n << 60n), 'x')),
  'LZF: a run that repeats': sound(stringOf(0xc3, 6, 14, 0, 'a', 0xe0, 3, 0, 0)),
  'LZF: literals': sound(stringOf(0xc3, 4, 3, 2, 'abc')),
  'LZF: nothing into three bytes': sound(stringOf(0xc3, 0, 3)),
  'LZF: more than was announced': sound(stringOf(0xc3, 4, 1, 2, 'abc')),
  'LZF: less than was announced': sound(stringOf(0xc3, 2, 5, 0, 'a')),
  'LZF: a reference before the beginning': sound(stringOf(0xc3, 3, 4, 0x20, 5, 0)),
  'LZF: cut': sound(stringOf(0xc3, 10, 3, 2, 'abc')),
  'LZF: 2^60 bytes announced': sound(stringOf(0xc3, 4, length64(1n << 60n), 2, 'abc')),
  'expiry in ms and in seconds': sound(
    bytes(EXPIRE_MS, int64(FAR_MS), one, EXPIRE_SECONDS, 0, 0, 0, 0x7f, pair('b', '2')),
  ),
  'keys past their time': sound(
    bytes(
      ...[EXPIRE_MS, int64(1000n), one, EXPIRE_MS, int64(0n), pair('b', '2')],
      ...[EXPIRE_SECONDS, 5, 0, 0, 0, pair('c', '3'), pair('d', '4')],
    ),
  ),
  'a negative time': sound(bytes(EXPIRE_MS, int64(-5n), one, pair('b', '2'))),
  'a time that belongs to no key': sound(bytes(one, EXPIRE_MS, int64(FAR_MS))),
  'a cut time': bytes('REDIS0010', one, EXPIRE_MS, 1, 2),
  'access fields, alone and with an expiry': sound(
    bytes(FREQUENCY, 200, one, EXPIRE_MS, int64(FAR_MS), IDLE, 100, pair('b', '2')),
  ),
  'hints of sizes that are not true': sound(
    bytes(SELECT, 0, RESIZEDB, 0x80, 0, 1, 0, 0, 0x80, 0, 1, 0, 0, one),
  ),
  'auxiliary fields, known and not': sound(
    bytes(
      ...[auxiliary('redis-ver', '9.9.9'), auxiliary('nobody', 'knows'), auxiliary('%x', '1')],
      ...[auxiliary('ctime', '1'), auxiliary('used-mem', '12345'), auxiliary('aof-base', '1')],
      one,
    ),
  ),
  'replication fields without sense': sound(
    bytes(
      ...[auxiliary('repl-id', 'short'), auxiliary('repl-offset', 'abc')],
      ...[auxiliary('repl-stream-db', '99'), one],
    ),
  ),
  'an auxiliary field that is cut': bytes('REDIS0010', AUX, 9, 'redis'),
  'a function of a pre-release': sound(bytes(PRE_RELEASE_FUNCTION, text('x'), one)),
  'a type that nobody knows': sound(bytes(200, text('m'), 5)),
};

describe('oracle: RDB files', { skip: skipWithoutRedis }, () => {
  for (const [name, file] of Object.entries(files)) {
    test(name, async () => {
      const [tandem, redis] = await Promise.all(
        [startCandidate, startRedis].map((start) => outcomeOf(start, file)),
      );
      assert.deepEqual(tandem, redis);
    });
  }
});

/** The data as text, or that the start was refused. */
async function outcomeOf(
  start: (options: ServerOptions) => Promise<ServerProcess>,
  file: Uint8Array,
): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), 'rdb-files-'));
  const path = join(dir, 'dump.rdb');
  writeFileSync(path, file);
  try {
    const server = await start({ dir }).catch(() => null);
    assert.deepEqual(new Uint8Array(readFileSync(path)), new Uint8Array(file), 'file untouched');
    if (server === null) return ['refused'];
    const client = await server.connect();
    const data = await dataOf(client);
    await server.stop();
    return data;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function dataOf(client: RespClient): Promise<string[]> {
  const lines = [await digest(client)];
  for (let database = 0; database < 16; database++) {
    await client.call('SELECT', database);
    for (const key of ((await client.call('KEYS', '*')) as string[]).sort()) {
      const value = await client.call('GET', key);
      const expiry = await client.call('PEXPIRETIME', key);
      lines.push(`${database} ${JSON.stringify(key)} ${JSON.stringify(value)} ${expiry}`);
    }
  }
  return lines;
}
