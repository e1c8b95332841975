/*
 * What a Tandem replica does with its primary, which is made of test code here: handshake, ACKs,
 * odd answers, a stream that holds what it does not know.
 */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EMPTY_RDB, FakePrimary, type FakePrimaryOptions } from '../helpers/fake-primary.js';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import { listenOnLoopback } from '../helpers/ports.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { untilTestEnds } from '../helpers/started.js';
import { waitFor } from '../helpers/wait-for.js';
import { type Actor, crashAndRestart, follow, start, waitForLink } from './cast.js';

async function startPair(options: FakePrimaryOptions = {}, args: readonly string[] = []) {
  const primary = await untilTestEnds(FakePrimary.start(options));
  const replica = await start('tandem', { args });
  await follow(replica, primary.port);
  return { primary, replica };
}

async function offsetOf(replica: Actor): Promise<number> {
  return Number((await info(replica.client, 'replication')).slave_repl_offset);
}

for (const form of ['length', 'eof'] as const) {
  test(`a replica loads a payload of the form ${form} and acknowledges`, async () => {
    const { primary, replica } = await startPair({ form, offset: 5000 });
    await waitForLink(replica);
    await waitFor('the first ACK', () => primary.acks.length > 0);
    assert.equal(primary.acks[0], 5000);
    primary.stream('SELECT', '0');
    primary.stream('SET', 'a', '1');
    await waitFor('the write', async () => (await replica.client.call('GET', 'a')) === '1');
    await waitFor('its ACK', () => primary.acks.at(-1) === primary.offset);
  });
}

test('the handshake tells port, address and capabilities, and uses the password', async () => {
  const args = ['--masteruser', 'u', '--masterauth', 'secret', '--replica-announce-ip', '10.1.2.3'];
  const { primary, replica } = await startPair({}, [...args, '--replica-announce-port', '4242']);
  await waitForLink(replica);
  assert.deepEqual(primary.requests.slice(0, 5), [
    ['PING'],
    ['AUTH', 'u', 'secret'],
    ['REPLCONF', 'listening-port', '4242'],
    ['REPLCONF', 'ip-address', '10.1.2.3'],
    ['REPLCONF', 'capa', 'eof', 'capa', 'psync2'],
  ]);
});

test('the connection to the primary comes from bind-source-addr', async () => {
  const { primary, replica } = await startPair({}, ['--bind-source-addr', '127.0.0.2']);
  await waitForLink(replica);
  assert.equal(primary.links[0].socket.remoteAddress, '127.0.0.2');
});

for (const kind of ['tandem', 'redis'] as const) {
  const skip = kind === 'redis' && skipWithoutRedis;
  test(`${kind}: CLIENT LIST shows the link to the primary as a connection`, { skip }, async () => {
    const primary = await untilTestEnds(FakePrimary.start());
    const replica = await start(kind);
    await follow(replica, primary.port);
    await waitForLink(replica);
    const line = String(await replica.client.call('CLIENT', 'LIST', 'TYPE', 'master'));
    assert.match(
      line,
      new RegExp(` addr=127.0.0.1:${primary.port} laddr=127.0.0.1:[0-9]+ fd=[1-9]`),
    );
    assert.match(line, / flags=M .* events=r .* user=\(superuser\) /);
  });
}

test('CLIENT PAUSE on a replica holds the stream, and nothing of it is lost', async () => {
  const { primary, replica } = await startPair();
  await waitForLink(replica);
  primary.stream('SELECT', '0');
  primary.stream('SET', 'a', '1');
  await waitFor('the write', async () => (await replica.client.call('GET', 'a')) === '1');
  const applied = await offsetOf(replica);
  await replica.client.call('CLIENT', 'PAUSE', '100000', 'WRITE');
  // More than may wait in memory.
  const value = 'x'.repeat(300_000);
  for (let i = 0; i < 20; i++) primary.stream('SET', 'a', `${i}${value}`);
  await waitFor('bytes to arrive', async () => {
    const { slave_read_repl_offset } = await info(replica.client, 'replication');
    return Number(slave_read_repl_offset) > applied;
  });
  assert.equal(await replica.client.call('GET', 'a'), '1');
  assert.equal(await offsetOf(replica), applied);
  await replica.client.call('CLIENT', 'UNPAUSE');
  await waitFor('the rest', async () => (await offsetOf(replica)) === primary.offset);
  assert.equal(await replica.client.call('GET', 'a'), `19${value}`);
});

test('what the primary sends is applied whatever maxmemory and its exception say', async () => {
  const args = ['--maxmemory', '1', '--replica-ignore-maxmemory', 'no'];
  const { primary, replica } = await startPair({}, args);
  await waitForLink(replica);
  primary.stream('SELECT', '0');
  primary.stream('SET', 'a', '1');
  await waitFor('the write', async () => (await replica.client.call('GET', 'a')) === '1');
  assert.equal((await info(replica.client, 'replication')).tandem_data_complete, 'yes');
});

