/*
 * INFO beside redis-server: which sections come back for what is asked, in which order and as which
 * kind of reply; and the fields of each, where the oracle is of the version that this server
 * follows.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isVersionAtLeast, redisVersion, skipWithoutRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { Reply } from '../helpers/resp-reply.js';
import { ServerPair } from './server-pair.js';

const asked = [
  ...['', 'default', 'all', 'everything', 'ALL', 'Memory', 'memory MEMORY', 'nonsense'],
  ...['cpu all', 'cpu default', 'cpu sentinel', 'replication everything cpu', 'keyspace server'],
  ...['commandstats errorstats latencystats', 'default commandstats', 'modules', 'modules all'],
  ...['cluster nonsense keyspace', 'sentinel', '* ?'],
  ...(isVersionAtLeast(redisVersion ?? '0', '7.2') ? ['debug', 'default debug', 'all debug'] : []),
];

/** docs/DIFFERENCES.md tells of ours. */
const ours = new Set([
  ...['server_name', 'tandem_version', 'client_output_buffer_limit_disconnections'],
  ...['client_query_buffer_limit_disconnections'],
]);

/** Of the reply, what comes before the text, and the first word of each of its lines. */
function shapeOf(reply: Reply): string[] {
  assert(reply.type === 'bulk' || reply.type === 'verbatim');
  const kind = reply.type === 'verbatim' ? `verbatim ${reply.format}` : reply.type;
  const names = reply.text.split('\r\n').map((line) => line.split(':')[0] ?? '');
  return [kind, ...names.filter((name) => !ours.has(name))];
}

function withoutFields(shape: readonly string[]): string[] {
  return shape.filter((name, index) => index === 0 || name === '' || name.startsWith('#'));
}

describe('INFO beside redis-server', { skip: skipWithoutRedis }, () => {
  let servers: ServerPair;
  before(async () => {
    servers = await ServerPair.start();
  });
  after(() => servers.stop());

  /** Both servers in the same state: some keys, some errors, some commands. */
  async function connect(protocol: 2 | 3): Promise<[RespClient, RespClient]> {
    const pair = await servers.connect(protocol);
    for (const client of pair) {
      await client.call('CONFIG', 'RESETSTAT');
      for (const line of ['FLUSHALL', 'SET k v EX 100', 'SELECT 3', 'SET k v', 'GET', 'NOSUCH']) {
        await client.typed(...line.split(' '));
      }
    }
    return pair;
  }

  for (const protocol of [2, 3] as const) {
    test(`sections, whatever is asked for (RESP${protocol})`, async () => {
      const pair = await connect(protocol);
      for (const words of asked) {
        const request = ['INFO', ...words.split(' ').filter((word) => word !== '')];
        const replies = await Promise.all(pair.map((client) => client.typed(...request)));
        const [left, right] = replies.map((reply) => withoutFields(shapeOf(reply)));
        assert.deepEqual(left, right, `INFO ${words}`);
      }
      for (const client of pair) client.close();
    });
  }

  const skip = isVersionAtLeast(redisVersion ?? '0', '7.2') ? false : 'older fields';
  test('fields of every section, in their order', { skip }, async () => {
    const pair = await connect(2);
    for (const words of asked) {
      const request = ['INFO', ...words.split(' ').filter((word) => word !== '')];
      const replies = await Promise.all(pair.map((client) => client.typed(...request)));
      // In the order of the table here, of a hash table there.
      const [left, right] = replies.map((reply) =>
        shapeOf(reply).filter((name) => !/^(cmdstat|latency_percentiles)_/.test(name)),
      );
      assert.deepEqual(left, right, `INFO ${words}`);
    }
    for (const client of pair) client.close();
  });
});
