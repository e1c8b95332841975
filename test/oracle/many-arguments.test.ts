/*
 * Requests of a great many arguments, on each kind of command, and pipelines of many megabytes,
 * beside redis-server: the same replies, also where there are too many, and a server that goes on.
 * Ten thousand arguments and a few megabytes here; a million and a hundred with the long budget.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { waitUntilInSync } from '../helpers/digest.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { encodeRequest, type RespClient } from '../helpers/resp-client.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';
import { ServerPair } from './server-pair.js';

const isLong = process.env.TANDEM_LONG === '1';
const COUNT = isLong ? 1_000_000 : 10_000;
const PIPELINE_BYTES = isLong ? 100_000_000 : 5_000_000;
/** More than a function can be called with. */
const REWRITTEN = 200_000;

const each = (make: (i: number) => readonly string[]): string[] =>
  Array.from({ length: COUNT }, (_, i) => make(i)).flat();

const keys = each((i) => [`k${i}`]);
const pairs = each((i) => [`k${i}`, `v${i}`]);

/** The replies of one are the same on both; they build on each other. */
const REQUESTS: readonly (readonly [string, readonly string[]])[] = [
  ['MSET', ['MSET', ...pairs]],
  ['MSET of an odd number', ['MSET', ...pairs, 'x']],
  ['MSETNX of keys that are there', ['MSETNX', ...pairs]],
  ['MGET', ['MGET', ...keys]],
  ['EXISTS', ['EXISTS', ...keys, 'missing']],
  ['TOUCH', ['TOUCH', ...keys, 'missing']],
  ['BITOP of all', ['BITOP', 'OR', 'all', ...keys]],
  ['GET of what they make', ['GET', 'all']],
  ['UNLINK of one many times', ['UNLINK', ...keys.map(() => 'all')]],
  ['DEL', ['DEL', ...keys, 'missing']],
  ['DEL once more', ['DEL', ...keys]],
  ['MSETNX', ['MSETNX', ...pairs]],
  ['UNLINK', ['UNLINK', ...keys]],
  ['SET with too many', ['SET', ...keys]],
  ['GET with too many', ['GET', ...keys]],
  ['PING with too many', ['PING', ...keys]],
  ['ECHO with too many', ['ECHO', ...keys]],
  ['an unknown command', ['NOSUCH', ...keys]],
  ['an unknown subcommand', ['CLIENT', 'NOSUCH', ...keys]],
  ['BITFIELD', ['BITFIELD', 'b', ...each(() => ['INCRBY', 'u8', '0', '1'])]],
  [
    'BITFIELD with an error at the end',
    ['BITFIELD', 'b', ...each(() => ['GET', 'u8', '0']), 'GET'],
  ],
  ['BITFIELD_RO', ['BITFIELD_RO', 'b', ...each(() => ['GET', 'u8', '0'])]],
  ['INCRBYFLOAT with too many', ['INCRBYFLOAT', ...keys]],
  ['SCAN with the same option again and again', ['SCAN', '0', ...each(() => ['COUNT', '10'])]],
  ['KEYS with too many', ['KEYS', ...keys]],
  ['COPY with too many', ['COPY', 'b', ...keys]],
  ['RESTORE with too many', ['RESTORE', 'n', '0', 'x', ...each(() => ['REPLACE'])]],
  ['LCS with too many', ['LCS', 'b', 'b', ...each(() => ['IDX'])]],
  ['EXPIRE with too many', ['EXPIRE', 'b', '100', ...each(() => ['NX'])]],
  ['OBJECT with too many', ['OBJECT', 'ENCODING', ...keys]],
  ['PUBSUB NUMSUB', ['PUBSUB', 'NUMSUB', ...keys]],
  ['PUBLISH with too many', ['PUBLISH', ...keys]],
  ['UNSUBSCRIBE', ['UNSUBSCRIBE', 'one']],
  ['COMMAND INFO of none', ['COMMAND', 'INFO', ...keys]],
  ['COMMAND GETKEYS', ['COMMAND', 'GETKEYS', 'MSET', ...pairs]],
  ['COMMAND GETKEYSANDFLAGS', ['COMMAND', 'GETKEYSANDFLAGS', 'MSET', ...pairs]],
  ['CONFIG GET of none', ['CONFIG', 'GET', ...keys]],
  ['CONFIG SET of none', ['CONFIG', 'SET', ...pairs]],
  ['CONFIG SET of an odd number', ['CONFIG', 'SET', ...pairs, 'x']],
  ['CLIENT KILL of none', ['CLIENT', 'KILL', ...each((i) => ['ID', String(i + 2 ** 40)])]],
  ['CLIENT LIST of none', ['CLIENT', 'LIST', 'ID', ...each((i) => [String(i + 2 ** 40)])]],
  ['INFO of no section', ['INFO', ...keys]],
  ['LATENCY RESET of none', ['LATENCY', 'RESET', ...keys]],
  ['HELLO with too many', ['HELLO', '3', ...keys]],
  ['AUTH with too many', ['AUTH', ...keys]],
  ['DEBUG with too many', ['DEBUG', 'SLEEP', ...keys]],
  ['SHUTDOWN with too many', ['SHUTDOWN', ...keys]],
  ['MULTI with too many', ['MULTI', ...keys]],
  ['WATCH', ['WATCH', ...keys.slice(0, 100_000)]],
  ['UNWATCH', ['UNWATCH']],
];

