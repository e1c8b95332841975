/*
 * Walks a keyspace, frozen or live, and tells the RDB writer what it finds. The one place where
 * entries become an RDB: a new value type adds its case here. It reads through the keyspace's own
 * walk and must not know threads, files or messages.
 */

import { decayedCounter, idleSecondsOf } from '../keyspace/access-bits.js';
import type { KeyspaceWalk } from '../keyspace/iterate.js';
import { RDB_COMPRESS_BYTES_MAX } from '../limits.js';
import { copyBytes } from '../structures/bytes.js';
import type { RdbWriter } from './rdb/writer.js';
import type { AccessMoment } from './snapshot-order.js';

/** What the writer takes for a field that is not to be written. */
const NONE = -1;

export class SnapshotTraversal {
  /** Keys written so far. */
  keys = 0;
  private readonly walk: KeyspaceWalk;
  private readonly writer: RdbWriter;
  private readonly access: AccessMoment;
  /** Values of several pieces that may yet be compressed are put together here. */
  private whole = new Uint8Array(0);

  constructor(options: { walk: KeyspaceWalk; writer: RdbWriter; access: AccessMoment }) {
    this.walk = options.walk;
    this.writer = options.writer;
    this.access = options.access;
  }

  /**
   * Writes every database. `onEntries` is called after every `period` keys: what it throws ends the
   * traversal.
   */
  run(period: number, onEntries: () => void): void {
    const { walk, writer } = this;
    while (walk.nextDatabase()) {
      writer.selectDatabase(walk.database, walk.databaseSize, walk.databaseExpires);
      while (walk.nextEntry()) {
        this.writeEntry();
        this.keys += 1;
        if (this.keys % period === 0) onEntries();
      }
    }
  }

  private writeEntry(): void {
    const { entry } = this.walk;
    const { field, atMs, decayMinutes } = this.access;
    this.writer.beginEntry(
      entry.key,
      entry.keyStart,
      entry.keyEnd,
      entry.expiresAtMs,
      field === 'idle' ? idleSecondsOf(entry.accessBits, atMs) : NONE,
      field === 'frequency' ? decayedCounter(entry.accessBits, atMs, decayMinutes) : NONE,
    );
    this.writeString(entry.valueLength);
  }

  private writeString(length: number): void {
    const { walk, writer } = this;
    if (length === 0) {
      walk.nextPiece();
      writer.string(this.whole, 0, 0);
      return;
    }
    if (!walk.nextPiece()) throw new Error('a value ended before its length');
    if (walk.pieceEnd - walk.pieceStart === length) {
      writer.string(walk.piece, walk.pieceStart, walk.pieceEnd);
      return;
    }
    if (length <= RDB_COMPRESS_BYTES_MAX) {
      this.gather(length);
      writer.string(this.whole, 0, length);
      return;
    }
    writer.beginLongString(length);
    do {
      writer.longStringPiece(walk.piece, walk.pieceStart, walk.pieceEnd);
    } while (walk.nextPiece());
  }

  /** Puts the pieces together, from the one the walk stands on. */
  private gather(length: number): void {
    const { walk } = this;
    if (this.whole.length < length) this.whole = new Uint8Array(length);
    let at = 0;
    do {
      copyBytes(walk.piece, walk.pieceStart, walk.pieceEnd, this.whole, at);
      at += walk.pieceEnd - walk.pieceStart;
    } while (walk.nextPiece());
    if (at !== length) throw new Error('a value is not as long as its length');
  }
}
