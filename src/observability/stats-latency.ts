/*
 * How long a command took, as a histogram of two significant digits between 1 ns and 1 s: what INFO
 * latencystats reports percentiles of. Log-linear buckets in the geometry of HdrHistogram, so that
 * the figures are those which Redis gives for the same durations:
 *
 *   ns < 256           one bucket each
 *   2^k ≤ ns < 2^(k+1)  128 buckets of 2^(k-7) ns, for k = 8 … 29
 */

/** Longest duration told apart: 1 s. */
const NANOSECONDS_MAX = 1_000_000_000;
const EXACT = 256;
const HALF = 128;
/** Doublings above EXACT up to NANOSECONDS_MAX. */
const DOUBLINGS = 22;

export class LatencyHistogram {
  readonly #counts = new Uint32Array(EXACT + DOUBLINGS * HALF);
  /** Durations counted. */
  total = 0;

  /** Counts a duration, `count` times. */
  record(microseconds: number, count = 1): void {
    const nanoseconds = Math.min(Math.max(Math.round(microseconds * 1000), 1), NANOSECONDS_MAX);
    this.#counts[bucketOf(nanoseconds)] += count;
    this.total += count;
  }

  /**
   * How many durations lie at or below some µs, at each doubling from 1024 ns on where there are
   * more than at the one before. The bucket that begins there counts, as in Redis.
   */
  cumulative(): [microseconds: number, count: number][] {
    const steps: [number, number][] = [];
    let from = 0;
    let count = 0;
    for (let level = 1024; count < this.total; level *= 2) {
      const last = level < NANOSECONDS_MAX ? bucketOf(level) : this.#counts.length - 1;
      const before = count;
      for (; from <= last; from++) count += this.#counts[from];
      if (count > before) steps.push([Math.floor(highestOf(last) / 1000), count]);
      if (last === this.#counts.length - 1) break;
    }
    return steps;
  }

  /** The duration in µs below or at which `percent` of all durations lie; the bucket's upper end.
   */
  percentile(percent: number): number {
    if (this.total === 0) return 0;
    const wanted = Math.max(1, Math.floor((Math.min(percent, 100) / 100) * this.total + 0.5));
    let seen = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i];
      if (seen >= wanted) return highestOf(i) / 1000;
    }
    return NANOSECONDS_MAX / 1000;
  }
}

function bucketOf(nanoseconds: number): number {
  if (nanoseconds < EXACT) return nanoseconds;
  const shift = 24 - Math.clz32(nanoseconds);
  return shift * HALF + (nanoseconds >>> shift);
}

/** The largest whole ns that falls into the bucket. */
function highestOf(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const shift = Math.floor((bucket - HALF) / HALF);
  const base = bucket - shift * HALF;
  return (base + 1) * 2 ** shift - 1;
}
