/*
 * The counters, the rates as means of samples, and the latency histogram against sorted durations.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Stats } from '../../../src/observability/stats.js';
import { LatencyHistogram } from '../../../src/observability/stats-latency.js';
import { RateSampler } from '../../../src/observability/stats-rates.js';

describe('statistics', () => {
  test('a command counts its calls, time and failures', () => {
    const stats = new Stats({ commands: 3 });
    stats.onCommand(1, 5, false);
    stats.onCommand(1, 7, true);
    stats.onRejected(2);
    assert.deepEqual([...stats.calls], [0, 2, 0]);
    assert.deepEqual([...stats.microseconds], [0, 12, 0]);
    assert.deepEqual([...stats.failedCalls], [0, 1, 0]);
    assert.deepEqual([...stats.rejectedCalls], [0, 0, 1]);
    assert.equal(stats.commandsProcessed, 2);
    assert.equal(stats.latencies[0], null);
    assert.notEqual(stats.latencies[1], null);
  });

  test('errors are counted by their prefix word, and come sorted', () => {
    const stats = new Stats({ commands: 0 });
    stats.onErrorReply('WRONGTYPE Operation against …');
    stats.onErrorReply('ERR syntax error');
    stats.onErrorReply('ERR');
    stats.onErrorReply(`${'X'.repeat(40)} too long for a prefix`);
    assert.equal(stats.errorReplies, 4);
    assert.deepEqual(stats.errorCounts(), [
      ['ERR', 3],
      ['WRONGTYPE', 1],
    ]);
  });

  test('distinct prefixes are bounded, their total is not', () => {
    const stats = new Stats({ commands: 0 });
    for (let i = 0; i < 1000; i++) stats.onErrorReply(`P${i} x`);
    assert.equal(stats.errorReplies, 1000);
    assert.equal(stats.errorCounts().length, 128);
  });

  test('the work of the event loop adds up, and its peaks are kept', () => {
    const stats = new Stats({ commands: 1 });
    for (let i = 0; i < 7; i++) stats.onCommand(0, 1, false);
    stats.onEventLoop({ turns: 2, microseconds: 300 });
    stats.onEventLoop({ turns: 0, microseconds: 5 });
    stats.onEventLoop({ turns: 1, microseconds: 100 });
    assert.deepEqual([stats.eventLoopCycles, stats.eventLoopMicroseconds], [3, 405]);
    assert.deepEqual([stats.eventLoopMicrosecondsMax, stats.commandsPerCycleMax], [150, 4]);
  });

  test('reset forgets everything but the peak of the memory', () => {
    const stats = new Stats({ commands: 1 });
    stats.notePeakMemory(10);
    stats.notePeakMemory(5);
    stats.onCommand(0, 5, true);
    stats.onErrorReply('ERR x');
    stats.onFullSync('requested');
    stats.netInputBytes = 9;
    stats.reset();
    const fresh = new Stats({ commands: 1 });
    fresh.peakMemoryBytes = 10;
    assert.deepEqual(stats, fresh);
    assert.deepEqual(stats.errorCounts(), []);
  });

  test('without latency tracking no histogram is made', () => {
    const stats = new Stats({ commands: 1 });
    stats.isTrackingLatency = false;
    stats.onCommand(0, 5, false);
    assert.equal(stats.latencies[0], null);
  });
});

describe('rates', () => {
  const at = (commands: number, cycles = 0, cycleMicroseconds = 0) => ({
    commands,
    inputBytes: 0,
    outputBytes: 0,
    replicationInputBytes: 0,
    replicationOutputBytes: 0,
    cycles,
    cycleMicroseconds,
  });

  test('a steady rate is reported as such once the window is full', () => {
    const rates = new RateSampler();
    for (let i = 0; i <= 16; i++) rates.sample(i * 100, at(i * 50, i * 2, i * 30));
    assert.equal(rates.rate('commands'), 500);
    assert.equal(rates.rate('cycles'), 20);
    assert.equal(rates.rate('cycleMicroseconds'), 15);
  });

  test('two samples of the same moment are one', () => {
    const rates = new RateSampler();
    rates.sample(0, at(0));
    rates.sample(0, at(100));
    rates.sample(100, at(160));
    assert.equal(rates.rate('commands'), 1600 / 16);
  });

  test('the window is as long however often ticks come', () => {
    const rates = new RateSampler();
    for (let ms = 0; ms <= 2000; ms += 2) rates.sample(ms, at(ms));
    assert.equal(rates.rate('commands'), 1000);
    for (let ms = 2002; ms <= 2400; ms += 2) rates.sample(ms, at(2000));
    const lately = rates.rate('commands');
    assert(lately > 600 && lately < 900, `a quarter of the window was silent: ${lately}`);
  });

  test('a window of silence ends at zero', () => {
    const rates = new RateSampler();
    rates.sample(0, at(0));
    rates.sample(100, at(1000));
    for (let i = 2; i < 20; i++) rates.sample(i * 100, at(1000));
    assert.equal(rates.rate('commands'), 0);
  });
});

describe('latency histogram', () => {
  test('percentiles are exact to two significant digits', () => {
    const duration = fc.double({ min: 0.001, max: 999_999, noNaN: true });
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 50 }), (durations) => {
        const histogram = new LatencyHistogram();
        for (const each of durations) histogram.record(each);
        const sorted = durations.toSorted((a, b) => a - b);
        for (const percent of [50, 99, 99.9, 100]) {
          const index = Math.max(1, Math.floor((percent / 100) * sorted.length + 0.5)) - 1;
          const wanted = sorted[index] ?? 0;
          const found = histogram.percentile(percent);
          assert.ok(
            found >= wanted * 0.999 - 0.001 && found <= wanted * 1.01 + 0.001,
            `p${percent} of ${sorted.length}: ${found} for ${wanted}`,
          );
        }
      }),
    );
  });

  test('what is beyond a second counts as a second, what takes no time as 1 ns', () => {
    const histogram = new LatencyHistogram();
    histogram.record(5e9);
    assert.ok(Math.abs(histogram.percentile(50) - 1e6) < 1e4);
    const quick = new LatencyHistogram();
    quick.record(0);
    assert.equal(quick.percentile(50), 0.001);
  });

  test('one microsecond reads as Redis shows it', () => {
    const histogram = new LatencyHistogram();
    histogram.record(1);
    assert.equal(histogram.percentile(50).toFixed(3), '1.003');
  });
});
