/*
 * The rule that a plain command allocates nothing in JavaScript: neither decoding nor dispatch,
 * handler, keyspace, statistics, reply or the run handed to the feed. The smallest object has 16
 * bytes, so below 4 bytes a command there is not even one for every fourth. What remains belongs to
 * the batch.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('hot-path-heap.js', import.meta.url));
const BYTES_PER_COMMAND_MAX = 4;

/**
 * A young generation that holds all rounds of a load, and a compiler that the program waits for: on
 * a busy machine its thread may get no turn before the rounds are over, and code that is not
 * compiled yet keeps its numbers on the heap.
 */
const engine = [
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--no-concurrent-recompilation',
];

test('plain commands leave nothing on the JavaScript heap', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...engine, program]);
  const rows = stdout.trim().split('\n');
  assert.ok(rows.length >= 10, stdout);
  for (const row of rows) {
    const [name, bytes] = row.split('\t');
    assert.ok(Number(bytes) < BYTES_PER_COMMAND_MAX, `${name}: ${bytes} bytes a command`);
  }
});
