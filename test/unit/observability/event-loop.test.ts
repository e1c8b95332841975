/*
 * The meter of the event loop: what it tells is what has come since the last look.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventLoopMeter } from '../../../src/observability/event-loop.js';

test('a look tells the turns and the time since the last one', async () => {
  const meter = new EventLoopMeter();
  await nextTurn();
  meter.look();
  for (let i = 0; i < 5; i++) await nextTurn();
  const before = performance.now();
  while (performance.now() - before < 20);
  await nextTurn();
  const { turns, microseconds } = meter.look();
  assert.ok(turns >= 1, `${turns} turns`);
  assert.ok(microseconds >= 20_000 && microseconds < 60_000_000, `${microseconds} µs`);
});
