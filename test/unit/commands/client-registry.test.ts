/*
 * The list of connected clients: order, ids, and coming and going while it is walked.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '../../../src/commands/client.js';
import { ClientRegistry } from '../../../src/commands/client-registry.js';
import { FakeConnection } from './server-fixture.js';

function add(clients: ClientRegistry): Client {
  const id = clients.nextId();
  const client = new Client({ id, connection: new FakeConnection(), nowMs: 0 });
  clients.add(client);
  return client;
}

describe('client registry', () => {
  test('ids are never used twice, and clients come in the order of their arrival', () => {
    const clients = new ClientRegistry();
    const [first, second] = [add(clients), add(clients)];
    clients.remove(first);
    clients.remove(first);
    const third = add(clients);
    assert.deepEqual(
      [...clients].map(({ id }) => id),
      [2, 3],
    );
    assert.equal(clients.byId(1), null);
    assert.equal(clients.byId(3), third);
    assert.equal(clients.size, 2);
    assert.throws(() => clients.add(second));
  });

  test('clients may go while the list is walked', () => {
    const clients = new ClientRegistry();
    for (let i = 0; i < 5; i++) add(clients);
    const seen: number[] = [];
    for (const client of clients) {
      seen.push(client.id);
      const next = clients.byId(client.id + 1);
      if (next !== null) clients.remove(next);
    }
    assert.deepEqual(seen, [1, 3, 5]);
  });

  test('kinds and blocked clients are counted as they are now', () => {
    const clients = new ClientRegistry();
    const client = add(clients);
    add(clients);
    client.kind = 'replica';
    client.blocked = 'wait';
    assert.deepEqual(
      [clients.countKind('replica'), clients.countKind('normal'), clients.countBlocked()],
      [1, 1, 1],
    );
    assert.equal(clients.countWaitingWithLimit(), 0);
    client.waitsWithLimit = true;
    assert.equal(clients.countWaitingWithLimit(), 1);
  });
});
