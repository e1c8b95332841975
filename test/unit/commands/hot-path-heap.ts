/*
 * Measures what the path of a request leaves on the JavaScript heap, as a process of its own with a
 * young generation so large that nothing is collected meanwhile. Prints `<name> <bytes a command>`
 * lines; hot-path-allocation.test.ts starts it.
 */

import { getHeapStatistics } from 'node:v8';
import { tuneEngine } from '../../../src/lifecycle/engine-flags.js';
import { RequestPath } from '../../helpers/request-path.js';
import { BATCH_BYTES_MAX, batchesOf, hotPathLoads } from './hot-path-loads.js';

const BATCHES = 100;
const ROUNDS = 30;

tuneEngine();
// Node's own clock answers with a number on the heap, which is not this path's doing.
const ticks = new Float64Array(1);
const path = new RequestPath({
  hasReplicas: true,
  clock: {
    wallMs: () => Date.now(),
    monotonicMs: () => {
      ticks[0] += 0.001;
      return ticks[0];
    },
  },
});

/** All batches come in it, as from sockets. */
const readBuffer = new Uint8Array(BATCH_BYTES_MAX);

/** Bytes on the heap since `before`, for each command of one more pass. */
function growthOf(batches: readonly Uint8Array[]): number {
  const before = getHeapStatistics().used_heap_size;
  let commands = 0;
  for (const batch of batches) {
    readBuffer.set(batch);
    commands += path.execute(readBuffer, batch.length);
  }
  return (getHeapStatistics().used_heap_size - before) / commands;
}

for (const [name, load] of Object.entries(hotPathLoads)) {
  const batches = batchesOf(load, BATCHES);
  // The first rounds run uncompiled, and compiling leaves traces: the lasting figure is the least.
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const growth = growthOf(batches);
    if (growth >= 0) least = Math.min(least, growth);
  }
  process.stdout.write(`${name}\t${least.toFixed(2)}\n`);
}
