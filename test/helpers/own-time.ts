/*
 * Time that was this thread's own: what has passed, less what the system let it wait in the run
 * queue while others ran. On a busy machine it tells a stop of ours from somebody else's turn.
 * Where the system does not tell (not Linux) it is simply what has passed.
 */

import { readFileSync } from 'node:fs';

/** Monotonic ms; only differences mean something. */
export function ownTimeMs(): number {
  return performance.now() - waitedMs();
}

function waitedMs(): number {
  try {
    // Of the main thread: ns on the processor, ns in the run queue, turns.
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
