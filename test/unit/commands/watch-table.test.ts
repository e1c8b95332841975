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
import { WATCHES_MAX } from '../../../src/limits.js';
import { latin1 } from '../../../src/structures/bytes.js';
import { newKeyspace } from '../../helpers/keyspace.js';
import { FakeConnection } from './server-fixture.js';

function setUp() {
  const active: boolean[] = [];
  const keyspace = newKeyspace({ databases: 2 });
  const table = new WatchTable({ keyspace, onActive: (isActive) => active.push(isActive) });
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
  const { table, client } = setUp();
  assert(table.hasRoomFor(WATCHES_MAX));
  assert(!table.hasRoomFor(WATCHES_MAX + 1));
  table.watch(client, 0, latin1('a'));
  assert(!table.hasRoomFor(WATCHES_MAX));
  table.unwatch(client);
  assert(table.hasRoomFor(WATCHES_MAX));
});
