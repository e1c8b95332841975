/*
 * Views of byte arrays by identity: always those of the array asked for, whatever came before.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecentViews } from '../../../src/memory/recent-views.js';

test('a view shows just the bytes of its array, in whatever order arrays come', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(64));
  const whole = new Uint8Array(64);
  const arrays = [shared, whole, whole.subarray(3, 40), shared.subarray(61), new Uint8Array(0)];
  arrays.forEach((bytes, i) => {
    bytes.fill(i + 1);
  });
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...arrays)), (order) => {
      const views = new RecentViews();
      for (const bytes of order) {
        const view = views.of(bytes);
        assert.equal(view.byteLength, bytes.length);
        for (let i = 0; i < bytes.length; i++) assert.equal(view.getUint8(i), bytes[i]);
      }
    }),
  );
});

test('two arrays that take turns make no further views', () => {
  const views = new RecentViews();
  const [a, b] = [new Uint8Array(8), new Uint8Array(8)];
  const first = [views.of(a), views.of(b)];
  for (let i = 0; i < 3; i++) assert.deepEqual([views.of(a), views.of(b)], first);
  for (const [i, bytes] of [a, b].entries()) assert.equal(views.of(bytes), first[i]);
});

test('a long array is not kept', () => {
  const views = new RecentViews();
  const long = new Uint8Array(1024 * 1024 + 1);
  assert.notEqual(views.of(long), views.of(long));
  assert.equal(views.of(long).byteLength, long.length);
});
