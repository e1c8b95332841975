/*
 * Replication as the rest of the server sees it: one object for both roles, made of the log
 * (history and backlog), the feed that writes to it, the primary's side (replicas) and the link
 * (our primary). It turns role changes into what the parts must do, in the right order. Must not
 * know sockets.
 */

import type { Client } from '../commands/client.js';
import type { Context } from '../commands/command.js';
import type { AckKind, AckWish, ReplicationControl } from '../commands/services.js';
import { REPLICATION_TICK_MS } from '../limits.js';
import type { ReplicationMark } from '../persistence/transfer.js';
import { Feed } from './feed.js';
import { History, type LineageEntry, primaryAddress } from './history.js';
import { formatLineage, parseLineage } from './lineage.js';
import { Link } from './link.js';
import type { LinkOwner, LoadedSnapshot } from './link-owner.js';
import { Primary } from './primary.js';
import { peerStateText, replicationInfoLines, roleState } from './replication-info.js';
import type { ReplicationOptions } from './replication-options.js';
import { StreamLog } from './stream-log.js';

/** A replica's progress, for SHUTDOWN. */
export interface ReplicaProgress {
  readonly name: string;
  readonly ackedOffset: number;
  readonly lagSeconds: number;
  readonly state: string;
}

export class Replication implements ReplicationControl {
  readonly feed: Feed;
  readonly #options: ReplicationOptions;
  readonly #stream: StreamLog;
  readonly #primary: Primary;
  readonly #link: Link;
  #role: 'primary' | 'replica' = 'primary';
  /** The data set belongs to the history, so a PSYNC may continue from its offset. */
  #hasPosition = false;
  /** Database that our primary's stream stands in at the history's offset. */
  #streamDatabase = 0;
  #failedStreamCommands = 0;
  #stopTicking: (() => void) | null = null;

