/*
 * Which arenas to empty, as a pure function: the system's memory that is held but not used is to
 * stay below a share of what is used, at the least moving. Arenas used least go first, since they
 * give most for each byte moved; a dense one is never worth it.
 */

import { EVACUATION_ARENAS_MAX, EVACUATION_SLACK_BYTES } from '../limits.js';

/** What is held may exceed what is used by this share of the latter (and by the slack). */
const WASTE_SHARE_MAX = 0.2;
/** A purge leaves that much all the same: less is not worth moving anything. */
const PURGE_SLACK_BYTES = 1024 * 1024;
/** An arena used more than this is not emptied: at most 3 bytes move for one that is regained. */
const DENSITY_MAX = 0.75;

export interface ArenaUse {
  readonly usedBytes: number;
  readonly touchedBytes: number;
}

/** The arenas to empty now, sparsest first; none when little would be won. A purge keeps nothing in
 * reserve. */
export function planEvacuation<Item extends ArenaUse>(
  arenas: readonly Item[],
  isPurge = false,
): Item[] {
  let used = 0;
  let touched = 0;
  for (const arena of arenas) {
    used += arena.usedBytes;
    touched += arena.touchedBytes;
  }
  const reserve = isPurge ? PURGE_SLACK_BYTES : used * WASTE_SHARE_MAX + EVACUATION_SLACK_BYTES;
  let excess = touched - used - reserve;
  const victims: Item[] = [];
  if (excess <= 0) return victims;
  const sparse = arenas.filter((arena) => arena.usedBytes < arena.touchedBytes * DENSITY_MAX);
  sparse.sort((a, b) => a.usedBytes / a.touchedBytes - b.usedBytes / b.touchedBytes);
  for (const arena of sparse) {
    if (excess <= 0 || victims.length === EVACUATION_ARENAS_MAX) break;
    victims.push(arena);
    excess -= arena.touchedBytes - arena.usedBytes;
  }
  return victims;
}
