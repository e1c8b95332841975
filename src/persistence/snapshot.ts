/*
 * Snapshots, the main thread's side: freezes the memory, has a worker write the frozen view as an
 * RDB, and sees to what must follow (rename, fsync, log lines, INFO, save points, MISCONF). A save
 * that fails, or a worker that dies, fails the save and never the server. Must not know the wire;
 * replicas get their bytes through transfer.ts.
 */

import type { Clock, SnapshotControl } from '../commands/services.js';
import type { Config } from '../config/config.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { Memory } from '../memory/memory.js';
import type { Log } from '../observability/log.js';
import type { ReplicationMark, Transfer } from './transfer.js';

export interface SnapshotOptions {
  readonly memory: Memory;
  readonly keyspace: Keyspace;
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly pid: number;
  /** What a save to disk records for a later partial resync; `null` when there is no history to
   * resume (a primary without a backlog, a replica whose link never came up). */
  readonly replicationMark: () => ReplicationMark | null;
  /** Loads dir/dbfilename for DEBUG RELOAD (loader.ts). */
  readonly reload?: (options: { flush: boolean }) => Promise<void>;
}

/** Implements SnapshotControl and gives replication its transfers. */
export declare class Snapshots implements SnapshotControl {
  constructor(options: SnapshotOptions);
  readonly isSaving: boolean;
  readonly lastSaveAtSeconds: number;
  readonly lastSaveOk: boolean;
  readonly dirty: number;
  addDirty(changes: number): void;
  /** `reason` is 'save' (SAVE), 'bgsave', 'save-point', 'shutdown', 'debug'. Must be called between
   * commands, outside MULTI. */
  save(reason: string): 'busy' | Promise<boolean>;
  scheduleSave(): void;
  reload(options: { flush: boolean }): Promise<void>;
  persistenceInfoLines(): string[];
  /** True while writes must be refused with MISCONF (stop-writes-on-bgsave-error). */
  readonly refusesWrites: boolean;
  /** Full sync: 'busy' while any snapshot is being written (try again when onIdle tells). */
  beginTransfer(mark: ReplicationMark, options: { isDiskless: boolean }): 'busy' | Transfer;
  /** Called each time a snapshot has ended, whatever its outcome. */
  onIdle: (() => void) | null;
  /** Ends the running snapshot as a failure; resolves when its view has been given back. */
  abort(): Promise<void>;
  /** Each 100 ms: save points, a scheduled save. */
  tick(): void;
  /** Ends the worker for good (shutdown). */
  close(): Promise<void>;
}
