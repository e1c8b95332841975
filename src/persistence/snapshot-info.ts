/*
 * What INFO tells of snapshots: figures of the one that runs and of the last one. Times in whole
 * seconds, -1 where there is nothing to tell, as Redis has them.
 */

export class SnapshotFigures {
  keysProcessed = 0;
  keysTotal = 0;
  /** Bytes of pages preserved for the running view, at most so far, and for the last one. */
  cowBytes = 0;
  cowPeakBytes = 0;
  lastCowBytes = 0;
  /** SAVEs and background saves begun; those of other commands do not count, as in Redis. */
  saves = 0;
  lastSeconds = -1;
  /** Wall clock at the running snapshot's freeze; -1 when none runs. */
  startedAtMs = -1;

  begin(keysTotal: number, nowMs: number): void {
    this.startedAtMs = nowMs;
    this.keysTotal = keysTotal;
    this.keysProcessed = 0;
    this.cowBytes = 0;
    this.cowPeakBytes = 0;
  }

  end(nowMs: number, cowBytes: number, isBackground: boolean): void {
    if (isBackground) this.lastSeconds = secondsBetween(this.startedAtMs, nowMs);
    this.lastCowBytes = cowBytes;
    this.startedAtMs = -1;
    this.keysTotal = 0;
    this.keysProcessed = 0;
    this.cowBytes = 0;
  }

  lines(nowMs: number): string[] {
    const isRunning = this.startedAtMs !== -1;
    const share = this.keysTotal === 0 ? 0 : (this.keysProcessed / this.keysTotal) * 100;
    return [
      `current_cow_peak:${this.cowPeakBytes}`,
      `current_cow_size:${this.cowBytes}`,
      `current_cow_size_age:0`,
      `current_fork_perc:${share.toFixed(2)}`,
      `current_save_keys_processed:${this.keysProcessed}`,
      `current_save_keys_total:${this.keysTotal}`,
      `rdb_bgsave_in_progress:${isRunning ? 1 : 0}`,
      `rdb_last_bgsave_time_sec:${this.lastSeconds}`,
      `rdb_current_bgsave_time_sec:${isRunning ? secondsBetween(this.startedAtMs, nowMs) : -1}`,
      `rdb_saves:${this.saves}`,
      `rdb_last_cow_size:${this.lastCowBytes}`,
    ];
  }
}

function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(0, Math.floor((toMs - fromMs) / 1000));
}
