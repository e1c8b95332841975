/*
 * The soft limit of output over real loopback sockets: who is over it for its seconds is dropped,
 * who has caught up meanwhile is not.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Subscriptions } from '../../../src/pubsub/subscriber.js';
import { waitFor } from '../../helpers/wait-for.js';
import { FakeServer, openSession } from './fake-server.js';

let server: FakeServer;
before(async () => {
  server = await FakeServer.start();
});
after(() => server.listener.close());

test('the soft limit is a matter of time', async () => {
  server.settings.outputLimits.normal = { hardBytes: 0, softBytes: 1000, softSeconds: 10 };
  const { socket, session, closedCount } = await openSession(server);
  socket.pause();
  socket.write('BIG 20000000\r\n');
  await waitFor('it to be written', () => session.outputBytes > 0);
  server.skewMs = 9_000;
  server.listener.sweep();
  assert.equal(closedCount(), 0);
  server.skewMs = 20_000;
  server.listener.sweep();
  assert.equal(closedCount(), 1);
  server.skewMs = 0;
  server.settings.outputLimits.normal = { hardBytes: 0, softBytes: 0, softSeconds: 0 };
  socket.destroy();
});

for (const kind of ['normal', 'pubsub'] as const) {
  test(`a ${kind} reader that has caught up has all soft seconds again`, async (t) => {
    server.settings.outputLimits[kind] = { hardBytes: 0, softBytes: 1000, softSeconds: 10 };
    t.after(() => {
      server.skewMs = 0;
      server.settings.outputLimits[kind] = { hardBytes: 0, softBytes: 0, softSeconds: 0 };
    });
    const { socket, received, client, session, closedCount } = await openSession(server);
    if (kind === 'pubsub') client.subscriptions = new Subscriptions();
    received.keepsText = false;
    for (const round of [1, 2, 3]) {
      socket.pause();
      if (kind === 'pubsub') session.send(new Uint8Array(20_000_000));
      else socket.write('BIG 20000000\r\n');
      await waitFor('it to be written', () => session.outputBytes > 0);
      server.listener.sweep();
      assert.equal(closedCount(), 0, `round ${round}`);
      socket.resume();
      await waitFor('it to be read', () => session.outputBytes === 0);
      server.skewMs += 20_000;
    }
    socket.destroy();
  });
}