test('GETACK is answered with the offset before it', async () => {
  const { primary, replica } = await startPair();
  await waitForLink(replica);
  primary.stream('SET', 'a', '1');
  const before = primary.offset;
  const known = primary.acks.length;
  primary.stream('REPLCONF', 'GETACK', '*');
  await waitFor('the answer', () => primary.acks.slice(known).includes(before));
  await waitFor('the next ACK to count it', () => primary.acks.includes(primary.offset));
});

test('an unknown command is logged, counted and passed on; INFO says so', async () => {
  const { primary, replica } = await startPair();
  await waitForLink(replica);
  const below = await FakeReplica.connect({ port: replica.server.port });
  assert.equal((await info(replica.client, 'replication')).tandem_data_complete, 'yes');
  primary.stream('SELECT', '0');
  primary.stream('HYPERSET', 'a', '1');
  primary.stream('SET', 'b', '2');
  await waitFor('the write after it', async () => (await replica.client.call('GET', 'b')) === '2');
  const fields = await info(replica.client, 'all');
  assert.equal(fields.tandem_data_complete, 'no');
  assert.equal(fields.tandem_failed_stream_commands, '1');
  assert.equal(fields.unexpected_error_replies, '1');
  assert.match(
    replica.server.log,
    /== CRITICAL == This replica is sending an error to its master: 'unknown command 'HYPERSET'/,
  );
  await below.waitForCommand('HYPERSET', ([name]) => name === 'HYPERSET');
  assert.equal(await offsetOf(replica), primary.offset);
  below.close();
});

for (const kind of ['tandem', 'redis'] as const) {
  test(`${kind}: what the log says of errors in the stream`, {
    skip: kind === 'redis' && skipWithoutRedis,
  }, async () => {
    const primary = await untilTestEnds(FakePrimary.start());
    const replica = await start(kind);
    await follow(replica, primary.port);
    await waitForLink(replica);
    primary.stream('SELECT', '0');
    const cases: [request: string[], text: string, name: string][] = [
      [['NO\r\nNE', 'a'], "unknown command 'NO  NE', with args beginning with: 'a' ", '<unknown>'],
      [['CONFIG', 'NONE'], "unknown subcommand 'NONE'. Try CONFIG HELP.", '<unknown>'],
      [['SET', 'a'], "wrong number of arguments for 'set' command", 'set'],
      [['SET', 'a', 'b', 'c'], '-ERR syntax error', 'set'],
      [['RENAME', 'none', 'b'], '-ERR no such key', 'rename'],
      [['COPY', 'a', 'a'], '-ERR source and destination objects are the same', 'copy'],
      [['SELECT', '99'], 'DB index is out of range', 'select'],
      [['EXEC'], 'EXEC without MULTI', 'exec'],
    ];
    for (const [request] of cases) primary.stream(...request);
    primary.stream('SET', 'last', '1');
    await waitFor('the last', async () => (await replica.client.call('GET', 'last')) === '1');
    await replica.server.waitForLog("after processing the command 'exec'");
    const critical =
      /== CRITICAL == This replica is sending an error to its master: ('.*' after .*)/g;
    assert.deepEqual(
      [...replica.server.log.matchAll(critical)].map(([, rest]) => rest),
      cases.map(([, text, name]) => `'${text}' after processing the command '${name}'`),
    );
  });
}

test('that data are incomplete outlasts a restart, and a full sync from there', async () => {
  const { primary, replica } = await startPair();
  await waitForLink(replica);
  primary.stream('HYPERSET', 'a', '1');
  const count = async (actor: Actor) =>
    (await info(actor.client, 'replication')).tandem_failed_stream_commands;
  await waitFor('it to fail', async () => (await count(replica)) === '1');
  await replica.client.call('REPLICAOF', 'NO', 'ONE');
  const below = await start('tandem');
  await follow(below, replica.server.port);
  await waitForLink(below);
  assert.equal(await count(below), '1');
  await replica.client.call('SAVE');
  await crashAndRestart(replica);
  assert.equal(await count(replica), '1');
});

test('propagation-error-behavior panic ends the replica instead', async () => {
  const args = ['--propagation-error-behavior', 'panic'];
  const { primary, replica } = await startPair({}, args);
  await waitForLink(replica);
  primary.stream('HYPERSET', 'a', '1');
  await waitFor('the end', () => !replica.server.isRunning);
  assert.equal(replica.server.endSignal, 'SIGABRT');
  const guru = /Guru Meditation: This replica panicked sending an error to its master after /;
  assert.match(replica.server.log, guru);
});

