/*
 * What a Tandem primary owes its replicas, seen by replicas made of test code and by redis-cli.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPLY_BUFFER_BYTES } from '../../src/limits.js';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { RespClient } from '../helpers/resp-client.js';
import { plain } from '../helpers/resp-reply.js';
import { untilTestEnds } from '../helpers/started.js';
import { TcpProxy } from '../helpers/tcp-proxy.js';
import { waitFor, within } from '../helpers/wait-for.js';
import { type Actor, start, syncs, waitForLink } from './cast.js';

function occurrences(text: string, wanted: string): number {
  return text.split(wanted).length - 1;
}

async function offsetOf(primary: Actor): Promise<number> {
  return Number((await info(primary.client, 'replication')).master_repl_offset);
}

/** How many full resyncs were given for which reason, as far as there were any. */
async function reasonsOf(primary: Actor): Promise<Record<string, string>> {
  const fields = Object.entries(await info(primary.client, 'stats'));
  const reasons = fields.filter(([name]) => name.startsWith('sync_full_'));
  return Object.fromEntries(reasons.map(([name, count]) => [name.slice(10), count]));
}

test('after an EOF payload nothing is sent until the first ACK, then everything', async () => {
  const primary = await start('tandem', { args: ['--repl-ping-replica-period', '1'] });
  const { port } = primary.server;
  const replica = await FakeReplica.connect({ port, acksOnline: false });
  assert.equal(replica.snapshotForm, 'eof');
  await primary.client.call('SET', 'a', '1');
  // Long enough for a PING to fall due.
  await sleep(1300);
  assert.equal(replica.stream.length, 0);
  replica.ack(replica.startOffset);
  await replica.waitForCommand('SET a 1', ([name, key]) => name === 'SET' && key === 'a');
  assert.deepEqual(replica.writes.slice(0, 2), [
    ['SELECT', '0'],
    ['SET', 'a', '1'],
  ]);
  replica.close();
});

test('INFO says wait_bgsave of a replica until the last byte of a diskless payload', async () => {
  const primary = await start('tandem', { args: ['--rdb-key-save-delay', '1000'] });
  const value = 'v'.repeat(10_000);
  for (let i = 0; i < 300; i++) await primary.client.call('SET', `k${i}`, value + i);
  await primary.client.call('CONFIG', 'SET', 'rdbcompression', 'no');
  const connecting = FakeReplica.connect({ port: primary.server.port });
  const states = new Set<string>();
  await waitFor('the replica to be online', async () => {
    const { slave0 } = await info(primary.client, 'replication');
    const state = /state=(\w+)/.exec(slave0 ?? '')?.[1];
    if (state !== undefined) states.add(state);
    return state === 'online';
  });
  assert.deepEqual([...states], ['wait_bgsave', 'online']);
  (await connecting).close();
});

test('a replica without the EOF capability gets a length, and the stream at once', async () => {
  const primary = await start('tandem');
  const { port } = primary.server;
  const capabilities = ['psync2'];
  const replica = await FakeReplica.connect({ port, capabilities, acksOnline: false });
  assert.equal(replica.snapshotForm, 'length');
  await primary.client.call('SET', 'a', '1');
  await replica.waitForCommand('SET', ([name]) => name === 'SET');
  replica.close();
});

test('replicas that come together share one snapshot', async () => {
  const primary = await start('tandem', { args: ['--repl-diskless-sync-delay', '1'] });
  const { port } = primary.server;
  await primary.client.call('SET', 'a', 'x'.repeat(100_000));
  const replicas = await Promise.all([0, 1, 2].map(() => FakeReplica.connect({ port })));
  assert.equal(occurrences(primary.server.log, 'Starting BGSAVE for SYNC'), 1);
  assert.equal(new Set(replicas.map(({ startOffset }) => startOffset)).size, 1);
  assert(replicas.every(({ snapshot }) => snapshot.equals(replicas[0].snapshot)));
  assert.equal((await syncs(primary)).full, 3);
  for (const replica of replicas) replica.close();
});

test('the delay ends early once repl-diskless-sync-max-replicas are there', async () => {
  const args = ['--repl-diskless-sync-delay', '60', '--repl-diskless-sync-max-replicas', '2'];
  const primary = await start('tandem', { args });
  const { port } = primary.server;
  const replicas = await within(
    'both replicas',
    Promise.all([0, 1].map(() => FakeReplica.connect({ port }))),
  );
  for (const replica of replicas) replica.close();
});