  constructor(options: ReplicationOptions) {
    this.#options = options;
    this.#stream = new StreamLog(new History({ newReplid: options.newReplid }));
    this.feed = new Feed(this.#stream);
    this.#link = new Link(options, this.#linkOwner());
    this.#primary = new Primary({
      options,
      stream: this.#stream,
      feed: this.feed,
      mark: () => this.#mark(),
      canSync: () => this.#role === 'primary' || this.isLinkUp,
    });
    if (options.config.values.replicaof !== null) this.#setRole('replica');
  }

  get role(): 'primary' | 'replica' {
    return this.#role;
  }

  get isLinkUp(): boolean {
    return this.#link.state === 'streaming';
  }

  get offset(): number {
    return this.#stream.history.offset;
  }

  /** Where the link stands; `idle` on a primary. For tests and the log. */
  get linkState(): string {
    return this.#link.state;
  }

  /** Memory of the backlog beyond repl-backlog-size: not counted towards maxmemory. */
  get uncountedBytes(): number {
    const { backlog } = this.#stream;
    if (backlog === null) return 0;
    return Math.max(0, this.backlogBytes - backlog.sizeBytes);
  }

  /** All memory of the backlog. */
  get backlogBytes(): number {
    const { backlog } = this.#stream;
    return backlog === null ? 0 : backlog.ringBytes + backlog.detachedBytes;
  }

  /**
   * Takes up what a snapshot carried, before its keys are loaded (Loader's onMark). A primary's
   * history rotates, since it may have streamed more before it ended than the snapshot knows
   * (DESIGN §3, trap 2): no former id is valid beyond the snapshot's offset. Its backlog stands
   * ready, so that DELs of expired keys find their place (trap 3).
   */
  resumeFrom(mark: ReplicationMark): void {
    const { history } = this.#stream;
    const { replid, offset, streamDb } = mark;
    history.adopt({ replid, offset }, this.#lineageOf(mark));
    this.#streamDatabase = streamDb;
    this.#hasPosition = true;
    if (this.#role === 'primary') {
      history.rotate();
      this.feed.forgetDatabase();
    }
    this.#openBacklog();
    this.#primary.releaseUnused();
  }

  /** Starts ticking and, with `replicaof` configured, the link. After loading. */
  start(): void {
    const { scheduler, config } = this.#options;
    this.#stopTicking ??= scheduler.every(REPLICATION_TICK_MS, () => this.tick());
    const target = config.values.replicaof;
    if (this.#role === 'replica' && target !== null && this.#link.target === null) {
      this.#link.start(target);
    }
  }

  /** Each REPLICATION_TICK_MS; called by start()'s timer. */
  tick(): void {
    if (this.#role === 'replica') this.#link.tick();
    this.#primary.tick();
  }

  close(): void {
    this.#stopTicking?.();
    this.#stopTicking = null;
    this.#link.stop();
  }

  /** What a save records; null when there is nothing that could be resumed. */
  mark(): ReplicationMark | null {
    if (this.#role === 'primary') return this.#stream.backlog === null ? null : this.#mark();
    return this.#hasPosition ? this.#mark() : null;
  }

  /** Commands of our primary's stream that the data lack, since they were unknown or failed. */
  get failedStreamCommands(): number {
    return this.#failedStreamCommands;
  }

  /** What a snapshot that is loaded at start says of its data. */
  set failedStreamCommands(count: number) {
    this.#failedStreamCommands = count;
  }

  onSnapshotIdle(): void {
    this.#primary.onSnapshotIdle();
  }

  /** CONFIG SET repl-backlog-size. */
  resizeBacklog(sizeBytes: number): void {
    const { backlog } = this.#stream;
    if (backlog === null) return;
    const wasOff = backlog.sizeBytes === 0;
    backlog.resize(sizeBytes);
    if (sizeBytes === 0 && this.#role === 'primary') this.#primary.releaseUnused();
    else if (wasOff) backlog.trim();
  }

  /** Sends replicas what is there for them now. */
  flush(): void {
    this.#primary.flush();
  }

  /** Has replicas acknowledge at the end of this tick. */
  requestAcks(): void {
    this.#primary.requestAcks();
  }

  replicas(): readonly ReplicaProgress[] {
    const nowMs = this.#options.clock.monotonicMs();
    return this.#primary.peers.map((peer) => ({
      name: peer.name,
      ackedOffset: peer.ackedOffset,
      lagSeconds: peer.lagSeconds(nowMs),
      state: peerStateText(peer),
    }));
  }

  goodReplicas(): number {
    return this.#primary.goodReplicas();
  }

  replicaOf(target: { host: string; port: number } | null, by: string): 'ok' | 'already-connected' {
    const { log } = this.#options;
    if (target === null) {
      if (this.#role === 'primary') return 'ok';
      this.#promote();
      log.notice(`MASTER MODE enabled (user request from '${by}')`);
      return 'ok';
    }
    const current = this.#link.target;
    const isSame =
      current?.port === target.port && current.host.toLowerCase() === target.host.toLowerCase();
    if (this.#role === 'replica' && isSame) {
      log.notice(
        'REPLICAOF would result into synchronization with the master we are already connected ' +
          'with. No operation performed.',
      );
      return 'already-connected';
    }
    this.#follow(target);
    log.notice(`REPLICAOF ${primaryAddress(target)} enabled (user request from '${by}')`);
    return 'ok';
  }

  onSync(ctx: Context, request: { replid: string; offset: number } | null): void {
    // PSYNC names the first byte that is wanted; inside, offsets count the bytes that are there.
    const position = request && { replid: request.replid, offset: request.offset - 1 };
    this.#primary.onSync(ctx, position);
  }

  onReplconf(ctx: Context, options: readonly string[]): void {
    this.#primary.onReplconf(ctx, options);
  }

  changeReplid(): void {
    this.#primary.changeReplid();
  }

  countAcked(offset: number, kind: AckKind): number {
    return this.#primary.countAcked(offset, kind);
  }

  awaitAcks(wanted: AckWish): () => void {
    return this.#primary.awaitAcks(wanted);
  }

  onSignOfLife(client: Client): void {
    this.#primary.onSignOfLife(client);
  }

  takeOver(replid: string, by: string): string | null {
    const { log } = this.#options;
    log.notice(`Failover request received for replid ${replid}.`);
    if (this.#role === 'primary') return "ERR PSYNC FAILOVER can't be sent to a master.";
    if (replid.toLowerCase() !== this.#stream.history.replid.toLowerCase()) {
      return 'ERR PSYNC FAILOVER replid must match my replid.';
    }
    this.#promote();
    log.notice(`MASTER MODE enabled (failover request from '${by}')`);
    return null;
  }

  onClientGone(client: Client): void {
    this.#primary.onClientGone(client);
  }

  infoLines(): string[] {
    return replicationInfoLines({
      options: this.#options,
      stream: this.#stream,
      primary: this.#primary,
      link: this.#link,
      role: this.#role,
      hasPosition: this.#hasPosition,
      failedStreamCommands: this.#failedStreamCommands,
    });
  }

  writeRole(ctx: Context): void {
    const { reply } = ctx;
    if (this.#role === 'primary') {
      const online = this.#primary.peers.filter((peer) => peer.isOnline);
      reply.array(3);
      reply.bulkLatin1('master');
      reply.integer(this.offset);
      reply.array(online.length);
      for (const peer of online) {
        reply.array(3);
        reply.bulkLatin1(peer.ip);
        reply.bulkLatin1(String(peer.settings.listeningPort));
        reply.bulkLatin1(String(peer.ackedOffset));
      }
      return;
    }
    const target = this.#link.target ?? this.#options.config.values.replicaof;
    reply.array(5);
    reply.bulkLatin1('slave');
    reply.bulkLatin1(target?.host ?? '');
    reply.integer(target?.port ?? 0);
    reply.bulkLatin1(roleState(this.#link));
    reply.integer(this.isLinkUp ? this.offset : -1);
  }

  /**
   * REPLICAOF NO ONE. In this order:
   * 1. the link ends, and with it whatever of the stream is not applied;
   * 2. the history goes on under a new id; the old one stays valid up to here;
   * 3. our replicas are ended: they ask again, and continue under the new id;
   * 4. the feed opens, and its first command brings a SELECT.
   */
  #promote(): void {
    const { history } = this.#stream;
    const { log } = this.#options;
    this.#link.stop();
    history.rotate();
    log.notice(
      `Setting secondary replication ID to ${history.secondReplid}, valid up to offset: ` +
        `${history.secondOffset}. New replication ID is ${history.replid}`,
    );
    this.#primary.dropAll();
    this.#primary.onPromoted();
    this.#options.config.override('replicaof', null);
    this.#setRole('primary');
  }

  /** REPLICAOF host port. Our replicas stay: perhaps we continue, and so may they. */
  #follow(target: { host: string; port: number }): void {
    if (this.#role === 'primary') {
      this.#options.log.notice(
        'Before turning into a replica, using my own master parameters to synthesize a cached ' +
          'master: I may be able to synchronize with the new master with just a partial transfer.',
      );
      this.#hasPosition = true;
      this.#streamDatabase = this.feed.database;
      this.#setRole('replica');
    }
    // Nobody's wait can end by ACKs any more: who waits must hear that his time is over.
    this.#options.endBlockedClients();
    this.#options.config.override('replicaof', target);
    this.#link.start(target);
  }

  #setRole(role: 'primary' | 'replica'): void {
    this.#role = role;
    this.feed.isOpen = role === 'primary';
    this.feed.forgetDatabase();
    this.#options.onRoleChange(role);
  }

  #mark(): ReplicationMark {
    const { replid, offset } = this.#stream.history;
    const streamDb = this.#role === 'primary' ? this.feed.database : this.#streamDatabase;
    return { replid, offset, streamDb, lineage: formatLineage(this.#stream.history.lineage) };
  }

  #lineageOf(mark: ReplicationMark): readonly LineageEntry[] {
    const lineage = parseLineage(mark.lineage, mark);
    if (lineage === null) {
      this.#options.log.warning('The lineage in the RDB is malformed: former ids are forgotten');
    }
    return lineage ?? [];
  }

  #openBacklog(): void {
    this.#stream.openBacklog(this.#options.config.values['repl-backlog-size']);
  }

  /** What the link does to the rest. */
  #linkOwner(): LinkOwner {
    const self = this;
    const stream = this.#stream;
    return {
      get offset(): number {
        return stream.history.offset;
      },
      get streamDatabase(): number {
        return self.#streamDatabase;
      },
      set streamDatabase(database: number) {
        self.#streamDatabase = database;
      },
      position: () => (self.#hasPosition ? stream.history.position : null),
      onContinue: (replid) => self.#onContinue(replid),
      onBeforeLoad: () => self.#primary.dropAll(),
      onLoaded: (loaded) => self.#onLoaded(loaded),
      onLoadFailed: (isEmpty) => self.#onLoadFailed(isEmpty),
      onApplied: (bytes, start, end) => stream.append(bytes, start, end),
      onStreamFailed: () => {
        self.#failedStreamCommands++;
      },
    };
  }

  #onContinue(replid: string | null): void {
    const { history } = this.#stream;
    if (replid !== null && replid !== history.replid) {
      this.#options.log.notice(`Master replication ID changed to ${replid}`);
      history.renameTo(replid);
      // They must learn the new name; asking again costs them nothing but that.
      this.#primary.dropAll();
    }
    if (this.#stream.backlog === null) this.#openBacklog();
  }

  #onLoaded({ position, streamDatabase, failedStreamCommands }: LoadedSnapshot): void {
    const { history } = this.#stream;
    // Without a name for it the data are where a history of our own begins.
    if (position === null) history.startOver();
    else history.adopt(position);
    this.#hasPosition = position !== null;
    this.#streamDatabase = streamDatabase;
    this.#failedStreamCommands = failedStreamCommands;
    this.#openBacklog();
  }

  #onLoadFailed(isEmpty: boolean): void {
    if (!isEmpty) return;
    this.#hasPosition = false;
    this.#stream.history.startOver();
    this.#stream.closeBacklog();
  }
}
