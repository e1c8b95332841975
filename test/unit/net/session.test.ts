/*
 * Sessions over real loopback sockets: batches, pieces, pipelines, waiting, ending, and peers that
 * misbehave. The handler is a fake; what is tested is what happens to bytes.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';
import { READ_BUFFER_BYTES, SUSPENDED_INPUT_BYTES_MAX } from '../../../src/limits.js';
import { CONTINUE } from '../../../src/net/request-handler.js';
import { waitFor } from '../../helpers/wait-for.js';
import { FakeServer, openSession } from './fake-server.js';

let server: FakeServer;
before(async () => {
  server = await FakeServer.start();
});
after(() => server.listener.close());
beforeEach(() => {
  server.batches.length = 0;
  server.log.length = 0;
  server.closed.length = 0;
});

const open = () => openSession(server);

test('a pipeline is one batch and one write', async () => {
  const { socket, received } = await open();
  const { writesProcessed } = server.counters;
  server.isTimeless = true;
  socket.write('PING\r\n'.repeat(500));
  assert.equal(await received.until(500 * 7), '+PONG\r\n'.repeat(500));
  server.isTimeless = false;
  assert.deepEqual(server.batches, [500]);
  assert.equal(server.counters.writesProcessed - writesProcessed, 1);
  socket.destroy();
});

test('a request byte by byte', async () => {
  const { socket, received } = await open();
  socket.setNoDelay(true);
  for (const byte of '*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n') {
    socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await received.until(11), '$5\r\nhello\r\n');
  socket.destroy();
});

test('a value of 20 MB goes in and comes out whole', async () => {
  const { socket, received, session } = await open();
  const value = Buffer.alloc(20_000_000, 'abcdefghijk');
  received.keepsText = false;
  const parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => parts.push(chunk));
  socket.write(`PING\r\n*2\r\n$4\r\nECHO\r\n$${value.length}\r\n`);
  socket.write(value);
  socket.write('\r\nPING\r\n');
  await received.until(7 + 11 + value.length + 2 + 7);
  const all = Buffer.concat(parts);
  assert.equal(all.subarray(0, 18).toString(), '+PONG\r\n$20000000\r\n');
  assert(all.subarray(18, 18 + value.length).equals(value));
  assert.equal(all.subarray(18 + value.length).toString(), '\r\n+PONG\r\n');
  assert.equal(session.queryBufferFreeBytes, 0, 'nothing is kept of it');
  socket.destroy();
});

test('a long pipeline of slow commands does not keep others waiting', async () => {
  const greedy = await open();
  const patient = await open();
  let burned = 0;
  server.commands.set('BURN', (_client, _args, reply) => {
    const untilMs = performance.now() + 1;
    while (performance.now() < untilMs);
    burned++;
    reply.ok();
    return CONTINUE;
  });
  // A second of work in one read.
  const total = 1000;
  greedy.socket.write('BURN\r\n'.repeat(total));
  await waitFor('it to begin', () => burned > 0);
  let mostMeanwhile = 0;
  while (burned < total) {
    const before = burned;
    patient.socket.write('PING\r\n');
    await patient.received.until(patient.received.bytes + 7);
    mostMeanwhile = Math.max(mostMeanwhile, burned - before);
  }
  // Counted, not timed: a loaded machine burns no faster. A PING takes a few turns there and back.
  assert(mostMeanwhile <= 64, `${mostMeanwhile} slow commands during one PING`);
  await greedy.received.until(5 * total);
  greedy.socket.destroy();
  patient.socket.destroy();
});

test('a blocked client is answered from outside, its next requests come after', async () => {
  const { socket, received, session } = await open();
  socket.write('PING\r\nWAITHERE\r\nPING\r\n');
  await received.until(7);
  socket.write('PING\r\n');
  await waitFor('the input to wait', () => session.queryBufferBytes === 12);
  session.writeReply((reply) => reply.integer(1));
  server.release();
  assert.equal(await received.until(7 + 4 + 14), '+PONG\r\n:1\r\n+PONG\r\n+PONG\r\n');
  assert.equal(session.queryBufferBytes, 0);
  socket.destroy();
});

test('a postponed request is offered again', async () => {
  const { socket, received, session } = await open();
  socket.write('PING\r\nPARK\r\nPING\r\n');
  await received.until(7);
  await waitFor('the request to wait', () => session.queryBufferBytes === 12);
  server.release();
  assert.equal(await received.until(7 + 11 + 7), '+PONG\r\n+UNPARKED\r\n+PONG\r\n');
  socket.destroy();
});

test('what comes for a blocked client is bounded, and none of it is lost', async () => {
  const { socket, received, session } = await open();
  received.keepsText = false;
  socket.write('WAITHERE\r\n');
  const count = 1_000_000;
  socket.write('PING\r\n'.repeat(count));
  await waitFor('it to fill', () => session.queryBufferBytes >= SUSPENDED_INPUT_BYTES_MAX);
  assert(session.queryBufferBytes <= SUSPENDED_INPUT_BYTES_MAX + READ_BUFFER_BYTES);
  server.release();
  await received.until(count * 7, 20_000);
  assert.equal(received.bytes, count * 7);
  socket.destroy();
});

test('a blocked client that leaves is noticed', async () => {
  const { socket, client, closedCount } = await open();
  socket.write('WAITHERE\r\n');
  await waitFor('it to block', () => client.blocked);
  socket.destroy();
  await waitFor('it to be gone', () => closedCount() === 1);
});

test('a protocol error is answered after earlier requests, logged, and the end', async () => {
  const { socket, received, client, closedCount } = await open();
  socket.write('PING\r\n*1\r\nx\r\nPING\r\n');
  await received.ended;
  assert.equal(received.text, "+PONG\r\n-ERR Protocol error: expected '$', got 'x'\r\n");
  const line = server.log.find((text) => text.startsWith('Protocol error'));
  const { id } = client;
  assert.equal(
    line,
    `Protocol error (expected $ but got something else) from client: id=${id}. ` +
      "Query buffer during protocol error: '*1..x..PING..'",
  );
  assert.equal(server.errors.at(-1), "ERR Protocol error: expected '$', got 'x'");
  await waitFor('one onClosed', () => closedCount() === 1);
});

test('limits before AUTH end with it, within one pipeline', async () => {
  server.isAuthenticated = false;
  const first = await open();
  first.socket.write(`*11\r\n${'$1\r\na\r\n'.repeat(11)}`);
  await first.received.ended;
  assert.equal(first.received.text, '-ERR Protocol error: unauthenticated multibulk length\r\n');
  const second = await open();
  second.socket.write(`AUTH x\r\n*11\r\n$5\r\nCOUNT\r\n${'$1\r\na\r\n'.repeat(10)}`);
  assert.equal(await second.received.until(10), '+OK\r\n:11\r\n');
  server.isAuthenticated = true;
  second.socket.destroy();
});

test('QUIT: its reply, then the end, and nothing after it is executed', async () => {
  const { socket, received } = await open();
  socket.write('PING\r\nQUIT\r\nPING\r\n');
  await received.ended;
  assert.equal(received.text, '+PONG\r\n+OK\r\n');
});

test('QUIT after a long reply delivers all of it', async () => {
  const { socket, received, session } = await open();
  received.keepsText = false;
  socket.pause();
  socket.write('BIG 30000000\r\nQUIT\r\n');
  await waitFor('it to be written', () => session.outputBytes > 0);
  socket.resume();
  await received.ended;
  assert.equal(received.bytes, 30_000_000 + 11 + 2 + 5);
});

test('a session destroyed by its own request ends there', async () => {
  const { socket, received, closedCount } = await open();
  socket.write('KILLME\r\nPING\r\n');
  await received.ended;
  assert.equal(received.text, '');
  assert.equal(closedCount(), 1);
});

test('a reset in the middle of a reply is an ordinary end', async () => {
  const { socket, session, closedCount } = await open();
  socket.pause();
  socket.write('BIG 30000000\r\n');
  await waitFor('it to be written', () => session.outputBytes > 0);
  socket.resetAndDestroy();
  await waitFor('it to be gone', () => closedCount() === 1);
});

test('a peer that ends while replies wait is gone at once', async () => {
  const { socket, session, closedCount } = await open();
  socket.pause();
  socket.write('BIG 30000000\r\n');
  await waitFor('it to be written', () => session.outputBytes > 0);
  socket.end();
  await waitFor('it to be gone', () => closedCount() === 1);
  socket.destroy();
});

test('empty lines reach the handler, and wake nobody else', async () => {
  const { socket, received } = await open();
  server.emptyLines = 0;
  socket.write('\n\r\nPING\r\n');
  await received.until(7);
  assert.equal(server.emptyLines, 2);
  socket.destroy();
});

test('a client that sends and never reads is dropped, with the log line, alone', async () => {
  const other = await open();
  server.settings.outputLimits.normal = { hardBytes: 1_000_000, softBytes: 0, softSeconds: 0 };
  const { socket, client, session, closedCount } = await open();
  const { id } = client;
  socket.pause();
  let mostBytes = 0;
  while (closedCount() === 0) {
    socket.write('BIG 10000\r\n'.repeat(10));
    mostBytes = Math.max(mostBytes, session.outputBytes);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert(mostBytes <= 1_000_000 + 100_000);
  const reason = 'for overcoming of output buffer limits.';
  const line = `Client id=${id} scheduled to be closed ASAP ${reason}`;
  assert.equal(server.log.filter((text) => text === line).length, 1);
  assert.equal(server.counters.outputBufferLimitDisconnections, 1);
  server.settings.outputLimits.normal = { hardBytes: 0, softBytes: 0, softSeconds: 0 };
  other.socket.write('PING\r\n');
  await other.received.until(7);
  other.socket.destroy();
  socket.destroy();
});

test('replies of one batch that are over the hard limit: none of them leaves', async (t) => {
  server.settings.outputLimits.normal = { hardBytes: 100_000, softBytes: 0, softSeconds: 0 };
  // A turn that ends in the middle of the batch lets its replies go.
  server.isTimeless = true;
  t.after(() => {
    server.settings.outputLimits.normal = { hardBytes: 0, softBytes: 0, softSeconds: 0 };
    server.isTimeless = false;
  });
  const fine = await open();
  fine.socket.write('BIG 10000\r\n'.repeat(9));
  await fine.received.until(9 * 10_010);
  assert.equal(fine.closedCount(), 0);
  for (const requests of ['BIG 10000\r\n'.repeat(15), 'BIG 200000\r\n']) {
    const { socket, received, closedCount } = await open();
    socket.write(requests);
    await waitFor('the end', () => closedCount() === 1 && socket.destroyed);
    assert.equal(received.bytes, 0);
  }
  fine.socket.destroy();
});

test('small replies to a client that never reads hold little memory', async () => {
  const { socket, session } = await open();
  socket.pause();
  socket.write('BIG 20000000\r\n');
  await waitFor('it to be written', () => session.outputBytes > 0);
  const { outputChunks, outputBytes } = session;
  for (let i = 0; i < 1000; i++) {
    socket.write('PING\r\n');
    await new Promise((resolve) => setImmediate(resolve));
  }
  await waitFor('all replies', () => session.outputBytes === outputBytes + 7000);
  assert(session.outputChunks <= outputChunks + 1);
  socket.destroy();
});

test('idle clients are closed, blocked ones are not', async () => {
  const idle = await open();
  const blocked = await open();
  blocked.socket.write('WAITHERE\r\n');
  await waitFor('it to block', () => blocked.client.blocked);
  server.settings.idleSeconds = 5;
  server.listener.sweep();
  assert.equal(idle.closedCount(), 0);
  server.skewMs = 6000;
  server.listener.sweep();
  await idle.received.ended;
  assert(server.log.includes('Closing idle client'));
  assert.deepEqual([idle.closedCount(), blocked.closedCount()], [1, 0]);
  server.skewMs = 0;
  server.settings.idleSeconds = 0;
  blocked.socket.destroy();
});

test('more input than client-query-buffer-limit is the end, logged', async () => {
  server.settings.queryBufferBytesMax = 1_000_000;
  const { socket, received, client } = await open();
  const { id } = client;
  socket.write(`*2\r\n$4\r\nECHO\r\n$2000000\r\n${'x'.repeat(2_000_000)}\r\n`);
  await received.ended;
  assert.equal(server.counters.queryBufferLimitDisconnections, 1);
  server.settings.queryBufferBytesMax = 1024 ** 3;
  const initial = `*2\\r\\n$4\\r\\nECHO\\r\\n$2000000\\r\\n${'x'.repeat(40)}`;
  assert(
    server.log.includes(
      `Closing client that reached max query buffer length: id=${id} (qbuf initial bytes: ` +
        `"${initial}")`,
    ),
    server.log.join('\n'),
  );
});

test('an announced length alone costs little memory', async () => {
  const { socket, session } = await open();
  socket.write('*2\r\n$4\r\nECHO\r\n$500000000\r\nabc');
  await waitFor('it to arrive', () => session.queryBufferBytes > 0);
  assert(session.queryBufferFreeBytes < 300_000);
  socket.destroy();
});

test('send: in order with replies, written once a turn', async () => {
  const { socket, received, session } = await open();
  const { writesProcessed } = server.counters;
  const bytes = new Uint8Array(Buffer.from('pushed'));
  for (let i = 0; i < 100; i++) session.send(bytes);
  await received.until(600);
  assert.equal(server.counters.writesProcessed - writesProcessed, 1);
  server.commands.set('SENDS', (client, _args, reply) => {
    reply.ok();
    client.connection.send(new Uint8Array(Buffer.from('sent')));
    reply.pong();
    return CONTINUE;
  });
  socket.write('SENDS\r\n');
  assert.equal((await received.until(616)).slice(600), '+OK\r\nsent+PONG\r\n');
  socket.destroy();
});

test('sendPinned: bytes changed only after the callback arrive unchanged', async () => {
  const { socket, received, session } = await open();
  received.keepsText = false;
  const parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => parts.push(chunk));
  socket.pause();
  const blocks = Array.from({ length: 4 }, () => new Uint8Array(1_000_000));
  const free = [...blocks];
  let sent = 0;
  let calls = 0;
  const total = 40;
  while (calls < total) {
    const block = sent < total ? free.pop() : undefined;
    if (block) {
      block.fill(sent);
      sent++;
      session.sendPinned(block, () => {
        calls++;
        // Had the kernel not all of it, this would arrive instead.
        block.fill(255);
        free.push(block);
      });
    } else {
      socket.resume();
      await new Promise((resolve) => setImmediate(resolve));
      if (calls % 3 === 0) socket.pause();
    }
  }
  socket.resume();
  await received.until(total * 1_000_000);
  const all = Buffer.concat(parts);
  for (let i = 0; i < total; i++) {
    const block = all.subarray(i * 1_000_000, (i + 1) * 1_000_000);
    assert(block.equals(Buffer.alloc(1_000_000, i)), `block ${i}`);
  }
  assert.equal(session.outputBytes, 0);
  socket.destroy();
});

test('sendPinned within a batch keeps its place', async () => {
  const { socket, received } = await open();
  let calls = 0;
  server.commands.set('PINS', (client, _args, reply) => {
    reply.ok();
    client.connection.sendPinned(new Uint8Array(Buffer.from('pinned')), () => calls++);
    reply.pong();
    return CONTINUE;
  });
  socket.write('PINS\r\nPING\r\n');
  assert.equal(await received.until(25), '+OK\r\npinned+PONG\r\n+PONG\r\n');
  await waitFor('the callback', () => calls === 1);
  socket.destroy();
});

test('after the end every pinned callback is called exactly once', async () => {
  const { socket, session, closedCount } = await open();
  socket.pause();
  const calls = new Array(50).fill(0);
  for (let i = 0; i < 50; i++) session.sendPinned(new Uint8Array(500_000), () => calls[i]++);
  await waitFor('the kernel to be full', () => session.outputBytes < 25_000_000);
  session.destroy();
  assert.equal(closedCount(), 1);
  session.sendPinned(new Uint8Array(10), () => calls.push(1));
  await waitFor('all callbacks', () => calls.length === 51 && calls.every((count) => count === 1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert(calls.every((count) => count === 1));
  socket.destroy();
});

test('addresses, and what is left of them afterwards', async () => {
  const { socket, session, closedCount } = await open();
  assert.equal(session.remoteAddress, `127.0.0.1:${socket.localPort}`);
  assert.equal(session.localAddress, `127.0.0.1:${server.listener.port}`);
  assert.equal(session.isLoopback, true);
  assert(session.descriptor > 0);
  socket.destroy();
  await waitFor('it to be gone', () => closedCount() === 1);
  assert.equal(session.localAddress, `127.0.0.1:${server.listener.port}`);
  assert.equal(session.descriptor, -1);
  session.send(new Uint8Array(4));
  session.writeReply((reply) => reply.ok());
  session.endAfterReplies();
  session.resumeRequests();
});

test('random bytes never bring the server down', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { socket, received } = await open();
    let state = seed;
    const bytes = Buffer.alloc(20_000);
    for (let i = 0; i < bytes.length; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      const pick = state >>> 24;
      bytes[i] =
        pick < 40 ? 10 : pick < 60 ? 42 : pick < 80 ? 36 : pick < 120 ? 48 + (pick % 10) : pick;
    }
    socket.end(bytes);
    socket.resume();
    await received.ended;
  }
  const { socket, received } = await open();
  socket.write('PING\r\n');
  await received.until(7);
  socket.destroy();
  await once(socket, 'close');
});
