/*
 * Runs all loads of the hot path, one batch of each in turn, for half a second and then, having
 * said so, for another: as a process of its own under --trace-deopt, whose lines tell what compiled
 * code had to be given up in the second half. hot-path-deopt.test.ts starts it.
 */

import { tuneEngine } from '../../../src/lifecycle/engine-flags.js';
import { RequestPath } from '../../helpers/request-path.js';
import { BATCH_BYTES_MAX, batchesOf, hotPathLoads } from './hot-path-loads.js';

const BATCHES = 80;
const HALF_MS = 500;

tuneEngine();
const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
const path = new RequestPath({ hasReplicas: true, clock });
const loads = Object.values(hotPathLoads).map((load) => batchesOf(load, BATCHES));
const readBuffer = new Uint8Array(BATCH_BYTES_MAX);

/** At least one round of every load, whatever the machine. */
function runFor(ms: number): void {
  const endMs = performance.now() + ms;
  do {
    for (let i = 0; i < BATCHES; i++) {
      for (const batches of loads) {
        const batch = batches[i];
        if (batch === undefined) continue;
        readBuffer.set(batch);
        path.execute(readBuffer, batch.length);
      }
    }
  } while (performance.now() < endMs);
}

runFor(HALF_MS);
process.stdout.write('WARM\n');
runFor(HALF_MS);
process.stdout.write('DONE\n');
