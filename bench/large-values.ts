/*
 * What large values cost, this server and a real redis-server in one run: CPU time of the server
 * process for each SET and GET, the longest time that another client waited for a PING meanwhile
 * (it sends one each millisecond from a thread of its own), and how far the resident memory rose.
 * With `--replica` a redis-server follows each of them. Run: `node dist/bench/large-values.js
 * [--replica] [name=pid:port …]`; names add servers that run already. CPU has a resolution of 10 ms
 * in all: compare ratios, and run it twice.
 */

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { startRedis } from '../test/helpers/redis-server.js';
import type { ServerProcess } from '../test/helpers/server-process.js';
import { startTandem } from '../test/helpers/tandem.js';

const KIB = 1024;
const MIB = 1024 * KIB;
/** Size of the values and how often each is sent. */
const CASES: readonly (readonly [bytes: number, times: number])[] = [
  [16 * KIB, 20_000],
  [64 * KIB, 6000],
  [MIB, 400],
  [64 * MIB, 8],
  [512 * MIB - 1, 2],
];
const KEYS = 4;
const TICKS_PER_SECOND = 100;

interface Target {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

function statusMib(pid: number, field: string): number {
  const line = new RegExp(`${field}:\\s+(\\d+) kB`).exec(
    readFileSync(`/proc/${pid}/status`, 'latin1'),
  );
  return Number(line?.[1]) / KIB;
}

/** Runs in a thread: PINGs until told to report the longest wait. */
async function ping(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let longestMs = 0;
  let isStopped = false;
  parentPort?.once('message', () => {
    isStopped = true;
  });
  parentPort?.postMessage('ready');
  while (!isStopped) {
    const startMs = performance.now();
    socket.write('PING\r\n');
    await once(socket, 'data');
    longestMs = Math.max(longestMs, performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  socket.destroy();
  parentPort?.postMessage(longestMs);
}

/** Counts bytes of replies. */
class Replies {
  #received = 0;
  #wanted = 0;
  #resolve: (() => void) | null = null;

  constructor(socket: Socket) {
    socket.on('data', (chunk) => {
      this.#received += chunk.length;
      if (this.#received >= this.#wanted) this.#resolve?.();
    });
  }

  async next(bytes: number): Promise<void> {
    this.#wanted += bytes;
    if (this.#received >= this.#wanted) return;
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
    this.#resolve = null;
  }
}

interface Figures {
  readonly cpuUs: number;
  readonly waitMs: number;
  readonly peakMib: number;
}

async function measure(target: Target, times: number, run: () => Promise<void>): Promise<Figures> {
  const pinger = new Worker(new URL(import.meta.url), { workerData: target.port });
  await once(pinger, 'message');
  // Resets the peak of the resident memory.
  writeFileSync(`/proc/${target.pid}/clear_refs`, '5');
  const before = cpuMs(target.pid);
  await run();
  const cpuUs = ((cpuMs(target.pid) - before) * 1000) / times;
  pinger.postMessage('stop');
  const [waitMs] = (await once(pinger, 'message')) as [number];
  await pinger.terminate();
  return { cpuUs, waitMs, peakMib: statusMib(target.pid, 'VmHWM') };
}

function show(target: Target, what: string, bytes: number, figures: Figures): void {
  const size = bytes < MIB ? `${bytes / KIB} KiB` : `${Math.ceil(bytes / MIB)} MiB`;
  const cpu = figures.cpuUs.toFixed(0).padStart(8);
  const wait = figures.waitMs.toFixed(1).padStart(7);
  const peak = figures.peakMib.toFixed(0).padStart(5);
  process.stdout.write(
    `${target.name.padEnd(10)}${what.padEnd(5)}${size.padStart(8)}` +
      `  CPU ${cpu} µs  longest wait ${wait} ms  peak ${peak} MiB\n`,
  );
}

async function measureAll(target: Target): Promise<void> {
  const socket = connect({ port: target.port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const replies = new Replies(socket);
  for (const [bytes, times] of CASES) {
    const value = Buffer.alloc(bytes, 'x');
    const send = (i: number): void => {
      socket.write(`*3\r\n$3\r\nSET\r\n$5\r\nkey:${i % KEYS}\r\n$${bytes}\r\n`);
      socket.write(value);
      socket.write('\r\n');
    };
    const set = await measure(target, times, async () => {
      for (let i = 0; i < times; i++) {
        send(i);
        await replies.next(5);
      }
    });
    show(target, 'SET', bytes, set);
    const get = await measure(target, times, async () => {
      for (let i = 0; i < times; i++) {
        socket.write(`*2\r\n$3\r\nGET\r\n$5\r\nkey:${i % Math.min(KEYS, times)}\r\n`);
        await replies.next(bytes + String(bytes).length + 5);
      }
    });
    show(target, 'GET', bytes, get);
    socket.write('FLUSHALL\r\n');
    await replies.next(5);
  }
  socket.destroy();
}

function replicaOf(server: Target): Promise<ServerProcess> {
  return startRedis({ args: ['--replicaof', '127.0.0.1', String(server.port)] });
}

async function main(args: readonly string[]): Promise<void> {
  const targets: Target[] = [];
  for (const arg of args) {
    const [, name, pid, port] = /^(\w+)=(\d+):(\d+)$/.exec(arg) ?? [];
    if (name !== undefined) targets.push({ name, pid: Number(pid), port: Number(port) });
  }
  const started = [await startRedis(), await startTandem()];
  for (const { name, pid, port } of started) targets.push({ name, pid, port });
  for (const target of targets) {
    const replica = args.includes('--replica') ? await replicaOf(target) : null;
    await measureAll(target);
    await replica?.stop();
  }
  for (const server of started) await server.stop();
}

if (isMainThread) await main(process.argv.slice(2));
else await ping(workerData as number);
