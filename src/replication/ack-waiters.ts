/*
 * Those who wait until enough replicas have acknowledged an offset (WAIT). Pure.
 */

interface Waiter {
  readonly count: number;
  readonly offset: number;
  readonly onReached: (acked: number) => void;
}

export class AckWaiters {
  readonly #waiters = new Set<Waiter>();

  get size(): number {
    return this.#waiters.size;
  }

  /** The returned function withdraws it; calling that late or twice does nothing. */
  add(waiter: Waiter): () => void {
    this.#waiters.add(waiter);
    return () => {
      this.#waiters.delete(waiter);
    };
  }

  /** ACKs have come in: calls back those who have what they wait for. */
  check(countAcked: (offset: number) => number): void {
    for (const waiter of this.#waiters) {
      const acked = countAcked(waiter.offset);
      if (acked < waiter.count) continue;
      this.#waiters.delete(waiter);
      waiter.onReached(acked);
    }
  }
}
