/*
 * The thread that sends: connections that each keep a pipeline in flight, or requests at a given
 * rate whose times are taken from when they were due, so that a server that stands still is charged
 * with all that it made wait. Counts in shared memory; ends when it is told to.
 */

import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { Histogram } from './histogram.js';
import type { LoadOrder } from './load.js';
import { ReplyCounter } from './replies.js';
import { Pipeline } from './requests.js';

const order = workerData as LoadOrder;
const counts = new BigInt64Array(order.counts);
const histogram = new Histogram(order.histogram);

class Connection {
  readonly #socket: Socket;
  readonly #pipeline: Pipeline;
  readonly #replies = new ReplyCounter();
  /** When the requests in flight were due; a ring. */
  readonly #due = new Float64Array(1 << 16);
  #first = 0;
  #last = 0;
  #open = 0;

  constructor(seed: number) {
    this.#pipeline = new Pipeline({ ...order.request, seed });
    this.#socket = connect({ port: order.port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes) => this.#onReplies(bytes));
    this.#socket.on('error', (error) => {
      throw error;
    });
  }

  get socket(): Socket {
    return this.#socket;
  }

  /** The next pipeline; `dueMs` is when it should have left. */
  send(dueMs: number): void {
    const { pipeline } = order.request;
    this.#pipeline.change();
    this.#open += pipeline;
    this.#due[this.#last++ & (this.#due.length - 1)] = dueMs;
    // Of a paced load several may be under way: what is on its way must not change.
    const { bytes } = this.#pipeline;
    this.#socket.write(order.ratePerSecond === null ? bytes : Buffer.from(bytes));
  }

  #onReplies(bytes: Buffer): void {
    const { pipeline } = order.request;
    const before = Math.ceil(this.#open / pipeline);
    const replies = this.#replies.count(bytes);
    if (this.#replies.errors > 0) throw new Error(`an error reply: ${bytes.subarray(0, 200)}`);
    this.#open -= replies;
    Atomics.add(counts, 0, BigInt(replies));
    const nowMs = performance.now();
    for (let n = before - Math.ceil(this.#open / pipeline); n > 0; n--) {
      const dueMs = this.#due[this.#first++ & (this.#due.length - 1)];
      histogram.add((nowMs - dueMs) * 1000);
    }
    if (order.ratePerSecond === null && this.#open === 0) this.send(nowMs);
  }
}

const connections = Array.from({ length: order.connections }, (_, i) => new Connection(i + 1));
await Promise.all(
  connections.map(({ socket }) => new Promise<void>((resolve) => socket.once('connect', resolve))),
);
parentPort?.once('message', () => process.exit(0));
parentPort?.postMessage('connected');
if (order.ratePerSecond === null) {
  for (const connection of connections) connection.send(performance.now());
} else {
  pace(1000 / order.ratePerSecond);
}

/** Sends a pipeline each `periodMs`, the connections taking turns. */
function pace(periodMs: number): void {
  let dueMs = performance.now();
  let turn = 0;
  const run = (): void => {
    const nowMs = performance.now();
    for (; dueMs <= nowMs; dueMs += periodMs) connections[turn++ % connections.length]?.send(dueMs);
    // A timer is late by a ms: only those who ask seldom may rely on it.
    if (periodMs >= 1) setTimeout(run, 1);
    else setImmediate(run);
  };
  run();
}
