/*
 * When a replica owes too much: `client-output-buffer-limit replica`, judged over the part of the
 * stream that it has not taken. A hard limit below the backlog's size counts as that size, since
 * the backlog is there anyway; as in Redis the soft one does not. Pure.
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
  const isOver = (bytes: number): boolean => debtBytes >= bytes + allowanceBytes;
  const { hardBytes, softBytes } = limit;
  if (hardBytes > 0 && isOver(Math.max(hardBytes, backlogBytes))) return 'drop-hard';
  if (softBytes === 0 || !isOver(softBytes)) return 'fine';
  if (softSinceMs === -1) return 'over-soft';
  return nowMs - softSinceMs > limit.softSeconds * 1000 ? 'drop-soft' : 'over-soft';
}
