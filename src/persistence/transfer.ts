/*
 * A full sync's RDB as replication sees it. One frozen view and one traversal write one spool: an
 * unlinked temporary file, or the dump file itself when the sync goes by disk. Any number of
 * replicas read it at their own pace, while it is written and after; the view ends when the
 * traversal does, so a slow reader never prolongs it. Must not know sockets or replicas.
 */

/**
 * Aux field of ours: how many commands of a primary's stream could not be applied to the data. Not
 * there means none.
 */
export const FAILED_COMMANDS_AUX = 'tandem-failed-stream-commands';

/** What of the replication state goes into a snapshot's aux fields. */
export interface ReplicationMark {
  /** 40 hex characters. */
  readonly replid: string;
  /** Stream offset at the freeze. */
  readonly offset: number;
  /** Database that the stream stands in at `offset`. */
  readonly streamDb: number;
  /** Former ids, in replication's own form (lineage.ts there); '' for none. */
  readonly lineage: string;
}

export type TransferResult =
  | { readonly ok: true; readonly totalBytes: number }
  | { readonly ok: false; readonly error: string };

/** One consumer of a transfer's bytes. */
export interface TransferReader {
  /**
   * Copies bytes from file position `position` on into `target`. Resolves with their count (> 0) as
   * soon as there are any, with 'end' when `position` is the end of the finished snapshot. Rejects
   * with an Error when the snapshot has failed. One read at a time; `target` is borrowed until
   * then.
   */
  read(position: number, target: Uint8Array): Promise<number | 'end'>;
  /** This consumer wants nothing more. May be called at any time, more than once. */
  close(): void;
}

export interface Transfer {
  readonly mark: ReplicationMark;
  /**
   * True: spooled only. False: written to dir/dbfilename first, as `repl-diskless-sync no` does.
   */
  readonly isDiskless: boolean;
  /** Bytes that are in the spool now. */
  readonly writtenBytes: number;
  /** Length of the whole, known once `done` has resolved with ok; until then -1. */
  readonly totalBytes: number;
  /** Settles once with the end of the traversal; never rejects. */
  readonly done: Promise<TransferResult>;
  /** A new reader; allowed until release(). */
  openReader(): TransferReader;
  /**
   * No more readers will come. Once those that are open have closed, the spool goes away. With none
   * open while the snapshot is still written, a diskless traversal is aborted.
   */
  release(): void;
}
