/*
 * What a primary knows of one replica: its state, how far it has acknowledged, where its cursor
 * stands in the stream, and what it said of itself. No behaviour beyond that: primary.ts and the
 * senders act. Pure.
 *
 *   waitingForSnapshot → waitingForPayload → sendingPayload → awaitingFirstAck → streaming
 *   (PSYNC accepted: streaming at once; after `$<length>` no ACK is awaited; any → gone)
 */

import assert from 'node:assert/strict';
import type { Client, Connection, StreamDebt } from '../commands/client.js';

export const peerStates = [
  'joining',
  'waitingForSnapshot',
  'waitingForPayload',
  'sendingPayload',
  'awaitingFirstAck',
  'streaming',
  'gone',
] as const;

export type PeerState = (typeof peerStates)[number];

/** Where each state may lead; every state may end in `gone`. */
export const peerTransitions: Readonly<Record<PeerState, readonly PeerState[]>> = {
  joining: ['waitingForSnapshot', 'streaming'],
  waitingForSnapshot: ['waitingForPayload'],
  waitingForPayload: ['sendingPayload'],
  sendingPayload: ['awaitingFirstAck', 'streaming'],
  awaitingFirstAck: ['streaming'],
  streaming: [],
  gone: [],
};

/** What REPLCONF has told of a client before it asks for a sync. */
export interface ReplicaSettings {
  /** 0 when it did not say. */
  listeningPort: number;
  /** Empty when it did not say. */
  announcedIp: string;
  /** Understands a payload that ends with a mark. */
  hasEof: boolean;
  /** Understands a new id in +CONTINUE. */
  hasPsync2: boolean;
  /** Wants the snapshot and no stream. */
  isRdbOnly: boolean;
  /** rdb-filter-only: wants a snapshot without data. */
  isWithoutData: boolean;
}

export function defaultSettings(): ReplicaSettings {
  return {
    listeningPort: 0,
    announcedIp: '',
    hasEof: false,
    hasPsync2: false,
    isRdbOnly: false,
    isWithoutData: false,
  };
}

export class Peer implements StreamDebt {
  readonly client: Client;
  readonly connection: Connection;
  readonly settings: ReplicaSettings;
  /** Came with SYNC: neither told about ids nor expected to acknowledge. */
  readonly isPrePsync: boolean;
  readonly joinedAtMs: number;
  /** Offset of the stream that has been handed to the socket. */
  cursor: number;
  /** Bytes of the stream that the socket has and the kernel has not. */
  inFlightBytes = 0;
  /** The highest offset acknowledged. */
  ackedOffset = 0;
  /** What it has on disk, as far as it says so (FACK). */
  fsyncedOffset = 0;
  /** Monotonic ms of the last sign of life. */
  ackedAtMs: number;
  /** Monotonic ms at which bytes last went out. */
  progressAtMs: number;
  /** Monotonic ms since when its debt lies over the soft limit; -1 when it does not. */
  softSinceMs = -1;
  /** Its payload leaves as it is made and ends with a mark. */
  hasMarkedPayload = false;
  /** Where its payload has come to, for logs. */
  payloadBytes = 0;
  readonly #streamEnd: () => number;
  #state: PeerState = 'joining';

  constructor(options: {
    client: Client;
    settings: ReplicaSettings;
    isPrePsync: boolean;
    cursor: number;
    /** Offset of the stream now. */
    streamEnd: () => number;
    nowMs: number;
  }) {
    this.client = options.client;
    this.connection = options.client.connection;
    this.settings = options.settings;
    this.isPrePsync = options.isPrePsync;
    this.cursor = options.cursor;
    this.#streamEnd = options.streamEnd;
    this.joinedAtMs = options.nowMs;
    this.ackedAtMs = options.nowMs;
    this.progressAtMs = options.nowMs;
  }

  get state(): PeerState {
    return this.#state;
  }

  /** Counts as online: it has the data and takes the stream. */
  get isOnline(): boolean {
    return this.#state === 'streaming' || this.#state === 'awaitingFirstAck';
  }

  /** Needs the stream from its cursor on. */
  get holdsStream(): boolean {
    if (this.settings.isRdbOnly) return false;
    return this.isOnline || this.#state === 'waitingForPayload' || this.#state === 'sendingPayload';
  }

  go(to: PeerState): void {
    const isAllowed = to === 'gone' || peerTransitions[this.#state].includes(to);
    assert(isAllowed, `replica: ${this.#state} → ${to}`);
    this.#state = to;
  }

  /** Bytes of the stream that the kernel has not taken yet. */
  get owedBytes(): number {
    return this.holdsStream ? this.#streamEnd() - this.cursor + this.inFlightBytes : 0;
  }

  /** Seconds since the last sign of life; 0 before it is online. */
  lagSeconds(nowMs: number): number {
    return this.isOnline ? Math.max(0, Math.floor((nowMs - this.ackedAtMs) / 1000)) : 0;
  }

  /** IP address: the announced one, or where it connects from. */
  get ip(): string {
    return this.settings.announcedIp || splitAddress(this.connection.remoteAddress);
  }

  /** As Redis's log names it: address and listening port. */
  get name(): string {
    return replicaName(this.ip, this.settings.listeningPort);
  }
}

/** `ip:port` with brackets round an IPv6 address. */
export function replicaName(ip: string, port: number): string {
  if (port === 0) return `${ip}:<unknown-replica-port>`;
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** The address part of `ip:port` or `[ip6]:port`. */
export function splitAddress(address: string): string {
  const colon = address.lastIndexOf(':');
  return address.slice(0, colon).replace(/^\[|\]$/g, '');
}
