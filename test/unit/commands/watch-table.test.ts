/*
 * The bounds of WATCH: what a client watches counts as its memory, all clients together may watch a
 * limited number of keys, and long keys are compared as bytes. What WATCH means is tested against a
 * real server.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../../../src/commands/client.js';
import { clientMemoryBytes } from '../../../src/commands/client-line.js';
import { WatchTable } from '../../../src/commands/watch-table.js';
import { latin1 } from '../../../src/structures/bytes.js';
import { newKeyspace } from '../../helpers/keyspace.js';
import { ownTimeMs } from '../../helpers/own-time.js';
import { FakeConnection } from './server-fixture.js';

function setUp(options: { keysMax?: number } = {}) {
  const active: boolean[] = [];
  const keyspace = newKeyspace({ databases: 2 });
  const onActive = (isActive: boolean) => active.push(isActive);
  const table = new WatchTable({ keyspace, onActive, ...options });
  const client = new Client({ id: 1, connection: new FakeConnection(), nowMs: 0 });
  return { table, client, active };
}

test('watched keys count as the memory of their client until they are forgotten', () => {
  const { table, client, active } = setUp();
  const before = clientMemoryBytes(client);
  for (let i = 0; i < 1000; i++) table.watch(client, 0, latin1(`key:${i}`));
  table.watch(client, 0, latin1('key:0'));
  const held = clientMemoryBytes(client) - before;
  assert(held > 1000 * 200 && held < 1000 * 800, `${held} bytes`);
  table.unwatch(client);
  assert.equal(clientMemoryBytes(client), before);
  assert.deepEqual(active, [true, false]);
});

test('a change of one watched key marks its client and frees the others', () => {
  const { table, client, active } = setUp();
  const before = clientMemoryBytes(client);
  const key = latin1('x'.repeat(1000));
  table.watch(client, 1, key);
  table.watch(client, 1, latin1('other'));
  table.onModified(0, key, 0, key.length);
  table.onModified(1, key, 0, key.length - 1);
  assert.equal(table.isDirty(client), false);
  table.onModified(1, key, 0, key.length);
  assert.equal(table.isDirty(client), true);
  assert.equal(clientMemoryBytes(client), before);
  assert.deepEqual(active, [true, false]);
});

test('all clients together may watch so many keys and no more', () => {
  const { table, client, active } = setUp({ keysMax: 3 });
  const other = new Client({ id: 2, connection: new FakeConnection(), nowMs: 0 });
  const watch = (who: Client, key: string) => table.watch(who, 0, latin1(key));
  assert(watch(other, 'a'));
  assert(watch(client, 'a'));
  const bytes = clientMemoryBytes(client);
  assert(watch(client, 'b'));
  assert(!watch(client, 'c'));
  // Not another key.
  assert(watch(client, 'b'));
  table.truncate(client, 1);
  assert.equal(clientMemoryBytes(client), bytes);
  assert(watch(other, 'c'));
  table.onModified(0, latin1('b'), 0, 1);
  assert.equal(table.isDirty(client), false);
  table.onModified(0, latin1('a'), 0, 1);
  assert.equal(table.isDirty(client), true);
  assert.deepEqual(active, [true, false]);
});

/** Enough that a search for each among all the others would take many seconds. */
const CROWD = 40_000;

function crowd(): Client[] {
  return Array.from(
    { length: CROWD },
    (_, i) => new Client({ id: i + 1, connection: new FakeConnection(), nowMs: 0 }),
  );
}

test('a crowd of clients watches one key and leaves it, without a search for each', () => {
  const { table, active } = setUp();
  const key = latin1('key');
  const clients = crowd();
  const startMs = ownTimeMs();
  for (let round = 0; round < 2; round++) {
    for (const client of clients) table.watch(client, 0, key);
    // From the middle, so that it is neither the first nor the last of a list.
    for (let i = 0; i < CROWD; i++) table.unwatch(clients[(i + CROWD / 2) % CROWD]);
  }
  for (const client of clients) table.watch(client, 0, key);
  table.onModified(0, key, 0, key.length);
  const spentMs = ownTimeMs() - startMs;
  assert(clients.every((client) => table.isDirty(client)));
  assert.deepEqual(active, [true, false, true, false, true, false]);
  assert(spentMs < 2000, `${spentMs} ms`);
});

test('who leaves and who stays: every other client of two keys of one place', () => {
  const { table, active } = setUp();
  const key = latin1('key');
  const other = latin1('other');
  const clients = crowd().slice(0, 1000);
  for (const client of clients) {
    table.watch(client, 0, key);
    table.watch(client, 1, other);
    table.watch(client, 0, key);
  }
  clients.forEach((client, i) => {
    if (i % 2 === 0) table.unwatch(client);
  });
  table.onModified(0, other, 0, other.length);
  assert(clients.every((client) => !table.isDirty(client)));
  table.onModified(1, other, 0, other.length);
  assert(clients.every((client, i) => table.isDirty(client) === (i % 2 === 1)));
  for (const client of clients) table.unwatch(client);
  assert.deepEqual(active, [true, false]);
});
