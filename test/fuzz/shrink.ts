/*
 * Makes a failing sequence short by leaving things out, greedily: halves first, then smaller
 * pieces, single ones last, for as long as what is left still fails. Knows nothing of what the
 * sequence is of.
 */

export interface ShrinkOptions<T> {
  /** Whether this shorter sequence still fails. */
  fails: (sequence: readonly T[]) => Promise<boolean>;
  /** No further attempts after so long; what has been reached is the result. */
  timeoutMs: number;
}

export async function shrink<T>(
  sequence: readonly T[],
  { fails, timeoutMs }: ShrinkOptions<T>,
): Promise<readonly T[]> {
  const deadline = performance.now() + timeoutMs;
  let best = sequence;
  for (let size = Math.ceil(best.length / 2); size >= 1; ) {
    let hasShrunk = false;
    // From the end on: what came last needs the least of what came before.
    for (let from = best.length - size; from > -size; from -= size) {
      if (performance.now() > deadline) return best;
      const without = [...best.slice(0, Math.max(0, from)), ...best.slice(from + size)];
      if (without.length === best.length || !(await fails(without))) continue;
      best = without;
      hasShrunk = true;
    }
    if (size === 1 && !hasShrunk) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return best;
}
