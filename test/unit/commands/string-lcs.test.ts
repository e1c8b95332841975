/*
 * The longest common subsequence against a recursive definition of its length, and its ranges
 * against the subsequence.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LcsTable } from '../../../src/commands/string-lcs.js';

/** Few different bytes, so that there is much to find. */
const text = fc.uint8Array({ min: 97, max: 100, maxLength: 12 });

function lengthByDefinition(a: Uint8Array, b: Uint8Array, i = 0, j = 0): number {
  if (i === a.length || j === b.length) return 0;
  if (a[i] === b[j]) return 1 + lengthByDefinition(a, b, i + 1, j + 1);
  return Math.max(lengthByDefinition(a, b, i + 1, j), lengthByDefinition(a, b, i, j + 1));
}

test('the length is that of the definition', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(new LcsTable(a, b).length, lengthByDefinition(a, b));
    }),
    { numRuns: 300 },
  );
});

test('ranges are equal in both strings, descend, and spell the subsequence', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const table = new LcsTable(a, b);
      const ranges = table.ranges(0);
      const pieces = ranges.map(({ aStart, aEnd, bStart, bEnd }) => {
        assert.deepEqual(a.slice(aStart, aEnd + 1), b.slice(bStart, bEnd + 1));
        return [...a.slice(aStart, aEnd + 1)];
      });
      assert.deepEqual(pieces.reverse().flat(), [...table.subsequence()]);
      for (const [i, range] of ranges.entries()) {
        if (i === 0) continue;
        const later = ranges[i - 1];
        assert.ok(range.aEnd < later.aStart && range.bEnd < later.bStart);
        const isContiguous = range.aEnd + 1 === later.aStart && range.bEnd + 1 === later.bStart;
        assert.ok(!isContiguous, 'neighbours would be one range');
      }
    }),
  );
});

test('a minimum length drops the shorter ranges only', () => {
  fc.assert(
    fc.property(text, text, fc.nat(5), (a, b, bytesMin) => {
      const table = new LcsTable(a, b);
      const all = table.ranges(0);
      const isLong = (range: (typeof all)[number]) => range.aEnd - range.aStart + 1 >= bytesMin;
      assert.deepEqual(table.ranges(bytesMin), all.filter(isLong));
    }),
  );
});

test('two empty strings have an empty subsequence', () => {
  const none = new Uint8Array(0);
  const table = new LcsTable(none, none);
  assert.equal(table.length, 0);
  assert.deepEqual(table.ranges(0), []);
  assert.equal(table.subsequence().length, 0);
});
