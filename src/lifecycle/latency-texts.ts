/*
 * What LATENCY says in words and pictures, made of what the monitor and the slow log hold when it
 * is asked for.
 */

import type { Clock, LatencyTexts } from '../commands/services.js';
import type { LatencyMonitor } from '../observability/latency-monitor.js';
import { latencyGraph, latencyReport } from '../observability/latency-report.js';
import type { SlowLog } from '../observability/slow-log.js';

export function latencyTexts({
  latency,
  slowLog,
  clock,
}: {
  readonly latency: LatencyMonitor;
  readonly slowLog: SlowLog;
  readonly clock: Clock;
}): LatencyTexts {
  return {
    report: () =>
      latencyReport({
        series: latency.series,
        thresholdMs: latency.thresholdMs,
        slowLogFromMicroseconds: slowLog.fromMicroseconds,
        nowMs: clock.wallMs(),
      }),
    graph: (event) => {
      const series = latency.series.get(event);
      return series === undefined ? null : latencyGraph(event, series, clock.wallMs());
    },
  };
}
