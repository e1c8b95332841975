/* The slow log: which commands are kept, and for how long. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SLOW_LOG_BYTES_MAX } from '../../../src/limits.js';
import { type SlowCommand, SlowLog } from '../../../src/observability/slow-log.js';

const slow = (...words: string[]): SlowCommand => ({
  atSeconds: 1,
  microseconds: 20,
  words,
  address: '127.0.0.1:5',
  clientName: '',
});

function logOf(options: { thresholdMicroseconds?: number; entriesMax: number }): SlowLog {
  const log = new SlowLog();
  log.configure({ thresholdMicroseconds: 0, ...options });
  return log;
}

const idsOf = (log: SlowLog): number[] => log.latest(log.length).map(({ id }) => id);

describe('slow log', () => {
  test('shows the latest first, drops the oldest, and counts on', () => {
    const log = logOf({ entriesMax: 3 });
    for (let i = 0; i < 5000; i++) log.add(slow('get', String(i)));
    assert.equal(log.length, 3);
    assert.deepEqual(idsOf(log), [4999, 4998, 4997]);
    assert.deepEqual(log.latest(1), [{ id: 4999, ...slow('get', '4999') }]);
    assert.deepEqual(log.latest(0), []);
    log.reset();
    assert.equal(log.length, 0);
    log.add(slow('get'));
    assert.deepEqual(idsOf(log), [5000]);
  });

  test('a smaller length takes effect at once, unless the log is off', () => {
    const log = logOf({ entriesMax: 10 });
    for (let i = 0; i < 10; i++) log.add(slow('get'));
    log.configure({ thresholdMicroseconds: 0, entriesMax: 4 });
    assert.deepEqual(idsOf(log), [9, 8, 7, 6]);
    log.configure({ thresholdMicroseconds: -1, entriesMax: 2 });
    assert.equal(log.length, 4);
    assert.equal(log.fromMicroseconds, Number.POSITIVE_INFINITY);
    log.configure({ thresholdMicroseconds: 70, entriesMax: 2 });
    assert.deepEqual(idsOf(log), [9, 8]);
    assert.equal(log.fromMicroseconds, 70);
  });

  test('without any length it counts and keeps nothing', () => {
    const log = logOf({ entriesMax: 0 });
    log.add(slow('get'));
    assert.equal(log.length, 0);
    log.configure({ thresholdMicroseconds: 0, entriesMax: 1 });
    log.add(slow('get'));
    assert.deepEqual(idsOf(log), [1]);
  });

  test('its bytes are bounded whatever its length', () => {
    const log = logOf({ entriesMax: Number.MAX_SAFE_INTEGER });
    const words = new Array(32).fill('x'.repeat(128));
    for (let i = 0; i < 20_000; i++) log.add(slow(...words));
    assert.ok(log.length * 32 * 128 < SLOW_LOG_BYTES_MAX);
    assert.ok(log.length * 32 * 256 > SLOW_LOG_BYTES_MAX);
    assert.equal(log.latest(1)[0]?.id, 19_999);
  });
});
