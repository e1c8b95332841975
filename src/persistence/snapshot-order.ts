/*
 * What the main thread and the snapshot worker say to each other. Both sides import these types; the
 * values are plain data, fit for postMessage.
 */

import type { FrozenViewHandle } from '../memory/memory.js';
import type { AccessMoment } from './access-bits.js';
import type { RdbAux } from './rdb/writer.js';

/** Main to worker: write the frozen view as an RDB. */
export interface SnapshotOrder {
  readonly view: FrozenViewHandle['message'];
  /** Open for writing, at position 0. The main thread owns and closes it. */
  readonly descriptor: number;
  readonly compress: boolean;
  readonly checksum: boolean;
  readonly access: AccessMoment;
  /** fdatasync along the way (rdb-save-incremental-fsync), and fsync at the end. */
  readonly syncs: boolean;
  readonly syncsOften: boolean;
  readonly aux: RdbAux;
  /** Cell 0: not 0 asks the worker to give up. */
  readonly control: SharedArrayBuffer;
}

/** Worker to main. `bytes` are in the file, `keys` are behind the writer. */
export type SnapshotReport =
  | { readonly kind: 'progress'; readonly bytes: number; readonly keys: number }
  | { readonly kind: 'done'; readonly bytes: number; readonly keys: number }
  | {
      readonly kind: 'failed';
      /** What was being done, as Redis's log line names it; '' when the worker itself died. */
      readonly operation: string;
      readonly error: string;
      readonly isAborted: boolean;
    };

export const CONTROL_BYTES = 4;
