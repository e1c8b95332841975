/*
 * Replication as the rest of the server sees it: one object for both roles, made of the log (history
 * and backlog), the feed that writes to it, the primary's side (replicas) and the link (our primary).
 * It turns role changes into what the parts must do, in the right order. Must not know sockets.
 */

import type { Client } from '../commands/client.js';
import type { Context } from '../commands/command.js';
import type { Clock, Feed, ReplicationControl, StreamExecutor } from '../commands/services.js';
import type { Config } from '../config/config.js';
import type { Log } from '../observability/log.js';
import type { Stats } from '../observability/stats.js';
import type { ReplicationMark, Transfer } from '../persistence/transfer.js';

/** Time and turns of the event loop, as parameters. */
export interface Scheduler {
  /** Calls back once, after all sockets that are ready now have been read (setImmediate). */
  afterTick(run: () => void): void;
  /** Calls back every `ms` until the returned function is called. Does not keep the process alive. */
  every(ms: number, run: () => void): () => void;
}

/** What replication asks of snapshots. */
export interface TransferSource {
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
  /** Before a command of either new role can run: expiry mode, blocked clients. */
  readonly onRoleChange: (role: 'primary' | 'replica') => void;
}

/** Implements ReplicationControl; `feed` is what dispatch writes to. */
export declare class Replication implements ReplicationControl {
  constructor(options: ReplicationOptions);
  readonly feed: Feed;
  readonly role: 'primary' | 'replica';
  readonly isLinkUp: boolean;
  readonly offset: number;
  /** Takes up what a snapshot carried, before its keys are loaded (Loader's onMark). On a primary the
   * history rotates and a backlog stands ready, so that DELs of expired keys find their place. */
  resumeFrom(mark: ReplicationMark): void;
  /** Starts ticking and, with `replicaof` configured, the link. After loading. */
  start(): void;
  /** What a save records; null when there is nothing to resume (Snapshots' replicationMark). */
  mark(): ReplicationMark | null;
  /** Snapshots' onIdle. */
  onSnapshotIdle(): void;
  /** Sends what is in the backlog now; asks for ACKs. Both for SHUTDOWN. */
  flush(): void;
  requestAcks(): void;
  replicas(): readonly {
    readonly name: string;
    readonly ackedOffset: number;
    readonly lagSeconds: number;
    readonly state: string;
  }[];
  close(): void;
  goodReplicas(): number;
  replicaOf(target: { host: string; port: number } | null, by: string): 'ok' | 'already-connected';
  onSync(ctx: Context, request: { replid: string; offset: number } | null): void;
  onReplconf(ctx: Context, options: readonly string[]): void;
  countAcked(offset: number): number;
  awaitAcks(count: number, offset: number, onReached: (acked: number) => void): () => void;
  onClientGone(client: Client): void;
  infoLines(): string[];
  writeRole(ctx: Context): void;
}
