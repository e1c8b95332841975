/*
 * The parts of the server that handlers may ask for, as interfaces: main constructs the real ones.
 * commands/ imports no value from net/, replication/ or persistence/ shells; it calls them here.
 */

import type { Config } from '../config/config.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { LatencyMonitor } from '../observability/latency-monitor.js';
import type { Log } from '../observability/log.js';
import type { MemoryFigures } from '../observability/memory-figures.js';
import type { SlowLog } from '../observability/slow-log.js';
import type { Stats } from '../observability/stats.js';
import type { PubSub } from '../pubsub/pub-sub.js';
import type { Arguments } from '../resp/arguments.js';
import type { ValueSource } from '../resp/bulk-apart.js';
import type { Client, Connection } from './client.js';
import type { ClientPause } from './client-pause.js';
import type { ClientRegistry } from './client-registry.js';
import type { Context } from './command.js';
import type { CommandTable } from './command-table.js';
import type { Monitors } from './monitors.js';

/** Time as a parameter. */
export interface Clock {
  /** Wall clock, whole milliseconds since 1970. */
  wallMs(): number;
  /** Monotonic, fractional milliseconds. */
  monotonicMs(): number;
}

/** What is shown to users with more digits. */
export interface ServerClock extends Clock {
  /** Wall clock, whole microseconds since 1970. Costs two looks at a clock: never per command. */
  wallMicroseconds(): number;
}

/** What a replica confirms: that it has executed the stream, or that it has it on disk (FACK). */
export type AckKind = 'executed' | 'fsynced';

export interface AckWish {
  readonly kind: AckKind;
  readonly count: number;
  readonly offset: number;
  readonly onReached: (acked: number) => void;
}

/** What commands ask of replication/. */
export interface ReplicationControl {
  readonly role: 'primary' | 'replica';
  /** True when the link to the primary is up (streaming); meaningless on a primary. */
  readonly isLinkUp: boolean;
  /** Current stream offset (INFO master_repl_offset). */
  readonly offset: number;
  /** Replicas that count for min-replicas-to-write: online, lag within min-replicas-max-lag. */
  goodReplicas(): number;
  /** REPLICAOF host port / NO ONE (null). Logs; `by` describes the client for the log. */
  replicaOf(target: { host: string; port: number } | null, by: string): 'ok' | 'already-connected';
  /** PSYNC and SYNC (null): takes the client over as a replica, replies itself. */
  onSync(ctx: Context, request: { replid: string; offset: number } | null): void;
  /**
   * REPLCONF option value …: arguments after the name, latin1. Writes the reply unless none is due.
   */
  onReplconf(ctx: Context, options: readonly string[]): void;
  /** Replicas that have confirmed `offset`. */
  countAcked(offset: number, kind: AckKind): number;
  /** WAIT: asks replicas for ACKs and calls back once `count` have confirmed `offset`, or never;
   * the returned function cancels. */
  awaitAcks(wanted: AckWish): () => void;
  /** A replica has sent an empty line: it is there, and loads. */
  onSignOfLife(client: Client): void;
  /**
   * PSYNC … FAILOVER: our primary hands its role to us. Returns why we cannot take it (an error
   * text), or null when we are primary now. `by` describes the client for the log.
   */
  takeOver(replid: string, by: string): string | null;
  /** A replica's connection has gone. */
  onClientGone(client: Client): void;
  /** INFO's section, without its header: `name:value`, `role` first. */
  infoLines(): string[];
  /** Memory of the backlog and of what it holds for replicas beyond its size. */
  readonly backlogBytes: number;
  /** That beyond its size: not counted towards maxmemory. */
  readonly uncountedBytes: number;
  /** DEBUG CHANGE-REPL-ID: a new replication id, the former ones forgotten. */
  changeReplid(): void;
  /** ROLE's reply. */
  writeRole(ctx: Context): void;
}

/** MULTI, EXEC, WATCH and their like, as dispatch does them. */
export interface TransactionControl {
  begin(client: Client): void;
  /** Drops the queue and the watches. */
  discard(client: Client): void;
  /** Watches the keys of WATCH in the client's database. False: there was no room, none is. */
  watch(client: Client, args: Arguments): boolean;
  unwatch(client: Client): void;
  /** EXEC: executes the queue and writes the whole reply. */
  execute(ctx: Context): void;
}

export interface SnapshotControl {
  readonly isSaving: boolean;
  readonly lastSaveAtSeconds: number;
  readonly lastSaveOk: boolean;
  /** The last save failed, save points exist, and stop-writes-on-bgsave-error says stop. */
  readonly mustRefuseWrites: boolean;
  /** Changes since the last successful save. */
  readonly dirty: number;
  addDirty(changes: number): void;
  /** Starts a save to dbfilename; `busy` when one runs. The promise settles at its end. */
  save(reason: string): 'busy' | Promise<boolean>;
  /** The same, once what is being written has ended. */
  saveInTurn(reason: string): Promise<boolean>;
  /** FLUSHALL: calls off a save of what is gone, and replaces the file where save points exist.
   * Settles at the end of that; null when none is due. */
  saveAfterFlush(): Promise<boolean> | null;
  /** BGSAVE SCHEDULE. */
  scheduleSave(): void;
  /** DEBUG RELOAD's second half: loads dbfilename over the (flushed, unless merge) data set. */
  reload(options: { flush: boolean }): Promise<void>;
  persistenceInfoLines(): string[];
  /** CONFIG RESETSTAT. */
  resetStats(): void;
}

