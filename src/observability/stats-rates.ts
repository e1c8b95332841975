/*
 * "Instantaneous" figures of INFO: how fast each counter has grown lately, as the mean of the last
 * sixteen samples (1.6 s at ten a second), which is how Redis smooths them. Must not know what the
 * counters mean.
 */

export interface RateCounters {
  readonly commands: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly replicationInputBytes: number;
  readonly replicationOutputBytes: number;
  readonly cycles: number;
  /** Reported for each cycle, not for each second. */
  readonly cycleMicroseconds: number;
}

export type RateName = keyof RateCounters;

const NAMES: readonly RateName[] = [
  'commands',
  'inputBytes',
  'outputBytes',
  'replicationInputBytes',
  'replicationOutputBytes',
  'cycles',
  'cycleMicroseconds',
];

/** Samples that a mean is taken over. */
const SAMPLES = 16;
/**
 * The shortest time for a sample. Ticks come up to 500 times a second (hz): with one for each, the
 * mean would be that of a few ms. A little below 100, since timers may fire early.
 */
const SAMPLE_MS_MIN = 95;

export class RateSampler {
  readonly #samples = new Map<RateName, Float64Array>(
    NAMES.map((name) => [name, new Float64Array(SAMPLES)]),
  );
  #at = 0;
  #last: RateCounters | null = null;
  #lastMs = 0;

  /** The counters as they stand at `monotonicMs`. Too soon after the last sample it is none. */
  sample(monotonicMs: number, counters: RateCounters): void {
    const last = this.#last;
    const elapsedMs = monotonicMs - this.#lastMs;
    if (last !== null && elapsedMs < SAMPLE_MS_MIN) return;
    this.#last = counters;
    this.#lastMs = monotonicMs;
    if (last === null) return;
    const cycles = counters.cycles - last.cycles;
    for (const [name, samples] of this.#samples) {
      const grown = counters[name] - last[name];
      const isPerCycle = name === 'cycleMicroseconds';
      if (isPerCycle) samples[this.#at] = cycles > 0 ? grown / cycles : 0;
      else samples[this.#at] = (grown * 1000) / elapsedMs;
    }
    this.#at = (this.#at + 1) % SAMPLES;
  }

  /** Per second, but `cycleMicroseconds` per cycle. */
  rate(name: RateName): number {
    const samples = this.#samples.get(name);
    return samples === undefined ? 0 : samples.reduce((sum, value) => sum + value, 0) / SAMPLES;
  }

  /** Forgets everything; the next sample is the new base. */
  reset(): void {
    for (const samples of this.#samples.values()) samples.fill(0);
    this.#last = null;
  }
}
