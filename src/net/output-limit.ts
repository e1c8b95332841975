/*
 * When a slow reader has had enough patience: client-output-buffer-limit, with its hard limit in
 * bytes and its soft one in bytes for a time. Pure; the caller brings time and figures.
 */

import type { ClientKind } from '../commands/client.js';
import { UNLIMITED_OUTPUT_BYTES_MAX } from '../limits.js';
import type { NetSettings, OutputLimit } from './request-handler.js';

/** The limit of a client's class. A link to a primary counts as normal, as in Redis. */
export function limitFor(kind: ClientKind, settings: NetSettings): OutputLimit {
  const { outputLimits } = settings;
  if (kind === 'pubsub') return outputLimits.pubsub;
  if (kind !== 'replica') return outputLimits.normal;
  const limit = outputLimits.replica;
  // A lower one would drop a replica for what a partial resync would send it again.
  if (limit.hardBytes === 0 || limit.hardBytes >= settings.backlogBytes) return limit;
  return { ...limit, hardBytes: settings.backlogBytes };
}

/** Remembers of one client since when it is over its soft limit. */
export class OutputPatience {
  #overSinceMs = -1;

  /** Whether a client that makes us hold `heldBytes` must go now. */
  isExhausted(heldBytes: number, limit: OutputLimit, monotonicMs: number): boolean {
    const hardBytes = limit.hardBytes > 0 ? limit.hardBytes : UNLIMITED_OUTPUT_BYTES_MAX;
    if (heldBytes >= hardBytes) return true;
    if (limit.softBytes === 0 || heldBytes < limit.softBytes) {
      this.#overSinceMs = -1;
      return false;
    }
    if (this.#overSinceMs < 0) this.#overSinceMs = monotonicMs;
    return monotonicMs - this.#overSinceMs > limit.softSeconds * 1000;
  }
}
