/*
 * Times in logarithmic buckets (1/32 of an octave each, so a figure is 2.2 % too large at most)
 * that a worker counts and the main thread reads, in shared memory. Microseconds, from 1 to 2^26.
 */

const STEPS_PER_OCTAVE = 32;
const OCTAVES = 26;
const BUCKETS = STEPS_PER_OCTAVE * OCTAVES + 1;

export const HISTOGRAM_BYTES = BUCKETS * 4;

export class Histogram {
  readonly #counts: Uint32Array;

  constructor(shared: SharedArrayBuffer) {
    this.#counts = new Uint32Array(shared, 0, BUCKETS);
  }

  add(microseconds: number): void {
    const octave = Math.log2(Math.max(1, microseconds));
    const bucket = Math.min(BUCKETS - 1, Math.ceil(octave * STEPS_PER_OCTAVE));
    Atomics.add(this.#counts, bucket, 1);
  }

  clear(): void {
    this.#counts.fill(0);
  }

  /** The time that this share of all did not exceed, in µs; NaN when nothing was counted. */
  quantile(share: number): number {
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    let left = Math.max(1, Math.ceil(total * share));
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket];
      if (left <= 0) return 2 ** (bucket / STEPS_PER_OCTAVE);
    }
    return Number.NaN;
  }
}