test('a transaction that the link cuts is applied whole after the resync', async () => {
  const { primary, replica } = await startPair();
  await waitForLink(replica);
  primary.stream('SELECT', '0');
  primary.stream('MULTI');
  primary.stream('INCR', 'n');
  const { offset } = primary;
  await waitFor('it to have been read', async () => {
    const fields = await info(replica.client, 'replication');
    return Number(fields.slave_read_repl_offset) === offset;
  });
  assert((await offsetOf(replica)) < offset, 'an open transaction does not count');
  primary.cut();
  await waitForLink(replica);
  primary.stream('INCR', 'n');
  primary.stream('EXEC');
  await waitFor('the transaction', async () => (await replica.client.call('GET', 'n')) === '2');
  const last = primary.requests.filter(([name]) => name === 'PSYNC').at(-1);
  assert.equal(last?.[1], primary.replid);
});

test('a primary that is loading, or has no link itself, is asked again', async () => {
  for (const answer of ['-LOADING not yet\r\n', '-NOMASTERLINK not yet\r\n']) {
    let refusals = 2;
    const { replica } = await startPair({
      onRequest: ([name]) => (name === 'PSYNC' && refusals-- > 0 ? answer : null),
    });
    await waitForLink(replica);
    assert(replica.server.log.includes('Master is currently unable to PSYNC but should be'));
  }
});

/** A primary of the time before PSYNC: requests are told apart by their words only. */
async function startOldPrimary() {
  let received = '';
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      received += text;
      if (text.includes('PING')) socket.write('+PONG\r\n');
      for (const _ of text.matchAll(/REPLCONF\r\n\$\d+\r\n(?:listening-port|capa)/g)) {
        socket.write("-ERR unknown command 'REPLCONF'\r\n");
      }
      if (text.includes('PSYNC')) socket.write("-ERR unknown command 'PSYNC'\r\n");
      if (text.endsWith('SYNC\r\n') && !text.includes('PSYNC')) {
        socket.write(Buffer.concat([Buffer.from(`$${EMPTY_RDB.length}\r\n`), EMPTY_RDB]));
        socket.write('*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n');
      }
    });
  });
  return { server, port: await listenOnLoopback(server), received: () => received };
}

test('a primary that does not know PSYNC is asked with SYNC, and gets no ACKs', async () => {
  const { server, port, received } = await startOldPrimary();
  const replica = await start('tandem');
  await follow(replica, port);
  await replica.server.waitForLog('Retrying with SYNC...');
  await waitForLink(replica);
  await waitFor('the write', async () => (await replica.client.call('GET', 'a')) === '1');
  await sleep(1500);
  assert(!received().includes('ACK'));
  server.close();
});

test('+CONTINUE with another id renames the history', async () => {
  const other = 'c'.repeat(40);
  let isSecond = false;
  const { primary, replica } = await startPair({
    onRequest: ([name], link) => {
      if (name !== 'PSYNC' || !isSecond) return null;
      link.isOnline = true;
      return `+CONTINUE ${other}\r\n`;
    },
  });
  await waitForLink(replica);
  primary.stream('SET', 'a', '1');
  await waitFor('the write', async () => (await offsetOf(replica)) === primary.offset);
  isSecond = true;
  primary.cut();
  await replica.server.waitForLog(`Master replication ID changed to ${other}`);
  await waitForLink(replica);
  const fields = await info(replica.client, 'replication');
  assert.equal(fields.master_replid, other);
  assert.equal(fields.master_replid2, primary.replid);
  assert.equal(fields.second_repl_offset, String(primary.offset + 1));
});

test('a payload that is no RDB leaves the old data served, and is asked for again', async () => {
  const { primary, replica } = await startPair({ snapshot: Buffer.from('this is no RDB at all') });
  await replica.server.waitForLog('Failed trying to load the MASTER synchronization DB');
  await waitFor('another attempt', () => primary.links.length >= 2);
  assert.equal((await info(replica.client, 'replication')).master_link_status, 'down');
  assert.equal(await replica.client.call('DBSIZE'), 0);
});

test('without its link a replica refuses syncs, and reads unless they may be stale', async () => {
  const { primary, replica } = await startPair();
  await waitForLink(replica);
  await primary.stop();
  await waitFor('the link to be down', async () => {
    return (await info(replica.client, 'replication')).master_link_status === 'down';
  });
  const refused = await replica.client.call('PSYNC', '?', '-1');
  assert.match(String(refused), /NOMASTERLINK/);
  assert.equal(await replica.client.call('GET', 'a'), null);
  await replica.client.call('CONFIG', 'SET', 'replica-serve-stale-data', 'no');
  assert.match(String(await replica.client.call('GET', 'a')), /MASTERDOWN/);
  assert.match(String(await replica.client.call('SET', 'a', '1')), /READONLY|MASTERDOWN/);
});

test('REPLICAOF the same primary again changes nothing', async () => {
  const { primary, replica } = await startPair();
  await waitForLink(replica);
  assert.equal(
    await replica.client.call('REPLICAOF', '127.0.0.1', primary.port),
    'OK Already connected to specified master',
  );
  assert.equal(primary.links.length, 1);
  assert.deepEqual(await replica.client.call('ROLE'), [
    'slave',
    '127.0.0.1',
    primary.port,
    'connected',
    primary.offset,
  ]);
});
