/*
 * Values that are read straight into their block must be what they are on any other way: compared
 * with redis-server at the sizes where the way changes, cut up at random points, in every position
 * of every command, inside MULTI, and on replicas. Whatever happens to the connection or the
 * request in between, the memory in use is afterwards what it was before. FUZZ_SEED repeats a run.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertEqualDigests, waitUntilInSync } from '../helpers/digest.js';
import { info } from '../helpers/info.js';
import { Random, seeds } from '../helpers/random.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import { encodeRequest, type RespClient } from '../helpers/resp-client.js';
import { render } from '../helpers/resp-reply.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';
import { describeRequest, ServerPair, usedBytes } from './server-pair.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const isLong = process.env.TANDEM_LONG === '1';
const SIZES = [
  ...[32 * KIB - 1, 32 * KIB, 32 * KIB + 1, 64 * KIB - 40, 64 * KIB, 64 * KIB + 1, 300_000],
  ...[MIB, 5 * MIB + 3, 64 * MIB + 17],
  ...(isLong ? [512 * MIB] : []),
];
const RUNS = isLong ? 60 : 6;

/** Bytes that differ from place to place, protocol characters among them. */
function valueFrom(bytes: number, seed: number): Buffer {
  const value = Buffer.alloc(bytes);
  const pattern = Buffer.from(`\r\n$5\r\n*3\r\n${seed}-abcdefghijklmnopqrstuvwxyz`);
  for (let at = 0; at < Math.min(bytes, 4096); at += pattern.length) pattern.copy(value, at);
  for (let filled = 4096; filled < bytes; filled *= 2) value.copyWithin(filled, 0, filled);
  if (bytes > 1000) value.write(seed.toString(36), bytes - 9, 'latin1');
  return value;
}

