/*
 * The primary's side: the replicas, what each is owed, and when each is ended. Also at work in the
 * middle of a chain, where the stream is our own primary's. Feeds all from the one log; a slow one
 * is bounded in bytes (output limits) and in time (repl-timeout) and costs the others nothing.
 */

import type { Client } from '../commands/client.js';
import type { Context } from '../commands/command.js';
import type { AckKind, AckWish } from '../commands/services.js';
import { ACK_PERIOD_MS, FEED_FLUSH_BYTES, PEER_IN_FLIGHT_BYTES } from '../limits.js';
import type { ReplicationMark } from '../persistence/transfer.js';
import { latin1 } from '../structures/bytes.js';
import { AckWaiters } from './ack-waiters.js';
import type { Feed } from './feed.js';
import { FullSync } from './full-sync.js';
import type { Position } from './history.js';
import { judgeDebt } from './output-limit.js';
import { defaultSettings, Peer, type ReplicaSettings } from './peer.js';
import { decidePsync } from './psync-decision.js';
import { logRefusal } from './psync-log.js';
import { applyReplconf } from './replconf.js';
import type { ReplicationOptions } from './replication-options.js';
import type { StreamLog } from './stream-log.js';
import { StreamSender } from './stream-sender.js';

const PING = [latin1('PING')];
const GETACK = ['REPLCONF', 'GETACK', '*'].map(latin1);

export interface PrimaryParts {
  readonly options: ReplicationOptions;
  readonly stream: StreamLog;
  readonly feed: Feed;
  /** Where the stream stands, for a snapshot. */
  readonly mark: () => ReplicationMark;
  /** False while we are a replica without a link: nobody can sync from us then. */
  readonly canSync: () => boolean;
}

export class Primary {
  readonly #options: ReplicationOptions;
  readonly #stream: StreamLog;
  readonly #feed: Feed;
  readonly #canSync: () => boolean;
  readonly #fullSync: FullSync;
  readonly #waiters = new AckWaiters();
  readonly #peers: Peer[] = [];
  readonly #byClient = new Map<Client, Peer>();
  readonly #senders = new Map<Peer, StreamSender>();
  /** What REPLCONF told of clients that have not asked for a sync yet. */
  readonly #settings = new WeakMap<Client, ReplicaSettings>();
  #unsentBytes = 0;
  #isFlushScheduled = false;
  #mustAskForAcks = false;
  #secondAtMs = 0;
  #pingAtMs = 0;
  /** Monotonic ms since when there has been no replica. */
  #aloneSinceMs: number;

