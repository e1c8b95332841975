/*
 * HalfSipHash-1-3: a keyed 32-bit hash of a byte range. Whoever does not know the seed cannot
 * choose keys that fall together, so a flood of chosen keys cannot degrade a dict. One compression
 * and three finalization rounds, as Redis's SipHash-1-3, but in the 32-bit words that JavaScript
 * computes with. Nothing is allocated. Must not know what the bytes mean.
 *
 *   a round, on four words:  v0 += v1   v1 <<<= 5   v1 ^= v0   v0 <<<= 16
 *                            v2 += v3   v3 <<<= 8   v3 ^= v2
 *                            v0 += v3   v3 <<<= 7   v3 ^= v0
 *                            v2 += v1   v1 <<<= 13  v1 ^= v2   v2 <<<= 16
 *
 * The rounds are written out below: calls and arrays would cost more than they compute.
 */

import assert from 'node:assert/strict';
import { RecentViews } from '../memory/recent-views.js';

const V2_START = 0x6c796765;
const V3_START = 0x74656462;

/** Bytes of a seed that are used. */
export const HASH_SEED_BYTES = 8;

export class KeyedHash {
  readonly #k0: number;
  readonly #k1: number;
  readonly #views = new RecentViews();

  /** `seed`: HASH_SEED_BYTES random bytes or more; the first ones count. */
  constructor(seed: Uint8Array) {
    assert(seed.length >= HASH_SEED_BYTES, 'hash seed too short');
    this.#k0 = seed[0] | (seed[1] << 8) | (seed[2] << 16) | (seed[3] << 24);
    this.#k1 = seed[4] | (seed[5] << 8) | (seed[6] << 16) | (seed[7] << 24);
  }

  /** The hash of `bytes[start, end)` as a signed 32-bit integer. */
  hash(bytes: Uint8Array, start: number, end: number): number {
    const view = this.#views.of(bytes);
    // As integers: a field that was undefined for a moment may hold anything to the compiler, and
    // then so may all that is computed from it. This halves the time.
    let v0 = this.#k0 | 0;
    let v1 = this.#k1 | 0;
    let v2 = V2_START ^ v0;
    let v3 = V3_START ^ v1;
    const wordsEnd = end - ((end - start) & 3);
    let i = start;
    for (; i < wordsEnd; i += 4) {
      const word = view.getInt32(i, true);
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    let last = (end - start) << 24;
    if (i < end) last |= bytes[i];
    if (i + 1 < end) last |= bytes[i + 1] << 8;
    if (i + 2 < end) last |= bytes[i + 2] << 16;
    v3 ^= last;
    // One compression round, then three of finalization with what belongs between them.
    for (let round = 0; round < 4; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      if (round === 0) {
        v0 ^= last;
        v2 ^= 0xff;
      }
    }
    return v1 ^ v3;
  }
}
