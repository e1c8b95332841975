/*
 * BGSAVE of a large data set: idle, and under full write load; memory while it runs and a while
 * after.
 */

import { info } from '../../test/helpers/info.js';
import type { ServerProcess } from '../../test/helpers/server-process.js';
import { type Bench, compare, type Figures, sleep, withServers } from '../bench.js';
import { fill } from '../fill.js';
import { residentBytes } from '../process-figures.js';
import { IDLE_UNITS, measureOperation, UNDER_LOAD_UNITS } from '../under-load.js';

const KEYS = 5_000_000;
const POLL_MS = 10;
/** When the memory is looked at again. */
const AFTER_MS = 5000;
const AFTER = { 'memory afterwards': 'MiB' };

export async function saves(bench: Bench): Promise<void> {
  const keys = bench.keys(KEYS);
  await withServers(bench, {}, async (servers) => {
    for (const server of servers) await fill(server, keys);
    for (const isWritten of [false, true]) {
      await compare(bench, {
        part: 'BGSAVE',
        what: `${keys} keys, ${isWritten ? 'full write load' : 'idle'}`,
        units: { ...(isWritten ? UNDER_LOAD_UNITS : IDLE_UNITS), ...AFTER },
        contenders: servers,
        measure: (server) => measure(bench, server, keys, isWritten),
      });
    }
  });
}

async function measure(
  bench: Bench,
  server: ServerProcess,
  keys: number,
  isWritten: boolean,
): Promise<Figures> {
  const client = await server.connect();
  const idleBytes = residentBytes(server.pid);
  const figures = await measureOperation(bench, { server, keys, isWritten }, async () => {
    await client.call('BGSAVE');
    while ((await info(client, 'persistence')).rdb_bgsave_in_progress === '1') await sleep(POLL_MS);
  });
  await sleep(bench.ms(AFTER_MS));
  client.close();
  const after = (residentBytes(server.pid) - idleBytes) / 2 ** 20;
  return { ...figures, 'memory afterwards': after };
}
