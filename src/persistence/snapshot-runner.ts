/*
 * Runs one traversal of a frozen view in a worker thread, from the freeze to the thaw. Whatever
 * becomes of the worker (it reports, throws, is terminated, cannot start), the run ends with a
 * report, and the view is given back only once the thread is gone. Must not know what the file is
 * for.
 */

import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import type { FrozenViewHandle, Memory } from '../memory/memory.js';
import type { SnapshotOrder, SnapshotReport } from './snapshot-order.js';

type Final = Exclude<SnapshotReport, { kind: 'progress' }>;

export interface RunnerOptions {
  readonly memory: Memory;
  /** The worker's program; tests give others. */
  readonly workerUrl?: URL;
}

export interface RunRequest {
  readonly order: Omit<SnapshotOrder, 'view'>;
  readonly onProgress: (bytes: number, keys: number) => void;
}

const WORKER_URL = new URL('./snapshot-worker.js', import.meta.url);

export class SnapshotRunner {
  private readonly memory: Memory;
  private readonly workerUrl: URL;
  /** Bytes of pages that the last view had to have preserved. */
  lastShadowBytes = 0;
  private worker: Worker | null = null;
  private view: FrozenViewHandle | null = null;

  constructor(options: RunnerOptions) {
    this.memory = options.memory;
    this.workerUrl = options.workerUrl ?? WORKER_URL;
  }

  get isRunning(): boolean {
    return this.worker !== null;
  }

  /**
   * Freezes the memory now and starts the worker. Resolves with the last report when the view has
   * been given back; never rejects.
   */
  run(request: RunRequest): Promise<Final> {
    assert(this.worker === null, 'one traversal at a time');
    const view = this.memory.freeze();
    const order: SnapshotOrder = { ...request.order, view: view.message };
    let worker: Worker;
    try {
      worker = new Worker(this.workerUrl, {
        name: 'snapshot',
        workerData: order,
        transferList: [...view.transferList],
      });
    } catch (error) {
      this.memory.thaw();
      return Promise.resolve(died(error instanceof Error ? error.message : String(error)));
    }
    this.worker = worker;
    this.view = view;
    return this.follow(worker, request.onProgress);
  }

  /** Asks the worker to give up; the run ends with isAborted soon after. */
  abort(): void {
    this.view?.abort();
  }

  /** Ends the thread at once, in the middle of whatever it does. For tests and the last resort. */
  async terminate(): Promise<void> {
    await this.worker?.terminate();
  }

  private follow(
    worker: Worker,
    onProgress: (bytes: number, keys: number) => void,
  ): Promise<Final> {
    let final: Final | null = null;
    worker.on('message', (report: SnapshotReport) => {
      if (report.kind === 'progress') onProgress(report.bytes, report.keys);
      else final = report;
    });
    worker.on('error', (error) => {
      final = died(error instanceof Error ? error.message : String(error));
    });
    return new Promise((resolve) => {
      worker.once('exit', (status) => {
        this.worker = null;
        this.view = null;
        this.lastShadowBytes = this.memory.shadowBytes;
        this.memory.thaw();
        resolve(final ?? died(`the snapshot worker ended with status ${status}`));
      });
    });
  }
}

function died(error: string): Final {
  return { kind: 'failed', operation: '', error, isAborted: false };
}
