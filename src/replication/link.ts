/*
 * The link to our primary: carries out what the state machine says. Opens the connection, speaks
 * the handshake, stores and loads the snapshot, applies the stream, acknowledges, notices silence,
 * and tries again. Sockets, files, time and the keyspace are parameters, so that the simulation can
 * run it; what a sync means for history, backlog and our own replicas is its owner's (LinkOwner).
 */

import type { Client } from '../commands/client.js';
import { ACK_PERIOD_MS, LINK_PROVEN_MS } from '../limits.js';
import type { LoadResult } from '../persistence/loader.js';
import { latin1 } from '../structures/bytes.js';
import { encodeCommand } from './encode.js';
import { HandshakeReader } from './handshake-reader.js';
import { type Position, primaryAddress } from './history.js';
import {
  type HandshakeSettings,
  type LinkAction,
  LinkMachine,
  type LinkState,
} from './link-machine.js';
import type { LinkOwner } from './link-owner.js';
import type { LinkSocket } from './link-socket.js';
import { LinkStream } from './link-stream.js';
import type { ReplicationOptions } from './replication-options.js';
import { SnapshotReceiver } from './snapshot-receiver.js';

/** How a snapshot transfer is getting on, for INFO. */
export interface TransferProgress {
  /** 0 when the primary does not say. */
  readonly totalBytes: number;
  readonly readBytes: number;
}

const NEWLINE = latin1('\n');

export class Link {
  readonly #options: ReplicationOptions;
  readonly #owner: LinkOwner;
  readonly #machine: LinkMachine;
  #target: { host: string; port: number } | null = null;
  #socket: LinkSocket | null = null;
  /** Numbers the attempts: what belongs to an older one is ignored. */
  #epoch = 0;
  #handshake = new HandshakeReader();
  #receiver: SnapshotReceiver | null = null;
  /** What the payload stands for; null when the primary did not say. */
  #payloadPosition: Position | null = null;
  /** Bytes of the stream that came with the end of the payload. */
  #early: Uint8Array = new Uint8Array(0);
  #closedWhileLoading = false;
  #stream: LinkStream | null = null;
  /** The primary knows no offsets: nothing to acknowledge. */
  #isPrePsync = false;
  #lastIoMs = 0;
  #ackAtMs = 0;
  #retryAtMs = 0;
  #streamingSinceMs = 0;
  /** The keyspace is being replaced from the download's file. */
  #isLoading = false;
  /** Monotonic ms since when the link has been down; -1 while it is up or never was. */
  #downSinceMs = -1;

