/*
 * Monitors beside replication and beside slow readers: what a replica's monitor sees of the
 * primary's stream, how idle ones are treated, and that one that does not read is dropped by its
 * limit. Run against a real redis-server too.
 */

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import { waitFor } from '../helpers/wait-for.js';
import { type Actor, follow, start, waitForLink } from '../replication/cast.js';

/** A monitor, and the text that it has received so far. */
async function monitor({ server }: Actor): Promise<{ client: RespClient; text: () => string }> {
  const client = await server.connect();
  const chunks: Buffer[] = [];
  client.socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  client.raw('MONITOR\r\n');
  const text = () => Buffer.concat(chunks).toString('latin1');
  await waitFor('MONITOR', () => text().startsWith('+OK\r\n'));
  return { client, text };
}

function withoutTimes(text: string): string[] {
  return text.split('\r\n').map((line) => line.replace(/^\+\d+\.\d{6}/, '+<time>'));
}

for (const kind of ['tandem', 'redis'] as const) {
  const skip = kind === 'redis' ? skipWithoutRedis : false;
  describe(kind, { skip }, () => {
    test("a replica's monitor sees the stream, PING too, as from the primary", async () => {
      const [primary, replica] = [await start('tandem'), await start(kind)];
      await primary.client.call('CONFIG', 'SET', 'repl-ping-replica-period', '1');
      await follow(replica, primary.server.port);
      await waitForLink(replica);
      const { text } = await monitor(replica);
      const long = 'x'.repeat(200_000);
      await primary.client.call('SELECT', '2');
      await primary.client.call('SET', 'long', long);
      await primary.client.pipeline([['MULTI'], ['SET', 'a', '1'], ['INCR', 'a'], ['EXEC']]);
      // One that comes before the writes says nothing of them.
      await waitFor('a PING', () => /"EXEC"\r\n[\s\S]*"ping"\r\n/i.test(text()));
      const from = `[2 127.0.0.1:${primary.server.port}]`;
      const lines = withoutTimes(text());
      const expected = [
        `+<time> ${from} "SET" "long" "${long}"`,
        `+<time> ${from} "MULTI"`,
        `+<time> ${from} "SET" "a" "1"`,
        `+<time> ${from} "INCR" "a"`,
        `+<time> ${from} "EXEC"`,
      ];
      const at = lines.indexOf(expected[0] ?? '');
      assert.deepEqual(lines.slice(at, at + expected.length), expected);
    });

    test('a client of a unix socket is shown by the path, as it was configured', async () => {
      const server = await start(kind, { args: ['--unixsocket', 'local.sock'] });
      const { text } = await monitor(server);
      const local = connect(join(server.server.dir, 'local.sock'));
      local.write('ECHO "from there"\r\n');
      await waitFor('the line', () => text().includes('from there'));
      local.destroy();
      assert.match(text(), / \[0 unix:local\.sock\] "ECHO" "from there"\r\n$/);
    });

    test('a monitor that does not read is dropped by the limit of normal clients', async () => {
      const server = await start(kind);
      await server.client.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 2mb 0 0');
      const slow = await monitor(server);
      const other = await monitor(server);
      slow.client.socket.pause();
      const long = 'y'.repeat(100_000);
      let isGone = false;
      // The kernel takes some MiB for a reader that takes nothing.
      for (let i = 0; i < 400 && !isGone; i++) {
        await server.client.call('ECHO', `${i}:${long}`);
        const list = String(await server.client.call('CLIENT', 'LIST'));
        isGone = list.split(' flags=O ').length === 2;
        const waiting = list.split('\n').map((line) => Number(/ omem=(\d+) /.exec(line)?.[1] ?? 0));
        assert.ok(Math.max(...waiting) < 3 * 1024 * 1024);
      }
      assert.ok(isGone);
      assert.match(
        server.server.log,
        /scheduled to be closed ASAP for overcoming of output buffer/,
      );
      await server.client.call('ECHO', 'the-end');
      await waitFor('the other one', () => other.text().includes('the-end'));
      slow.client.socket.resume();
      await slow.client.closed;
    });

    test('a monitor may be idle for longer than the timeout', async () => {
      const server = await start(kind);
      const { client } = await monitor(server);
      const plain = await server.server.connect();
      await plain.call('PING');
      await server.client.call('CONFIG', 'SET', 'timeout', '1');
      await waitFor('the end of the idle one', async () => {
        // Not a command that is shown: a line is an interaction.
        await server.client.call('CONFIG', 'GET', 'timeout');
        return plain.isClosed;
      });
      assert.equal(client.isClosed, false);
    });
  });
}
