/*
 * Takes a dict apart that nobody uses any more, a few buckets at a time: FLUSHALL of many millions
 * of keys must stop nobody. From the last bucket to the first, so that segments and directory pages
 * are given back on the way. Blocks are freed, pages hardly written, so a frozen view stays cheap.
 */

import type { Memory, Ref } from '../memory/memory.js';
import { DictBuckets } from './dict-buckets.js';
import { BUCKET_LINK, BUCKET_REFS, BUCKET_SLOTS } from './dict-layout.js';

export class DictDismantler {
  readonly #memory: Memory;
  readonly #root: Ref;
  readonly #buckets: DictBuckets;
  readonly #freeEntry: (entry: Ref) => void;

  /** `freeEntry` frees the blocks of one entry, and nothing else. */
  constructor(memory: Memory, root: Ref, freeEntry: (entry: Ref) => void) {
    this.#memory = memory;
    this.#root = root;
    this.#buckets = new DictBuckets(memory, root);
    this.#freeEntry = freeEntry;
  }

  /** Frees up to `buckets` buckets and their entries; returns how many entries that were. */
  step(buckets: number): number {
    let freed = 0;
    for (; buckets > 0 && this.#buckets.count > 0; buckets--) {
      freed += this.#freeChain(this.#buckets.ref(this.#buckets.count - 1));
      this.#buckets.pop();
    }
    return freed;
  }

  /** True when only the root is left; `finish` frees that. */
  get isEmpty(): boolean {
    return this.#buckets.count === 0;
  }

  finish(): void {
    this.#memory.free(this.#root);
  }

  #freeChain(head: Ref): number {
    const memory = this.#memory;
    let freed = 0;
    for (let bucket = head; bucket !== 0; ) {
      const link = memory.int32(bucket, BUCKET_LINK);
      for (let slot = 0; slot < BUCKET_SLOTS; slot++) {
        const entry = memory.int32(bucket, BUCKET_REFS + slot * 4);
        if (entry === 0) continue;
        this.#freeEntry(entry);
        freed++;
      }
      if (bucket !== head) memory.free(bucket);
      bucket = link;
    }
    return freed;
  }
}
