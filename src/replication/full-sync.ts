/*
 * Full syncs: gathers the replicas that wait, takes one snapshot for all of them, and has it sent
 * to each at its own pace. A replica that comes while the snapshot is still being written joins it,
 * as long as the backlog reaches back to its offset: one freeze serves all (DESIGN §3, trap 7).
 * Must not know the stream beyond its offset: what follows the payload is primary.ts's.
 */

import type { Clock } from '../commands/services.js';
import type { Config } from '../config/config.js';
import { PAYLOAD_CHUNK_BYTES } from '../limits.js';
import type { Log } from '../observability/log.js';
import type { ReplicationMark, Transfer, TransferReader } from '../persistence/transfer.js';
import { latin1 } from '../structures/bytes.js';
import { emptyTransfer } from './empty-transfer.js';
import { sendPayload } from './payload-sender.js';
import type { Peer } from './peer.js';
import type { Scheduler, TransferSource } from './replication-options.js';

export interface FullSyncParts {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly transfers: TransferSource;
  readonly newMark: () => string;
  /** Where the stream stands now. */
  readonly mark: () => ReplicationMark;
  /** A snapshot has been frozen: the next command of the stream must bring its SELECT. */
  readonly onFrozen: () => void;
  /** Whether the stream can still be sent from that offset on. */
  readonly isHeld: (offset: number) => boolean;
  /** The peer's state or cursor has changed: what must be held may have too. */
  readonly onPeerMoved: () => void;
  /** All of the payload but its mark is with the socket; the peer wants the stream next. */
  readonly onPayloadSent: (peer: Peer, hasMark: boolean) => void;
  /** All has been taken, and the peer wants nothing else. */
  readonly onSnapshotOnlyDone: (peer: Peer) => void;
  /** Ends the peer; the reason is in the log. */
  readonly drop: (peer: Peer) => void;
}

interface Running {
  readonly transfer: Transfer;
  readonly isWithoutData: boolean;
  readonly peers: Map<Peer, TransferReader>;
}

const NEWLINE = latin1('\n');

export class FullSync {
  readonly #parts: FullSyncParts;
  readonly #waiting: Peer[] = [];
  #running: Running | null = null;
  #isScheduled = false;

  constructor(parts: FullSyncParts) {
    this.#parts = parts;
  }

  /** Takes a peer in state waitingForSnapshot. */
  add(peer: Peer): void {
    const { config, log } = this.#parts;
    this.#waiting.push(peer);
    if (this.#running !== null) {
      const text = this.#canJoin(peer, this.#running)
        ? 'Waiting for end of BGSAVE for SYNC'
        : "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC";
      log.notice(text);
    } else if (this.#isDiskless(peer) && config.values['repl-diskless-sync-delay'] > 0) {
      log.notice('Delay next BGSAVE for diskless SYNC');
    }
    this.#schedule();
  }

  /** The peer has ended in whatever state. */
  remove(peer: Peer): void {
    const index = this.#waiting.indexOf(peer);
    if (index !== -1) this.#waiting.splice(index, 1);
    const running = this.#running;
    const reader = running?.peers.get(peer);
    if (!running || !reader) return;
    // Not when it next has something to read: only without readers is the dump given up.
    reader.close();
    running.peers.delete(peer);
    if (running.peers.size > 0) return;
    const { log } = this.#parts;
    if (running.transfer.totalBytes === -1 && running.transfer.isDiskless) {
      log.warning('Diskless rdb transfer, last replica dropped, killing fork child.');
    }
    this.#endRunning(running);
  }

