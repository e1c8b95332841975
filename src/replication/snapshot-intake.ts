/*
 * Where a replica puts the snapshot that its primary sends: first a file beside the dump, then,
 * once whole, the keyspace. The old data are served and kept until then. Types only: snapshot-
 * file.ts has the real one.
 */

import type { LoadResult } from '../persistence/loader.js';

export interface SnapshotIntake {
  /** Opens a new one; a failure is reported by the first drained() or finish(). */
  open(): SnapshotDownload;
}

export interface SnapshotDownload {
  /** Bytes taken and not yet on disk. */
  readonly unwrittenBytes: number;
  /** Takes a copy of the bytes. */
  write(bytes: Uint8Array, start: number, end: number): void;
  /** Resolves when everything written so far is on disk; rejects when that has failed. */
  drained(): Promise<void>;
  /** All bytes are there: makes them durable. Rejects when that fails. */
  finish(): Promise<void>;
  /** Empties the keyspace and loads the snapshot. After finish(). Never rejects. */
  load(): Promise<LoadResult>;
  /** Makes the file the dump file, so that a restart resumes from it. Never rejects. */
  keep(): Promise<void>;
  /** Removes the file. May be called at any time. */
  discard(): void;
}
