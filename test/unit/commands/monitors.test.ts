/*
 * Who is shown what in MONITOR: sources, commands that are hidden, monitors that want no replies or
 * are about to go, and that nothing is done while nobody watches.
 */

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Client } from '../../../src/commands/client.js';
import { Silence } from '../../../src/commands/client-silence.js';
import { commandFamilies } from '../../../src/commands/command-families.js';
import { CommandTable } from '../../../src/commands/command-table.js';
import { Monitors } from '../../../src/commands/monitors.js';
import { latin1Text } from '../../../src/structures/bytes.js';
import { request } from './requests.js';
import { FakeConnection } from './server-fixture.js';

const table = new CommandTable(commandFamilies);

class Watcher extends FakeConnection {
  readonly lines: string[] = [];

  override send(bytes?: Uint8Array): void {
    if (bytes !== undefined) this.lines.push(latin1Text(bytes));
  }
}

let isLoading = false;
let looks = 0;
let monitors: Monitors;

function newClient(connection = new FakeConnection()): Client {
  return new Client({ id: 1, connection, nowMs: 0 });
}

function show(client: Client, ...words: string[]): void {
  const args = request(...words);
  const command = table.lookup(args);
  assert.ok(command);
  monitors.show(client, command, args);
}

function watch(): { watcher: Watcher; monitor: Client } {
  const watcher = new Watcher();
  const monitor = newClient(watcher);
  monitors.add(monitor);
  return { watcher, monitor };
}

describe('monitors', () => {
  beforeEach(() => {
    isLoading = false;
    looks = 0;
    monitors = new Monitors({
      clock: {
        wallMicroseconds: () => {
          looks++;
          return 1_000_000;
        },
      },
      isLoading: () => isLoading,
    });
  });

  test('a unix socket is shown by its path', () => {
    const { watcher } = watch();
    show(
      newClient(Object.assign(new FakeConnection(), { remoteAddress: '/run/t.sock:0' })),
      'PING',
    );
    assert.deepEqual(watcher.lines, ['+1.000000 [0 unix:/run/t.sock] "PING"\r\n']);
  });

  test('nothing is done while nobody watches, or the server loads', () => {
    show(newClient(), 'PING');
    const { watcher, monitor } = watch();
    assert.equal(monitors.isWatching, true);
    isLoading = true;
    show(newClient(), 'PING');
    monitors.remove(monitor);
    assert.equal(monitors.isWatching, false);
    assert.equal(monitor.isMonitor, false);
    assert.equal(looks, 0);
    assert.deepEqual(watcher.lines, []);
  });

  test('who wants no replies, or is about to go, is not shown anything', () => {
    const { watcher, monitor } = watch();
    monitor.silence = new Silence();
    monitor.silence.skipsNext = true;
    show(newClient(), 'PING');
    monitor.silence = null;
    monitor.closesAfterReply = true;
    show(newClient(), 'PING');
    assert.deepEqual(watcher.lines, []);
    monitor.closesAfterReply = false;
    show(newClient(), 'PING');
    assert.equal(watcher.lines.length, 1);
  });

  test('commands of administrators are hidden', () => {
    const { watcher } = watch();
    show(newClient(), 'CONFIG', 'GET', 'x');
    show(newClient(), 'MONITOR');
    assert.deepEqual(watcher.lines, []);
  });
});
