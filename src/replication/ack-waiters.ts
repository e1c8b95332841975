/*
 * Those who wait until enough replicas have acknowledged an offset (WAIT, WAITAOF). Pure.
 */

import type { AckWish } from '../commands/services.js';

export class AckWaiters {
  readonly #waiters = new Set<AckWish>();

  get size(): number {
    return this.#waiters.size;
  }

  /** The returned function withdraws it; calling that late or twice does nothing. */
  add(waiter: AckWish): () => void {
    this.#waiters.add(waiter);
    return () => {
      this.#waiters.delete(waiter);
    };
  }

  /** ACKs have come in: calls back those who have what they wait for. */
  check(countAcked: (waiter: AckWish) => number): void {
    for (const waiter of this.#waiters) {
      const acked = countAcked(waiter);
      if (acked < waiter.count) continue;
      this.#waiters.delete(waiter);
      waiter.onReached(acked);
    }
  }
}
