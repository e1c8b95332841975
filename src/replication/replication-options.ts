/*
 * What replication needs from the outside, as interfaces and parameters: time, turns of the event
 * loop, chance, snapshots, the executor of the stream, sockets and files. main gives the real ones,
 * the simulation its own.
 */

import type { Client } from '../commands/client.js';
import type { Clock, StreamExecutor } from '../commands/services.js';
import type { Config } from '../config/config.js';
import type { Log } from '../observability/log.js';
import type { Stats } from '../observability/stats.js';
import type { ReplicationMark, Transfer } from '../persistence/transfer.js';
import type { Dial } from './link-socket.js';
import type { SnapshotIntake } from './snapshot-intake.js';

/** Time and turns of the event loop, as parameters. */
export interface Scheduler {
  /** Calls back once, after all sockets that are ready now have been read (setImmediate). */
  afterTick(run: () => void): void;
  /** Calls back every `ms` until the returned function is called. */
  every(ms: number, run: () => void): () => void;
}

/** What replication asks of snapshots. */
export interface TransferSource {
  /** Between commands only. */
  beginTransfer(mark: ReplicationMark, options: { isDiskless: boolean }): 'busy' | Transfer;
}

export interface ReplicationOptions {
  readonly config: Config;
  readonly log: Log;
  readonly stats: Stats;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** In [0, 1). */
  readonly random: () => number;
  /** 40 random hexadecimal characters. */
  readonly newReplid: () => string;
  readonly transfers: TransferSource;
  readonly executor: StreamExecutor;
  /** Our primary's stream must wait, as writes of clients do. */
  readonly isPaused: () => boolean;
  readonly dial: Dial;
  readonly intake: SnapshotIntake;
  /** A client as CLIENT LIST shows it, for log lines. */
  readonly describeClient: (client: Client) => string;
  /** Port that clients reach us at, for REPLCONF listening-port. */
  readonly listeningPort: () => number;
  /** REPLICAOF host port: clients that wait for what only a primary can give. */
  readonly endBlockedClients: () => void;
  /** Before a command under the new role can run: expiry mode, log letter. */
  readonly onRoleChange: (role: 'primary' | 'replica') => void;
}
