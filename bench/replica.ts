/*
 * Processor time that a replica spends for each SET of its primary's stream: one Tandem primary,
 * written to by redis-benchmark (50 clients, pipeline 64), with a redis-server and a Tandem as its
 * replicas, so that all apply the same stream at the same time. See bench/README.md.
 *
 *   node dist/bench/replica.js [--rounds 7] [--against <folder of another build>]
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { waitUntilInSync } from '../test/helpers/digest.js';
import { info } from '../test/helpers/info.js';
import { startRedis } from '../test/helpers/redis-server.js';
import { ServerProcess } from '../test/helpers/server-process.js';
import { startTandem } from '../test/helpers/tandem.js';
import { waitFor } from '../test/helpers/wait-for.js';
import { median } from './median.js';

const REQUESTS = 800_000;
/** /proc counts processor time in hundredths of a second. */
const TICK_MICROSECONDS = 10_000;

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, against: { type: 'string' } },
});

function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}

function startOther(build: string, args: readonly string[]): Promise<ServerProcess> {
  const launch = join(build, 'test/helpers/launch.js');
  const program = {
    name: 'other',
    command: process.execPath,
    argumentsFor: ({ port, dir }: { port: number; dir: string }) => [
      ...[launch, '--port', String(port), '--save', '', '--dir', dir],
      ...['--enable-debug-command', 'yes'],
    ],
  };
  return ServerProcess.start(program, { args });
}

const primary = await startTandem();
const client = await primary.connect();
const args = ['--replicaof', '127.0.0.1', String(primary.port)];
const replicas = [await startRedis({ args }), await startTandem({ args })];
if (options.against !== undefined) replicas.push(await startOther(options.against, args));
const loads: { replica: ServerProcess; costs: number[] }[] = [];
for (const replica of replicas) {
  await waitUntilInSync(client, await replica.connect(), 30_000);
  loads.push({ replica, costs: [] });
}

/** One round; all replicas have taken all of it in the end. */
async function write(): Promise<void> {
  const words = ['SET', 'key:__rand_int__', 'xxxxxxxxxxxxxxxx'];
  const child = spawn('redis-benchmark', [
    ...['-p', String(primary.port), '-c', '50', '-P', '64', '-q'],
    ...['-n', String(REQUESTS), '-r', '10000', ...words],
  ]);
  const status = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(status, 0, 'redis-benchmark failed');
  const { master_repl_offset: end } = await info(client, 'replication');
  await waitFor('the replicas', async () => {
    const fields = Object.entries(await info(client, 'replication'));
    const states = fields.filter(([name]) => /^slave\d+$/.test(name));
    return states.every(([, state]) => Number(/offset=(\d+)/.exec(state)?.[1]) >= Number(end));
  });
}

// One round more than asked for: the first warms up.
for (let round = 0; round <= Number(options.rounds); round++) {
  const before = replicas.map(({ pid }) => processorTime(pid));
  await write();
  loads.forEach(({ replica, costs }, i) => {
    const cost = (processorTime(replica.pid) - (before[i] ?? 0)) / REQUESTS;
    if (round > 0) costs.push(cost);
  });
}
process.stdout.write('µs of processor time that a replica spends for a SET of the stream\n');
for (const { replica, costs } of loads) {
  const spread = (Math.max(...costs) - Math.min(...costs)) / median(costs) / 2;
  const cost = median(costs).toFixed(3);
  process.stdout.write(`${replica.name.padEnd(8)} ${cost} ±${(spread * 100).toFixed(0)} %\n`);
}
for (const server of [...replicas, primary]) await server.stop();
