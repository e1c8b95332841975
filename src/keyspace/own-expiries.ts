/*
 * Keys of one database to which clients of a writable replica have given an expiry. The primary
 * knows nothing of them and will send no DEL, so the replica itself must delete them; all other
 * keys wait for the primary. Remembered are hashes: a key of the primary behind the same hash is
 * deleted a little before its DEL arrives. Walked round and round, some at each turn, which also
 * forgets those that are gone. Must not know keys or time.
 */

import { OWN_EXPIRIES_MAX } from '../limits.js';

export class OwnExpiries {
  readonly #hashes = new Set<number>();
  #round: Iterator<number> = this.#hashes.values();

  get size(): number {
    return this.#hashes.size;
  }

  note(hash: number): void {
    if (this.#hashes.size < OWN_EXPIRIES_MAX) this.#hashes.add(hash);
  }

  forget(hash: number): void {
    this.#hashes.delete(hash);
  }

  /** The next one of the round; undefined at its end, where another one begins. */
  next(): number | undefined {
    const { done, value } = this.#round.next();
    if (done !== true) return value;
    this.#round = this.#hashes.values();
    return undefined;
  }

  clear(): void {
    this.#hashes.clear();
  }
}
