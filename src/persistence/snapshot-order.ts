/*
 * What the main thread and the snapshot worker say to each other. Both sides import these types;
 * the values are plain data, fit for postMessage.
 */

import type { FrozenViewHandle } from '../memory/memory.js';
import type { Pace } from './pace.js';
import type { RdbAux } from './rdb/writer.js';

/** Which access bits are written, and what time it was. */
export interface AccessMoment {
  /** IDLE under an LRU policy, FREQ under an LFU policy. */
  readonly field: 'none' | 'idle' | 'frequency';
  /** Wall clock in ms. */
  readonly atMs: number;
  /** lfu-decay-time: minutes for each decrement of the counter; 0 = never. */
  readonly decayMinutes: number;
}

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
  /** Null: as fast as it goes. */
  readonly pace: Pace | null;
  readonly aux: RdbAux;
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
