/*
 * The listener: where it listens and where it does not, what it says when it cannot, who is turned
 * away, and that it can move to another port while its clients stay.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { adoptSocket, allowDelay, readByEvents } from '../../../src/net/accepted-socket.js';
import { admissionError, MAX_CLIENTS, PROTECTED_MODE } from '../../../src/net/admission.js';
import { freePort } from '../../helpers/ports.js';
import { waitFor } from '../../helpers/wait-for.js';
import { FakeServer, Received } from './fake-server.js';

async function ping(options: { port: number; host: string } | { path: string }): Promise<string> {
  const socket = connect(options as { path: string });
  socket.on('error', () => {});
  const received = new Received(socket);
  socket.write('PING\r\n');
  await received.until(7);
  socket.destroy();
  return received.text;
}

async function hasIpv6(): Promise<boolean> {
  const probe = createServer();
  const isThere = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(0, '::1', () => resolve(true));
  });
  if (isThere) probe.close();
  return isThere;
}

test('several addresses on one port, IPv6 among them', async (t) => {
  if (!(await hasIpv6())) return t.skip('no IPv6 here');
  const server = await FakeServer.start({ bind: ['127.0.0.1', '127.0.0.2', '-::1'] });
  const { port } = server.listener;
  for (const host of ['127.0.0.1', '127.0.0.2', '::1']) {
    assert.equal(await ping({ port, host }), '+PONG\r\n', host);
  }
  assert.match(server.session.remoteAddress, /^\[::1\]:\d+$/);
  assert.equal(server.session.isLoopback, true);
  return server.listener.close();
});

test('who comes before it serves waits, and is answered then', async () => {
  const server = new FakeServer();
  await server.listen();
  const socket = await server.connect();
  const received = new Received(socket);
  socket.write('PING\r\n');
  // Whoever is accepted later is so after the first.
  const sockets = await Promise.all([server.connect(), server.connect()]);
  assert.deepEqual([server.clients.length, received.text], [0, '']);
  server.listener.serve();
  await received.until(7);
  assert.equal(received.text, '+PONG\r\n');
  for (const one of [socket, ...sockets]) one.destroy();
  await server.listener.close();
});

test('who waits is let go when it closes without ever serving', async () => {
  const server = new FakeServer();
  await server.listen();
  const socket = await server.connect();
  const ended = once(socket, 'close');
  await new Promise(setImmediate);
  await server.listener.close();
  await ended;
});

test('* and ::* listen on every address of their family, side by side', async () => {
  const server = await FakeServer.start({ bind: ['*', '-::*'] });
  const { port } = server.listener;
  assert.equal(await ping({ port, host: '127.0.0.3' }), '+PONG\r\n');
  if (await hasIpv6()) assert.equal(await ping({ port, host: '::1' }), '+PONG\r\n');
  await server.listener.close();
});

test('an optional address that is missing is passed over, with the warning', async () => {
  const server = new FakeServer();
  assert.equal(await server.listen({ bind: ['127.0.0.1', '-192.0.2.1'] }), true);
  const { port } = server.listener;
  assert.deepEqual(server.log, [
    `Warning: Could not create server TCP listening socket 192.0.2.1:${port}: ` +
      'bind: Cannot assign requested address',
  ]);
  await server.listener.close();
});

test('a required address that is missing undoes everything', async () => {
  const server = new FakeServer();
  const port = await freePort();
  assert.equal(await server.listen({ bind: ['127.0.0.1', '192.0.2.1'], port }), false);
  assert.deepEqual(server.log, [
    `Warning: Could not create server TCP listening socket 192.0.2.1:${port}: ` +
      'bind: Cannot assign requested address',
    `Failed listening on port ${port} (tcp), aborting.`,
  ]);
  await assert.rejects(ping({ port, host: '127.0.0.1' }));
});

test('a port in use, in the words of Redis', async () => {
  const first = await FakeServer.start();
  const { port } = first.listener;
  const second = new FakeServer();
  assert.equal(await second.listen({ port }), false);
  assert.deepEqual(second.log, [
    `Warning: Could not create server TCP listening socket 127.0.0.1:${port}: ` +
      'bind: Address already in use',
    `Failed listening on port ${port} (tcp), aborting.`,
  ]);
  await first.listener.close();
});

test('a name that nobody knows', async () => {
  const server = new FakeServer();
  assert.equal(await server.listen({ bind: ['no-such-host.invalid'], port: 1 }), false);
  assert.match(server.log[0], /no-such-host\.invalid:1: Name or service not known$/);
});

test('neither port nor unix socket is no server', async () => {
  const server = new FakeServer();
  assert.equal(await server.listen({ port: 0 }), false);
  assert.deepEqual(server.log, ['Configured to not listen anywhere, exiting.']);
});

test('a unix socket, with its permissions, in place of an old one', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tandem-net-'));
  const path = join(dir, 'server.sock');
  const left = await FakeServer.start({ port: 0, unixSocket: path });
  const server = await FakeServer.start({ port: 0, unixSocket: path, unixSocketMode: 0o700 });
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.deepEqual(server.listener.kinds, ['unix']);
  assert.equal(await ping({ path }), '+PONG\r\n');
  const { remoteAddress, localAddress, isLoopback } = server.session;
  assert.deepEqual([remoteAddress, localAddress, isLoopback], [`${path}:0`, `${path}:0`, true]);
  await server.listener.close();
  await left.listener.close();
  rmSync(dir, { recursive: true });
});

test('a unix socket that cannot be had: the reason, in the words of Redis', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tandem-net-'));
  mkdirSync(join(dir, 'folder'));
  for (const [path, reason] of [
    [join(dir, 'no', 'folder'), 'bind: No such file or directory'],
    [join(dir, 'folder'), 'bind: Address already in use'],
    [`/${'x'.repeat(107)}`, 'unix socket path too long (108), must be under 108'],
  ] as const) {
    const nowhere = new FakeServer();
    assert.equal(await nowhere.listen({ port: 0, unixSocket: path }), false);
    assert.deepEqual(nowhere.log, [`Failed opening Unix socket: ${reason}`]);
  }
  rmSync(dir, { recursive: true });
});

test('rebinding: another port at once, clients stay; back when it cannot be had', async () => {
  const server = await FakeServer.start();
  const former = server.listener.port;
  const socket = await server.connect();
  const received = new Received(socket);
  const port = await freePort();
  assert.equal(server.listener.rebind({ bind: ['localhost', '127.0.0.2'], port }), true);
  assert.equal(await ping({ port, host: '127.0.0.2' }), '+PONG\r\n');
  await assert.rejects(ping({ port: former, host: '127.0.0.1' }));
  const taken = await FakeServer.start();
  assert.equal(server.listener.rebind({ bind: ['127.0.0.1'], port: taken.listener.port }), false);
  assert.match(server.log.at(-1) ?? '', /bind: Address already in use$/);
  assert.equal(await ping({ port, host: '127.0.0.1' }), '+PONG\r\n');
  socket.write('PING\r\n');
  await received.until(7);
  socket.destroy();
  assert.equal(server.listener.rebind({ bind: ['127.0.0.1'], port: 0 }), true);
  await assert.rejects(ping({ port, host: '127.0.0.1' }));
  await taken.listener.close();
  await server.listener.close();
});

test('who is turned away reads why, and is not counted as received', async () => {
  const server = await FakeServer.start();
  server.refusal = MAX_CLIENTS;
  const socket = await server.connect();
  const received = new Received(socket);
  await received.ended;
  assert.equal(received.text, '-ERR max number of clients reached\r\n');
  assert.equal(server.counters.connectionsReceived, 0);
  assert.equal(server.listener.sessions.size, 0);
  assert.equal(server.closed.length, 0);
  await server.listener.close();
});

test('admission: maxclients first, then protected mode for strangers without a password', () => {
  const stranger = {
    clients: 0,
    clientsMax: 1,
    isLoopback: false,
    isProtected: true,
    hasPassword: false,
  };
  assert.equal(admissionError(stranger), PROTECTED_MODE);
  assert.equal(admissionError({ ...stranger, isLoopback: true }), null);
  assert.equal(admissionError({ ...stranger, hasPassword: true }), null);
  assert.equal(admissionError({ ...stranger, isProtected: false }), null);
  assert.equal(admissionError({ ...stranger, clients: 1 }), MAX_CLIENTS);
});

test('closing ends every session; replies under way get their time', async () => {
  const server = await FakeServer.start();
  const reader = await server.connect();
  const received = new Received(reader);
  received.keepsText = false;
  reader.write('BIG 20000000\r\n');
  await received.until(1);
  const silent = await server.connect();
  const ended = new Received(silent).ended;
  await server.listener.close({ flushMs: 5000 });
  await ended;
  await received.ended;
  assert.equal(received.bytes, 20_000_013);
  assert.equal(server.closed.length, server.clients.length);
});

test('a thousand connections come and go', async () => {
  const server = await FakeServer.start();
  for (let round = 0; round < 10; round++) {
    const sockets = await Promise.all(Array.from({ length: 100 }, () => server.connect()));
    for (const socket of sockets) socket.write('PING\r\n');
    await waitFor('all of them', () => server.clients.length === 100 * (round + 1));
    for (const socket of sockets) socket.destroy();
  }
  await waitFor('none of them', () => server.closed.length === 1000);
  assert.equal(server.listener.sessions.size, 0);
  await server.listener.close();
});

for (const [name, adopt] of [
  ['the taken-over handle', adoptSocket],
  ['events, the fallback', readByEvents],
] as const) {
  test(`reading by ${name}: all bytes, paused and resumed`, async () => {
    const buffer = new Uint8Array(1000);
    const parts: Buffer[] = [];
    let adopted: Socket | null = null;
    const listening = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (accepted) => {
      const socket = adopt(accepted, {
        buffer,
        onRead: (length) => {
          parts.push(Buffer.from(buffer.slice(0, length)));
          setImmediate(() => socket.resume());
          return false;
        },
        nextBuffer: () => undefined,
      });
      adopted = socket;
      socket.on('end', () => socket.end('done'));
      socket.resume();
    });
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const client = connect((listening.address() as { port: number }).port, '127.0.0.1');
    const received = new Received(client);
    const sent = Buffer.alloc(100_000, 'abcdefg');
    client.end(sent);
    await received.ended;
    assert(Buffer.concat(parts).equals(sent));
    assert.equal(received.text, 'done');
    assert((adopted as unknown) instanceof Socket);
    listening.close();
    await once(listening, 'close');
  });
}

test('a taken-over socket can be told to gather small packets', async () => {
  const told: boolean[] = [];
  const listening = createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
    const socket = adoptSocket(accepted, {
      buffer: new Uint8Array(1000),
      onRead: () => true,
      nextBuffer: () => undefined,
    });
    const { _handle: handle } = socket as unknown as {
      _handle: { setNoDelay: (isOn: boolean) => void };
    };
    handle.setNoDelay = (isOn) => told.push(isOn);
    allowDelay(socket);
    socket.destroy();
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const client = connect((listening.address() as { port: number }).port, '127.0.0.1');
  await once(client.resume(), 'close');
  assert.equal(told.at(-1), false);
  listening.close();
  await once(listening, 'close');
});
