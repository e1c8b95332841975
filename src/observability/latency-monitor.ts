/*
 * The latency monitor: for each kind of event the seconds in which it took at least so many
 * milliseconds, with the worst of each second, as LATENCY shows them. A fixed number of samples for
 * a few kinds. Pure: time comes as a parameter. Must not know where events come from.
 */

import { SlowThreshold } from './slow-threshold.js';

/** Seconds remembered for each kind of event. */
const SAMPLES_MAX = 160;

export type LatencyEvent = 'command' | 'fast-command' | 'expire-cycle' | 'fork';

export interface LatencySample {
  readonly atSeconds: number;
  /** The worst of that second. */
  ms: number;
}

export interface LatencySeries {
  /** Oldest first, at least one. */
  readonly samples: LatencySample[];
  /** The worst since the last reset. */
  maxMs: number;
}

export class LatencyMonitor extends SlowThreshold {
  /** By name, in the order of their first samples. */
  readonly series = new Map<string, LatencySeries>();
  #thresholdMs = 0;

  get thresholdMs(): number {
    return this.#thresholdMs;
  }

  /** 0 switches the monitor off; what it has seen stays. */
  set thresholdMs(thresholdMs: number) {
    this.#thresholdMs = thresholdMs;
    this.rememberFrom(thresholdMs > 0 ? thresholdMs * 1000 : Number.POSITIVE_INFINITY);
  }

  /** Remembers the event if it took long enough. */
  add(event: LatencyEvent, microseconds: number, nowMs: number): void {
    if (microseconds < this.fromMicroseconds) return;
    const ms = Math.floor(microseconds / 1000);
    const atSeconds = Math.floor(nowMs / 1000);
    const series = this.series.get(event) ?? { samples: [], maxMs: 0 };
    this.series.set(event, series);
    series.maxMs = Math.max(series.maxMs, ms);
    const last = series.samples.at(-1);
    if (last?.atSeconds === atSeconds) {
      last.ms = Math.max(last.ms, ms);
      return;
    }
    series.samples.push({ atSeconds, ms });
    if (series.samples.length > SAMPLES_MAX) series.samples.shift();
  }

  /** Forgets the event of that name, whatever its case; 1 when there was one, else 0. */
  reset(name: string): number {
    return this.series.delete(name.toLowerCase()) ? 1 : 0;
  }

  /** Forgets all; returns how many there were. */
  resetAll(): number {
    const { size } = this.series;
    this.series.clear();
    return size;
  }
}
