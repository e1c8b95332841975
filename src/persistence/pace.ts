/*
 * How slowly a snapshot or a load is to go: the hidden directives rdb-key-save-delay and
 * key-load-delay, by which tests can act in the middle of one. Pure.
 */

/** Wait for `ms` after every `keys` keys. */
export interface Pace {
  readonly keys: number;
  readonly ms: number;
}

const US_PER_MS = 1000;

/**
 * The pace for a directive's value: µs after each key, or when negative keys to each µs. Shorter
 * waits are gathered to a millisecond. Null for full speed.
 */
export function paceOf(delay: number): Pace | null {
  if (delay === 0) return null;
  if (delay < 0) return { keys: -delay * US_PER_MS, ms: 1 };
  if (delay >= US_PER_MS) return { keys: 1, ms: delay / US_PER_MS };
  return { keys: Math.ceil(US_PER_MS / delay), ms: 1 };
}