  constructor(options: ReplicationOptions, owner: LinkOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#machine = new LinkMachine({
      log: options.log,
      settings: () => this.#settings(),
      position: () => owner.position(),
      random: options.random,
    });
  }

  get state(): LinkState {
    return this.#machine.state;
  }

  get isInHandshake(): boolean {
    return this.#machine.isInHandshake;
  }

  get target(): { readonly host: string; readonly port: number } | null {
    return this.#target;
  }

  /** The client that stands for the primary while the stream is applied. */
  get client(): Client | null {
    return this.#stream?.client ?? null;
  }

  /** Bytes of the stream received, applied or not. */
  get readOffset(): number {
    return this.#owner.offset + (this.#stream?.unappliedBytes ?? 0);
  }

  get progress(): TransferProgress {
    const receiver = this.#receiver;
    return {
      totalBytes: receiver?.totalBytes ?? 0,
      readBytes: receiver?.receivedBytes ?? 0,
    };
  }

  /** Monotonic ms of the last byte from the primary. */
  get lastIoMs(): number {
    return this.#lastIoMs;
  }

  get downSinceMs(): number {
    return this.#downSinceMs;
  }

  /** Follows this primary from now on. */
  start(target: { host: string; port: number }): void {
    this.stop();
    this.#target = target;
    this.#connect(`Connecting to MASTER ${primaryAddress(target)}`);
  }

  /** Follows nobody. */
  stop(): void {
    this.#epoch++;
    this.#release();
    this.#machine.stop();
    this.#target = null;
    this.#downSinceMs = -1;
  }

  /** Each REPLICATION_TICK_MS. */
  tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const { state } = this;
    if (state === 'backingOff') {
      if (nowMs >= this.#retryAtMs && this.#target !== null) {
        this.#connect(`Connecting to MASTER ${primaryAddress(this.#target)}`);
      }
      return;
    }
    if (state === 'idle') return;
    if (state === 'streaming') {
      this.#checkProven(nowMs);
      if (this.#stream?.resume()) this.#lastIoMs = nowMs;
    }
    if (nowMs - this.#ackAtMs >= ACK_PERIOD_MS) {
      if (state === 'streaming') this.sendAck();
      else if (state === 'loadingSnapshot') this.#sendSignOfLife(nowMs);
    }
    const timeoutMs = this.#options.config.values['repl-timeout'] * 1000;
    const isSilent = nowMs - this.#lastIoMs > timeoutMs;
    if (isSilent && state !== 'loadingSnapshot' && !this.#stream?.isFull) this.#onTimeout(state);
  }

  /** REPLCONF ACK with what has been applied. */
  sendAck(): void {
    if (this.state !== 'streaming') return;
    this.#ackAtMs = this.#options.clock.monotonicMs();
    if (this.#isPrePsync) return;
    this.#socket?.write(encodeCommand('REPLCONF', 'ACK', String(this.#owner.offset)));
  }

  #settings(): HandshakeSettings {
    const { values } = this.#options.config;
    return {
      password: values.masterauth,
      user: values.masteruser,
      listeningPort: values['replica-announce-port'] || this.#options.listeningPort(),
      announcedIp: values['replica-announce-ip'],
    };
  }

  #connect(reason: string): void {
    const { log, clock, config, dial } = this.#options;
    const target = this.#target;
    if (target === null) return;
    const epoch = ++this.#epoch;
    log.notice(reason);
    this.#machine.connect();
    this.#lastIoMs = clock.monotonicMs();
    this.#handshake = new HandshakeReader();
    log.notice('MASTER <-> REPLICA sync started');
    const route = { ...target, localAddress: config.values['bind-source-addr'] };
    this.#socket = dial(route, {
      onConnect: () => {
        if (epoch === this.#epoch) this.#onConnect();
      },
      onData: (bytes, start, end) => {
        if (epoch === this.#epoch) this.#onData(bytes, start, end);
      },
      onClose: (error) => {
        if (epoch === this.#epoch) this.#onClose(error);
      },
    });
  }

  #onConnect(): void {
    this.#options.log.notice('Non blocking connect for SYNC fired the event.');
    this.#lastIoMs = this.#options.clock.monotonicMs();
    this.#perform(this.#machine.connected());
  }

  #onData(bytes: Uint8Array, start: number, end: number): void {
    const epoch = this.#epoch;
    this.#lastIoMs = this.#options.clock.monotonicMs();
    this.#options.stats.replicationInputBytes += end - start;
    const client = this.client;
    if (client !== null) client.lastInteractionMs = this.#options.clock.wallMs();
    let at = start;
    while (at < end && epoch === this.#epoch) {
      const { state } = this;
      if (this.isInHandshake) at = this.#readHandshake(bytes, at, end);
      else if (state === 'receivingSnapshot') at = this.#receiver?.push(bytes, at, end) ?? end;
      else if (state === 'loadingSnapshot') at = this.#keepEarly(bytes, at, end);
      else if (state === 'streaming') at = this.#readStream(bytes, at, end);
      else return;
    }
  }

  #readHandshake(bytes: Uint8Array, start: number, end: number): number {
    const read = this.#handshake.next(bytes, start, end);
    switch (read.kind) {
      case 'incomplete':
        return end;
      case 'empty':
        return read.position;
      case 'reply':
        this.#perform(this.#machine.onReply(read.line));
        return read.position;
      case 'malformed':
        this.#options.log.warning(`Unexpected reply from master in handshake: ${read.error}`);
        this.#lose();
        return end;
    }
  }

  #perform(action: LinkAction): void {
    switch (action.kind) {
      case 'wait':
        return;
      case 'send':
        for (const command of action.commands) this.#socket?.write(encodeCommand(...command));
        return;
      case 'close':
        this.#lose();
        return;
      case 'continue':
        this.#owner.onContinue(action.replid);
        this.#isPrePsync = false;
        this.#openStream();
        this.#options.log.notice(
          'MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.',
        );
        return;
      case 'receive':
        this.#beginPayload(action.position);
        if (action.mustSendSync) this.#socket?.write(latin1('SYNC\r\n'));
        return;
    }
  }

  #beginPayload(position: Position | null): void {
    const { log, intake } = this.#options;
    const socket = this.#socket;
    if (socket === null) return;
    this.#payloadPosition = position;
    this.#receiver = new SnapshotReceiver({
      log,
      socket,
      download: intake.open(),
      onReceived: (hasMark) => this.#onReceived(hasMark),
      onFailed: () => this.#lose(),
    });
  }

  #onReceived(hasMark: boolean): void {
    const receiver = this.#receiver;
    if (receiver === null) return;
    // What follows waits in the socket until it can be applied.
    this.#socket?.pause();
    this.#machine.snapshotReceived();
    this.#closedWhileLoading = false;
    this.#early = new Uint8Array(0);
    void this.#load(receiver, hasMark);
  }

  async #load(receiver: SnapshotReceiver, hasMark: boolean): Promise<void> {
    const { log } = this.#options;
    const { download } = receiver;
    const epoch = this.#epoch;
    try {
      await download.finish();
    } catch (error) {
      receiver.reportDiskFailure(error as Error);
      return;
    }
    if (epoch !== this.#epoch) return;
    this.#owner.onBeforeLoad();
    log.notice('MASTER <-> REPLICA sync: Flushing old data');
    log.notice('MASTER <-> REPLICA sync: Loading DB in memory');
    this.#isLoading = true;
    const result = await download.load();
    this.#isLoading = false;
    if (epoch !== this.#epoch) {
      // We follow another primary by now, or none: what was loaded is of no known history.
      if (result.ok || (!result.missing && result.keyspaceIsEmpty)) this.#owner.onLoadFailed(true);
      download.discard();
      return;
    }
    if (!result.ok) {
      const error = result.missing ? 'the file is gone' : result.error;
      log.warning(
        'Failed trying to load the MASTER synchronization DB from disk, check server logs: ' +
          error,
      );
      this.#owner.onLoadFailed(!result.missing && result.keyspaceIsEmpty);
      this.#lose();
      return;
    }
    this.#receiver = null;
    void download.keep();
    this.#onLoaded(result, hasMark);
  }

  #onLoaded(loaded: LoadResult & { ok: true }, hasMark: boolean): void {
    const position = this.#payloadPosition;
    this.#isPrePsync = position === null;
    const { mark, failedStreamCommands } = loaded;
    this.#owner.onLoaded({ position, streamDatabase: mark?.streamDb ?? 0, failedStreamCommands });
    this.#machine.snapshotLoaded();
    this.#openStream();
    this.#options.log.notice('MASTER <-> REPLICA sync: Finished with success');
    // After a mark the primary sends nothing until it has heard of us.
    if (hasMark) this.sendAck();
    const early = this.#early;
    this.#early = new Uint8Array(0);
    const epoch = this.#epoch;
    if (early.length > 0) this.#readStream(early, 0, early.length);
    if (epoch !== this.#epoch) return;
    if (this.#closedWhileLoading) this.#onClose(null);
    else this.#socket?.resume();
  }

  /** Bytes of the stream that arrived with the payload's last ones: at most one read's worth. */
  #keepEarly(bytes: Uint8Array, start: number, end: number): number {
    const early = new Uint8Array(this.#early.length + end - start);
    early.set(this.#early);
    early.set(bytes.subarray(start, end), this.#early.length);
    this.#early = early;
    return end;
  }

  #openStream(): void {
    const { executor, clock, isPaused } = this.#options;
    const socket = this.#socket;
    if (socket === null) return;
    const owner = this.#owner;
    const epoch = this.#epoch;
    this.#stream = new LinkStream({
      executor,
      socket,
      isPaused,
      database: owner.streamDatabase,
      onApplied: (bytes, start, end, database) => {
        if (!this.#machine.isProven) this.#machine.streamProven();
        owner.streamDatabase = database;
        owner.onApplied(bytes, start, end);
      },
      onAckWanted: () => this.sendAck(),
      onFailed: () => owner.onStreamFailed(),
      onEnd: (error) => {
        if (epoch === this.#epoch) this.#onStreamEnd(error);
      },
    });
    this.#streamingSinceMs = clock.monotonicMs();
    this.#lastIoMs = this.#streamingSinceMs;
    this.#downSinceMs = -1;
  }

  #readStream(bytes: Uint8Array, start: number, end: number): number {
    this.#stream?.push(bytes, start, end);
    return end;
  }

  #onStreamEnd(error: string | null): void {
    if (error !== null) {
      this.#options.log.warning(`Protocol error in the stream of MASTER: ${error}`);
    }
    this.#onClose(null);
  }

  /** The stream has lasted a while: what failed before it counts no longer. */
  #checkProven(nowMs: number): void {
    if (this.#machine.isProven || nowMs - this.#streamingSinceMs < LINK_PROVEN_MS) return;
    this.#machine.streamProven();
  }

  #sendSignOfLife(nowMs: number): void {
    this.#ackAtMs = nowMs;
    if (!this.#closedWhileLoading) this.#socket?.write(NEWLINE);
  }

  #onTimeout(state: LinkState): void {
    const { log } = this.#options;
    if (state === 'streaming') {
      log.warning('MASTER timeout: no data nor PING received...');
      this.#onClose(null);
      return;
    }
    log.warning(
      state === 'receivingSnapshot'
        ? 'Timeout receiving bulk data from MASTER... If the problem persists try to set the ' +
            "'repl-timeout' parameter in redis.conf to a larger value."
        : 'Timeout connecting to the MASTER...',
    );
    this.#lose();
  }

  /** The connection has gone by itself, or is ended from outside. */
  #onClose(error: string | null): void {
    const { log } = this.#options;
    const reason = error ?? 'connection lost';
    switch (this.state) {
      case 'loadingSnapshot':
        // What has been received is whole: load it, then ask for the rest.
        this.#closedWhileLoading = true;
        return;
      case 'connecting':
        log.warning(`Error condition on socket for SYNC: ${reason}`);
        break;
      case 'receivingSnapshot':
        log.warning(`I/O error trying to sync with MASTER: ${reason}`);
        break;
      case 'streaming':
        log.notice('Connection with master lost.');
        log.notice('Caching the disconnected master state.');
        break;
      default:
        log.warning(`Failed to read response from the server: ${reason}`);
        log.warning('Master did not respond to command during SYNC handshake');
    }
    this.#lose();
  }

  /** Gives the attempt up and plans the next. */
  #lose(): void {
    const { clock, scheduler } = this.#options;
    const wasStreaming = this.state === 'streaming';
    const wasSync = this.state === 'receivingSnapshot' || this.state === 'loadingSnapshot';
    const epoch = ++this.#epoch;
    this.#release();
    const nowMs = clock.monotonicMs();
    if (wasStreaming) this.#downSinceMs = nowMs;
    const delayMs = this.#machine.lost();
    this.#retryAtMs = nowMs + delayMs;
    if (delayMs > 0) return;
    const again = wasStreaming || wasSync ? 'Reconnecting' : 'Connecting';
    scheduler.afterTick(() => {
      const target = this.#target;
      if (epoch !== this.#epoch || target === null) return;
      this.#connect(`${again} to MASTER ${primaryAddress(target)}`);
    });
  }

  /** Lets go of everything that belongs to the connection. What is applied stays applied. */
  #release(): void {
    this.#stream?.close();
    this.#stream = null;
    this.#socket?.destroy();
    this.#socket = null;
    this.#early = new Uint8Array(0);
    this.#receiver?.close();
    // A load that is under way still reads the file; it discards it itself.
    if (!this.#isLoading) this.#receiver?.download.discard();
    this.#receiver = null;
  }
}
