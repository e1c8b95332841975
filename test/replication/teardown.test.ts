/*
 * What a test leaves behind is stopped when it ends: else a failed one would keep its file from
 * ending until the runner's limit.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakePrimary } from '../helpers/fake-primary.js';
import { FakeReplica } from '../helpers/fake-replica.js';
import { untilTestEnds } from '../helpers/started.js';
import { TcpProxy } from '../helpers/tcp-proxy.js';
import { waitFor } from '../helpers/wait-for.js';
import { start, Writer } from './cast.js';

async function startAll() {
  const primary = await start('tandem');
  const proxy = await untilTestEnds(TcpProxy.start({ targetPort: primary.server.port }));
  return {
    primary,
    proxy,
    replica: await FakeReplica.connect({ port: proxy.port }),
    writer: await Writer.start(primary),
    fake: await untilTestEnds(FakePrimary.start()),
  };
}

let left: Awaited<ReturnType<typeof startAll>>;

async function assertStopped(): Promise<void> {
  assert(!left.primary.server.isRunning);
  assert.equal(left.proxy.openConnections, 0);
  await waitFor('the connections to end', () => left.replica.isClosed);
  await left.writer.stop();
  await assert.rejects(FakeReplica.connect({ port: left.fake.port }), /ECONNREFUSED/);
}

test('servers, proxies and writers that are left behind ...', async () => {
  left = await startAll();
});

test('... are stopped by the next test', assertStopped);

describe('in a suite', () => {
  test('what is left behind ...', async () => {
    left = await startAll();
  });

  test('... is stopped by the next test, too', assertStopped);
});
