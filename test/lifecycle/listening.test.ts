/*
 * Where the server can be reached and who is let in: ports and addresses, changed at run time too,
 * a Unix socket, IPv6, maxclients, protected mode, passwords, idle and silent clients.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { info } from '../helpers/info.js';
import { freePort } from '../helpers/ports.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import { RespClient } from '../helpers/resp-client.js';
import { RespError } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor, within } from '../helpers/wait-for.js';

function start(...args: string[]): Promise<ServerProcess> {
  return untilTestEnds(startTandem({ args }));
}

/** Containers often have none. */
function hasLoopbackV6(): boolean {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.some(({ address }) => address === '::1');
}

/** An address of this machine that is not loopback; none where there is no network. */
function outerAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? null;
}

async function ping(port: number, host = '127.0.0.1'): Promise<unknown> {
  const client = await RespClient.connect({ port, host });
  const reply = await client.call('PING');
  client.close();
  return reply;
}

/** What comes over a new connection until the server ends it. */
async function readToEnd(port: number, host: string): Promise<string> {
  const socket = connect({ port, host });
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.on('error', () => {});
  await within('the server to end the connection', once(socket, 'close'));
  return text;
}

test('CONFIG SET port moves the server; connections stay', async () => {
  const server = await start();
  const client = await server.connect();
  const port = await freePort();
  assert.equal(await client.call('CONFIG', 'SET', 'port', port), 'OK');
  assert.equal(await ping(port), 'PONG');
  assert.equal(await client.call('PING'), 'PONG');
  await assert.rejects(ping(server.port), /ECONNREFUSED/);
  assert.equal((await info(client, 'server')).tcp_port, String(port));
});

test('CONFIG SET port to one in use is refused and everything stays as it was', async () => {
  const server = await start();
  const client = await server.connect();
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const reply = await client.call('CONFIG', 'SET', 'maxclients', '55', 'port', port);
  assert.ok(reply instanceof RespError);
  assert.match(
    reply.text,
    /^ERR CONFIG SET failed \(possibly related to argument 'port'\) - Unable to listen on/,
  );
  assert.deepEqual(await client.call('CONFIG', 'GET', 'maxclients'), ['maxclients', '10000']);
  assert.deepEqual(await client.call('CONFIG', 'GET', 'port'), ['port', String(server.port)]);
  assert.equal(await ping(server.port), 'PONG');
  holder.close();
});

test('CONFIG SET port 0 leaves only the connections that are there', async () => {
  const server = await start();
  const client = await server.connect();
  assert.equal(await client.call('CONFIG', 'SET', 'port', '0'), 'OK');
  await assert.rejects(ping(server.port), /ECONNREFUSED/);
  assert.equal(await client.call('CONFIG', 'SET', 'port', server.port), 'OK');
  assert.equal(await ping(server.port), 'PONG');
});

test('CONFIG SET bind adds and removes addresses', async () => {
  const server = await start();
  const client = await server.connect();
  await assert.rejects(ping(server.port, '127.0.0.2'), /ECONNREFUSED/);
  assert.equal(await client.call('CONFIG', 'SET', 'bind', '127.0.0.1 127.0.0.2'), 'OK');
  assert.equal(await ping(server.port, '127.0.0.2'), 'PONG');
  assert.equal(await client.call('CONFIG', 'SET', 'bind', '127.0.0.2'), 'OK');
  await assert.rejects(ping(server.port, '127.0.0.1'), /ECONNREFUSED/);
  const refused = await client.call('CONFIG', 'SET', 'bind', '203.0.113.1');
  assert.match(String(refused), /Failed to bind to specified addresses/);
  assert.deepEqual(await client.call('CONFIG', 'GET', 'bind'), ['bind', '127.0.0.2']);
  assert.equal(await ping(server.port, '127.0.0.2'), 'PONG');
});

test('several addresses at the start, IPv6 among them where the system has it', async () => {
  const server = await start('--bind', '127.0.0.1', '127.0.0.3', '-::1', '-203.0.113.1');
  assert.equal(await ping(server.port, '127.0.0.3'), 'PONG');
  if (!hasLoopbackV6()) return;
  const client = await RespClient.connect({ port: server.port, host: '::1' });
  assert.match(String(await client.call('CLIENT', 'INFO')), / addr=\[::1\]:\d+ laddr=\[::1\]:\d+ /);
  client.close();
});

test('an address that must be there and is not ends the start', async () => {
  const args = ['--bind', '127.0.0.1', '203.0.113.1'];
  const server = await untilTestEnds(startTandem({ args, waitUntilReady: false }));
  assert.equal(await server.exited(), 1);
  assert.match(server.log, /Failed listening on port \d+ \(tcp\), aborting\./);
});