export interface ServerControl {
  readonly pid: number;
  /** 40 hex characters, new at every start. */
  readonly runId: string;
  readonly startedAtMs: number;
  readonly configFile: string;
  readonly executable: string;
  readonly isLoading: boolean;
  /** Loading progress for INFO while isLoading. */
  loadingInfoLines(): string[];
  /** SHUTDOWN: see FACTS. `onRefused` is called when it is cancelled (a failed save, ABORT). */
  shutdown(options: {
    save: 'default' | 'save' | 'nosave';
    isNow: boolean;
    isForced: boolean;
    onRefused: () => void;
  }): void;
  /** SHUTDOWN ABORT: false when none is under way. */
  abortShutdown(): boolean;
  isShuttingDown(): boolean;
  /** Milliseconds that a shutdown still waits for replicas, 0 while none does (INFO). */
  readonly shutdownInMs: number;
  /** DEBUG SET-ACTIVE-EXPIRE: whether the background looks for expired keys. Starts as true. */
  isActiveExpiryEnabled: boolean;
  /** DEBUG PAUSE-CRON: nothing is done by the clock, and signals to end wait. Starts as false. */
  isCronPaused: boolean;
  /** DEBUG SET-SKIP-CHECKSUM-VALIDATION, for RDB files and RESTORE. Starts as false. */
  skipsChecksums: boolean;
  /** What DEBUG does to the process: ends it as if by a fault, or starts it anew. */
  readonly crash: CrashControl;
  /** Who supervises this process, for INFO. */
  readonly supervisedBy: 'no' | 'upstart' | 'systemd';
  /** Looks a second at the background's work: hz, or more where dynamic-hz says so. */
  readonly hz: number;
  /** When this process ends, another takes its place after so long; null: none does. */
  successorDelayMs: number | null;
  /** Ends the process without saving, closing or telling anything. */
  endAtOnce(): void;
  /**
   * The text of INFO for the sections asked for (lower case; empty = default). See
   * observability/info.
   */
  info(sections: readonly string[]): string;
  /** What memory is taken by; the same in words; what the allocator of the pages holds. */
  memoryFigures(): MemoryFigures;
  memoryReport(): string;
  allocatorReport(): string;
}

/** Ends the process with a report in the log: DEBUG's ASSERT, OOM, PANIC and SEGFAULT. */
export interface CrashControl {
  /** `context`: lines about the client, for the log. */
  assertionFailed(error: Error, context: readonly string[]): void;
  panic(text: string): void;
  outOfMemory(bytes: bigint): void;
  crashedBySignal(signal: 'SIGSEGV'): void;
}

/** What LATENCY says in words and pictures. */
export interface LatencyTexts {
  /** DOCTOR's report. */
  report(): string;
  /** The graph of an event's samples; null when there are none. */
  graph(event: string): string | null;
}

export interface Services {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly clients: ClientRegistry;
  readonly pause: ClientPause;
  readonly commands: CommandTable;
  readonly transactions: TransactionControl;
  readonly pubsub: PubSub;
  readonly monitors: Monitors;
  readonly replication: ReplicationControl;
  readonly snapshots: SnapshotControl;
  readonly stats: Stats;
  readonly slowLog: SlowLog;
  readonly latency: LatencyMonitor;
  readonly latencyTexts: LatencyTexts;
  readonly log: Log;
  readonly clock: ServerClock;
  readonly server: ServerControl;
}

/** Where dispatch hands what must travel. Implemented by replication/feed. */
export interface Feed {
  /** False while there is no backlog: then nothing is appended and the offset stands still. */
  readonly isActive: boolean;
  /** Stream offset after everything appended so far. */
  readonly offset: number;
  /**
   * One or several consecutive canonical requests of database `database`, as they came.
   * A SELECT goes before them when the stream stands in another database; `database` -1 means
   * wherever it stands (MULTI and EXEC around effects).
   */
  appendVerbatim(database: number, bytes: Uint8Array, start: number, end: number): void;
  /** One command, encoded here as a multibulk. */
  append(database: number, parts: readonly Uint8Array[]): void;
}

/** How the link to the primary has its stream executed. Implemented by dispatch. */
export interface StreamExecutor extends ValueSource {
  /**
   * Creates the client that stands for the primary; its replies are dropped (errors are logged).
   */
  openPrimary(connection: Connection): Client;
  /** Around the commands that are executed in one go. Nobody else runs between the two. */
  beginBatch(): void;
  endBatch(): void;
  /**
   * Executes one command of the stream (MULTI and EXEC among them). REPLCONF GETACK is the link's
   * own business and does not come here. Never propagates: the link passes the bytes on.
   * Returns false when the command was unknown or failed (already logged and counted).
   */
  execute(client: Client, args: Arguments): boolean;
  /** True inside a MULTI of the stream that has not seen its EXEC. */
  isInTransaction(client: Client): boolean;
  closePrimary(client: Client): void;
}