test('a replica that waits for its snapshot gets keep-alives', async () => {
  const primary = await start('tandem', { args: ['--repl-diskless-sync-delay', '3'] });
  const replica = await FakeReplica.connect({ port: primary.server.port });
  assert(replica.keepAlives >= 1, `${replica.keepAlives} keep-alives`);
  replica.close();
});

test('PSYNC is answered for each reason, and INFO and the log say which', async () => {
  const primary = await start('tandem', { args: ['--repl-backlog-size', '16kb'] });
  const { port } = primary.server;
  const first = await FakeReplica.connect({ port });
  for (let i = 0; i < 40; i++) await primary.client.call('SET', 'a', 'x'.repeat(1000));
  const end = await offsetOf(primary);
  first.close();
  await waitFor('it to be gone', async () => {
    return (await info(primary.client, 'replication')).connected_slaves === '0';
  });
  for (let i = 0; i < 40; i++) await primary.client.call('SET', 'a', 'x'.repeat(1000));
  const { replid } = first;
  const ask = async (resume: { replid: string; offset: number }): Promise<FakeReplica> => {
    const replica = await FakeReplica.connect({ port, resume });
    replica.close();
    return replica;
  };
  const now = await offsetOf(primary);
  assert.equal((await ask({ replid, offset: now })).mode, 'continue');
  assert.equal((await ask({ replid, offset: end - 30_000 })).mode, 'full');
  assert.equal((await ask({ replid, offset: now + 1000 })).mode, 'full');
  assert.equal((await ask({ replid: 'b'.repeat(40), offset: now })).mode, 'full');
  assert.deepEqual(await reasonsOf(primary), {
    requested: '1',
    'offset-too-old': '1',
    'offset-ahead': '1',
    'unknown-replid': '1',
  });
  const wanted = `for lack of backlog (Replica request was: ${end - 30_000 + 1}).`;
  assert(primary.server.log.includes(wanted));
  assert(primary.server.log.includes('greater than the master replication offset'));
  assert(primary.server.log.includes('needed, reason: unknown-replid'));
  const given = await syncs(primary);
  assert.deepEqual(given, { full: 4, partial: 1, refused: 3 });
});

test('repl-backlog-size 0 switches PSYNC off, and replicas stream all the same', async () => {
  const primary = await start('tandem', { args: ['--repl-backlog-size', '0'] });
  const { port } = primary.server;
  const replica = await FakeReplica.connect({ port });
  await primary.client.call('SET', 'a', '1');
  await replica.waitForCommand('SET', ([name]) => name === 'SET');
  const other = await FakeReplica.connect({
    port,
    resume: { replid: replica.replid, offset: replica.offset },
  });
  assert.equal(other.mode, 'full');
  assert.equal((await reasonsOf(primary))['no-backlog'], '1');
  replica.close();
  other.close();
  // Without replicas nothing is counted, so the id must go.
  await waitFor('a new id', async () => {
    return (await info(primary.client, 'replication')).master_replid !== replica.replid;
  });
});

test('the backlog is given up after repl-backlog-ttl, with a new id; never with 0', async () => {
  const primary = await start('tandem', { args: ['--repl-backlog-ttl', '1'] });
  const replica = await FakeReplica.connect({ port: primary.server.port });
  replica.close();
  await primary.server.waitForLog('Replication backlog freed after 1 seconds');
  const fields = await info(primary.client, 'replication');
  assert.equal(fields.repl_backlog_active, '0');
  assert.notEqual(fields.master_replid, replica.replid);
  assert.equal(fields.master_replid2, '0'.repeat(40));
  assert.equal(await primary.client.call('CONFIG', 'SET', 'repl-backlog-ttl', '0'), 'OK');
  const again = await FakeReplica.connect({ port: primary.server.port });
  again.close();
  await sleep(1500);
  assert.equal((await info(primary.client, 'replication')).repl_backlog_active, '1');
});

