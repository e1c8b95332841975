/*
 * Times in requests against exact arithmetic over the whole 64-bit range.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  EXPIRE_AT_MS_MAX,
  expireAtMs,
  readTime,
  TIME_NOT_AN_INTEGER,
  TIME_NOT_POSITIVE,
  TIME_OVERFLOWS,
  TIME_POSITIVE,
} from '../../../src/commands/expire-time.js';
import { request } from './requests.js';

const NOW_MS = 1_760_000_000_000;
const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

const number = fc.oneof(
  fc.bigInt({ min: MIN, max: MAX }),
  fc.bigInt({ min: -(10n ** 13n), max: 10n ** 13n }),
  fc.constantFrom(MAX, MIN, MAX / 1000n, MAX / 1000n + 1n, MIN / 1000n, MIN / 1000n - 1n, 0n),
  fc.constantFrom(MAX - BigInt(NOW_MS), MAX - BigInt(NOW_MS) + 1n),
);

test('a time is what exact arithmetic says, cut to what a double holds', () => {
  fc.assert(
    fc.property(number, fc.boolean(), fc.boolean(), (n, isSeconds, isRelative) => {
      const baseMs = isRelative ? NOW_MS : 0;
      const status = readTime(request(String(n)), 0, isSeconds, baseMs);
      const inMs = isSeconds ? n * 1000n : n;
      const atMs = inMs + BigInt(baseMs);
      if (inMs > MAX || inMs < MIN || atMs > MAX) {
        assert.equal(status, TIME_OVERFLOWS);
        return;
      }
      assert.equal(status, n > 0n ? TIME_POSITIVE : TIME_NOT_POSITIVE);
      const bound = BigInt(EXPIRE_AT_MS_MAX);
      const cut = atMs > bound ? bound : atMs < -bound ? -bound : atMs;
      assert.equal(BigInt(expireAtMs()), cut);
    }),
    { numRuns: 1000 },
  );
});

test('what is not a canonical 64-bit integer is no time', () => {
  for (const text of ['', 'abc', '1.0', '+1', '01', ' 1', '1 ', '9223372036854775808']) {
    assert.equal(readTime(request(text), 0, false, 0), TIME_NOT_AN_INTEGER, text);
  }
});
