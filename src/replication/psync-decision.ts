/*
 * Whether a replica may continue where it stopped. A pure function of its request, our history and
 * the ranges of the stream that can still be read. Each refusal has a reason that logs, INFO,
 * counters and tests share. Offsets in here count bytes: PSYNC's own number is one higher, since it
 * names the first byte that is wanted.
 */

import type { Position } from './history.js';

export const fullSyncReasons = [
  'requested',
  'unknown-replid',
  'diverged',
  'no-backlog',
  'offset-too-old',
  'offset-ahead',
] as const;

/**
 * Why a full resync is needed:
 * - `requested`: `PSYNC ? -1`, or SYNC.
 * - `unknown-replid`: the id is neither ours nor in our lineage.
 * - `diverged`: an older id of ours, past the offset where we left it.
 * - `no-backlog`: nothing is kept.
 * - `offset-too-old`: the bytes wanted are no longer there.
 * - `offset-ahead`: it has more than we ever sent.
 */
export type FullSyncReason = (typeof fullSyncReasons)[number];

/**
 * A stretch of the stream that can be read: offsets `start` (the first byte follows it) to `end`.
 */
export interface StreamRange {
  readonly start: number;
  readonly end: number;
}

/** What the decision needs to know of the history. */
export interface HistoryView {
  readonly replid: string;
  readonly offset: number;
  lastOffsetOf(replid: string): number;
}

export type PsyncDecision =
  | { readonly kind: 'continue'; readonly from: number; readonly replid: string }
  | { readonly kind: 'full'; readonly reason: FullSyncReason };

/**
 * `request`: the id and the number of bytes that the replica has; null for SYNC. `ranges`: in
 * memory and on disk, in any order. A replica that has everything continues with zero bytes.
 */
export function decidePsync(options: {
  request: Position | null;
  history: HistoryView;
  ranges: readonly StreamRange[];
}): PsyncDecision {
  const { request, history, ranges } = options;
  if (request === null || request.replid.startsWith('?')) return full('requested');
  const { replid, offset } = request;
  const lastOffset = history.lastOffsetOf(replid);
  if (lastOffset === -1) return full('unknown-replid');
  if (offset > lastOffset) return full('diverged');
  if (ranges.length === 0) return full('no-backlog');
  if (offset > history.offset) return full('offset-ahead');
  const isThere = ranges.some((range) => range.start <= offset && offset <= range.end);
  if (!isThere) return full('offset-too-old');
  return { kind: 'continue', from: offset, replid: history.replid };
}

function full(reason: FullSyncReason): PsyncDecision {
  return { kind: 'full', reason };
}
