/*
 * What the server does by the clock: a tick `hz` times a second that owners subscribe to, and the
 * work that comes in slices (active expiry, lazy freeing, giving memory back) between the turns of
 * the event loop, a bounded time each, for as long as there is some. Must not know what the work
 * is.
 */

/** One slice of background work runs for this long at most: what a client may wait for it. */
const SLICE_MS = 1;

/** With dynamic-hz there is one tick a second for so many clients at most. */
const CLIENTS_PER_TICK_MAX = 200;
const HZ_MAX = 500;

/** The configured ticks a second, doubled as often as the clients ask for it. */
export function hzFor(clients: number, configured: number): number {
  let hz = configured;
  while (hz < HZ_MAX && clients / hz > CLIENTS_PER_TICK_MAX) hz = Math.min(hz * 2, HZ_MAX);
  return hz;
}

export interface PeriodicParts {
  /** Ticks a second (directive hz). */
  hz(): number;
  /** Nothing of it is done meanwhile. */
  isPaused(): boolean;
  /** Runs on every tick, in order. */
  readonly onTick: readonly (() => void)[];
  /** Bounded work: takes a budget in ms and tells whether more is due at once. */
  readonly slices: readonly ((budgetMs: number) => boolean)[];
}

export class PeriodicWork {
  readonly #parts: PeriodicParts;
  #timer: NodeJS.Timeout | undefined;
  #isSlicing = false;
  #isStopped = false;

  constructor(parts: PeriodicParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#arm();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => this.#tick(), 1000 / this.#parts.hz());
  }

  #tick(): void {
    if (!this.#parts.isPaused()) {
      for (const run of this.#parts.onTick) run();
      if (!this.#isSlicing) this.#slice();
    }
    this.#arm();
  }

  /** One round of slices; another follows after the sockets that are ready have been served. */
  #slice(): void {
    let hasMore = false;
    for (const run of this.#parts.slices) hasMore = run(SLICE_MS) || hasMore;
    this.#isSlicing = hasMore && !this.#isStopped && !this.#parts.isPaused();
    if (this.#isSlicing) setImmediate(() => this.#slice());
  }
}