test('the backlog can be resized while it is in use', async () => {
  const primary = await start('tandem', { args: ['--repl-backlog-size', '1mb'] });
  const { port } = primary.server;
  const replica = await FakeReplica.connect({ port });
  const fill = async (bytes: number): Promise<void> => {
    for (let sent = 0; sent < bytes; sent += 10_000) {
      await primary.client.call('SET', 'a', 'x'.repeat(10_000));
    }
  };
  const histlen = async (): Promise<number> =>
    Number((await info(primary.client, 'replication')).repl_backlog_histlen);
  await fill(2_000_000);
  const resize = async (size: string): Promise<void> => {
    assert.equal(await primary.client.call('CONFIG', 'SET', 'repl-backlog-size', size), 'OK');
  };
  assert((await histlen()) >= 1_048_576);
  await resize('100kb');
  await fill(50_000);
  await waitFor('the rest to be given back', async () => (await histlen()) < 300_000);
  await resize('4mb');
  await fill(3_000_000);
  assert((await histlen()) >= 3_000_000);
  await waitFor('all of it to arrive', async () => replica.offset === (await offsetOf(primary)));
  replica.close();
});

test('a replica that does not read is dropped over its limit; nobody else notices', async () => {
  const args = ['--client-output-buffer-limit', 'replica 2mb 0 0', '--repl-timeout', '600'];
  const primary = await start('tandem', { args });
  const { port } = primary.server;
  const slow = await FakeReplica.connect({ port });
  const quick = await FakeReplica.connect({ port });
  slow.socket.pause();
  const value = 'x'.repeat(50_000);
  // Kernel buffers take some megabytes before the debt begins.
  for (let i = 0; i < 600 && !primary.server.log.includes('output buffer limits'); i++) {
    await primary.client.call('SET', 'a', value);
  }
  await primary.server.waitForLog('overcoming of output buffer limits');
  const line =
    /Client id=\d+ addr=.* flags=S .* omem=(\d+) .* scheduled to be closed ASAP for overcoming/;
  const owed = Number(line.exec(primary.server.log)?.[1]);
  // The limit counts a piece of the stream until the kernel has taken all of it, `omem` does not.
  const limit = 2 * 1024 ** 2;
  assert(owed > limit - REPLY_BUFFER_BYTES && owed < limit + 200_000, `dropped at ${owed} bytes`);
  await waitFor('only one to be left', async () => {
    return (await info(primary.client, 'replication')).connected_slaves === '1';
  });
  const end = await offsetOf(primary);
  await waitFor('the other to have all', () => quick.offset >= end);
  slow.close();
  quick.close();
});

test('WAITAOF counts replicas that have the last write of its client on disk', async () => {
  const primary = await start('tandem');
  const replica = await FakeReplica.connect({ port: primary.server.port });
  await primary.client.call('SET', 'a', '1');
  assert.deepEqual(await primary.client.call('WAITAOF', '0', '1', '20'), [0, 0]);
  const waiting = primary.client.call('WAITAOF', '0', '1', '5000');
  await replica.waitForCommand('GETACK', ([, what]) => what === 'GETACK');
  // Executed is not on disk.
  replica.ack();
  const offset = String(replica.offset);
  replica.send('REPLCONF', 'ACK', offset, 'FACK', offset);
  assert.deepEqual(await waiting, [0, 1]);
  replica.close();
});

for (const kind of ['tandem', 'redis'] as const) {
  const skip = kind === 'redis' ? skipWithoutRedis : false;

  test(`${kind}: the limit is no matter of a snapshot that leaves slowly`, { skip }, async () => {
    const args = ['--client-output-buffer-limit', 'replica 0 1kb 1', '--rdbcompression', 'no'];
    const primary = await start(kind, { args });
    const value = 'x'.repeat(1_000_000);
    for (let i = 0; i < 16; i++) await primary.client.call('SET', `k${i}`, value);
    const proxy = await untilTestEnds(TcpProxy.start({ targetPort: primary.server.port }));
    const connecting = FakeReplica.connect({ port: proxy.port });
    await waitFor('the payload to begin', () => proxy.bytes.down > 100_000);
    proxy.freeze('down');
    // Twice what the soft limit would bear.
    await sleep(2500);
    proxy.thaw('down');
    const replica = await connecting;
    assert(!primary.server.log.includes('output buffer limits'), primary.server.log);
    replica.close();
  });

  test(`${kind}: what slow replicas are owed does not count towards maxmemory`, {
    skip,
  }, async () => {
    const args = ['--client-output-buffer-limit', 'replica 0 0 0', '--maxmemory', '9mb'];
    const primary = await start(kind, { args });
    const replica = await FakeReplica.connect({ port: primary.server.port });
    replica.socket.pause();
    const memory = async (name: string): Promise<number> =>
      Number((await info(primary.client, 'memory'))[name]);
    const value = 'x'.repeat(100_000);
    // Kernel buffers take some megabytes before anything is owed.
    for (let i = 0; (await memory('mem_not_counted_for_evict')) < 12_000_000; i++) {
      assert.equal(await primary.client.call('SET', 'a', value), 'OK');
      assert(i < 600, 'nothing is left out');
    }
    assert((await memory('used_memory')) > 9 * 1024 ** 2);
    assert((await memory('mem_clients_slaves')) > 10_000_000);
    assert((await memory('mem_replication_backlog')) < 1_500_000);
    const line = String(await primary.client.call('CLIENT', 'LIST', 'TYPE', 'replica'));
    assert(Number(/ omem=(\d+) /.exec(line)?.[1]) > 10_000_000, line);
    replica.close();
  });

  test(`${kind}: the backlog counts towards maxmemory up to its size`, { skip }, async () => {
    const args = ['--repl-backlog-size', '20mb', '--maxmemory', '9mb'];
    const primary = await start(kind, { args });
    const replica = await FakeReplica.connect({ port: primary.server.port });
    const value = 'x'.repeat(100_000);
    let reply: unknown = 'OK';
    for (let i = 0; i < 150 && reply === 'OK'; i++) {
      reply = await primary.client.call('SET', 'a', value);
    }
    assert.match(String(reply), /OOM/);
    replica.close();
  });
}

