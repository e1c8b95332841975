/*
 * The snapshot worker: takes its order, opens the frozen view, writes the RDB to the descriptor,
 * reports and ends. A thread of its own, so every call here may block. It owns nothing: descriptor
 * and view are the main thread's, whatever becomes of this thread. One worker for each snapshot:
 * with it go all its views of the arenas, which would otherwise keep memory from being given back.
 */

import assert from 'node:assert/strict';
import { fdatasyncSync, fsyncSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { KeyspaceWalk } from '../keyspace/iterate.js';
import { SNAPSHOT_CHUNK_BYTES, SNAPSHOT_PERIOD_KEYS, SNAPSHOT_SYNC_BYTES } from '../limits.js';
import { FrozenReader } from '../memory/frozen-reader.js';
import { systemErrorText } from '../structures/system-error.js';
import { RdbWriter } from './rdb/writer.js';
import type { SnapshotOrder, SnapshotReport } from './snapshot-order.js';
import { SnapshotTraversal } from './snapshot-traversal.js';

/** A snapshot that is slowed down looks for an abort this often, and tells how far it is. */
const WAIT_MS_MAX = 50;
const REPORT_MS = 500;
const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4));

class Aborted extends Error {}

class SnapshotRun {
  private readonly order: SnapshotOrder;
  private readonly reader: FrozenReader;
  private bytes = 0;
  private syncedBytes = 0;
  private reportedBytes = 0;
  /** Waited since the last report. */
  private waitedMs = 0;
  /** What is being done, for the log line of a failure. */
  private operation = 'rdbSaveRio';

  constructor(order: SnapshotOrder) {
    this.order = order;
    this.reader = new FrozenReader(order.view);
  }

  run(): SnapshotReport {
    const { order } = this;
    try {
      const writer = new RdbWriter({
        sink: (bytes, start, end) => this.write(bytes, start, end, traversal.keys),
        compress: order.compress,
        checksum: order.checksum,
        chunkBytes: SNAPSHOT_CHUNK_BYTES,
      });
      const traversal = new SnapshotTraversal({
        walk: new KeyspaceWalk(this.reader, this.reader.root),
        writer,
        access: order.access,
      });
      writer.begin(order.aux);
      const { pace } = order;
      traversal.run(pace?.keys ?? SNAPSHOT_PERIOD_KEYS, () => {
        this.checkAbort();
        if (pace !== null) this.wait(pace.ms, traversal.keys);
      });
      writer.end();
      this.operation = 'fsync';
      if (order.syncs) fsyncSync(order.descriptor);
      return { kind: 'done', bytes: this.bytes, keys: traversal.keys };
    } catch (error) {
      const isAborted = error instanceof Aborted;
      return {
        kind: 'failed',
        operation: this.operation,
        error: systemErrorText(error),
        isAborted,
      };
    }
  }

  private write(bytes: Uint8Array, start: number, end: number, keys: number): void {
    this.checkAbort();
    for (let at = start; at < end; ) {
      at += writeSync(this.order.descriptor, bytes, at, end - at, this.bytes + at - start);
    }
    this.bytes += end - start;
    if (this.order.syncsOften && this.bytes - this.syncedBytes >= SNAPSHOT_SYNC_BYTES) {
      // Dirty pages leave as they come: the fsync at the end would stall every disk user at once.
      fdatasyncSync(this.order.descriptor);
      this.syncedBytes = this.bytes;
    }
    if (this.bytes - this.reportedBytes >= SNAPSHOT_CHUNK_BYTES) this.report(keys);
  }

  /** Slows the snapshot down; an abort and the progress do not wait for it. */
  private wait(ms: number, keys: number): void {
    for (let left = ms; left > 0; left -= WAIT_MS_MAX) {
      Atomics.wait(NOBODY_WAKES, 0, 0, Math.min(left, WAIT_MS_MAX));
      this.checkAbort();
    }
    this.waitedMs += ms;
    if (this.waitedMs >= REPORT_MS) this.report(keys);
  }

  private report(keys: number): void {
    this.reportedBytes = this.bytes;
    this.waitedMs = 0;
    report({ kind: 'progress', bytes: this.bytes, keys });
  }

  private checkAbort(): void {
    if (this.reader.isAborted) throw new Aborted('aborted');
  }
}

function report(message: SnapshotReport): void {
  assert(parentPort !== null, 'the snapshot worker is not a program of its own');
  parentPort.postMessage(message);
}

report(new SnapshotRun(workerData as SnapshotOrder).run());