test('a Unix socket serves with the permissions asked for, and is removed at the end', async () => {
  const server = await start('--unixsocket', 'tandem.sock', '--unixsocketperm', '700');
  const file = join(server.dir, 'tandem.sock');
  await server.waitForLog(
    /Ready to accept connections tcp\n[\s\S]*Ready to accept connections unix\n/,
  );
  assert.equal(statSync(file).mode & 0o777, 0o700);
  const socket = connect({ path: file });
  await once(socket, 'connect');
  socket.write('CLIENT INFO\r\n');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  assert.match(chunk.toString(), / addr=.*tandem\.sock:0 .*flags=U/);
  server.signal('SIGTERM');
  assert.equal(await server.exited(), 0);
  assert.equal(existsSync(file), false);
});

for (const kind of ['tandem', 'redis'] as const) {
  const skip = kind === 'redis' && skipWithoutRedis;
  test(`${kind}: CLIENT KILL finds those at a Unix socket, and at IPv6`, { skip }, async () => {
    const args = ['--unixsocket', 'own.sock', '--bind', '127.0.0.1', '-::1'];
    const server = await untilTestEnds((kind === 'tandem' ? startTandem : startRedis)({ args }));
    const client = await server.connect();
    for (const filter of [['own.sock:0'], ['ADDR', 'own.sock:0'], ['LADDR', 'own.sock:0']]) {
      const socket = connect({ path: join(server.dir, 'own.sock') });
      const closed = once(socket, 'close');
      socket.write('PING\r\n');
      await once(socket, 'data');
      const inFull = filter.map((word) => word.replace('own', join(server.dir, 'own')));
      const nobody = await client.call('CLIENT', 'KILL', ...inFull);
      assert(nobody === 0 || String(nobody).includes('No such client'));
      const one = await client.call('CLIENT', 'KILL', ...filter);
      assert(one === 1 || one === 'OK', filter.join(' '));
      await within('the end', closed);
    }
    if (!hasLoopbackV6()) return;
    const six = await RespClient.connect({ port: server.port, host: '::1' });
    // Connected is not yet accepted: the server must know it.
    assert.equal(await six.call('PING'), 'PONG');
    const laddr = `[::1]:${server.port}`;
    assert.equal(await client.call('CLIENT', 'KILL', 'LADDR', laddr, 'TYPE', 'normal'), 1);
    await within('the end', six.closed);
  });
}

test('a Unix socket left by a killed server is taken over', async () => {
  const server = await start('--unixsocket', 'tandem.sock', '--port', '0');
  await server.crashAndRestart();
  const socket = connect({ path: join(server.dir, 'tandem.sock') });
  await once(socket, 'connect');
  socket.write('PING\r\n');
  assert.equal(String(((await once(socket, 'data')) as [Buffer])[0]), '+PONG\r\n');
});

test('beyond maxclients a connection reads why and is closed; a freed place is taken', async () => {
  const server = await start('--maxclients', '3');
  const clients = [await server.connect(), await server.connect(), await server.connect()];
  for (const client of clients) assert.equal(await client.call('PING'), 'PONG');
  assert.equal(await readToEnd(server.port, '127.0.0.1'), '-ERR max number of clients reached\r\n');
  assert.equal((await info(clients[0], 'stats')).rejected_connections, '1');
  clients[2].close();
  await waitFor('a free place', async () => (await ping(server.port)) === 'PONG');
  assert.equal(await clients[0].call('CONFIG', 'SET', 'maxclients', '100'), 'OK');
  assert.equal(await ping(server.port), 'PONG');
});

test('protected mode lets in loopback only, and everybody once there is a password', async (t) => {
  const outer = outerAddress();
  if (outer === null) return t.skip('no network interface but loopback');
  const server = await start('--bind', '0.0.0.0', '--protected-mode', 'yes');
  const client = await server.connect();
  assert.match(await readToEnd(server.port, outer), /^-DENIED Redis is running in protected mode/);
  await client.call('CONFIG', 'SET', 'requirepass', 'p');
  const reply = await ping(server.port, outer);
  assert.equal(String(reply), '(error) NOAUTH Authentication required.');
  await client.call('CONFIG', 'SET', 'requirepass', '');
  await client.call('CONFIG', 'SET', 'protected-mode', 'no');
  assert.equal(await ping(server.port, outer), 'PONG');
});

