/*
 * What a replica may not send to its primary.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { encodeRequest, RespClient } from '../helpers/resp-client.js';
import { plain } from '../helpers/resp-reply.js';
import { waitFor } from '../helpers/wait-for.js';
import { start } from './cast.js';

for (const kind of ['tandem', 'redis'] as const) {
  const skip = kind === 'redis' && skipWithoutRedis;
  test(`${kind}: a replica that wants a reply is dropped, and reads none`, { skip }, async () => {
    const primary = await start(kind);
    const requests = [
      [['PING'], 'ping', ''],
      [['CONFIG', 'GET', 'dir'], 'config|get', ''],
      [['GET', 'k'], 'get', "Replica can't interact with the keyspace"],
      [['NONSENSE'], '<unknown>', ''],
    ] as const;
    for (const [request, name, error] of requests) {
      const replica = await FakeReplica.connect({ port: primary.server.port });
      replica.send(...request);
      await waitFor('the replica to be dropped', () => replica.isClosed);
      assert(!/PONG|ERR|dir/.test(replica.stream.toString()));
      const line = `Replica generated a reply to command '${name}', disconnecting it: id=`;
      await waitFor('the log line', () => primary.server.log.includes(line));
      if (error === '') continue;
      const critical =
        /== CRITICAL == This master is sending an error to its replica: '(.*)' after (.*)/;
      const [, text, command] = critical.exec(primary.server.log) ?? [];
      assert.equal(text, error);
      assert.equal(command, `processing the command '${name}'`);
      const { unexpected_error_replies } = await info(primary.client, 'stats');
      assert.equal(unexpected_error_replies, '1');
    }
    const wrong = await RespClient.connect({ port: primary.server.port });
    assert.match(String(await wrong.call('PSYNC', 'id', 'x')), /not an integer/);
    await waitFor('the log line', () =>
      /synchronization but with a wrong/.test(primary.server.log),
    );
    assert.equal(await wrong.call('PING'), 'PONG');
    wrong.close();
  });

  test(`${kind}: PSYNC is answered even where replies are switched off`, { skip }, async () => {
    const primary = await start(kind);
    const first = await FakeReplica.connect({ port: primary.server.port });
    first.close();
    await primary.client.call('SET', 'k', 'v');
    const mute = await RespClient.connect({ port: primary.server.port });
    mute.raw(encodeRequest(['CLIENT', 'REPLY', 'OFF']));
    mute.raw(encodeRequest(['PSYNC', first.replid, String(first.startOffset + 1)]));
    const reply = await mute.nextReply();
    assert.deepEqual(plain(reply), 'CONTINUE');
    mute.close();
  });

  test(`${kind}: a replica that has switched replies off hears nothing, and stays`, {
    skip,
  }, async () => {
    const primary = await start(kind);
    const other = await FakeReplica.connect({ port: primary.server.port });
    await primary.client.call('SET', 'k', '1');
    await other.waitForCommand('the first SET', ([, , value]) => value === '1');
    const mute = connect({ port: primary.server.port, host: '127.0.0.1' });
    let heard = '';
    mute.on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1');
    });
    for (const request of [
      ['CLIENT', 'REPLY', 'OFF'],
      ['PSYNC', other.replid, String(other.offset + 1)],
    ]) {
      mute.write(encodeRequest(request));
    }
    await waitFor('the answer to PSYNC', () => heard !== '');
    mute.write(encodeRequest(['PING']));
    mute.write(encodeRequest(['NONSENSE']));
    await primary.client.call('SET', 'k', '2');
    await other.waitForCommand('the second SET', ([, , value]) => value === '2');
    // What it has said by then has been read with this, which has an answer and so ends it.
    mute.write(encodeRequest(['CLIENT', 'REPLY', 'ON']));
    await once(mute, 'close');
    assert.equal(heard, '+CONTINUE\r\n');
    const line = "Replica generated a reply to command 'client|reply', disconnecting it: id=";
    await waitFor('the log line', () => primary.server.log.includes(line));
    other.close();
  });
}
