/*
 * The work by the clock, on a clock of the test's: what a pause holds back, and that slices go on
 * for as long as there is work.
 */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { hzFor, PeriodicWork } from '../../../src/lifecycle/periodic-work.js';

describe('work by the clock', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] }));
  afterEach(() => mock.timers.reset());

  function build() {
    const state = { isPaused: false, ticks: 0, slices: 0, workLeft: 0, pausesAtSlice: 0 };
    const work = new PeriodicWork({
      hz: () => 10,
      isPaused: () => state.isPaused,
      onTick: [() => state.ticks++],
      slices: [
        () => {
          if (++state.slices === state.pausesAtSlice) state.isPaused = true;
          return --state.workLeft > 0;
        },
      ],
    });
    work.start();
    return { state, work };
  }

  test('a tick comes as often as it is told, until it is stopped', () => {
    const { state, work } = build();
    for (let i = 0; i < 5; i++) mock.timers.tick(100);
    assert.deepEqual([state.ticks, state.slices], [5, 5]);
    work.stop();
    mock.timers.tick(1000);
    assert.equal(state.ticks, 5);
  });

  test('a pause holds ticks and slices back, and they go on afterwards', () => {
    const { state } = build();
    state.workLeft = 100;
    state.pausesAtSlice = 3;
    for (let i = 0; i < 10; i++) mock.timers.tick(100);
    assert.deepEqual([state.ticks, state.slices], [1, 3]);
    state.isPaused = false;
    state.pausesAtSlice = 0;
    for (let i = 0; i < 10; i++) mock.timers.tick(100);
    assert(state.ticks > 1 && state.slices >= 100);
  });

  test('many clients ask for more ticks', () => {
    assert.deepEqual(
      [0, 2000, 2001, 4001, 1_000_000].map((clients) => hzFor(clients, 10)),
      [10, 10, 20, 40, 500],
    );
  });
});
