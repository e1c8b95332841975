/*
 * Node's timers in the shapes in which parts that are pure, or are tested with a clock of their
 * own, take them.
 */

import type { Scheduler } from '../replication/replication-options.js';

export const scheduler: Scheduler = {
  afterTick: (run) => void setImmediate(run),
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
};

/** Runs once after `delayMs`, unless the returned function is called before. */
export function setTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
