/*
 * Loads an RDB into the keyspace: a file at start and after a full sync, or a stream as it arrives.
 * It works in slices of a few milliseconds, so that LOADING is answered meanwhile. Nothing is ever
 * half-loaded: when data are there already, the file is checked from end to end before the first
 * key is dropped; an error after that leaves an empty keyspace. Must not know who asked for it.
 */

import type { Clock } from '../commands/services.js';
import type { Config } from '../config/config.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { Log } from '../observability/log.js';
import type { ReplicationMark } from './transfer.js';

export interface LoaderOptions {
  readonly keyspace: Keyspace;
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
}

/** How one load treats what it reads. */
export interface LoadRequest {
  /** 'primary': keys past their time are dropped (and told to onExpired); 'replica': kept. */
  readonly role: 'primary' | 'replica';
  /** Empty the keyspace first. False merges over it (DEBUG RELOAD NOFLUSH): duplicates replace. */
  readonly flush: boolean;
  /** Called once, before the first key: aux fields stand at the head of a file. With it a restarted
   * primary sets its history and backlog up, so that the DELs of onExpired find their place. */
  readonly onMark?: (mark: ReplicationMark) => void;
  /** A key was past its time and has not been loaded: owed to replicas as a DEL (DESIGN §3, trap 3),
   * since a replica that resumes at the mark's offset still holds it. */
  readonly onExpired?: (database: number, key: Uint8Array, start: number, end: number) => void;
}

export type LoadResult =
  | {
      readonly ok: true;
      readonly keysLoaded: number;
      readonly keysExpired: number;
      readonly bytes: number;
      /** Present when the file carries repl-id, repl-offset and repl-stream-db. */
      readonly mark: ReplicationMark | null;
    }
  | { readonly ok: false; readonly missing: true }
  | {
      readonly ok: false;
      readonly missing: false;
      /** 'cut': the bytes ended early. 'corrupt', 'unsupported', 'io' as they say. */
      readonly kind: 'cut' | 'corrupt' | 'unsupported' | 'io';
      readonly offset: number;
      /** For the log, with the place. */
      readonly error: string;
      /** False when the old data set is still there untouched. */
      readonly keyspaceIsEmpty: boolean;
    };

/** A load fed by its owner, piece by piece (the link to the primary without a file). */
export interface StreamLoad {
  /**
   * Takes bytes. Resolves once they are in the keyspace: await it before the next push, so that the
   * socket is read no faster than data are loaded. `isFinished` tells that the RDB's end was seen.
   */
  push(bytes: Uint8Array, start: number, end: number): Promise<StreamProgress>;
  /** The source has ended or failed: when the RDB is incomplete the keyspace is emptied. */
  finish(): LoadResult;
}

export interface StreamProgress {
  readonly isFinished: boolean;
  /** Bytes of this push that belong to the RDB; the rest follows it in the stream. */
  readonly consumed: number;
  /** Set when the load has failed (the keyspace is empty by then). */
  readonly error: string | null;
}

export declare class Loader {
  constructor(options: LoaderOptions);
  readonly isLoading: boolean;
  lastKeysLoaded: number;
  lastKeysExpired: number;
  /** dir/dbfilename, or any path. Log lines as Redis's; never throws. */
  loadFile(path: string, request: LoadRequest): Promise<LoadResult>;
  /** `totalBytes` for the progress in INFO; 0 when unknown ($EOF:). */
  beginStream(totalBytes: number, request: LoadRequest): StreamLoad;
  /** INFO's loading_* lines while isLoading. */
  loadingInfoLines(): string[];
}