test('requirepass: before AUTH little is allowed, after it everything', async () => {
  const server = await start('--requirepass', 'secret');
  const client = await server.connect();
  assert.equal(String(await client.call('GET', 'k')), '(error) NOAUTH Authentication required.');
  assert.match(String(await client.call('HELLO', '3')), /NOAUTH HELLO must be called/);
  assert.match(String(await client.call('AUTH', 'wrong')), /WRONGPASS/);
  assert.equal(await client.call('AUTH', 'secret'), 'OK');
  assert.equal(await client.call('SET', 'k', 'v'), 'OK');
  const modern = await server.connect();
  const hello = await modern.call('HELLO', '3', 'AUTH', 'default', 'secret', 'SETNAME', 'me');
  assert.ok(hello instanceof Map && hello.get('proto') === 3);
  assert.equal(await modern.call('CLIENT', 'GETNAME'), 'me');
  await client.call('CONFIG', 'SET', 'requirepass', 'other');
  assert.equal(await modern.call('GET', 'k'), 'v', 'who is in stays in');
  const late = await server.connect();
  assert.match(String(await late.call('AUTH', 'secret')), /WRONGPASS/);
  assert.equal(await late.call('AUTH', 'default', 'other'), 'OK');
  await late.call('RESET');
  assert.equal(String(await late.call('GET', 'k')), '(error) NOAUTH Authentication required.');
});

/** Seconds until the system asks whether the peer is there, by its table; null: it never does. */
function keepAliveSeconds(serverPort: number, clientPort: number): number | null {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of readFileSync(TCP_TABLE, 'latin1').split('\n')) {
    // Number, own address, peer's, state, queues, timer:hundredths of a second …
    const [, own, peer, , , timer] = line.trim().split(/\s+/);
    if (!own?.endsWith(`:${hex(serverPort)}`) || !peer?.endsWith(`:${hex(clientPort)}`)) continue;
    const [kind, hundredths] = (timer ?? '').split(':');
    return kind === '02' ? Number.parseInt(hundredths ?? '', 16) / 100 : null;
  }
  assert.fail('the system does not know the connection');
}

const TCP_TABLE = '/proc/net/tcp';

test('tcp-keepalive: the system asks after so many seconds of silence, or never', async (t) => {
  if (!existsSync(TCP_TABLE)) return t.skip('no /proc/net/tcp');
  const server = await start();
  const client = await server.connect();
  for (const [setting, min, max] of [
    [300, 290, 300],
    [60, 50, 60],
  ] as const) {
    assert.equal(await client.call('CONFIG', 'SET', 'tcp-keepalive', setting), 'OK');
    const peer = await server.connect();
    assert.equal(await peer.call('PING'), 'PONG');
    const seconds = keepAliveSeconds(server.port, peer.socket.localPort ?? 0);
    assert(seconds !== null && seconds >= min && seconds <= max, `${seconds} s`);
  }
  await client.call('CONFIG', 'SET', 'tcp-keepalive', 0);
  const peer = await server.connect();
  assert.equal(await peer.call('PING'), 'PONG');
  assert.equal(keepAliveSeconds(server.port, peer.socket.localPort ?? 0), null);
});

test('timeout closes idle clients, but none that is used', async () => {
  const server = await start();
  const busy = await server.connect();
  const idle = await server.connect();
  assert.equal(await idle.call('PING'), 'PONG');
  await busy.call('CONFIG', 'SET', 'timeout', '1');
  await waitFor('the idle client to be closed', async () => {
    assert.equal(await busy.call('PING'), 'PONG');
    return idle.isClosed;
  });
  assert.equal((await info(busy, 'clients')).connected_clients, '1');
});

for (const [name, startIt, skip] of [
  ['this server', startTandem, false],
  ['redis-server', startRedis, skipWithoutRedis],
] as const) {
  test(`an HTTP request ends its connection at once and is logged: ${name}`, { skip }, async () => {
    const server = await untilTestEnds(startIt());
    for (const attack of ['POST / HTTP/1.1', 'Host: x', '*1\r\n$4\r\npost']) {
      const socket = connect({ port: server.port, host: '127.0.0.1' });
      let received = '';
      socket.on('data', (bytes) => {
        received += bytes;
      });
      socket.on('error', () => {});
      socket.write(`PING\r\nSET before v\r\n${attack}\r\nSET after v\r\n`);
      await within('the end', once(socket, 'close'));
      assert.equal(received, '', 'not even what came before is answered');
    }
    await server.waitForLog(/Possible SECURITY ATTACK detected/);
    assert.equal(server.log.match(/SECURITY ATTACK/g)?.length, 1, 'once a minute');
    assert.equal(await (await server.connect()).call('EXISTS', 'before', 'after'), 1);
  });
}
