/*
 * Sends one case of the table to a server and checks what comes back. A server that should stay
 * open is asked for a sign of life only where the case leaves it able to give one; else a short
 * silence must do.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { ServerOptions, ServerProcess } from '../helpers/server-process.js';
import { waitFor } from '../helpers/wait-for.js';
import { type ProtocolCase, protocolCases } from './protocol-cases.js';

/** How long a server is watched for saying something that it should not say, in ms. */
const SILENCE_MS = 20;

/**
 * Runs the whole table against one program: without a password, and with one where a case needs it.
 */
export function testProtocolCases(program: {
  name: string;
  start: (options: ServerOptions) => Promise<ServerProcess>;
  skip: string | false;
}): void {
  describe(program.name, { skip: program.skip }, () => {
    let open: ServerProcess;
    let locked: ServerProcess;
    before(async () => {
      open = await program.start({});
      locked = await program.start({ args: ['--requirepass', 'secret'] });
    });
    after(async () => {
      await open?.stop();
      await locked?.stop();
    });
    for (const protocolCase of protocolCases) {
      test(protocolCase.name, async () => {
        const server = protocolCase.needsPassword ? locked : open;
        await checkProtocolCase(server.port, protocolCase);
      });
    }
  });
}

async function checkProtocolCase(
  port: number,
  { sent, expected, closes, isLong }: ProtocolCase,
): Promise<void> {
  const bytes = Buffer.from(sent, 'latin1');
  await exchange({ port, pieces: [bytes], expected, closes });
  if (isLong) return;
  await exchange({ port, pieces: Array.from(bytes, (byte) => Buffer.of(byte)), expected, closes });
}

async function exchange(options: {
  port: number;
  pieces: readonly Buffer[];
  expected: string;
  closes: boolean;
}): Promise<void> {
  const { port, pieces, expected, closes } = options;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received = '';
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  // Bytes that the server did not read reset the connection: an end like any other.
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
  });
  await once(socket, 'connect');
  for (const piece of pieces) {
    if (isClosed) break;
    socket.write(piece);
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  if (closes) await waitFor('the server to close', () => isClosed);
  else await waitFor('the reply', () => received.length >= expected.length || isClosed);
  if (!closes) await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  assert.equal(received, expected);
  assert.equal(isClosed, closes, 'closed by the server');
  socket.destroy();
}