test('one value larger than the backlog and the limit reaches a replica whole', async () => {
  const args = ['--client-output-buffer-limit', 'replica 1mb 0 0', '--repl-backlog-size', '64kb'];
  const primary = await start('tandem', { args });
  const replica = await FakeReplica.connect({ port: primary.server.port });
  const value = Buffer.alloc(8 * 1024 * 1024, 'ab');
  assert.equal(await primary.client.call('SET', 'huge', value), 'OK');
  await waitFor('the whole value', () => replica.commands.some(([, key]) => key === 'huge'), {
    timeoutMs: 20_000,
  });
  assert(!replica.isClosed);
  // What it took is given back once the replica has it.
  await primary.client.call('SET', 'small', '1');
  await waitFor('the memory to be given back', async () => {
    const { repl_backlog_histlen } = await info(primary.client, 'replication');
    return Number(repl_backlog_histlen) < 1_000_000;
  });
  replica.close();
});

test('a replica that falls silent is dropped after repl-timeout', async () => {
  const primary = await start('tandem', { args: ['--repl-timeout', '1'] });
  const replica = await FakeReplica.connect({
    port: primary.server.port,
    capabilities: ['psync2'],
    acksOnline: false,
  });
  await primary.server.waitForLog('Disconnecting timedout replica (streaming sync): 127.0.0.1:1');
  await waitFor('the connection to end', () => replica.isClosed);
});

test('WAIT counts replicas that have acknowledged the last write of its client', async () => {
  const primary = await start('tandem');
  const replica = await FakeReplica.connect({ port: primary.server.port });
  await primary.client.call('SET', 'a', '1');
  const waiting = primary.client.call('WAIT', '1', '5000');
  await replica.waitForCommand(
    'GETACK',
    ([name, what]) => name === 'REPLCONF' && what === 'GETACK',
  );
  // The offset before the GETACK itself covers the write.
  replica.ack(replica.offset - '*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n'.length);
  assert.equal(await waiting, 1);
  assert.equal(await primary.client.call('WAIT', '2', '50'), 1);
  replica.close();
});

