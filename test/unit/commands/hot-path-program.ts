/*
 * Measures what the path of a request leaves on the JavaScript heap, as a process of its own with a
 * young generation so large that nothing is collected meanwhile. Prints `<name> <bytes a command>`
 * lines; hot-path-allocation.test.ts starts it.
 */

import { getHeapStatistics } from 'node:v8';
import { tuneEngine } from '../../../src/lifecycle/engine-flags.js';
import { RequestPath } from '../../helpers/request-path.js';
import { encodeRequest } from '../../helpers/resp-client.js';

const KEYS = 5000;
const PIPELINE = 64;
const BATCHES = 100;
const ROUNDS = 30;

const value = 'x'.repeat(16);
const pair = (n: number): string[] => [`key:${n}`, value];
const loads: Readonly<Record<string, (n: number) => (string | number)[]>> = {
  SET: (n) => ['SET', `key:${n}`, value],
  'SET of other lengths': (n) => ['SET', `key:${n}`, 'y'.repeat(1 + ((n * 7) % 60))],
  GET: (n) => ['GET', `key:${n}`],
  'GET of missing keys': (n) => ['GET', `none:${n}`],
  INCR: (n) => ['INCR', `ctr:${n}`],
  INCRBY: (n) => ['INCRBY', `ctr:${n}`, n * 1000],
  MSET: (n) => ['MSET', ...pair(n), ...pair(n + 1), ...pair(n + 2), ...pair(n + 3)],
  MGET: (n) => ['MGET', `key:${n}`, `key:${n + 1}`, `key:${n + 2}`],
  EXISTS: (n) => ['EXISTS', `key:${n}`],
  STRLEN: (n) => ['STRLEN', `key:${n}`],
  SETBIT: (n) => ['SETBIT', `bits:${n}`, (n * 7) % 64, n & 1],
  GETBIT: (n) => ['GETBIT', `key:${n}`, n % 200],
  TTL: (n) => ['TTL', `key:${n}`],
  'DEL and SET': (n) => (n % 2 === 0 ? ['DEL', `key:${n}`] : ['SET', `key:${n - 1}`, value]),
};

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

function batchesOf(request: (n: number) => (string | number)[]): Uint8Array[] {
  let n = 0;
  return Array.from({ length: BATCHES }, () => {
    const requests: Buffer[] = [];
    for (let i = 0; i < PIPELINE; i++) requests.push(encodeRequest(request(n++ % KEYS)));
    return Buffer.concat(requests);
  });
}

/** All batches come in it, as from sockets. */
const readBuffer = new Uint8Array(64 * 1024);

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

for (const [name, request] of Object.entries(loads)) {
  const batches = batchesOf(request);
  // The first rounds run uncompiled, and compiling leaves traces: the lasting figure is the least.
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const growth = growthOf(batches);
    if (growth >= 0) least = Math.min(least, growth);
  }
  process.stdout.write(`${name}\t${least.toFixed(2)}\n`);
}
