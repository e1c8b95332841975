/*
 * Seeded randomness for tests: the same seed gives the same run. Every test prints its seed; see
 * seeds() for where it comes from.
 */

/** Uniform in [0, 1), from the seed on: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Random {
  readonly seed: number;
  /** Uniform in [0, 1). */
  readonly next: () => number;

  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.next = seededRandom(seed);
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)];
  }

  /** `length` characters of bytes from `first` to `last`. */
  text(length: number, first = 0, last = 255): string {
    let text = '';
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.integer(first, last));
    return text;
  }
}

const FIRST_SEED = 20_261_121;

/**
 * Seeds for `count` runs: from FUZZ_SEED (then one); fresh ones under the long budgets; else the
 * same ones each time, so that a change is judged by what it changes.
 */
export function seeds(count: number): number[] {
  const given = process.env.FUZZ_SEED;
  if (given) return [Number(given)];
  const first = process.env.TANDEM_LONG === '1' ? Date.now() : FIRST_SEED;
  return Array.from({ length: count }, (_, i) => (first + i * 7919) >>> 0);
}
