/*
 * What an operation of a server costs those who use it meanwhile: how long it takes, how far the
 * throughput of a writer dips, how long a PING waits, how far the memory rises.
 */

import type { ServerProcess } from '../test/helpers/server-process.js';
import { type Bench, type Figures, sleep } from './bench.js';
import { Load, startPings } from './load/load.js';
import { MemoryPeak, residentBytes } from './process-figures.js';

const WARM_UP_MS = 500;
const BEFORE_MS = 1500;

export const UNDER_LOAD_UNITS = {
  took: 's',
  'throughput lost': '%',
  'longest wait': 'ms',
  'memory over idle': 'MiB',
};
export const IDLE_UNITS = { took: 's', 'longest wait': 'ms', 'memory over idle': 'MiB' };

/** `isWritten`: 50 clients send SETs of 16 bytes to `keys` keys, pipelined by 16. */
export async function measureOperation(
  bench: Bench,
  { server, keys, isWritten }: { server: ServerProcess; keys: number; isWritten: boolean },
  operate: () => Promise<unknown>,
): Promise<Figures> {
  const load = isWritten ? await startWrites(server.port, keys) : null;
  if (load !== null) await sleep(bench.ms(WARM_UP_MS));
  const before = (await load?.rateOver(bench.ms(BEFORE_MS))) ?? 0;
  const idleBytes = residentBytes(server.pid);
  const pings = await startPings(server.port);
  const peak = new MemoryPeak(server.pid);
  const startMs = performance.now();
  const during = load === null ? await operate().then(() => 0) : await load.rateDuring(operate);
  const took = (performance.now() - startMs) / 1000;
  const peakBytes = peak.stop();
  await pings.stop();
  await load?.stop();
  return {
    took,
    'throughput lost': before > 0 ? (1 - during / before) * 100 : Number.NaN,
    'longest wait': pings.times.quantile(1) / 1000,
    'memory over idle': (peakBytes - idleBytes) / 2 ** 20,
  };
}

export function startWrites(port: number, keys: number): Promise<Load> {
  return Load.start({
    port,
    connections: 50,
    ratePerSecond: null,
    request: { name: 'set', pipeline: 16, keys, valueBytes: 16, isSkewed: false },
  });
}
