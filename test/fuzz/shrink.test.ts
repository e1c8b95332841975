/*
 * Shrinking leaves what a failure needs, in its order, and nothing else; when time is up it leaves
 * what it has.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shrink } from './shrink.js';

const numbers = Array.from({ length: 100 }, (_, i) => i);

test('what is left is what the failure needs', async () => {
  const fails = (sequence: readonly number[]): Promise<boolean> =>
    Promise.resolve([3, 50, 99].every((needed) => sequence.includes(needed)));
  assert.deepEqual(await shrink(numbers, { fails, timeoutMs: 10_000 }), [3, 50, 99]);
});

test('a failure that needs nothing shrinks to nothing, one that needs all stays', async () => {
  const options = { timeoutMs: 10_000 };
  assert.deepEqual(await shrink(numbers, { ...options, fails: async () => true }), []);
  assert.deepEqual(await shrink(numbers, { ...options, fails: async () => false }), numbers);
});

test('without time nothing is tried', async () => {
  const fails = (): Promise<boolean> => assert.fail('tried');
  assert.deepEqual(await shrink(numbers, { fails, timeoutMs: -1 }), numbers);
});
