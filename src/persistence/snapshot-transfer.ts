/*
 * A spool and a mark, as replication sees them together: the one implementation of Transfer.
 */

import type { Spool } from './spool.js';
import type { ReplicationMark, Transfer, TransferReader, TransferResult } from './transfer.js';

export class SnapshotTransfer implements Transfer {
  readonly mark: ReplicationMark;
  readonly isDiskless: boolean;
  readonly done: Promise<TransferResult>;
  private readonly spool: Spool;

  constructor(options: {
    mark: ReplicationMark;
    isDiskless: boolean;
    spool: Spool;
    done: Promise<TransferResult>;
  }) {
    this.mark = options.mark;
    this.isDiskless = options.isDiskless;
    this.spool = options.spool;
    this.done = options.done;
  }

  get writtenBytes(): number {
    return this.spool.writtenBytes;
  }

  get totalBytes(): number {
    return this.spool.end?.ok === true ? this.spool.writtenBytes : -1;
  }

  openReader(): TransferReader {
    return this.spool.openReader();
  }

  release(): void {
    this.spool.release();
  }
}
