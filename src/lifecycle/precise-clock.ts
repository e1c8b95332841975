/*
 * The wall clock in microseconds. Node's gives whole milliseconds; what lies between them comes
 * from the monotonic clock, laid against it at each reading. The result always lies within the
 * millisecond that the wall clock shows, so it agrees with every other time of the server, follows
 * a clock that is set, and goes back only when that one does. Must not know who asks.
 */

const MICROSECONDS_PER_MS = 1000;

export class PreciseClock {
  readonly #wallMs: () => number;
  readonly #monotonicMs: () => number;
  /** Wall-clock microseconds at which the monotonic clock stood at 0, as far as we know. Whole
   * ones: sums of fractions this size would lose some, and time would go back. */
  #origin = Number.NEGATIVE_INFINITY;

  constructor(clock: { wallMs: () => number; monotonicMs: () => number }) {
    this.#wallMs = clock.wallMs;
    this.#monotonicMs = clock.monotonicMs;
  }

  /** Whole microseconds since 1970. */
  microseconds(): number {
    const first = this.#wallMs() * MICROSECONDS_PER_MS;
    const last = first + MICROSECONDS_PER_MS - 1;
    const monotonic = Math.floor(this.#monotonicMs() * MICROSECONDS_PER_MS);
    const estimate = this.#origin + monotonic;
    if (estimate >= first && estimate <= last) return estimate;
    const nearest = estimate < first ? first : last;
    this.#origin = nearest - monotonic;
    return nearest;
  }
}
