/*
 * The 24 access bits of an entry as RDB files carry them: seconds since the last access (IDLE) under
 * an LRU policy, the decayed counter (FREQ) under an LFU policy, nothing otherwise. Times are taken
 * against the moment of the freeze. Pure.
 *
 *   LRU: seconds (24 bits)          LFU: minutes (16 bits), logarithmic counter (8 bits)
 */

const LRU_CLOCK_MAX = 0xffffff;

/** Which field is written, and what time it was. */
export interface AccessMoment {
  readonly field: 'none' | 'idle' | 'frequency';
  /** Wall clock in ms. */
  readonly atMs: number;
  /** lfu-decay-time: minutes for each decrement of the counter; 0 = never. */
  readonly decayMinutes: number;
}

/** The field that a maxmemory-policy asks for. */
export function accessFieldOf(policy: string): AccessMoment['field'] {
  if (policy.endsWith('-lru')) return 'idle';
  return policy.endsWith('-lfu') ? 'frequency' : 'none';
}

export function idleSecondsAt(bits: number, moment: AccessMoment): number {
  const clock = Math.floor(moment.atMs / 1000) & LRU_CLOCK_MAX;
  return (clock - bits) & LRU_CLOCK_MAX;
}

export function frequencyAt(bits: number, moment: AccessMoment): number {
  const counter = bits & 0xff;
  if (moment.decayMinutes === 0) return counter;
  const elapsed = (Math.floor(moment.atMs / 60_000) - (bits >>> 8)) & 0xffff;
  return Math.max(0, counter - Math.floor(elapsed / moment.decayMinutes));
}

/** Access bits of an entry that was loaded with an idle time. */
export function bitsOfIdle(idleSeconds: number, atMs: number): number {
  const clock = Math.floor(atMs / 1000) & LRU_CLOCK_MAX;
  if (idleSeconds <= clock) return clock - idleSeconds;
  // Longer idle than the clock reaches back: as old as can be told, as Redis has it.
  return (clock + (LRU_CLOCK_MAX >> 1)) % LRU_CLOCK_MAX;
}

/** Access bits of an entry that was loaded with a frequency. */
export function bitsOfFrequency(frequency: number, atMs: number): number {
  return ((Math.floor(atMs / 60_000) & 0xffff) << 8) | (frequency & 0xff);
}
