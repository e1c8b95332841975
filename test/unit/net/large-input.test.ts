/*
 * Long bulks that a session reads straight into the block of a value: however they are cut up, by
 * either way of reading a socket, the request is the same. Whatever ends it, the block is freed.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { EMPTY_BLOCK_MS_MAX } from '../../../src/limits.js';
import { CONTINUE } from '../../../src/net/request-handler.js';
import { waitFor } from '../../helpers/wait-for.js';
import { FakeServer } from './fake-server.js';

const MIB = 1024 * 1024;
let server: FakeServer;
const kept: Buffer[] = [];

before(async () => {
  server = await FakeServer.start();
  server.commands.set('KEEP', (_client, args, reply) => {
    kept.push(Buffer.from(args.bytes(args.count - 1)));
    reply.integer(args.length(args.count - 1));
    return CONTINUE;
  });
});
after(() => server.listener.close());

function keep(bytes: number): Buffer {
  const value = Buffer.alloc(bytes, Buffer.from(`${bytes} \r\n$3\r\n`));
  const head = Buffer.from(`*3\r\n$4\r\nKEEP\r\n$3\r\nkey\r\n$${bytes}\r\n`);
  return Buffer.concat([head, value, Buffer.from('\r\n')]);
}

async function isIdle(): Promise<void> {
  await waitFor('all blocks to be free', () => server.largeValues.reservedBytes === 0);
  assert.equal(server.memory.usedBytes, 0);
}

test('requests with long bulks in one stream, cut at many points', async () => {
  const socket = await server.connect();
  let replies = '';
  socket.on('data', (chunk: Buffer) => {
    replies += chunk.toString('latin1');
  });
  for (const cut of [1, 20, 33, 34, 35, 100, 32_800, 65_536, 65_570, 65_571, 65_572, 200_000]) {
    const ping = Buffer.from('PING\r\n');
    const all = Buffer.concat([ping, keep(65_536), ping, keep(40_000), keep(5 * MIB), ping]);
    kept.length = 0;
    socket.write(all.subarray(0, cut));
    await new Promise((resolve) => setTimeout(resolve, 2));
    socket.write(all.subarray(cut));
    const wanted = `+PONG\r\n:65536\r\n+PONG\r\n:40000\r\n:${5 * MIB}\r\n+PONG\r\n`;
    await waitFor('the replies', () => replies.length >= wanted.length);
    assert.equal(replies, wanted);
    replies = '';
    for (const value of kept) {
      const same = Buffer.alloc(value.length, Buffer.from(`${value.length} \r\n$3\r\n`));
      assert.equal(Buffer.compare(value, same), 0);
    }
    await isIdle();
  }
  socket.destroy();
});

test('a connection that ends or is closed within a bulk', async () => {
  for (const arrived of [100, 40_000, MIB, 3 * MIB]) {
    for (const way of ['peer', 'server', 'ending'] as const) {
      const socket = await server.connect();
      socket.write(keep(4 * MIB).subarray(0, arrived));
      const closed = once(socket, 'close');
      await waitFor('the bytes', () => server.session.queryBufferBytes === arrived);
      assert.equal(server.largeValues.reservedBytes, 4 * MIB);
      if (way === 'peer') socket.destroy();
      else if (way === 'server') server.session.destroy();
      else server.session.endAfterReplies();
      await isIdle();
      socket.resume();
      await closed;
    }
  }
});

test('client-query-buffer-limit counts the bytes of a value', async () => {
  server.settings.queryBufferBytesMax = MIB;
  const socket = await server.connect();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(keep(4 * MIB));
  await closed;
  server.settings.queryBufferBytesMax = 1024 * MIB;
  assert.match(server.log.at(-1) ?? '', /max query buffer length/);
  await isIdle();
});

test('who announces a long bulk and says nothing more does not keep its block', async () => {
  const socket = await server.connect();
  let replies = '';
  socket.on('data', (chunk: Buffer) => {
    replies += chunk.toString('latin1');
  });
  const request = keep(MIB);
  const headBytes = request.indexOf(`$${MIB}\r\n`) + `$${MIB}\r\n`.length;
  kept.length = 0;
  for (const repetition of [0, 1]) {
    socket.write(request.subarray(0, headBytes));
    await waitFor('a block to be set apart', () => server.largeValues.reservedBytes === MIB);
    const { session } = server;
    assert.equal(session.queryBufferBytes, headBytes);
    assert(session.queryBufferFreeBytes >= MIB, 'the block is the client’s');
    server.listener.sweep();
    assert.equal(server.largeValues.reservedBytes, MIB, 'the client is not idle yet');
    server.skewMs += EMPTY_BLOCK_MS_MAX + 1000;
    server.listener.sweep();
    assert.equal(server.largeValues.reservedBytes, 0);
    assert.equal(session.queryBufferBytes, headBytes);
    assert(session.queryBufferFreeBytes < MIB);
    // What has come of a bulk stays where it is, however long the rest takes.
    socket.write(request.subarray(headBytes, headBytes + 100_000));
    const arrived = headBytes + 100_000;
    await waitFor('a part of it', () => session.queryBufferBytes === arrived);
    assert.equal(server.largeValues.reservedBytes, MIB);
    server.skewMs += EMPTY_BLOCK_MS_MAX + 1000;
    server.listener.sweep();
    assert.equal(server.largeValues.reservedBytes, MIB);
    socket.write(request.subarray(arrived));
    const wanted = `:${MIB}\r\n`.repeat(repetition + 1);
    await waitFor('the reply', () => replies.length >= wanted.length);
    assert.equal(replies, wanted);
    assert.equal(kept[repetition].compare(request, headBytes, headBytes + MIB), 0);
    await isIdle();
  }
  socket.destroy();
});
