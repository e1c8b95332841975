/* A seeded source of chance for tests whose loops are too long for fast-check's own values. */

/** Returns unsigned 31-bit numbers (xorshift). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0 || 88172645;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 1;
  };
}
