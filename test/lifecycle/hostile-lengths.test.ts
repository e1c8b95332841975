/*
 * Requests that are all length: what they say is refused or done, and the server lives on. Texts
 * longer than JavaScript has strings for, where names and words are expected; queues and watches
 * without end.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { STRING_BYTES_MAX, WATCHES_MAX } from '../../src/limits.js';
import { encodeRequest } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

const MIB = 1024 * 1024;
/** More than a string may have. */
const HUGE_BYTES = 512 * MIB;

let server: ServerProcess;
before(async () => {
  server = await startTandem();
});
after(() => server?.stop());

/** Sends `start`, then an argument of `bytes` bytes, and returns the first piece of the reply. */
async function sendHuge(start: string, bytes: number): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  const reply = once(socket, 'data');
  socket.write(`${start}$${bytes}\r\n`);
  const piece = Buffer.alloc(4 * MIB, 'x');
  for (let sent = 0; sent < bytes; sent += piece.length) await write(socket, piece);
  socket.write('\r\n');
  const [data] = (await reply) as [Buffer];
  socket.destroy();
  return data.toString('latin1');
}

async function write(socket: Socket, piece: Buffer): Promise<void> {
  if (!socket.write(piece)) await once(socket, 'drain');
}

for (const [what, start, expected] of [
  ['the name of a command', '*1\r\n', /^-ERR unknown command 'x{128}', with args/],
  ['a subcommand', '*2\r\n$6\r\nCLIENT\r\n', /^-ERR unknown subcommand 'x{128}'\. Try CLIENT HELP/],
  ['a name', '*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n', /^\+OK/],
  [
    'the value of a directive',
    '*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$11\r\nrequirepass\r\n',
    /^-ERR CONFIG SET failed \(possibly related to argument 'requirepass'\) - argument is too long/,
  ],
  ['a watched key', '*2\r\n$5\r\nWATCH\r\n', /^\+OK/],
] as const) {
  test(`512 MB for ${what} is answered, and others are served`, async () => {
    assert.match(await sendHuge(start, HUGE_BYTES), expected);
    const client = await server.connect();
    assert.equal(await client.call('PING'), 'PONG');
    client.close();
  });
}

test('CLIENT LIST of one client very often, and longer than a string can be', async () => {
  const client = await server.connect();
  const id = String(await client.call('CLIENT', 'ID'));
  const line = String(await client.call('CLIENT', 'LIST')).length;
  await client.call('CLIENT', 'SETNAME', 'n');
  let received = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  client.raw(encodeRequest(['CLIENT', 'LIST', 'ID', ...new Array(300_000).fill(id)]));
  const often = 300_000 * line;
  await waitFor('each line', () => received > often, { timeoutMs: 60_000 });
  client.raw(encodeRequest(['CLIENT', 'SETNAME', 'n'.repeat(MIB)]));
  client.raw(encodeRequest(['CLIENT', 'LIST', 'ID', ...new Array(600).fill(id)]));
  const long = often + 600 * MIB;
  await waitFor('all of it', () => received > long, { timeoutMs: 60_000 });
  client.close();
  const other = await server.connect();
  assert.equal(await other.call('PING'), 'PONG');
  other.close();
});

test('WATCH of more keys than there may be is refused as a whole', async () => {
  const client = await server.connect();
  const keys = Array.from({ length: WATCHES_MAX + 1 }, (_, i) => `k${i}`);
  const reply = await client.pipeline([['WATCH', ...keys]]);
  assert.match(String(reply[0]), /ERR too many keys are watched/);
  await client.call('SET', 'k0', 'v');
  await client.call('MULTI');
  assert.deepEqual(await client.call('EXEC'), []);
  assert.equal(await client.call('WATCH', 'k'), 'OK');
  client.close();
});

test('WATCH of one key a million times watches one key, as in Redis', async () => {
  const client = await server.connect();
  const [reply] = await client.pipeline([['WATCH', ...new Array<string>(1_000_000).fill('k')]]);
  assert.equal(reply, 'OK');
  client.close();
});

test('a string that has no place is refused, whatever proto-max-bulk-len says', async () => {
  const client = await server.connect();
  await client.call('CONFIG', 'SET', 'proto-max-bulk-len', '8gb');
  await client.call('SET', 'short', 'value');
  const tooLong = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';
  for (const key of ['short', 'none']) {
    assert.deepEqual(await client.typed('SETRANGE', key, STRING_BYTES_MAX, 'x'), {
      type: 'error',
      text: tooLong,
    });
  }
  assert.deepEqual(await client.typed('DEBUG', 'POPULATE', 1, 'wide', STRING_BYTES_MAX + 1), {
    type: 'error',
    text: tooLong,
  });
  assert.equal(await client.call('GET', 'short'), 'value');
  client.raw(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${STRING_BYTES_MAX + 1}\r\n`);
  assert.deepEqual(await client.nextReply(), {
    type: 'error',
    text: 'ERR Protocol error: invalid bulk length',
  });
  const other = await server.connect();
  await other.call('CONFIG', 'SET', 'proto-max-bulk-len', '512mb');
  other.close();
});
