/* Copies between shared and private memory: every alignment, around every bound of the steps. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { copyShared } from '../../../src/memory/shared-copy.js';
import { copyBytes } from '../../../src/structures/bytes.js';

const STEP_BYTES = 16 * 1024;
const ROOM = 3 * STEP_BYTES;

function newBytes(isShared: boolean, byteOffset: number): Uint8Array {
  const bytes = byteOffset + ROOM + 64;
  const buffer = isShared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  return new Uint8Array(buffer, byteOffset);
}

test('whatever lies where and however long, exactly the range is copied', () => {
  const length = fc.oneof(
    fc.nat(1200),
    fc.integer({ min: STEP_BYTES - 20, max: STEP_BYTES + 20 }),
    fc.integer({ min: 2 * STEP_BYTES - 20, max: ROOM }),
  );
  const place = fc.record({ isShared: fc.boolean(), byteOffset: fc.nat(9), start: fc.nat(20) });
  fc.assert(
    fc.property(place, place, length, fc.constantFrom(copyShared, copyBytes), (a, b, n, copy) => {
      const source = newBytes(a.isShared, a.byteOffset);
      for (let i = 0; i < source.length; i++) source[i] = (i * 31 + (i >>> 8)) & 127;
      const target = newBytes(b.isShared, b.byteOffset).fill(255);
      const end = a.start + n;
      copy(source, a.start, end, target, b.start);
      const expected = Buffer.alloc(target.length, 255);
      expected.set(source.subarray(a.start, end), b.start);
      assert(expected.equals(target));
    }),
    { numRuns: 300 },
  );
});
