/*
 * Timers for any time that a client may name: one of Node's takes 24 days at most, and fires at
 * once when it is asked for more. Must not know what is waited for.
 */

const NODE_TIMER_MS_MAX = 2 ** 31 - 1;

/** Calls `run` once after `delayMs`, unless the returned function is called before. */
export function startTimer(delayMs: number, run: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (leftMs: number): void => {
    const partMs = Math.min(Math.ceil(leftMs), NODE_TIMER_MS_MAX);
    timer = setTimeout(() => (leftMs > partMs ? arm(leftMs - partMs) : run()), partMs);
  };
  arm(delayMs);
  return () => clearTimeout(timer);
}
