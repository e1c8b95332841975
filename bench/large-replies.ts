/*
 * CPU for each GET of a large value, beside a real redis-server: the two (and other builds, given
 * as folders) take turns within each round, so that all meet the same minutes of the machine; the
 * median of the rounds is shown, with the best and the worst. Run: `node
 * dist/bench/large-replies.js [--clients 20] [--pipeline 8] [--sizes 16,64,1024] [--rounds 9]
 * [folder of another dist …]`. Sizes are in KiB.
 */

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/helpers/redis-server.js';
import { ServerProcess } from '../test/helpers/server-process.js';
import { startTandem } from '../test/helpers/tandem.js';
import { median } from './median.js';

const KIB = 1024;
const KEYS = 4;
/** Bytes that each server sends in a round, about, and requests at most. */
const ROUND_BYTES = 600 * KIB * KIB;
const ROUND_REQUESTS_MAX = 8000;

const { values: options, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: {
    clients: { type: 'string', default: '1' },
    pipeline: { type: 'string', default: '1' },
    sizes: { type: 'string', default: '16,64,1024,65536' },
    rounds: { type: 'string', default: '9' },
  },
});
const pipeline = Number(options.pipeline);

/** CPU time of all threads of a process so far, in µs: finer than the ticks of /proc/pid/stat. */
function cpuUs(pid: number): number {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    ns += Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1'), 10);
  }
  return ns / 1000;
}

/** Sends requests and counts the bytes of the replies into one buffer, which costs little. */
class Getter {
  readonly #socket;
  #missing = 0;
  #resolve = (): void => {};

  constructor(port: number) {
    const onread = {
      buffer: new Uint8Array(KIB * KIB),
      callback: (bytes: number): boolean => {
        this.#missing -= bytes;
        if (this.#missing === 0) this.#resolve();
        return true;
      },
    };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
  }

  /** Sends `request` and waits for so many bytes. */
  async call(request: string | Uint8Array, replyBytes: number): Promise<void> {
    if (this.#socket.connecting) await once(this.#socket, 'connect');
    this.#missing = replyBytes;
    this.#socket.write(request);
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function runRound(server: ServerProcess, getters: Getter[], bytes: number): Promise<number> {
  const replyBytes = pipeline * (bytes + String(bytes).length + 5);
  const requests = Math.min(ROUND_REQUESTS_MAX, Math.ceil(ROUND_BYTES / bytes));
  const batches = Math.ceil(requests / pipeline / getters.length);
  const before = cpuUs(server.pid);
  const load = async (getter: Getter): Promise<void> => {
    for (let i = 0; i < batches; i++) {
      const request = `*2\r\n$3\r\nGET\r\n$5\r\nkey:${i % KEYS}\r\n`.repeat(pipeline);
      await getter.call(request, replyBytes);
    }
  };
  await Promise.all(getters.map(load));
  return (cpuUs(server.pid) - before) / (batches * pipeline * getters.length);
}

async function measure(servers: ReadonlyMap<string, ServerProcess>, bytes: number): Promise<void> {
  const loads = [...servers].map(([name, server]) => {
    const getters = Array.from({ length: Number(options.clients) }, () => new Getter(server.port));
    return { name, server, getters, costs: [] as number[] };
  });
  for (const { getters } of loads) {
    for (let key = 0; key < KEYS; key++) {
      const head = `*3\r\n$3\r\nSET\r\n$5\r\nkey:${key}\r\n$${bytes}\r\n`;
      const request = Buffer.concat([
        Buffer.from(head),
        Buffer.alloc(bytes, 'x'),
        Buffer.from('\r\n'),
      ]);
      await getters[0]?.call(request, 5);
    }
  }
  // One round more than asked for: the first warms up.
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const { server, getters, costs } of loads) {
      const cost = await runRound(server, getters, bytes);
      if (round > 0) costs.push(cost);
    }
  }
  const redisUs = median(loads[0]?.costs ?? []);
  for (const { name, getters, costs } of loads) {
    for (const getter of getters) getter.close();
    const range = `${Math.min(...costs).toFixed(1)}-${Math.max(...costs).toFixed(1)}`;
    const us = median(costs);
    process.stdout.write(
      `${String(bytes / KIB).padStart(6)} KiB  ${name.padEnd(20)}${us.toFixed(1).padStart(9)} µs` +
        `  (${range})  ${(us / redisUs).toFixed(2)}\n`,
    );
  }
}

function startOther(folder: string): Promise<ServerProcess> {
  return ServerProcess.start({
    name: 'other',
    command: process.execPath,
    argumentsFor: ({ port, dir }) => [
      join(folder, 'test/helpers/launch.js'),
      ...['--port', String(port), '--save', '', '--dir', dir],
    ],
  });
}

const servers = new Map([
  ['redis', await startRedis()],
  ['tandem', await startTandem()],
]);
for (const folder of folders) servers.set(folder, await startOther(folder));
for (const size of options.sizes.split(',')) await measure(servers, Number(size) * KIB);
for (const server of servers.values()) await server.stop();
