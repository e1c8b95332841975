/*
 * Load on a server from a thread of its own, as the measuring thread sees it: how many requests
 * have been answered, and how long they took.
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { HISTOGRAM_BYTES, Histogram } from './histogram.js';
import type { RequestOptions } from './requests.js';

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly request: Omit<RequestOptions, 'seed'>;
  /** Pipelines a second; null: as many as are answered. */
  readonly ratePerSecond: number | null;
}

export interface LoadOrder extends LoadOptions {
  readonly counts: SharedArrayBuffer;
  readonly histogram: SharedArrayBuffer;
}

export class Load {
  /** In µs, for each pipeline. */
  readonly times: Histogram;
  readonly #counts: BigInt64Array;
  readonly #worker: Worker;

  private constructor(worker: Worker, order: LoadOrder) {
    this.#worker = worker;
    this.#counts = new BigInt64Array(order.counts);
    this.times = new Histogram(order.histogram);
  }

  /** Resolves once all connections are there. */
  static async start(options: LoadOptions): Promise<Load> {
    const order: LoadOrder = {
      ...options,
      counts: new SharedArrayBuffer(8),
      histogram: new SharedArrayBuffer(HISTOGRAM_BYTES),
    };
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: order });
    await once(worker, 'message');
    return new Load(worker, order);
  }

  /** Requests answered so far. */
  get requests(): number {
    return Number(Atomics.load(this.#counts, 0));
  }

  /** Requests answered in a second, over `ms` from now. */
  async rateOver(ms: number): Promise<number> {
    return this.rateDuring(() => new Promise((resolve) => setTimeout(resolve, ms)));
  }

  /** Requests answered in a second while `run` is under way. */
  async rateDuring(run: () => Promise<unknown>): Promise<number> {
    const startMs = performance.now();
    const before = this.requests;
    await run();
    return ((this.requests - before) * 1000) / (performance.now() - startMs);
  }

  async stop(): Promise<void> {
    this.#worker.postMessage('stop');
    await once(this.#worker, 'exit');
  }
}

/** A PING each ms: what anybody else waits meanwhile. Its longest wait is `times.quantile(1)`. */
export function startPings(port: number): Promise<Load> {
  return Load.start({
    port,
    connections: 1,
    ratePerSecond: 1000,
    request: { name: 'ping', pipeline: 1, keys: 1, valueBytes: 0, isSkewed: false },
  });
}
