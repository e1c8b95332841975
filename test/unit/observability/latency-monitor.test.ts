/* The latency monitor: which samples it keeps, how it draws them and what it says of them. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LatencyMonitor } from '../../../src/observability/latency-monitor.js';
import { latencyGraph, latencyReport } from '../../../src/observability/latency-report.js';
import { LatencyHistogram } from '../../../src/observability/stats-latency.js';

const NOW_MS = 1_700_000_000_000;

function monitorOf(samples: readonly [ms: number, agoSeconds: number][]): LatencyMonitor {
  const monitor = new LatencyMonitor();
  monitor.thresholdMs = 1;
  for (const [ms, ago] of samples) monitor.add('command', ms * 1000 + 999, NOW_MS - ago * 1000);
  return monitor;
}

describe('latency monitor', () => {
  test('keeps what reaches the threshold, and nothing while it is off', () => {
    const monitor = new LatencyMonitor();
    monitor.add('command', 1e9, NOW_MS);
    monitor.thresholdMs = 10;
    monitor.add('command', 9_999, NOW_MS);
    assert.equal(monitor.series.size, 0);
    monitor.add('command', 10_000, NOW_MS);
    assert.deepEqual(monitor.series.get('command')?.samples, [
      { atSeconds: NOW_MS / 1000, ms: 10 },
    ]);
    monitor.thresholdMs = 0;
    assert.equal(monitor.fromMicroseconds, Number.POSITIVE_INFINITY);
    assert.equal(monitor.series.size, 1);
  });

  test('keeps the worst of a second, the latest 160 of them, and the worst of all', () => {
    const ages = Array.from({ length: 170 }, (_, i): [number, number] => [300 - i, 170 - i]);
    const series = monitorOf([...ages, [5, 0], [7, 0], [6, 0]]).series.get('command');
    assert.equal(series?.samples.length, 160);
    assert.equal(series?.samples.at(-1)?.ms, 7);
    assert.equal(series?.maxMs, 300);
  });

  test('forgets an event whatever its case, or all', () => {
    const monitor = monitorOf([[5, 0]]);
    monitor.add('fork', 5000, NOW_MS);
    assert.equal(monitor.reset('nothing'), 0);
    assert.equal(monitor.reset('Command'), 1);
    assert.equal(monitor.reset('Command'), 0);
    assert.equal(monitor.resetAll(), 1);
    assert.equal(monitor.resetAll(), 0);
  });
});

/** As redis-server 7.2.4 draws the same samples. */
test('the graph has twelve steps, and ages below', () => {
  const samples: [number, number][] = [
    ...[[10, 90_000] as [number, number], [21, 7200] as [number, number]],
    ...[[14, 130] as [number, number], [12, 59] as [number, number], [22, 1] as [number, number]],
  ];
  const series = monitorOf(samples).series.get('command');
  assert(series !== undefined);
  assert.equal(
    latencyGraph('command', series, NOW_MS),
    [
      'command - high 22 ms, low 10 ms (all time high 22 ms)',
      '-'.repeat(80),
      ' #  #',
      ' |  |',
      ' |o |',
      '_||#|',
      '     ',
      '12251',
      'dhm9s',
      '   s ',
      '',
    ].join('\n'),
  );
});

describe('the report', () => {
  const report = (monitor: LatencyMonitor, slowLogFromMicroseconds = 0): string =>
    latencyReport({
      series: monitor.series,
      thresholdMs: monitor.thresholdMs,
      slowLogFromMicroseconds,
      nowMs: NOW_MS,
    });

  test('says that the monitor is off, or has seen nothing', () => {
    const monitor = new LatencyMonitor();
    assert.match(report(monitor), /is off/);
    monitor.thresholdMs = 5;
    assert.match(report(monitor), /No latency spike/);
  });

  test('gives figures and advice for each event', () => {
    const monitor = monitorOf([
      [10, 20],
      [30, 10],
    ]);
    monitor.add('fork', 5000, NOW_MS);
    const text = report(monitor, Number.POSITIVE_INFINITY);
    assert.match(
      text,
      /^1\. command: 2 latency spikes \(average 20ms, mean deviation 10ms, period 10\.00 sec\)\. /m,
    );
    assert.match(text, /Worst all time event 30ms\.\n2\. fork: 1 /);
    assert.match(text, /CONFIG SET slowlog-log-slower-than 1000/);
    assert.doesNotMatch(report(monitor), /slower-than/);
  });
});

/** The steps of redis-server 7.2.4, whose histogram has the same buckets. */
test('a histogram is summed up at each doubling of 1024 ns that adds to it', () => {
  const histogram = new LatencyHistogram();
  assert.deepEqual(histogram.cumulative(), []);
  histogram.record(0.1, 3);
  histogram.record(1.03);
  histogram.record(1.04);
  histogram.record(33.0);
  histogram.record(33.1);
  histogram.record(5_000_000);
  assert.deepEqual(histogram.cumulative(), [
    [1, 4],
    [2, 5],
    [33, 6],
    [66, 7],
    [1_073_741, 8],
  ]);
  assert.equal(histogram.total, 8);
});
