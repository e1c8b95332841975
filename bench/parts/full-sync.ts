/*
 * A full sync of a large data set while pipelined writes go on: how long until the replica streams,
 * and what the primary's clients notice. The replica is always a redis-server, so that only the
 * primaries differ.
 */

import { info } from '../../test/helpers/info.js';
import { startRedis } from '../../test/helpers/redis-server.js';
import type { ServerProcess } from '../../test/helpers/server-process.js';
import { type Bench, compare, type Figures, sleep, withServers } from '../bench.js';
import { fill } from '../fill.js';
import { measureOperation, UNDER_LOAD_UNITS } from '../under-load.js';

const KEYS = 5_000_000;
const POLL_MS = 10;
/** So that what the primary's clients write meanwhile drops nobody. */
const NO_LIMIT = ['--client-output-buffer-limit', 'replica 0 0 0'];

export async function fullSync(bench: Bench): Promise<void> {
  const keys = bench.keys(KEYS);
  await withServers(bench, { args: NO_LIMIT }, async (servers) => {
    for (const server of servers) await fill(server, keys);
    await compare(bench, {
      part: 'full sync',
      what: `${keys} keys, pipelined writes`,
      units: UNDER_LOAD_UNITS,
      contenders: servers,
      measure: (server) => measure(bench, server, keys),
    });
  });
}

async function measure(bench: Bench, primary: ServerProcess, keys: number): Promise<Figures> {
  const client = await primary.connect();
  const replica = await startRedis();
  const follower = await replica.connect({ replyTimeoutMs: 120_000 });
  try {
    return await measureOperation(bench, { server: primary, keys, isWritten: true }, async () => {
      await follower.call('REPLICAOF', '127.0.0.1', String(primary.port));
      for (;;) {
        const { slave0 = '' } = await info(client, 'replication');
        if (slave0.includes('state=online') && /lag=[01]$/.test(slave0)) break;
        await sleep(POLL_MS);
      }
    });
  } finally {
    client.close();
    await replica.stop();
  }
}
