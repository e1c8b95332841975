/*
 * The 24 access bits of an entry, as Redis keeps them and as RDB files carry them: under an LRU
 * policy the clock in seconds, which starts again after 194 days; under an LFU policy 16 bits of
 * minutes, which start again after 45 days, and an 8-bit logarithmic counter that decays. At both
 * wraps Redis counts one unit too few, and so do we: a file tells the same idle time to both. Pure:
 * time and chance are parameters.
 */

const CLOCK_MAX = 0xffffff;
const MINUTES_MAX = 0xffff;
const COUNTER_MAX = 255;
/** Counter of a new key, so that it is not the first to be evicted. */
const COUNTER_START = 5;

/** How counters of use rise and fall: lfu-log-factor, lfu-decay-time, and chance in [0, 1). */
export interface CounterRules {
  readonly lfuLogFactor: number;
  /** Minutes for each step down; 0 = never. */
  readonly lfuDecayMinutes: number;
  readonly random: () => number;
}

export function lruClock(nowMs: number): number {
  return Math.floor(nowMs / 1000) & CLOCK_MAX;
}

/** Seconds since the access, for LRU bits. */
export function idleSecondsOf(bits: number, nowMs: number): number {
  const clock = lruClock(nowMs);
  return clock >= bits ? clock - bits : clock + CLOCK_MAX - bits;
}

/**
 * LRU bits that say the key was last used `idleSeconds` ago. A longer time than the clock knows is
 * cut to the bits it has, as in Redis.
 */
export function lruBitsOf(idleSeconds: number, nowMs: number): number {
  const at = lruClock(nowMs) - idleSeconds;
  return (at < 0 ? at + CLOCK_MAX : at) & CLOCK_MAX;
}

function lfuMinutes(nowMs: number): number {
  return Math.floor(nowMs / 60_000) & MINUTES_MAX;
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
  const now = lfuMinutes(nowMs);
  const then = bits >>> 8;
  const elapsed = now >= then ? now - then : now + MINUTES_MAX - then;
  return Math.max(0, counter - Math.floor(elapsed / decayMinutes));
}

/** LFU bits after one more access: the higher the counter, the less likely it rises. */
export function touchedLfuBits(bits: number, nowMs: number, rules: CounterRules): number {
  let counter = decayedCounter(bits, nowMs, rules.lfuDecayMinutes);
  if (counter < COUNTER_MAX) {
    const above = Math.max(0, counter - COUNTER_START);
    if (rules.random() < 1 / (above * rules.lfuLogFactor + 1)) counter++;
  }
  return lfuBitsOf(counter, nowMs);
}
