/*
 * What is in no bucket while a split or a merge of a dict is under way: the entries of the chains
 * concerned with their hashes, and the overflow buckets that hold nothing at the moment. One object
 * serves all splits of a dict; it allocates only when a chain is longer than any before.
 */

import type { Ref } from '../memory/memory.js';

export class MovingEntries {
  /** Entries held. */
  count = 0;
  /** Overflow buckets held. */
  spares = 0;
  #pairs = new Int32Array(128);
  #spareRefs = new Int32Array(16);

  add(hash: number, entry: Ref): void {
    if (this.count * 2 === this.#pairs.length) this.#pairs = doubled(this.#pairs);
    this.#pairs[this.count * 2] = hash;
    this.#pairs[this.count * 2 + 1] = entry;
    this.count++;
  }

  hashAt(index: number): number {
    return this.#pairs[index * 2];
  }

  entryAt(index: number): Ref {
    return this.#pairs[index * 2 + 1];
  }

  addSpare(bucket: Ref): void {
    if (this.spares === this.#spareRefs.length) this.#spareRefs = doubled(this.#spareRefs);
    this.#spareRefs[this.spares++] = bucket;
  }

  /** An empty overflow bucket, 0 when none is left. */
  takeSpare(): Ref {
    return this.spares === 0 ? 0 : this.#spareRefs[--this.spares];
  }

  clear(): void {
    this.count = 0;
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(array.length * 2);
  longer.set(array);
  return longer;
}
