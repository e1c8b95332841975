/*
 * The oracle harness and the helpers under it, tested on redis-server alone: two of them must agree
 * with each other, and the fake replica, the proxy and the fake primary must work with the real
 * thing.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEqualDigests, waitUntilInSync } from '../helpers/digest.js';
import { FakePrimary } from '../helpers/fake-primary.js';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import { type Reply, render } from '../helpers/resp-reply.js';
import { TcpProxy } from '../helpers/tcp-proxy.js';
import { waitFor } from '../helpers/wait-for.js';
import { splitCommandLine } from './command-line.js';
import { findDifference } from './equality.js';

const skip = skipWithoutRedis;

test('a command line splits as redis-cli splits it', () => {
  assert.deepEqual(splitCommandLine('  SET "a b\\x00\\n" \'c "d\' e  '), [
    'SET',
    'a b\x00\n',
    'c "d',
    'e',
  ]);
  assert.throws(() => splitCommandLine('GET "a'), /unbalanced/);
  assert.throws(() => splitCommandLine('GET "a"b'), /unbalanced/);
});

test('approx lets numbers differ by the tolerance and never takes -1 for 0', () => {
  const integer = (text: string): Reply => ({ type: 'integer', text });
  const options = { equal: 'approx', tolerance: 10 } as const;
  assert.equal(findDifference(integer('100'), integer('109'), options), null);
  assert.notEqual(findDifference(integer('100'), integer('111'), options), null);
  assert.notEqual(findDifference(integer('-1'), integer('0'), options), null);
});

test('a client reads every RESP3 type', { skip }, async () => {
  const redis = await startRedis();
  try {
    const client = await redis.connect({ protocol: 3 });
    const seen: string[] = [];
    for (const type of ['string', 'integer', 'double', 'null', 'array', 'set', 'map', 'attrib']) {
      seen.push(render(await client.typed('DEBUG', 'PROTOCOL', type)));
    }
    for (const type of ['bignum', 'true', 'false', 'verbatim']) {
      seen.push(render(await client.typed('DEBUG', 'PROTOCOL', type)));
    }
    assert.deepEqual(seen, [
      '"Hello World"',
      '(integer) 12345',
      '(double) 3.141',
      '(null)',
      '[(integer) 0, (integer) 1, (integer) 2]',
      '(set) [(integer) 0, (integer) 1, (integer) 2]',
      '(map) [(integer) 0, (boolean) false, (integer) 1, (boolean) true, (integer) 2, ' +
        '(boolean) false]',
      '(attribute) ["key-popularity", ["key:123", (integer) 90]] "Some real reply following ' +
        'the attribute"',
      '(bigNumber) 1234567999999999999999999999999999999',
      '(boolean) true',
      '(boolean) false',
      '(verbatim txt) "This is a verbatim\\x0astring"',
    ]);
    await client.typed('DEBUG', 'PROTOCOL', 'attrib');
    assert.equal(client.pushes.length, 0);
  } finally {
    await redis.stop();
  }
});

for (const form of ['eof', 'length'] as const) {
  test(`a fake replica reads the stream of redis-server after a ${form} payload`, {
    skip,
  }, async () => {
    const diskless = form === 'eof' ? 'yes' : 'no';
    const redis = await startRedis({ args: ['--repl-diskless-sync', diskless] });
    try {
      const client = await redis.connect();
      await client.call('SET', 'before', '1');
      const replica = await FakeReplica.connect({ port: redis.port });
      assert.equal(replica.snapshotForm, form);
      assert.equal(replica.snapshot.subarray(0, 5).toString(), 'REDIS');
      await client.call('SET', 'key', 'value', 'EX', '100');
      await replica.waitForCommand('the SET', ([name]) => name === 'SET');
      const [select, set] = replica.writes;
      assert.deepEqual(select, ['SELECT', '0']);
      assert.deepEqual(set?.slice(0, 4), ['SET', 'key', 'value', 'PXAT']);
      const { replid, offset } = replica;
      replica.close();
      const again = await FakeReplica.connect({ port: redis.port, resume: { replid, offset } });
      assert.equal(again.mode, 'continue');
      again.close();
    } finally {
      await redis.stop();
    }
  });
}

for (const form of ['eof', 'length'] as const) {
  test(`redis-server replicates from a fake primary, ${form} payload, cut and continued`, {
    skip,
  }, async () => {
    const primary = await FakePrimary.start({ form, offset: 1000 });
    const redis = await startRedis({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] });
    try {
      const client = await redis.connect();
      await waitFor('link up', async () => (await info(client)).master_link_status === 'up');
      primary.stream('SELECT', '0');
      primary.stream('SET', 'a', '1');
      await waitFor('a', async () => (await client.call('GET', 'a')) === '1');
      primary.cut();
      primary.stream('SET', 'b', '2');
      await waitFor('b', async () => (await client.call('GET', 'b')) === '2');
      const psyncs = primary.requests.filter(([name]) => name === 'PSYNC');
      assert.equal(psyncs.at(-1)?.[1], primary.replid);
    } finally {
      await redis.stop();
      await primary.stop();
    }
  });
}

test('a proxy freezes and cuts a link between two redis-servers', { skip }, async () => {
  const primary = await startRedis();
  const proxy = await TcpProxy.start({ targetPort: primary.port });
  const replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${proxy.port}`] });
  try {
    const [writer, reader] = await Promise.all([primary.connect(), replica.connect()]);
    await waitFor('link up', async () => (await info(reader)).master_link_status === 'up');
    await writer.call('SET', 'a', '1');
    await waitUntilInSync(writer, reader);
    proxy.freeze();
    await writer.call('SET', 'a', '2');
    assert.equal(await reader.call('GET', 'a'), '1');
    proxy.thaw();
    await waitUntilInSync(writer, reader);
    proxy.cut();
    await writer.call('SET', 'a', '3');
    await waitFor('value', async () => (await reader.call('GET', 'a')) === '3');
    proxy.cutAfter('down', proxy.bytes.down + 5);
    assert.equal((await info(writer)).sync_partial_ok, '1');
    await assertEqualDigests(writer, reader);
  } finally {
    await Promise.all([primary.stop(), replica.stop()]);
    await proxy.stop();
  }
});
