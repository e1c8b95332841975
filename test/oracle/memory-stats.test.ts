/*
 * MEMORY STATS, DOCTOR and MALLOC-STATS beside redis-server: the names and types of the fields, in
 * their order, and that figures follow the data.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import { plain, type Reply } from '../helpers/resp-reply.js';
import { ServerPair } from './server-pair.js';

/** The reply without its figures: doubles are texts in RESP2. */
function shapeOf(reply: Reply): string {
  if ('items' in reply) return `${reply.type}(${reply.items.map(shapeOf).join(' ')})`;
  const isText = reply.type === 'bulk' && !/^-?[\d.]+(e[+-]?\d+)?$/.test(reply.text);
  return isText ? reply.text : reply.type;
}

async function statsOf(client: RespClient): Promise<Map<string, number>> {
  const reply = plain(await client.typed('MEMORY', 'STATS'));
  assert(reply instanceof Map);
  return reply as Map<string, number>;
}

describe('MEMORY beside redis-server', { skip: skipWithoutRedis }, () => {
  let servers: ServerPair;
  before(async () => {
    servers = await ServerPair.start();
  });
  after(() => servers.stop());

  for (const protocol of [2, 3] as const) {
    test(`STATS has the same fields (RESP${protocol})`, async () => {
      const pair = await servers.connect(protocol);
      for (const lines of [['FLUSHALL'], ['SELECT 3', 'SET k v'], ['SELECT 0', 'SET k v EX 100']]) {
        for (const line of lines) for (const one of pair) await one.call(...line.split(' '));
        const [ours, theirs] = await Promise.all(pair.map((one) => one.typed('MEMORY', 'STATS')));
        assert.equal(shapeOf(ours), shapeOf(theirs));
      }
      for (const words of [['DOCTOR'], ['MALLOC-STATS']]) {
        const replies = await Promise.all(pair.map((one) => one.typed('MEMORY', ...words)));
        const [ours, theirs] = replies.map(({ type }) => type);
        assert.equal(ours, theirs);
      }
      for (const one of pair) one.close();
    });
  }

  test('figures follow the data, and are those of INFO', async () => {
    const client = await servers.tandemServer.connect({ protocol: 3 });
    await client.call('FLUSHALL');
    const empty = await statsOf(client);
    await client.call('DEBUG', 'POPULATE', 10_000, 'k', 100);
    const full = await statsOf(client);
    const grown = (name: string) => Number(full.get(name)) - Number(empty.get(name) ?? 0);
    assert.equal(full.get('keys.count'), 10_000);
    assert(grown('dataset.bytes') > 1_000_000, 'values are data');
    assert(grown('overhead.total') > 50_000, 'tables are overhead');
    assert.equal(
      Number(full.get('dataset.bytes')) + Number(full.get('overhead.total')),
      full.get('total.allocated'),
    );
    assert.equal(await client.call('MEMORY', 'PURGE'), 'OK');
    const info = String(await client.call('INFO', 'memory'));
    const ofInfo = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
    // Requests and replies of the asking client itself come and go.
    assert(Math.abs(ofInfo('used_memory_dataset') - Number(full.get('dataset.bytes'))) < 1000);
    client.close();
  });
});