/** Sends the bytes in pieces, each in a write of its own; most cuts lie near the ends. */
async function sendInPieces(client: RespClient, bytes: Buffer, random: Random): Promise<void> {
  const cuts = new Set<number>([0, bytes.length]);
  for (let i = random.integer(0, 6); i > 0; i--) {
    const near = random.integer(1, Math.min(100, bytes.length - 1));
    const places = [near, bytes.length - near, random.integer(1, bytes.length - 1)];
    cuts.add(places[random.integer(0, 2)]);
  }
  const sorted = [...cuts].sort((a, b) => a - b);
  for (let i = 1; i < sorted.length; i++) {
    client.raw(bytes.subarray(sorted[i - 1], sorted[i]));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('large values', { skip: skipWithoutRedis }, () => {
  let pair: ServerPair;

  before(async () => {
    pair = await ServerPair.start();
  });
  after(() => pair.stop());

  for (const bytes of SIZES) {
    test(`SET of ${bytes} bytes and what comes after it`, async () => {
      await pair.startOver();
      const value = valueFrom(bytes, bytes);
      await pair.both('SET', 'key', value);
      await pair.both('STRLEN', 'key');
      await pair.both('OBJECT', 'ENCODING', 'key');
      await pair.both('GETRANGE', 'key', '0', '100');
      await pair.both('GETRANGE', 'key', '-100', '-1');
      await pair.both('SETRANGE', 'key', '10', 'changed');
      if (bytes < 512 * MIB) await pair.both('APPEND', 'key', 'more');
      await assertEqualDigests(pair.tandem, pair.redis);
      await pair.both('SET', 'key', value, 'EX', '100');
      await pair.both('SET', 'key', value, 'KEEPTTL');
      await pair.both('SET', 'key', value, 'NX');
      await pair.both('SET', 'key', value, 'XX', 'PX', '100000');
      await pair.both('SET', 'key', value, 'BAD', 'OPTION');
      await assertEqualDigests(pair.tandem, pair.redis);
    });
  }

  for (const seed of seeds(RUNS)) {
    test(`FUZZ_SEED=${seed}: pipelines cut at random points`, async () => {
      await pair.startOver();
      const random = new Random(seed);
      for (let round = 0; round < 10; round++) {
        const requests = Array.from({ length: random.integer(1, 4) }, () => randomRequest(random));
        const bytes = Buffer.concat(requests.map(encodeRequest));
        await Promise.all([sendInPieces(pair.tandem, bytes, random), pair.redis.raw(bytes)]);
        for (const request of requests) {
          const [actual, expected] = [await pair.tandem.nextReply(), await pair.redis.nextReply()];
          assert.equal(render(actual), render(expected), describeRequest(request));
        }
      }
      await assertEqualDigests(pair.tandem, pair.redis);
    });
  }

  test('a large argument in every position of every string and key command', async () => {
    await pair.startOver();
    // No pattern's characters: redis-server gives up on those of many stars.
    const large = Buffer.alloc(70_000, 'large argument ');
    for (const command of COMMANDS) {
      const words = command.split(' ');
      for (let position = 0; position < words.length; position++) {
        await pair.both('SET', 'a', 'value of a');
        await pair.both(...words.map((word, i) => (i === position ? large : word)));
      }
      await assertEqualDigests(pair.tandem, pair.redis);
    }
  });

  test('a request refused, or with bytes that are no line end, leaves nothing behind', async () => {
    await pair.startOver();
    const empty = await pair.emptyBytes();
    const large = valueFrom(200_000, 2);
    await pair.both('SET', 'a', large, 'NX', 'XX');
    await pair.both('SET', 'a', large, 'XX');
    await pair.both('SETNX', 'a', 'small');
    await pair.both('SETNX', 'a', large);
    await pair.both('SETEX', 'a', '-1', large);
    await pair.both('SETEX', 'a', 'soon', large);
    await pair.both('GETSET', 'a', large);
    await pair.both('GETSET', 'a', 'small');
    await pair.both('MSET', 'a', large, 'b', large, 'a', large);
    await pair.both('MSETNX', 'c', large, 'a', large);
    const request = encodeRequest(['SET', 'a', large]);
    request.write('xy', request.length - 2);
    for (const client of [pair.tandem, pair.redis]) {
      client.raw(request);
      await client.nextReply();
    }
    await assertEqualDigests(pair.tandem, pair.redis);
    await pair.startOver();
    await waitFor('the memory to be free', async () => (await usedBytes(pair.tandem)) === empty);
  });

  test('inside MULTI, with a client that is cut off and one that is paused', async () => {
    await pair.startOver();
    const empty = await pair.emptyBytes();
    const large = valueFrom(3 * MIB, 3);
    for (const args of [
      ['MULTI'],
      ['SET', 'a', large],
      ['GETSET', 'a', large],
      ['MSET', 'b', large],
    ]) {
      await pair.both(...args);
    }
    await pair.both('EXEC');
    await assertEqualDigests(pair.tandem, pair.redis);
    await pair.startOver();
    const cut = await pair.tandemServer.connect();
    cut.raw(encodeRequest(['SET', 'cut', large]).subarray(0, 2 * MIB));
    // Not by the memory in use: what was flushed may be in it still.
    await waitFor('the value to arrive', async () => {
      return String(await pair.tandem.call('CLIENT', 'LIST')).includes(`qbuf=${2 * MIB} `);
    });
    assert((await usedBytes(pair.tandem)) > empty + MIB);
    cut.close();
    await waitFor('the memory to be free', async () => (await usedBytes(pair.tandem)) === empty);
    const paused = await pair.tandemServer.connect();
    await pair.tandem.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const replies = paused.pipeline([
      ['SET', 'a', large],
      ['GET', 'a'],
      ['SET', 'a', large],
      ['PING'],
    ]);
    await waitFor(
      'the value to arrive',
      async () => (await usedBytes(pair.tandem)) > empty + 3 * MIB,
    );
    await pair.tandem.call('CLIENT', 'UNPAUSE');
    const [first, value, second, pong] = await replies;
    assert.deepEqual([first, second, pong], ['OK', 'OK', 'PONG']);
    assert.equal(Buffer.compare(Buffer.from(String(value), 'latin1'), large), 0);
    await pair.startOver();
    await waitFor('the memory to be free', async () => (await usedBytes(pair.tandem)) === empty);
    paused.close();
  });

  test('an announcement alone is believed up to a bound, and costs nothing', async () => {
    const empty = await pair.emptyBytes();
    const rss = Number((await info(pair.tandem, 'memory')).used_memory_rss);
    const silent = await Promise.all(Array.from({ length: 20 }, () => pair.tandemServer.connect()));
    for (const client of silent) client.raw(`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${512 * MIB}\r\nxyz`);
    await pair.tandem.call('PING');
    assert((await usedBytes(pair.tandem)) <= empty + 20 * 5 * MIB);
    assert(Number((await info(pair.tandem, 'memory')).used_memory_rss) < rss + 20 * MIB);
    for (const client of silent) client.close();
    await waitFor('the memory to be free', async () => (await usedBytes(pair.tandem)) === empty);
  });

  test('a snapshot while values arrive holds what was there', async () => {
    await pair.startOver();
    const large = valueFrom(6 * MIB, 4);
    await pair.both('SET', 'before', large);
    const writer = await pair.tandemServer.connect();
    const request = encodeRequest(['SET', 'arriving', large]);
    writer.raw(request.subarray(0, 5 * MIB));
    await pair.tandem.call('BGSAVE');
    writer.raw(request.subarray(5 * MIB));
    assert.equal(render(await writer.nextReply()), '+OK');
    await waitFor('the save to end', async () => {
      const { rdb_bgsave_in_progress, rdb_last_bgsave_status } = await info(
        pair.tandem,
        'persistence',
      );
      return rdb_bgsave_in_progress === '0' && rdb_last_bgsave_status === 'ok';
    });
    await pair.tandem.call('DEBUG', 'RELOAD');
    await pair.redis.call('SET', 'arriving', large);
    await assertEqualDigests(pair.tandem, pair.redis);
    writer.close();
  });

  for (const kind of ['tandem', 'redis'] as const) {
    test(`a ${kind} replica under a small backlog has the same data, never cut off`, async () => {
      await pair.startOver();
      await pair.tandem.call('CONFIG', 'SET', 'repl-backlog-size', '1mb');
      const replica = await (kind === 'tandem' ? startTandem() : startRedis());
      const follower = await replica.connect();
      await follower.call('REPLICAOF', '127.0.0.1', String(pair.tandemServer.port));
      await waitFor('the link', async () => {
        return (await info(follower, 'replication')).master_link_status === 'up';
      });
      const random = new Random(7);
      for (let i = 0; i < 40; i++) {
        await sendInPieces(pair.tandem, encodeRequest(randomRequest(random)), random);
        await pair.tandem.nextReply();
      }
      await pair.tandem.call('SETEX', 'with time', '1000', valueFrom(70 * MIB, 5));
      await pair.tandem.pipeline([
        ['MULTI'],
        ['SET', 'm', valueFrom(2 * MIB, 6)],
        ['INCR', 'n'],
        ['EXEC'],
      ]);
      await waitUntilInSync(pair.tandem, follower, 60_000);
      const stats = await info(pair.tandem, 'stats');
      assert.equal(stats.sync_full, kind === 'tandem' ? '1' : '2');
      await waitFor('the backlog to be small again', async () => {
        return Number((await info(pair.tandem, 'memory')).mem_replication_backlog) < 4 * MIB;
      });
      await replica.stop();
    });
  }
});

const KEYS = ['a', 'b', 'c', 'd'];

function randomRequest(random: Random): (string | Buffer)[] {
  const key = KEYS[random.integer(0, KEYS.length - 1)];
  const other = KEYS[random.integer(0, KEYS.length - 1)];
  const sizes = [5, 1000, 32 * KIB - 1, 32 * KIB, 65_000, 65_536, 66_000, 200_000, MIB, 3 * MIB];
  const value = valueFrom(sizes[random.integer(0, sizes.length - 1)], random.integer(0, 1e9));
  const requests: (string | Buffer)[][] = [
    ['SET', key, value],
    ['set', key, value, 'EX', '1000'],
    ['SET', key, value, 'GET'],
    ['SET', key, value, 'NX'],
    ['SETNX', key, value],
    ['SETEX', key, '1000', value],
    ['PSETEX', key, '1000000', value],
    ['GETSET', key, value],
    ['MSET', key, value, other, value],
    ['MSETNX', key, value, other, value],
    ['APPEND', key, value],
    ['SETRANGE', key, '100', value],
    ['STRLEN', key],
    ['DEL', key],
    ['ECHO', value],
    ['INCR', key],
    [value, key],
  ];
  return requests[random.integer(0, requests.length - 1)];
}

/** Each with small arguments; one after the other becomes large. */
const COMMANDS = [
  ...['SET a v', 'SET a v EX 100', 'SET a v PX 100000 GET', 'SET a v KEEPTTL', 'SETNX a v'],
  ...[
    'SETEX a 100 v',
    'PSETEX a 100000 v',
    'GETSET a v',
    'MSET a v',
    'MSET a v b w',
    'MSETNX x v y w',
  ],
  ...['MSETNX a v b w', 'GET a', 'GETEX a', 'GETEX a EX 100', 'GETDEL a', 'MGET a b', 'APPEND a v'],
  ...['SETRANGE a 5 v', 'GETRANGE a 0 5', 'SUBSTR a 0 5', 'STRLEN a', 'INCR a', 'INCRBY a 5'],
  ...[
    'DECRBY a 5',
    'INCRBYFLOAT a 1.5',
    'LCS a b',
    'LCS a b LEN',
    'LCS a b IDX',
    'ECHO v',
    'PING v',
  ],
  ...[
    'DEL a b',
    'UNLINK a',
    'EXISTS a b',
    'EXPIRE a 100',
    'EXPIRE a 100 NX',
    'PEXPIREAT a 9999999999999',
  ],
  ...['PERSIST a', 'TYPE a', 'RENAME a b', 'RENAMENX a b', 'TOUCH a', 'OBJECT ENCODING a'],
  ...['KEYS a', 'SCAN 0 MATCH a', 'SELECT 0', 'CLIENT SETNAME x', 'CONFIG GET x', 'NOSUCH a b'],
];
