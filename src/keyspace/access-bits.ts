/*
 * The 24 access bits of an entry, as Redis keeps them and as RDB files carry them: under an LRU
 * policy the clock in seconds, under an LFU policy 16 bits of minutes and an 8-bit logarithmic
 * counter that decays. Pure: time and chance are parameters.
 */

const CLOCK_MASK = 0xffffff;
const MINUTES_MASK = 0xffff;
const COUNTER_MAX = 255;
/** Counter of a new key, so that it is not the first to be evicted. */
const COUNTER_START = 5;

export function lruClock(nowMs: number): number {
  return Math.floor(nowMs / 1000) & CLOCK_MASK;
}

/** Seconds since the access, for LRU bits; the clock wraps after 194 days. */
export function idleSecondsOf(bits: number, nowMs: number): number {
  return (lruClock(nowMs) - bits) & CLOCK_MASK;
}

/** LRU bits that say the key was last used `idleSeconds` ago. */
export function lruBitsOf(idleSeconds: number, nowMs: number): number {
  return (lruClock(nowMs) - Math.min(idleSeconds, CLOCK_MASK)) & CLOCK_MASK;
}

function lfuMinutes(nowMs: number): number {
  return Math.floor(nowMs / 60_000) & MINUTES_MASK;
}

/** LFU bits with the given counter, not decayed yet. */
export function lfuBitsOf(counter: number, nowMs: number): number {
  return (lfuMinutes(nowMs) << 8) | (counter & COUNTER_MAX);
}

export function newLfuBits(nowMs: number): number {
  return lfuBitsOf(COUNTER_START, nowMs);
}

/** The counter as decayed by now: one less for each `decayMinutes` since it was last touched. */
export function decayedCounter(bits: number, nowMs: number, decayMinutes: number): number {
  const counter = bits & COUNTER_MAX;
  if (decayMinutes <= 0) return counter;
  const elapsed = (lfuMinutes(nowMs) - (bits >>> 8)) & MINUTES_MASK;
  return Math.max(0, counter - Math.floor(elapsed / decayMinutes));
}

/** LFU bits after one more access: the higher the counter, the less likely it rises. */
export function touchedLfuBits(
  bits: number,
  options: { nowMs: number; decayMinutes: number; logFactor: number; random: () => number },
): number {
  const { nowMs, decayMinutes, logFactor, random } = options;
  let counter = decayedCounter(bits, nowMs, decayMinutes);
  if (counter < COUNTER_MAX) {
    const above = Math.max(0, counter - COUNTER_START);
    if (random() < 1 / (above * logFactor + 1)) counter++;
  }
  return lfuBitsOf(counter, nowMs);
}
