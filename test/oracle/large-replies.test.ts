/*
 * Long values that are sent from where they lie: the replies are redis-server's, in every command,
 * pipeline and transaction, and a reader that takes its time gets the value of the moment when it
 * was asked for, whatever becomes of the key. What nobody reads is bounded and given back.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Random, seeds } from '../helpers/random.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { encodeRequest, type RespClient } from '../helpers/resp-client.js';
import { type Plain, render } from '../helpers/resp-reply.js';
import { waitFor } from '../helpers/wait-for.js';
import { describeRequest, ServerPair, usedBytes } from './server-pair.js';

const KIB = 1024;
const MIB = 1024 * KIB;
/** More than the kernel takes for a reader that does not read. */
const SLOW_BYTES = 12 * MIB;
/** Around the sizes from which values are sent in place, and in slices. */
const SIZES = [
  30_000,
  32 * KIB,
  48 * KIB,
  64 * KIB,
  65 * KIB,
  300_001,
  MIB,
  MIB + 4096,
  3 * MIB + 7,
];

function valueFrom(bytes: number, seed: number): Buffer {
  return Buffer.alloc(bytes, `\r\n$5\r\n${seed}-abcdefghijklmnopqrstuvwxyz`);
}

function bytesOf(reply: Plain): Buffer {
  return Buffer.from(String(reply), 'latin1');
}

/** The number after `name=` in the line of CLIENT LIST with this client name. */
async function clientFigure(client: RespClient, who: string, name: string): Promise<number> {
  const list = String(await client.call('CLIENT', 'LIST'));
  const line = list.split('\n').find((text) => text.includes(` name=${who} `)) ?? '';
  return Number(new RegExp(` ${name}=(\\d+)`).exec(line)?.[1] ?? -1);
}

describe('large replies', { skip: skipWithoutRedis }, () => {
  let pair: ServerPair;

  before(async () => {
    pair = await ServerPair.start();
  });
  after(() => pair.stop());

  /** Asks for `key` and reads nothing of the reply before the server is stuck with it. */
  async function slowReader(key: string): Promise<{ reader: RespClient; reply: Promise<Plain> }> {
    const reader = await pair.tandemServer.connect();
    await reader.call('CLIENT', 'SETNAME', 'slow');
    reader.socket.pause();
    const reply = reader.call('GET', key);
    await waitFor('it to wait', async () => (await clientFigure(pair.tandem, 'slow', 'omem')) > 0);
    return { reader, reply };
  }

  for (const seed of seeds(4)) {
    test(`FUZZ_SEED=${seed}: pipelines and transactions`, async () => {
      const random = new Random(seed);
      await Promise.all([pair.tandem.call('FLUSHALL'), pair.redis.call('FLUSHALL')]);
      const pick = <T>(list: readonly T[]): T => list[random.integer(0, list.length - 1)] as T;
      const key = (): string => `key:${random.integer(0, 3)}`;
      const value = (): Buffer => valueFrom(pick(SIZES), random.integer(0, 9));
      const at = (): string => String(random.integer(-200_000, 200_000));
      const makers: (() => (string | Buffer)[])[] = [
        () => ['GET', key()],
        () => ['MGET', key(), key(), key()],
        () => ['GETRANGE', key(), at(), at()],
        () => ['GETSET', key(), value()],
        () => ['SET', key(), value(), 'GET'],
        () => ['SET', key(), value()],
        () => ['SETRANGE', key(), String(random.integer(0, 300_000)), 'changed'],
        () => ['APPEND', key(), valueFrom(random.integer(1, 70_000), 1)],
        () => ['GETDEL', key()],
        () => ['RENAME', key(), key()],
        () => ['GETEX', key(), 'PX', '100000'],
        () => ['PING'],
        () => ['MULTI'],
        () => ['EXEC'],
      ];
      for (let round = 0; round < 12; round++) {
        const requests = Array.from({ length: random.integer(1, 12) }, () => pick(makers)());
        const [actual, expected] = await Promise.all([
          pair.tandem.typedPipeline(requests),
          pair.redis.typedPipeline(requests),
        ]);
        for (const [i, request] of requests.entries()) {
          const name = `${describeRequest(request)} (${i} of the pipeline)`;
          assert.equal(render(actual[i]), render(expected[i]), name);
        }
      }
      await pair.both('DISCARD');
    });
  }

  const changes: readonly (readonly (string | Buffer)[])[] = [
    ['SET', 'key', valueFrom(SLOW_BYTES, 2)],
    ['SET', 'key', 'short'],
    ['SETRANGE', 'key', String(SLOW_BYTES - MIB), 'changed'],
    ['APPEND', 'key', 'more'],
    ['DEL', 'key'],
    ['GETDEL', 'key'],
    ['RENAME', 'key', 'other'],
    ['FLUSHALL'],
  ];
  for (const [what = '', ...args] of changes) {
    const name = describeRequest([what, ...args]);
    test(`a slow reader gets the value as it was before ${name}`, async () => {
      await pair.tandem.call('FLUSHALL');
      const value = valueFrom(SLOW_BYTES, 1);
      await pair.tandem.call('SET', 'key', value);
      const { reader, reply } = await slowReader('key');
      await pair.tandem.call(what, ...args);
      // What is free now would be used again.
      await pair.tandem.call('SET', 'next', valueFrom(SLOW_BYTES, 3));
      reader.socket.resume();
      assert(bytesOf(await reply).equals(value));
      reader.close();
    });
  }

  test('memory is given back when a slow reader has read, and when it goes away', async () => {
    const base = await pair.emptyBytes();
    for (const isRead of [true, false]) {
      await pair.tandem.call('SET', 'key', valueFrom(SLOW_BYTES, 1));
      const { reader, reply } = await slowReader('key');
      reply.catch(() => {});
      await pair.tandem.call('DEL', 'key');
      assert((await usedBytes(pair.tandem)) > base + SLOW_BYTES, 'it is needed still');
      if (isRead) {
        reader.socket.resume();
        await reply;
      } else {
        reader.close();
      }
      await waitFor('the memory to be free', async () => (await usedBytes(pair.tandem)) <= base);
      reader.close();
    }
  });

  test('a client that never reads its large replies is dropped at the limit', async () => {
    await pair.tandem.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 30mb 0 0');
    await pair.tandem.call('SET', 'key', valueFrom(4 * MIB, 1));
    for (const isTransaction of [true, false]) {
      const reader = await pair.tandemServer.connect();
      await reader.call('CLIENT', 'SETNAME', 'slow');
      reader.socket.pause();
      const gets = Array.from({ length: 100 }, () => encodeRequest(['GET', 'key']));
      const requests = isTransaction
        ? [encodeRequest(['MULTI']), ...gets, encodeRequest(['EXEC'])]
        : gets;
      reader.raw(Buffer.concat(requests));
      await waitFor('it to be gone', async () => {
        const bytes = await clientFigure(pair.tandem, 'slow', 'omem');
        assert(bytes < 40 * MIB);
        return bytes === -1;
      });
      reader.close();
    }
    await pair.tandem.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 0 0 0');
    assert.equal(await pair.tandem.call('STRLEN', 'key'), 4 * MIB);
  });
});
