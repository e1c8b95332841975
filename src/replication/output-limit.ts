/*
 * When a replica owes too much: `client-output-buffer-limit replica`, judged over the part of the
 * stream that it has not taken. A limit below the backlog's size counts as that size, since the
 * backlog is there anyway. Pure.
 */

export interface OutputLimit {
  /** Bytes at which a replica is dropped at once; 0 = never. */
  readonly hardBytes: number;
  /** Bytes that it may owe for `softSeconds` at a stretch; 0 = no such limit. */
  readonly softBytes: number;
  readonly softSeconds: number;
}

export type Verdict = 'fine' | 'over-soft' | 'drop-hard' | 'drop-soft';

/**
 * `allowanceBytes`: a single value larger than the backlog that is part of the debt.
 * `softSinceMs`: since when the soft limit is exceeded, -1 when it was not.
 */
export function judgeDebt(options: {
  debtBytes: number;
  limit: OutputLimit;
  backlogBytes: number;
  allowanceBytes: number;
  softSinceMs: number;
  nowMs: number;
}): Verdict {
  const { debtBytes, limit, backlogBytes, allowanceBytes, softSinceMs, nowMs } = options;
  const isOver = (bytes: number): boolean =>
    bytes > 0 && debtBytes > Math.max(bytes, backlogBytes) + allowanceBytes;
  if (isOver(limit.hardBytes)) return 'drop-hard';
  if (!isOver(limit.softBytes)) return 'fine';
  if (softSinceMs === -1) return 'over-soft';
  return nowMs - softSinceMs > limit.softSeconds * 1000 ? 'drop-soft' : 'over-soft';
}

/**
 * Least that a socket is given, whatever the limits: below it system calls are all that happens.
 */
const SHARE_BYTES_MIN = 4 * 1024;

/**
 * How much of what is owed may be with the socket at a time: never so much that the socket's own
 * output buffer reaches the limit by itself. The debt as a whole is judged above.
 */
export function shareForSocket(options: {
  wantedBytes: number;
  limit: OutputLimit;
  backlogBytes: number;
}): number {
  const { wantedBytes, limit, backlogBytes } = options;
  let bytes = wantedBytes;
  if (limit.hardBytes > 0) bytes = Math.min(bytes, Math.max(limit.hardBytes, backlogBytes) / 2);
  if (limit.softBytes > 0) bytes = Math.min(bytes, limit.softBytes / 2);
  return Math.max(SHARE_BYTES_MIN, Math.floor(bytes));
}
