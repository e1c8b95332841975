/*
 * The duration from which on something is remembered: what the slow log and the latency monitor
 * have in common. Every command's time is compared with it, so it is kept as a small integer, too,
 * which lies on no heap.
 */

import { SLOW_FILTER_MICROSECONDS_MAX } from '../limits.js';

export class SlowThreshold {
  /** What has taken so long is remembered; infinite while nothing is. */
  fromMicroseconds = Number.POSITIVE_INFINITY;
  /** Nothing below it is, as a small integer. */
  filterMicroseconds = SLOW_FILTER_MICROSECONDS_MAX;

  /** Infinity: nothing is remembered. */
  protected rememberFrom(microseconds: number): void {
    this.fromMicroseconds = microseconds;
    this.filterMicroseconds = Math.min(microseconds, SLOW_FILTER_MICROSECONDS_MAX);
  }
}
