/*
 * When a slow reader has had enough patience: client-output-buffer-limit, with its hard limit in
 * bytes and its soft one in bytes for a time. Pure; the caller brings time and figures.
 */

import type { Client, ClientKind } from '../commands/client.js';
import { UNLIMITED_OUTPUT_BYTES_MAX } from '../limits.js';
import type { OutputBuffer } from './output-buffer.js';
import type { NetSettings, OutputLimit } from './request-handler.js';

/**
 * The limit of a client's class. A link to a primary counts as normal, as in Redis. What a replica
 * owes is judged where the stream is: the little that its socket has of it, or of a snapshot that
 * is sent piece by piece, says nothing.
 */
export function limitFor(kind: ClientKind, { outputLimits }: NetSettings): OutputLimit {
  if (kind === 'replica') return NO_LIMIT;
  return kind === 'pubsub' ? outputLimits.pubsub : outputLimits.normal;
}

const NO_LIMIT: OutputLimit = { hardBytes: 0, softBytes: 0, softSeconds: 0 };

/** What may wait and does not count. Redis keeps the first 16 KB in the client itself, and replies
 * of one batch up to there leave at once, whatever the limit. */
const UNCOUNTED_BYTES = 16 * 1024;

/** What counts of `pendingBytes` that wait, for which `heldBytes` of memory are held. */
export function countedBytes({ pendingBytes, heldBytes }: OutputBuffer): number {
  return pendingBytes <= UNCOUNTED_BYTES ? 0 : heldBytes;
}

/** Whether `bytes` of replies to the client must wait for the rest of their batch: when all of them
 * are too many, as in Redis none may leave. */
export function mustGather(client: Client | null, settings: NetSettings, bytes: number): boolean {
  if (client === null || bytes <= UNCOUNTED_BYTES) return false;
  return limitFor(client.kind, settings).hardBytes > 0;
}

/** Remembers of one client since when it is over its soft limit. */
export class OutputPatience {
  #overSinceMs = -1;

  /** The client was over its soft limit when it was last looked at. */
  get isTried(): boolean {
    return this.#overSinceMs >= 0;
  }

  /** Something has left: whoever has caught up has all the time of the limit again. */
  onSent(heldBytes: number, limit: OutputLimit): void {
    if (heldBytes < limit.softBytes) this.#overSinceMs = -1;
  }

  /** Whether a client that makes us hold `heldBytes` must go now. Looks at the clock only where
   * it matters. */
  isExhausted(heldBytes: number, limit: OutputLimit, clock: { monotonicMs(): number }): boolean {
    const hardBytes = limit.hardBytes > 0 ? limit.hardBytes : UNLIMITED_OUTPUT_BYTES_MAX;
    if (heldBytes >= hardBytes) return true;
    if (limit.softBytes === 0 || heldBytes < limit.softBytes) {
      this.#overSinceMs = -1;
      return false;
    }
    const monotonicMs = clock.monotonicMs();
    if (this.#overSinceMs < 0) this.#overSinceMs = monotonicMs;
    return monotonicMs - this.#overSinceMs > limit.softSeconds * 1000;
  }
}
