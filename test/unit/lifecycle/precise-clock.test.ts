/*
 * Microseconds between the wall clock's milliseconds: they agree with it, follow it when it is set,
 * and never go back by themselves, whatever the two clocks do against each other.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PreciseClock } from '../../../src/lifecycle/precise-clock.js';

/** 2026, so that fractions of a ms are as coarse as they will be. */
const START_MS = 1_790_000_000_000;

function clocks() {
  const now = { wallMs: START_MS, monotonicMs: 40 };
  const clock = new PreciseClock({
    wallMs: () => Math.floor(now.wallMs),
    monotonicMs: () => now.monotonicMs,
  });
  const pass = (ms: number, wallMs = ms): void => {
    now.monotonicMs += ms;
    now.wallMs += wallMs;
  };
  return { now, clock, pass };
}

test('microseconds pass between two milliseconds', () => {
  const { clock, pass } = clocks();
  const first = clock.microseconds();
  assert.equal(first, START_MS * 1000);
  pass(0.25);
  assert(Math.abs(clock.microseconds() - first - 250) <= 1);
  pass(10);
  assert(Math.abs(clock.microseconds() - first - 10_250) <= 1);
});

test('a wall clock that is set is followed at once, in either direction', () => {
  const { now, clock, pass } = clocks();
  clock.microseconds();
  for (const stepMs of [3_600_000, -7_200_000, 5, -5]) {
    pass(0.3, stepMs);
    assert.equal(Math.floor(clock.microseconds() / 1000), now.wallMs);
  }
});

test('never backwards while the wall clock is not, and always within its millisecond', () => {
  const step = fc.tuple(
    fc.double({ min: 0, max: 3, noNaN: true }),
    // How much faster or slower the wall clock is than the monotonic one: far beyond any drift.
    fc.double({ min: 0.5, max: 1.5, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { now, clock, pass } = clocks();
      let last = 0;
      for (const [ms, speed] of steps) {
        pass(ms, ms * speed);
        const micros = clock.microseconds();
        assert(Number.isSafeInteger(micros) && micros >= last, `${micros} after ${last}`);
        assert.equal(Math.floor(micros / 1000), Math.floor(now.wallMs));
        last = micros;
      }
    }),
  );
});