const END = 'the end of it all';

interface Received {
  readonly bytes: number;
  readonly digest: string;
  /** What came last, to see what it is about where they differ. */
  readonly tail: string;
}

/** Sends bytes as fast as the server takes them. Nothing is made of what comes back. */
async function exchange(client: RespClient, bytes: Buffer): Promise<Received> {
  const hash = createHash('sha1');
  let tail = '';
  let count = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    count += chunk.length;
    tail = (tail + chunk.subarray(-200).toString('latin1')).slice(-200);
  });
  for (let at = 0; at < bytes.length; at += 1_000_000) {
    const isTaken = client.socket.write(bytes.subarray(at, at + 1_000_000));
    if (!isTaken) await once(client.socket, 'drain');
  }
  client.raw(encodeRequest(['ECHO', END]));
  await waitFor(
    'the last reply',
    () => {
      assert(!client.isClosed, `closed after ${count} bytes: ${tail}`);
      return tail.endsWith(`${END}\r\n`);
    },
    { timeoutMs: 120_000 },
  );
  return { bytes: count, digest: hash.digest('hex'), tail };
}

describe('many arguments', { skip: skipWithoutRedis }, () => {
  let pair: ServerPair;
  before(async () => {
    pair = await ServerPair.start();
  });
  after(() => pair.stop());

  /** The same bytes to both, one after the other: the same bytes come back. */
  async function same(...parts: (Buffer | Buffer[])[]): Promise<void> {
    const bytes = Buffer.concat(parts.flat());
    const theirs = await exchange(pair.redis, bytes);
    assert.deepEqual(await exchange(pair.tandem, bytes), theirs);
  }

  for (const [name, request] of REQUESTS) {
    test(`${name}: ${request.length} arguments`, async () => {
      await same(encodeRequest(request));
    });
  }

  test(`what does not travel as it came, with ${REWRITTEN} arguments more`, async (t) => {
    const args = ['--replicaof', `127.0.0.1 ${pair.tandemServer.port}`];
    const server = await startTandem({ args });
    t.after(() => server.stop());
    const [tandem, replica] = [await pair.tandemServer.connect(), await server.connect()];
    await waitUntilInSync(tandem, replica);
    const many = (word: string): string[] => Array.from({ length: REWRITTEN }, () => word);
    await same(encodeRequest(['SET', 'many', 'v']));
    await same(encodeRequest(['EXPIRE', 'many', '1000', ...many('NX')]));
    await same(encodeRequest(['SET', 'many', 'w', 'GET', ...many('KEEPTTL')]));
    const dump = await tandem.typed('DUMP', 'many');
    assert.equal(dump.type, 'bulk');
    const payload = Buffer.from(dump.text, 'latin1');
    await same(encodeRequest(['RESTORE', 'many', '5000000', payload, ...many('REPLACE')]));
    await same(encodeRequest(['DEBUG', 'REPLICATE', 'EXISTS', ...many('k')]));
    await waitUntilInSync(tandem, replica);
    const left = (await replica.call('PTTL', 'many')) as number;
    assert(left > 4_000_000 && left <= 5_000_000, String(left));
    await same(encodeRequest(['FLUSHALL']));
  });

  test(`a transaction of ${COUNT} commands`, async () => {
    const requests = keys.map((key) => encodeRequest(['SETNX', key, key]));
    await same(encodeRequest(['MULTI']), requests, encodeRequest(['EXEC']));
    await same(encodeRequest(['DBSIZE']), encodeRequest(['FLUSHALL']));
  });

  test(`${COUNT} channels for one subscriber, and away again`, async () => {
    // More than a subscriber may owe.
    const limit = ['CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 0 0 0'];
    await same(encodeRequest(limit));
    await same(encodeRequest(['SUBSCRIBE', ...keys]), encodeRequest(['UNSUBSCRIBE', ...keys]));
  });

  test(`a pipeline of ${PIPELINE_BYTES} bytes`, async () => {
    const requests = Array.from({ length: 1000 }, (_, i) => [
      encodeRequest(['SET', `key${i}`, 'v'.repeat(1 + (i % 200))]),
      encodeRequest(['GET', `key${i}`]),
      encodeRequest(['INCR', 'n']),
      Buffer.from(i % 3 === 0 ? 'GET missing\r\n' : 'NOSUCH a\r\n'),
    ]);
    const round = Buffer.concat(requests.flat());
    const rounds = Math.ceil(PIPELINE_BYTES / round.length);
    await same(Array.from({ length: rounds }, () => round));
  });
});