for (const kind of ['tandem', 'redis'] as const) {
  const skip = kind === 'redis' ? skipWithoutRedis : false;
  test(`${kind}: REPLICAOF ends clients in WAIT; paused ones are refused later`, {
    skip,
  }, async () => {
    const server = await start(kind);
    const [waiting, paused] = [await server.server.connect(), await server.server.connect()];
    // What follows in the pipeline is not executed any more.
    waiting.raw('SET a 1\r\nWAIT 1 0\r\nSET a 2\r\n');
    assert.equal((await waiting.nextReply()).type, 'simple');
    const isBlocked = async (count: number): Promise<boolean> =>
      (await info(server.client, 'clients')).blocked_clients === String(count);
    await waitFor('WAIT to block', () => isBlocked(1));
    await server.client.call('CLIENT', 'PAUSE', '100000', 'WRITE');
    const refused = paused.call('SET', 'b', '1');
    await waitFor('the write to be postponed', () => isBlocked(2));
    const ended = waiting.nextReply();
    assert.equal(await server.client.call('REPLICAOF', '127.0.0.1', '1'), 'OK');
    assert.match(
      String(plain(await ended)),
      /UNBLOCKED force unblock from blocking operation, instance state changed \(master -> rep/,
    );
    await within('the connection to end', waiting.closed);
    assert(await isBlocked(1), 'who is postponed goes on waiting');
    await server.client.call('CLIENT', 'UNPAUSE');
    assert.match(String(await refused), /READONLY/);
    assert.equal(await server.client.call('GET', 'a'), '1');
    assert.match((await info(server.client, 'errorstats')).errorstat_UNBLOCKED, /^count=1/);
  });
}

test('min-replicas-to-write refuses writes while replicas lag', async () => {
  const args = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '1'];
  const primary = await start('tandem', { args });
  const refused = /NOREPLICAS/;
  const write = async (): Promise<string> => {
    const reply = await primary.client.call('SET', 'a', '1');
    return reply instanceof Error ? reply.message : String(reply);
  };
  assert.match(await write(), refused);
  const replica = await FakeReplica.connect({ port: primary.server.port });
  await waitFor('writes to pass', async () => (await write()) === 'OK');
  await waitFor('writes to be refused again', async () => refused.test(await write()));
  replica.close();
});

test('ROLE and INFO show the announced address, the state and the lag', async () => {
  const primary = await start('tandem');
  const { port } = primary.server;
  const replica = await start('tandem', {
    args: [
      ...['--replica-announce-ip', '10.9.8.7', '--replica-announce-port', '7777'],
      ...['--replicaof', '127.0.0.1', String(port)],
    ],
  });
  await waitForLink(replica);
  await primary.client.call('SET', 'a', '1');
  const offset = await offsetOf(primary);
  await waitFor('its ACK', async () => {
    const { slave0 = '' } = await info(primary.client, 'replication');
    return slave0 === `ip=10.9.8.7,port=7777,state=online,offset=${offset},lag=0`;
  });
  assert.deepEqual(await primary.client.call('ROLE'), [
    'master',
    offset,
    [['10.9.8.7', '7777', String(offset)]],
  ]);
});

/** Runs redis-cli to its end, or for so long. */
function redisCli(args: readonly string[], killAfterMs = 20_000): Promise<string> {
  return new Promise((resolve) => {
    execFile('redis-cli', args, { timeout: killAfterMs }, (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}

test('redis-cli --rdb, --functions-rdb and --replica', { skip: skipWithoutRedis }, async () => {
  const primary = await start('tandem');
  const port = String(primary.server.port);
  const dir = mkdtempSync(join(tmpdir(), 'redis-cli-'));
  await primary.client.call('SET', 'a', 'x'.repeat(200_000));
  const file = join(dir, 'copy.rdb');
  const output = await redisCli(['-p', port, '--rdb', file]);
  assert(existsSync(file), output);
  const copy = readFileSync(file);
  assert.equal(copy.subarray(0, 5).toString(), 'REDIS');
  assert(copy.length < 200_000 && copy.includes('repl-id'), 'compressed, with its history');
  const empty = join(dir, 'functions.rdb');
  await redisCli(['-p', port, '--functions-rdb', empty]);
  assert.equal(readFileSync(empty).subarray(0, 5).toString(), 'REDIS');
  const watching = redisCli(['-p', port, '--replica'], 2500);
  await waitFor('redis-cli to be a replica', async () => {
    const { slave0 = '' } = await info(primary.client, 'replication');
    return slave0.includes('state=online');
  });
  await primary.client.call('SET', 'seen', 'by redis-cli');
  assert.match(await watching, /"SET","seen","by redis-cli"/);
  rmSync(dir, { recursive: true });
});

test('an inline SYNC is served as old replicas expect it', async () => {
  const primary = await start('tandem');
  await primary.client.call('SET', 'a', '1');
  const client = await RespClient.connect({ port: primary.server.port });
  let received = '';
  client.socket.removeAllListeners('data');
  client.socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  client.raw('SYNC\r\n');
  await waitFor('the payload', () => /^\n*\$\d+\r\nREDIS00/.test(received));
  await primary.client.call('SET', 'b', '2');
  await waitFor('the stream', () => received.endsWith('*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n'));
  client.close();
});