  constructor(parts: PrimaryParts) {
    const { options, stream, feed } = parts;
    this.#options = options;
    this.#stream = stream;
    this.#feed = feed;
    this.#canSync = parts.canSync;
    this.#aloneSinceMs = options.clock.monotonicMs();
    stream.onAppended = (bytes) => this.#onAppended(bytes);
    this.#fullSync = new FullSync({
      config: options.config,
      log: options.log,
      clock: options.clock,
      scheduler: options.scheduler,
      transfers: options.transfers,
      newMark: options.newReplid,
      mark: parts.mark,
      onFrozen: () => feed.forgetDatabase(),
      isHeld: (offset) => stream.backlog !== null && stream.backlog.start <= offset,
      onPeerMoved: () => this.#updateHold(),
      onPayloadSent: (peer, hasMark) => this.#onPayloadSent(peer, hasMark),
      onSnapshotOnlyDone: (peer) => this.#onSnapshotOnlyDone(peer),
      drop: (peer) => this.#drop(peer),
    });
  }

  get peers(): readonly Peer[] {
    return this.#peers;
  }

  onSnapshotIdle(): void {
    this.#fullSync.onSnapshotIdle();
  }

  /** PSYNC (what the replica has) or SYNC (null). Replies, and takes the client over. */
  onSync(ctx: Context, request: Position | null): void {
    const { client, reply } = ctx;
    if (client.kind === 'replica') return;
    const settings = this.#settings.get(client) ?? defaultSettings();
    const refusal = this.#refusalOf(client, settings);
    if (refusal !== null) {
      reply.error(refusal);
      return;
    }
    const { log, stats, clock } = this.#options;
    const { history } = this.#stream;
    const peer = new Peer({
      client,
      settings,
      isPrePsync: request === null,
      cursor: history.offset,
      streamEnd: () => history.offset,
      nowMs: clock.monotonicMs(),
    });
    log.notice(`Replica ${peer.name} asks for synchronization`);
    const decision = decidePsync({ request, history, ranges: this.#stream.ranges });
    if (decision.kind === 'continue') {
      this.#add(peer);
      this.#continue(ctx, peer, decision);
      return;
    }
    logRefusal({ log, replica: peer.name, history, request, reason: decision.reason });
    if (request !== null && decision.reason !== 'requested') stats.refusedPartialSyncs++;
    stats.onFullSync(decision.reason);
    this.#ensureBacklog();
    this.#add(peer);
    peer.go('waitingForSnapshot');
    this.#fullSync.add(peer);
  }

  /** REPLCONF of a client or a replica. Answers where an answer is due. */
  onReplconf(ctx: Context, options: readonly string[]): void {
    const { client, reply } = ctx;
    const peer = this.#byClient.get(client);
    const settings = peer?.settings ?? this.#settings.get(client) ?? defaultSettings();
    if (peer === undefined) this.#settings.set(client, settings);
    const result = applyReplconf(options, settings);
    if (result.kind === 'ok') reply.ok();
    else if (result.kind === 'error') reply.error(result.text);
    else if (result.kind === 'ack' && peer !== undefined) this.#onAck(peer, result);
  }

  /** As good as an ACK for its lag and for repl-timeout; it says nothing about its offset. */
  onSignOfLife(client: Client): void {
    const peer = this.#byClient.get(client);
    if (peer !== undefined) peer.ackedAtMs = this.#options.clock.monotonicMs();
  }

  onClientGone(client: Client): void {
    const peer = this.#byClient.get(client);
    if (peer === undefined) return;
    this.#options.log.notice(`Connection with replica ${peer.name} lost.`);
    this.#remove(peer);
  }

  /** Ends all replicas: they must ask anew what history they belong to. */
  dropAll(): void {
    for (const peer of [...this.#peers]) this.#drop(peer);
  }

  /** Replicas online whose last sign of life is at most min-replicas-max-lag seconds old. */
  goodReplicas(): number {
    const nowMs = this.#options.clock.monotonicMs();
    const lagMax = this.#options.config.values['min-replicas-max-lag'];
    let good = 0;
    for (const peer of this.#peers) {
      if (peer.isOnline && peer.lagSeconds(nowMs) <= lagMax) good++;
    }
    return good;
  }

  countAcked(offset: number, kind: AckKind): number {
    let acked = 0;
    for (const peer of this.#peers) {
      const confirmed = kind === 'executed' ? peer.ackedOffset : peer.fsyncedOffset;
      if (peer.isOnline && confirmed >= offset) acked++;
    }
    return acked;
  }

  awaitAcks(wanted: AckWish): () => void {
    const cancel = this.#waiters.add(wanted);
    this.requestAcks();
    return cancel;
  }

  #checkWaiters(): void {
    this.#waiters.check(({ offset, kind }) => this.countAcked(offset, kind));
  }

  /** Has every replica acknowledge, at the end of this tick. */
  requestAcks(): void {
    this.#mustAskForAcks = true;
    this.#scheduleFlush();
  }

  /** Sends all replicas what is there for them. */
  flush(): void {
    this.#unsentBytes = 0;
    if (this.#mustAskForAcks) {
      this.#mustAskForAcks = false;
      if (this.#peers.length > 0) this.#feed.append(-1, GETACK);
      this.#checkWaiters();
    }
    const { backlog } = this.#stream;
    if (backlog === null) return;
    for (const peer of [...this.#peers]) {
      if (peer.state === 'streaming') this.#senders.get(peer)?.pump(backlog);
      if (peer.holdsStream) this.#checkDebt(peer);
    }
    this.#updateHold();
  }

  /** Each REPLICATION_TICK_MS. */
  tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#fullSync.tick();
    this.#stream.backlog?.shrink();
    if (nowMs - this.#secondAtMs >= ACK_PERIOD_MS) {
      this.#secondAtMs = nowMs;
      this.#pingReplicas(nowMs);
      this.#fullSync.sendKeepAlives();
      this.#endTimedOut(nowMs);
      this.#releaseBacklog(nowMs);
    }
    if (this.#peers.length > 0) this.flush();
  }

  /** DEBUG CHANGE-REPL-ID: nobody can continue from what was. */
  changeReplid(): void {
    this.#stream.history.startOver();
  }

  /** Promotion: the time without replicas counts from now. */
  onPromoted(): void {
    this.#aloneSinceMs = this.#options.clock.monotonicMs();
  }

  #refusalOf(client: Client, settings: ReplicaSettings): string | null {
    if (!this.#canSync()) {
      return "NOMASTERLINK Can't SYNC while not connected with my master";
    }
    if (client.connection.outputBytes > 0) {
      return 'ERR SYNC and PSYNC are invalid with pending output';
    }
    if (settings.isWithoutData && !settings.hasEof) {
      return 'ERR Filtered replica requires EOF capability';
    }
    return null;
  }

  #continue(ctx: Context, peer: Peer, decision: { from: number; replid: string }): void {
    const { log, stats, scheduler } = this.#options;
    stats.partialSyncs++;
    peer.cursor = decision.from;
    this.#updateHold();
    const text = peer.settings.hasPsync2 ? `CONTINUE ${decision.replid}` : 'CONTINUE';
    // Also after CLIENT REPLY OFF: without it the stream would be taken for the answer.
    ctx.reply.aloud(() => ctx.reply.simple(text));
    const missing = this.#stream.history.offset - decision.from;
    log.notice(
      `Partial resynchronization request from ${peer.name} accepted. Sending ${missing} bytes of ` +
        `backlog starting from offset ${decision.from + 1}.`,
    );
    // The stream follows once the reply's batch has left.
    scheduler.afterTick(() => {
      if (peer.state !== 'joining') return;
      peer.go('streaming');
      this.flush();
    });
  }

  /** Before the first replica there need be no backlog; from then on every byte counts. */
  #ensureBacklog(): void {
    if (this.#stream.backlog !== null) return;
    const { config, log } = this.#options;
    const { history } = this.#stream;
    if (this.#feed.isOpen) {
      // What was written without a backlog was not counted: nothing may continue from before.
      history.startOver();
      log.notice(
        `Replication backlog created, my new replication IDs are '${history.replid}' and ` +
          `'${history.secondReplid}'`,
      );
    }
    this.#stream.openBacklog(config.values['repl-backlog-size']);
  }

  #add(peer: Peer): void {
    const { clock, config } = this.#options;
    if (config.values['repl-disable-tcp-nodelay']) peer.connection.allowDelay();
    peer.client.kind = 'replica';
    peer.client.streamDebt = peer;
    this.#peers.push(peer);
    this.#byClient.set(peer.client, peer);
    this.#senders.set(peer, new StreamSender({ peer, clock, bytesMax: PEER_IN_FLIGHT_BYTES }));
  }

  #remove(peer: Peer): void {
    if (peer.state === 'gone') return;
    peer.go('gone');
    const index = this.#peers.indexOf(peer);
    this.#peers.splice(index, 1);
    this.#byClient.delete(peer.client);
    this.#senders.delete(peer);
    this.#fullSync.remove(peer);
    this.#updateHold();
    // What only this one still needed goes at once, as in Redis.
    this.#stream.backlog?.shrink();
    if (this.#peers.length > 0) return;
    this.#aloneSinceMs = this.#options.clock.monotonicMs();
    this.releaseUnused();
  }

  /** A backlog of size 0 serves only those who are online: without them it goes. */
  releaseUnused(): void {
    if (this.#peers.length > 0 || !this.#feed.isOpen) return;
    if (this.#stream.backlog?.sizeBytes === 0) this.#forgetStream();
  }

  #drop(peer: Peer): void {
    this.onClientGone(peer.client);
    peer.connection.destroy();
  }

  /**
   * The payload is with the socket. After a length the stream may follow at once; after a mark only
   * when the replica has answered: until then it looks for the mark at the end of what it reads.
   */
  #onPayloadSent(peer: Peer, hasMark: boolean): void {
    const { log, clock } = this.#options;
    if (hasMark) {
      log.notice(
        `Streamed RDB transfer with replica ${peer.name} succeeded (socket). ` +
          'Waiting for REPLCONF ACK from replica to enable streaming',
      );
    }
    peer.ackedAtMs = clock.monotonicMs();
    peer.go(hasMark ? 'awaitingFirstAck' : 'streaming');
    log.notice(`Synchronization with replica ${peer.name} succeeded`);
    this.#scheduleFlush();
  }

  #onSnapshotOnlyDone(peer: Peer): void {
    this.#options.log.notice(
      `RDB transfer completed, rdb only replica (${peer.name}) should be disconnected asap`,
    );
    peer.connection.endAfterReplies();
  }

  #onAck(peer: Peer, ack: { offset: number; fsyncedOffset: number }): void {
    if (ack.offset > peer.ackedOffset) peer.ackedOffset = ack.offset;
    if (ack.fsyncedOffset > peer.fsyncedOffset) peer.fsyncedOffset = ack.fsyncedOffset;
    peer.ackedAtMs = this.#options.clock.monotonicMs();
    if (peer.state === 'awaitingFirstAck') {
      peer.go('streaming');
      this.#scheduleFlush();
    }
    if (this.#waiters.size > 0) this.#checkWaiters();
  }

  /** Bytes have entered the log: on with them inside a long tick, or at its end. */
  #onAppended(bytes: number): void {
    if (this.#peers.length === 0) return;
    this.#unsentBytes += bytes;
    if (this.#unsentBytes >= FEED_FLUSH_BYTES) this.flush();
    else this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#options.scheduler.afterTick(() => {
      this.#isFlushScheduled = false;
      this.flush();
    });
  }

  /** The backlog keeps what the replica furthest behind still needs. */
  #updateHold(): void {
    const { backlog } = this.#stream;
    if (backlog === null) return;
    let oldest = Number.POSITIVE_INFINITY;
    for (const peer of this.#peers) {
      if ((peer.holdsStream || peer.state === 'joining') && peer.cursor < oldest) {
        oldest = peer.cursor;
      }
    }
    backlog.holdFrom(oldest);
  }

  #checkDebt(peer: Peer): void {
    const { config, log, stats, clock, describeClient } = this.#options;
    const { backlog } = this.#stream;
    if (backlog === null) return;
    const nowMs = clock.monotonicMs();
    const limit = config.values['client-output-buffer-limit'].replica;
    const verdict = judgeDebt({
      debtBytes: peer.owedBytes,
      limit,
      backlogBytes: backlog.sizeBytes,
      allowanceBytes: this.#stream.allowanceAt(peer.cursor),
      softSinceMs: peer.softSinceMs,
      nowMs,
    });
    if (verdict === 'fine') peer.softSinceMs = -1;
    else if (verdict === 'over-soft') {
      if (peer.softSinceMs === -1) peer.softSinceMs = nowMs;
    } else {
      stats.outputBufferLimitDisconnections++;
      log.warning(
        `Client ${describeClient(peer.client)} scheduled to be closed ASAP for overcoming of ` +
          'output buffer limits.',
      );
      this.#drop(peer);
    }
  }

  #pingReplicas(nowMs: number): void {
    const periodMs = this.#options.config.values['repl-ping-replica-period'] * 1000;
    if (this.#peers.length === 0 || nowMs - this.#pingAtMs < periodMs) return;
    this.#pingAtMs = nowMs;
    this.#feed.append(-1, PING);
  }

  #endTimedOut(nowMs: number): void {
    const { config, log } = this.#options;
    const timeoutMs = config.values['repl-timeout'] * 1000;
    for (const peer of [...this.#peers]) {
      if (peer.isOnline && !peer.isPrePsync && nowMs - peer.ackedAtMs > timeoutMs) {
        log.warning(`Disconnecting timedout replica (streaming sync): ${peer.name}`);
        this.#drop(peer);
      } else if (peer.state === 'sendingPayload' && nowMs - peer.progressAtMs > timeoutMs) {
        log.warning(`Disconnecting timedout replica (full sync): ${peer.name}`);
        this.#drop(peer);
      }
    }
  }

  /**
   * A primary without replicas gives the backlog back after repl-backlog-ttl. From then on writes
   * are not counted, so the id must go too: a former replica would continue with holes otherwise.
   */
  #releaseBacklog(nowMs: number): void {
    const { config, log } = this.#options;
    const seconds = config.values['repl-backlog-ttl'];
    const isIdle = this.#peers.length === 0 && this.#stream.backlog !== null;
    if (!isIdle || seconds === 0 || !this.#feed.isOpen) return;
    if (nowMs - this.#aloneSinceMs <= seconds * 1000) return;
    this.#forgetStream();
    log.notice(`Replication backlog freed after ${seconds} seconds without connected replicas.`);
  }

  #forgetStream(): void {
    this.#stream.history.startOver();
    this.#stream.closeBacklog();
  }
}
