/*
 * The access bits against facts about Redis 7.2: clocks that start again, counters that decay in
 * steps and rise by chance. The rise is held against the exact distribution, computed step by step.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  decayedCounter,
  idleSecondsOf,
  lfuBitsOf,
  lruBitsOf,
  lruClock,
  newLfuBits,
  touchedLfuBits,
} from '../../../src/keyspace/access-bits.js';
import { seededRandom } from '../../helpers/random.js';

const CLOCK_MAX = 2 ** 24 - 1;
const MINUTE_MS = 60_000;

describe('the LRU clock', () => {
  test('has seconds, and 24 bits of them', () => {
    assert.equal(lruClock(0), 0);
    assert.equal(lruClock(1999), 1);
    assert.equal(lruClock(CLOCK_MAX * 1000), CLOCK_MAX);
    assert.equal(lruClock(CLOCK_MAX * 1000 + 1000), 0);
    assert.equal(lruClock(1_800_000_000_123), 1_800_000_000 % 2 ** 24);
  });

  test('idle times: none, some, over the wrap with a second too few', () => {
    const at = (seconds: number) => (2 ** 24 * 100 + seconds) * 1000;
    assert.equal(idleSecondsOf(500, at(500)), 0);
    assert.equal(idleSecondsOf(500, at(750)), 250);
    assert.equal(idleSecondsOf(0, at(CLOCK_MAX)), CLOCK_MAX);
    // Used 10 s before the clock began again, looked at 5 s after: 15 s, and Redis says 14.
    assert.equal(idleSecondsOf(CLOCK_MAX + 1 - 10, at(5)), 14);
  });

  test('bits made for an idle time say that time', () => {
    for (const seconds of [0, 1, 5, 6, 500, 100_000, CLOCK_MAX - 1]) {
      for (const nowMs of [5000, 2 ** 24 * 1000, 1_800_000_000_123]) {
        const bits = lruBitsOf(seconds, nowMs);
        assert.ok(bits >= 0 && bits <= CLOCK_MAX);
        assert.equal(idleSecondsOf(bits, nowMs), seconds, `${seconds} at ${nowMs}`);
      }
    }
  });

  test('an idle time beyond the clock is cut to its bits', () => {
    const nowMs = 1_800_000_000_000;
    const clock = lruClock(nowMs);
    for (const seconds of [20_000_000, 1_000_000_000, 2 ** 40]) {
      const expected = Number(BigInt.asUintN(24, BigInt(clock - seconds + CLOCK_MAX)));
      assert.equal(lruBitsOf(seconds, nowMs), expected);
    }
  });
});

describe('the LFU counter', () => {
  test('a new key has 5, and the minute', () => {
    const bits = newLfuBits(1_800_000_000_000);
    assert.equal(bits & 255, 5);
    assert.equal(bits >>> 8, 30_000_000 % 65_536);
  });

  test('decays by one for each whole lfu-decay-time, down to 0, and never with 0', () => {
    const startMs = 1000 * MINUTE_MS;
    const bits = lfuBitsOf(10, startMs);
    const after = (minutes: number, decay: number) =>
      decayedCounter(bits, startMs + minutes * MINUTE_MS, decay);
    assert.deepEqual(
      [0, 1, 3, 10, 11, 60_000].map((m) => after(m, 1)),
      [10, 9, 7, 0, 0, 0],
    );
    assert.deepEqual(
      [6, 7, 13, 14, 69, 70].map((m) => after(m, 7)),
      [10, 9, 9, 8, 1, 0],
    );
    assert.deepEqual(
      [1, 60_000].map((m) => after(m, 0)),
      [10, 10],
    );
    assert.equal(decayedCounter(bits, startMs + MINUTE_MS - 1, 1), 10);
  });

  test('minutes over their wrap are one too few, as in Redis', () => {
    const startMs = 65_530 * MINUTE_MS;
    const bits = lfuBitsOf(200, startMs);
    assert.equal(decayedCounter(bits, 65_535 * MINUTE_MS, 1), 195);
    assert.equal(decayedCounter(bits, 65_536 * MINUTE_MS, 1), 195);
    assert.equal(decayedCounter(bits, 65_540 * MINUTE_MS, 1), 191);
  });

  test('a use decays first, then may raise, and takes the minute of now', () => {
    const nowMs = 500 * MINUTE_MS;
    const rules = { lfuLogFactor: 10, lfuDecayMinutes: 1, random: () => 0 };
    assert.equal(
      touchedLfuBits(lfuBitsOf(100, nowMs), nowMs + 3 * MINUTE_MS, rules),
      (503 << 8) | 98,
    );
    assert.equal(touchedLfuBits(lfuBitsOf(255, nowMs), nowMs, rules), (500 << 8) | 255);
    // Less than a step later the minute moves all the same: that is how Redis does it.
    const slow = { ...rules, lfuDecayMinutes: 5, random: () => 0.999 };
    assert.equal(
      touchedLfuBits(lfuBitsOf(100, nowMs), nowMs + 4 * MINUTE_MS, slow),
      (504 << 8) | 100,
    );
  });

  test('the chance of a rise: certain up to 5, then one in factor × (counter - 5) + 1', () => {
    const nowMs = 0;
    const rises = (counter: number, lfuLogFactor: number, chance: number) => {
      const rules = { lfuLogFactor, lfuDecayMinutes: 1, random: () => chance };
      return (touchedLfuBits(lfuBitsOf(counter, nowMs), nowMs, rules) & 255) > counter;
    };
    for (const counter of [0, 4, 5]) assert.ok(rises(counter, 100, 0.999_999));
    assert.ok(rises(200, 0, 0.999_999));
    assert.ok(rises(6, 10, 1 / 11 - 1e-9));
    assert.ok(!rises(6, 10, 1 / 11));
    assert.ok(rises(254, 10, 1 / 2491 - 1e-9));
    assert.ok(!rises(254, 10, 1 / 2491 + 1e-9));
  });

  for (const factor of [0, 1, 10, 100]) {
    test(`counters after 2000 uses are distributed as they should be (factor ${factor})`, () => {
      const uses = 2000;
      const keys = 400;
      const { mean, deviation } = exactCounter(factor, uses);
      const random = seededRandom(0x5eed + factor);
      const rules = { lfuLogFactor: factor, lfuDecayMinutes: 1, random };
      let sum = 0;
      for (let key = 0; key < keys; key++) {
        let bits = newLfuBits(0);
        for (let i = 0; i < uses; i++) bits = touchedLfuBits(bits, 0, rules);
        sum += bits & 255;
      }
      const error = Math.abs(sum / keys - mean);
      assert.ok(error <= (4 * deviation) / Math.sqrt(keys) + 1e-9, `${sum / keys}, not ${mean}`);
    });
  }
});

/** Mean and standard deviation of a new key's counter after so many uses within a minute. */
function exactCounter(factor: number, uses: number): { mean: number; deviation: number } {
  let chances = new Float64Array(256);
  chances[5] = 1;
  for (let i = 0; i < uses; i++) {
    const next = new Float64Array(256);
    for (let counter = 5; counter < 256; counter++) {
      const rise = counter === 255 ? 0 : 1 / ((counter - 5) * factor + 1);
      next[counter] += chances[counter] * (1 - rise);
      if (counter < 255) next[counter + 1] += chances[counter] * rise;
    }
    chances = next;
  }
  const mean = chances.reduce((sum, chance, counter) => sum + chance * counter, 0);
  const square = chances.reduce((sum, chance, counter) => sum + chance * counter ** 2, 0);
  return { mean, deviation: Math.sqrt(Math.max(0, square - mean ** 2)) };
}
