/*
 * Time that was this thread's own: what has passed, less what the system let it wait in the run
 * queue while others ran. On a busy machine it tells a stop of ours from somebody else's turn.
 * Where the system does not tell (not Linux) it is simply what has passed.
 */

import { existsSync, readFileSync } from 'node:fs';

/** Of the main thread: ns on the processor, ns in the run queue, turns. */
const SCHEDULER_FIGURES = '/proc/self/schedstat';

/** Monotonic ms; only differences mean something. */
export function ownTimeMs(): number {
  return performance.now() - waitedMs();
}

function waitedMs(): number {
  try {
    return Number(readFileSync(SCHEDULER_FIGURES, 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** Whether threadMs() tells anything. */
export const hasThreadTime: boolean = existsSync(SCHEDULER_FIGURES);

/** Processor time of this process's main thread, in ms: what others do cannot prolong it. */
export function threadMs(): number {
  // The system keeps the figure up to date with each tick of its own; this brings it up to now.
  process.cpuUsage();
  return Number(readFileSync(SCHEDULER_FIGURES, 'latin1').split(' ')[0]) / 1e6;
}
