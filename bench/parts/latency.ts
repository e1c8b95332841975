/*
 * How long requests wait at half of full load: the full load is what redis-server answers 50
 * clients that send one request at a time; half of that is sent to each, at even intervals, and a
 * wait is counted from the moment at which a request was due.
 */

import { type Bench, compare, type Figures, withServers } from '../bench.js';
import { fill } from '../fill.js';
import { Load } from '../load/load.js';
import type { RequestName } from '../load/requests.js';
import { median } from '../median.js';

const KEYS = 1_000_000;
const CONNECTIONS = 50;
const ROUND_MS = 10_000;

export async function latency(bench: Bench): Promise<void> {
  const keys = bench.keys(KEYS);
  const roundMs = bench.ms(ROUND_MS);
  await withServers(bench, {}, async (servers) => {
    for (const server of servers) await fill(server, keys);
    for (const name of ['get', 'set'] as const) {
      const half = Math.round((await fullLoad(servers[0]?.port ?? 0, name, keys, roundMs / 5)) / 2);
      await compare(bench, {
        part: 'latency at half load',
        what: `${name.toUpperCase()} at ${half}/s`,
        units: { p50: 'µs', p99: 'µs', 'p99.9': 'µs', max: 'µs' },
        contenders: servers,
        warmUps: 1,
        measure: async ({ port }): Promise<Figures> => {
          const load = await start(port, name, keys, half);
          await load.rateOver(roundMs);
          const { times } = load;
          await load.stop();
          return {
            p50: times.quantile(0.5),
            p99: times.quantile(0.99),
            'p99.9': times.quantile(0.999),
            max: times.quantile(1),
          };
        },
      });
    }
  });
}

function start(port: number, name: RequestName, keys: number, rate: number | null): Promise<Load> {
  const request = { name, pipeline: 1, keys, valueBytes: 16, isSkewed: false };
  return Load.start({ port, connections: CONNECTIONS, ratePerSecond: rate, request });
}

async function fullLoad(port: number, name: RequestName, keys: number, ms: number) {
  const load = await start(port, name, keys, null);
  const rates: number[] = [];
  for (let i = 0; i < 3; i++) rates.push(await load.rateOver(ms));
  await load.stop();
  return median(rates);
}
