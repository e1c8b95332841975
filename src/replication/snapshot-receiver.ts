/*
 * Receives one snapshot from the primary: reads the payload's form, hands its bytes to the
 * download, and keeps the socket from running ahead of the disk. Tells its owner when all is there,
 * or that it failed (the reason is in the log by then). Must not know what is done with the
 * snapshot.
 */

import { SNAPSHOT_UNWRITTEN_BYTES_MAX } from '../limits.js';
import type { Log } from '../observability/log.js';
import type { LinkSocket } from './link-socket.js';
import { type PayloadHeader, PayloadReader } from './payload-reader.js';
import type { SnapshotDownload } from './snapshot-intake.js';

export interface SnapshotReceiverParts {
  readonly log: Log;
  readonly socket: LinkSocket;
  readonly download: SnapshotDownload;
  /** All bytes have been handed to the download. */
  readonly onReceived: (hasMark: boolean) => void;
  readonly onFailed: () => void;
}

export class SnapshotReceiver {
  readonly download: SnapshotDownload;
  readonly #parts: SnapshotReceiverParts;
  readonly #payload: PayloadReader;
  #isClosed = false;

  constructor(parts: SnapshotReceiverParts) {
    const { download } = parts;
    this.#parts = parts;
    this.download = download;
    this.#payload = new PayloadReader((bytes, start, end) => download.write(bytes, start, end));
  }

  /** Of the whole; 0 when the primary does not say. */
  get totalBytes(): number {
    const { header } = this.#payload;
    return header?.kind === 'length' ? header.length : 0;
  }

  get receivedBytes(): number {
    return this.#payload.receivedBytes;
  }

  /** Takes `bytes[start, end)`; returns where the payload ended, or `end`. */
  push(bytes: Uint8Array, start: number, end: number): number {
    const payload = this.#payload;
    const isAnnounced = payload.header !== null;
    const at = payload.push(bytes, start, end);
    const { header } = payload;
    if (header === null) return at;
    if (!isAnnounced && !this.#isAcceptable(header)) {
      this.#parts.onFailed();
      return end;
    }
    if (payload.isFinished) this.#parts.onReceived(header.kind === 'mark');
    else if (this.download.unwrittenBytes > SNAPSHOT_UNWRITTEN_BYTES_MAX) this.#awaitDisk();
    return at;
  }

  /** Nothing is reported any more. The download is its owner's to discard. */
  close(): void {
    this.#isClosed = true;
  }

  /** A write, or making it durable, has failed. */
  reportDiskFailure(error: Error): void {
    if (this.#isClosed) return;
    this.#parts.log.warning(
      'Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA ' +
        `synchronization: ${error.message}`,
    );
    this.#parts.onFailed();
  }

  #isAcceptable(header: PayloadHeader): boolean {
    const { log } = this.#parts;
    switch (header.kind) {
      case 'error':
        log.warning(`MASTER aborted replication with an error: ${header.text}`);
        return false;
      case 'malformed':
        log.warning(
          "Bad protocol from MASTER, the first byte is not '$' (we received " +
            `'${header.text}'), are ` +
            'you sure the host and port are right?',
        );
        return false;
      case 'mark':
        log.notice('MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to disk');
        return true;
      case 'length':
        log.notice(`MASTER <-> REPLICA sync: receiving ${header.length} bytes from master to disk`);
        return true;
    }
  }

  /** The disk is slower than the primary: the rest stays in the socket until it has caught up. */
  #awaitDisk(): void {
    const { socket } = this.#parts;
    socket.pause();
    this.download.drained().then(
      () => {
        if (!this.#isClosed) socket.resume();
      },
      (error: Error) => this.reportDiskFailure(error),
    );
  }
}
