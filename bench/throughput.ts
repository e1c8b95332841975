/*
 * Processor time for each request, of this server and of a real redis-server side by side: the same
 * load from redis-benchmark (50 clients) in turns, round after round, medians at the end. Time
 * spent, not time passed: it says the same on a busy machine. See bench/README.md.
 *
 *   node dist/bench/throughput.js [--rounds 5] [--keys 10000,5000000] [--commands get,set]
 *     [--pipelines 1,16,64] [--against <folder of another build of this repository>]
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/helpers/redis-server.js';
import { RespClient } from '../test/helpers/resp-client.js';
import { ServerProcess } from '../test/helpers/server-process.js';
import { startTandem } from '../test/helpers/tandem.js';
import { median } from './median.js';

const CLIENTS = 50;
/** Requests of one round: about half a second of a server's time. */
const REQUESTS: Readonly<Record<number, number>> = { 1: 50_000, 16: 400_000, 64: 600_000 };
/** MSET stores ten keys, so a round has fewer of them. */
const MSET_PAIRS = 10;
const LOAD_BATCH_KEYS = 10_000;
/** /proc counts processor time in hundredths of a second. */
const TICK_MICROSECONDS = 10_000;

const KEY = 'key:__rand_int__';
const VALUE = 'xxxxxxxxxxxxxxxx';
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  set: ['SET', KEY, VALUE],
  get: ['GET', KEY],
  incr: ['INCR', 'ctr:__rand_int__'],
  mset: ['MSET', ...Array.from({ length: MSET_PAIRS }, () => [KEY, VALUE]).flat()],
  // Last: it leaves holes.
  del: ['DEL', KEY],
};

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    keys: { type: 'string', default: '10000,5000000' },
    commands: { type: 'string', default: Object.keys(COMMANDS).join(',') },
    pipelines: { type: 'string', default: '1,16,64' },
    against: { type: 'string' },
  },
});

/** Processor time of all threads since the start, in µs. */
function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}

async function fill(server: ServerProcess, keys: number): Promise<void> {
  const client = await RespClient.connect({ port: server.port });
  await client.call('FLUSHALL');
  for (let from = 0; from < keys; from += LOAD_BATCH_KEYS) {
    const count = Math.min(LOAD_BATCH_KEYS, keys - from);
    let batch = `*${1 + 2 * count}\r\n$4\r\nMSET\r\n`;
    for (let n = from; n < from + count; n++) {
      batch += `$16\r\nkey:${String(n).padStart(12, '0')}\r\n$16\r\n${VALUE}\r\n`;
    }
    client.raw(batch);
    await client.nextReply();
  }
  client.close();
}

/** One round of load; resolves to the server's µs for each request. */
async function measure(
  server: ServerProcess,
  load: { command: string; pipeline: number; keys: number },
): Promise<number> {
  const { command, pipeline, keys } = load;
  const words = COMMANDS[command];
  assert(words !== undefined, `no command ${command}`);
  const all = REQUESTS[pipeline] ?? 200_000;
  const requests = command === 'mset' ? all / 5 : all;
  const before = processorTime(server.pid);
  const child = spawn('redis-benchmark', [
    ...['-p', String(server.port), '-c', String(CLIENTS), '-P', String(pipeline), '-q'],
    ...['-n', String(requests), '-r', String(keys), ...words],
  ]);
  const status = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(status, 0, 'redis-benchmark failed');
  return (processorTime(server.pid) - before) / requests;
}

function startOther(build: string): Promise<ServerProcess> {
  return ServerProcess.start({
    name: 'other',
    command: process.execPath,
    argumentsFor: ({ port, dir }) => [
      join(build, 'test/helpers/launch.js'),
      ...['--port', String(port), '--save', '', '--dir', dir],
    ],
  });
}

async function compare(servers: readonly ServerProcess[], keys: number): Promise<void> {
  for (const server of servers) await fill(server, keys);
  for (const command of options.commands.split(',')) {
    for (const pipeline of options.pipelines.split(',').map(Number)) {
      const loads = servers.map((server) => ({ server, costs: [] as number[] }));
      // One round more than asked for: the first warms up.
      for (let round = 0; round <= Number(options.rounds); round++) {
        for (const { server, costs } of loads) {
          const cost = await measure(server, { command, pipeline, keys });
          if (round > 0) costs.push(cost);
        }
      }
      const cells = loads.map(({ costs }) => {
        const cost = median(costs);
        const spread = (Math.max(...costs) - Math.min(...costs)) / cost / 2;
        return `${cost.toFixed(2).padStart(8)} ±${(spread * 100).toFixed(0).padStart(2)} %`;
      });
      const [first = Number.NaN, ...others] = loads.map(({ costs }) => median(costs));
      const ratios = others.map((cost) => (cost / first).toFixed(2).padStart(7));
      const size = String(pipeline).padStart(3) + String(keys).padStart(10);
      process.stdout.write(`${command.padEnd(5)}${size}${cells.join('')}${ratios.join('')}\n`);
    }
  }
}

const servers = [await startRedis(), await startTandem()];
if (options.against !== undefined) servers.push(await startOther(options.against));
const names = servers.map((server) => server.name);
process.stdout.write(
  `µs of processor time a request; pipeline, keys; ${names.join(', ')}; ratios to redis\n`,
);
for (const keys of options.keys.split(',').map(Number)) await compare(servers, keys);
for (const server of servers) await server.stop();