  /** Each REPLICATION_TICK_MS: a delayed sync may be due. */
  tick(): void {
    if (this.#waiting.length > 0) this.#serve();
  }

  /**
   * Each second: tells those who wait that we are there. Never between header and end of a payload.
   */
  sendKeepAlives(): void {
    for (const peer of this.#waiting) peer.connection.send(NEWLINE);
    for (const peer of this.#running?.peers.keys() ?? []) {
      if (peer.state === 'waitingForPayload') peer.connection.send(NEWLINE);
    }
  }

  /** A snapshot has ended: whoever found it busy may try again. */
  onSnapshotIdle(): void {
    this.#schedule();
  }

  /** A freeze happens between commands, never inside one: so always from a turn of our own. */
  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    this.#parts.scheduler.afterTick(() => {
      this.#isScheduled = false;
      this.#serve();
    });
  }

  #serve(): void {
    this.#joinRunning();
    const first = this.#waiting[0];
    if (first === undefined || this.#running !== null || !this.#isDue(first)) return;
    const { isWithoutData } = first.settings;
    const group = this.#waiting.filter((peer) => peer.settings.isWithoutData === isWithoutData);
    const isDiskless = isWithoutData || group.every((peer) => this.#isDiskless(peer));
    this.#start(group, { isDiskless, isWithoutData });
  }

  #start(group: readonly Peer[], options: { isDiskless: boolean; isWithoutData: boolean }): void {
    const { log, transfers } = this.#parts;
    const { isDiskless, isWithoutData } = options;
    const mark = this.#parts.mark();
    const transfer = isWithoutData
      ? emptyTransfer(mark)
      : transfers.beginTransfer(mark, { isDiskless });
    // A save runs: onSnapshotIdle or the next tick comes back here.
    if (transfer === 'busy') return;
    this.#parts.onFrozen();
    log.notice(`Starting BGSAVE for SYNC with target: ${isDiskless ? 'replicas sockets' : 'disk'}`);
    const running: Running = { transfer, isWithoutData, peers: new Map() };
    this.#running = running;
    for (const peer of group) this.#attach(peer, running);
    void transfer.done.then((result) => {
      if (this.#running === running) this.#onWritten(running, result.ok);
    });
  }

  #onWritten(running: Running, isOk: boolean): void {
    const { log, drop } = this.#parts;
    if (isOk && running.transfer.isDiskless) {
      log.notice(
        `Diskless rdb transfer, done reading from pipe, ${running.peers.size} replicas still up.`,
      );
    }
    this.#endRunning(running);
    if (!isOk) {
      for (const peer of [...running.peers.keys()]) {
        if (peer.state === 'gone') continue;
        log.warning('SYNC failed. BGSAVE child returned an error');
        drop(peer);
      }
    }
    this.#schedule();
  }

  #endRunning(running: Running): void {
    this.#running = null;
    running.transfer.release();
    this.#schedule();
  }

  #joinRunning(): void {
    const running = this.#running;
    if (running === null) return;
    for (const peer of [...this.#waiting]) {
      if (this.#canJoin(peer, running)) this.#attach(peer, running);
    }
  }

  #canJoin(peer: Peer, running: Running): boolean {
    if (peer.settings.isWithoutData !== running.isWithoutData) return false;
    return peer.settings.isRdbOnly || this.#parts.isHeld(running.transfer.mark.offset);
  }

  #attach(peer: Peer, running: Running): void {
    const { replid, offset } = running.transfer.mark;
    const index = this.#waiting.indexOf(peer);
    if (index !== -1) this.#waiting.splice(index, 1);
    const reader = running.transfer.openReader();
    running.peers.set(peer, reader);
    peer.cursor = offset;
    peer.go('waitingForPayload');
    this.#parts.onPeerMoved();
    if (!peer.isPrePsync) {
      const reply = latin1(`+FULLRESYNC ${replid} ${offset}\r\n`);
      peer.connection.send(reply);
    }
    void this.#send(peer, running.transfer, reader);
  }

  async #send(peer: Peer, transfer: Transfer, reader: TransferReader): Promise<void> {
    const { clock, log, drop, newMark, onPayloadSent } = this.#parts;
    const hasMark = transfer.isDiskless && peer.settings.hasEof;
    const isGone = (): boolean => peer.state === 'gone';
    try {
      await sendPayload({
        connection: peer.connection,
        reader,
        length: hasMark ? null : () => wholeLength(transfer),
        mark: newMark(),
        chunkBytes: PAYLOAD_CHUNK_BYTES,
        isGone,
        progress: {
          onBegin: () => {
            peer.progressAtMs = clock.monotonicMs();
            peer.hasMarkedPayload = hasMark;
            peer.go('sendingPayload');
          },
          onSent: (bytes) => {
            peer.progressAtMs = clock.monotonicMs();
            peer.payloadBytes += bytes;
          },
          onEnd: () => {
            if (!peer.settings.isRdbOnly) onPayloadSent(peer, hasMark);
          },
        },
      });
      if (peer.settings.isRdbOnly && !isGone()) this.#parts.onSnapshotOnlyDone(peer);
    } catch (error) {
      if (isGone()) return;
      log.warning(`Read error sending DB to replica: ${(error as Error).message}`);
      drop(peer);
    }
  }

  #isDiskless(peer: Peer): boolean {
    return this.#parts.config.values['repl-diskless-sync'] && peer.settings.hasEof;
  }

  /** Diskless syncs wait a little, so that one snapshot serves replicas that come together. */
  #isDue(first: Peer): boolean {
    const { config, clock } = this.#parts;
    if (!this.#isDiskless(first)) return true;
    const replicasMax = config.values['repl-diskless-sync-max-replicas'];
    if (replicasMax > 0 && this.#waiting.length >= replicasMax) return true;
    const delayMs = config.values['repl-diskless-sync-delay'] * 1000;
    return clock.monotonicMs() - first.joinedAtMs >= delayMs;
  }
}

async function wholeLength(transfer: Transfer): Promise<number> {
  const result = await transfer.done;
  if (!result.ok) throw new Error(result.error);
  return result.totalBytes;
}
