/*
 * What the server knows of one client, whatever carries it: a TCP session, or the link to our
 * primary whose stream is executed as a client too. State of the protocol conversation lives here;
 * bytes, sockets and buffers live behind `Connection`, which net/ implements.
 */

import type { Subscriber, Subscriptions } from '../pubsub/subscriber.js';
import type { Silence } from './client-silence.js';
import type { CommandRow } from './command.js';
import type { Transaction } from './transaction.js';
import type { ClientWatches } from './watch-table.js';

/** Why a client waits without its next request being read. */
export type BlockReason = 'wait' | 'pause' | 'save' | 'shutdown';

/**
 * `normal`: requests come from outside. `replica`: PSYNC or SYNC was accepted. `primary`: the
 * stream of our primary.
 */
export type ClientRole = 'normal' | 'replica' | 'primary';

/** As CLIENT LIST TYPE and the limits of output tell them apart: `pubsub` is a normal one while it
 * has subscriptions. */
export type ClientKind = ClientRole | 'pubsub';

/** The carrier of a client. Every method may be called at any time, also after the end. */
export interface Connection {
  /** `ip:port`, `[ip6]:port`, or `path:0` of a unix socket; `?:0` when it is gone. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** File descriptor, or -1. */
  readonly descriptor: number;
  /** True when the peer's address is a loopback address or a unix socket. */
  readonly isLoopback: boolean;
  /** Bytes received and not yet executed. */
  readonly queryBufferBytes: number;
  /** Bytes allocated for such bytes beyond those in use. */
  readonly queryBufferFreeBytes: number;
  /** Bytes of replies not yet taken by the kernel. */
  readonly outputBytes: number;
  /** Chunks in which those bytes wait. */
  readonly outputChunks: number;
  /** The kernel has not taken all that was written: its reader lags behind. */
  readonly isReaderSlow: boolean;
  /** Appends the bytes to the output and schedules the write. They must never change; many
   * connections may hold them. Not for the running client's own reply: that goes through the
   * ReplyWriter of its batch. */
  send(bytes: Uint8Array): void;
  /** Writes without a copy; the bytes must not change until `onWritten` is called (exactly once,
   * also when the connection ends first). Order with send() is kept. */
  sendPinned(bytes: Uint8Array, onWritten: () => void): void;
  /** Closes once what is pending has been written. */
  endAfterReplies(): void;
  /** Closes now. `reason` is for the log; it is logged by the caller. */
  destroy(): void;
  /** Has the kernel gather small packets from now on. */
  allowDelay(): void;
  /** Stops and goes on decoding requests (a blocked client). Reading from the socket stops too when
   * the query buffer holds more than a bound. */
  suspendRequests(): void;
  resumeRequests(): void;
}

/** What a replica has yet to take of the stream. It lies in the backlog, which all share. */
export interface StreamDebt {
  readonly owedBytes: number;
  /** Those of them that its connection has: counted in outputBytes, yet not memory of its own. */
  readonly inFlightBytes: number;
}

export class Client implements Subscriber {
  readonly id: number;
  readonly connection: Connection;
  readonly createdAtMs: number;
  lastInteractionMs: number;
  #role: ClientRole = 'normal';
  #silence: Silence | null = null;
  /** Its requests do not go the way of all others: it is a replica, or silenced. */
  isApart = false;
  /** Index of the selected database. */
  database = 0;
  protocol: 2 | 3 = 2;
  name = '';
  libraryName = '';
  libraryVersion = '';
  user = 'default';
  isAuthenticated = false;
  isNoEvict = false;
  /** Its use of keys is not noted in their access bits. */
  isNoTouch = false;
  /** It is shown the commands of all others. */
  isMonitor = false;
  /** The row of the last command that was looked up, `null` before the first. */
  lastCommand: CommandRow | null = null;
  transaction: Transaction | null = null;
  /** What this client WATCHes; `null` when nothing. */
  watches: ClientWatches | null = null;
  /** The channels and patterns that it listens to; `null` when there are none. */
  subscriptions: Subscriptions | null = null;
  blocked: BlockReason | null = null;
  /** What it waits for is waited for no longer than some time. */
  waitsWithLimit = false;
  /** Called when the client goes while it is blocked, or is unblocked from outside. */
  onUnblocked: (() => void) | null = null;
  /** Set while it is blocked by a command that may be given up: CLIENT UNBLOCK calls it. */
  onGivenUp: ((how: 'timeout' | 'error') => void) | null = null;
  /** Set while it waits for what only a primary can give: ends that wait and the connection. */
  onDemoted: (() => void) | null = null;
  /** Set to end the connection after the reply of the running command. */
  closesAfterReply = false;
  /** Stream offset right after this client's last write: what WAIT compares with. */
  lastWriteOffset = 0;
  /** Of a replica. */
  streamDebt: StreamDebt | null = null;
  /** Commands executed, for CLIENT LIST of 7.2 and later statistics. */
  commandCount = 0;

  constructor(options: { id: number; connection: Connection; nowMs: number }) {
    this.id = options.id;
    this.connection = options.connection;
    this.createdAtMs = options.nowMs;
    this.lastInteractionMs = options.nowMs;
  }

  get kind(): ClientKind {
    return this.#role === 'normal' && this.subscriptions !== null ? 'pubsub' : this.#role;
  }

  set kind(role: ClientRole) {
    this.#role = role;
    this.#setApart();
  }

  /** Which replies it does not want; `null` when it wants all of them. */
  get silence(): Silence | null {
    return this.#silence;
  }

  set silence(silence: Silence | null) {
    this.#silence = silence;
    this.#setApart();
  }

  #setApart(): void {
    this.isApart = this.#role === 'replica' || this.#silence !== null;
  }

  /** What is written to it now, or as its next reply, is not heard. */
  get isSilenced(): boolean {
    return this.#silence?.isInForce ?? false;
  }

  /** The reply to its last request has been given, or left out. */
  onRepliedTo(): void {
    this.#silence?.endRequest();
    if (!this.isSilenced) this.silence = null;
  }

  /** Redis counts monitors as replicas that it tells other things. They see no data, run while
   * others are paused, and may be idle for ever. */
  get isFed(): boolean {
    return this.#role === 'replica' || this.isMonitor;
  }

  /** In subscriber mode few commands are allowed: in RESP2 messages cannot be told from replies. */
  get isSubscriberOnly(): boolean {
    return this.subscriptions !== null && this.protocol === 2;
  }

  /** In the midst of a stream a message would be none. */
  get isLeaving(): boolean {
    return this.closesAfterReply || this.kind === 'replica';
  }

  giveUp(): void {
    this.closesAfterReply = true;
  }

  /** A message of what it subscribes to. */
  receive(message: Uint8Array): void {
    if (!this.isLeaving) this.connection.send(message);
  }
}
