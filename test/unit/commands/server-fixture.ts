/*
 * A context for handlers of connection and server commands: real registry, pause, statistics,
 * configuration and reply writer over fakes of what they talk to. Replies come as wire text.
 */

import type { Client as ClientType, Connection } from '../../../src/commands/client.js';
import { Client } from '../../../src/commands/client.js';
import { ClientPause } from '../../../src/commands/client-pause.js';
import { ClientRegistry } from '../../../src/commands/client-registry.js';
import type { CommandRow, Context, Unblock } from '../../../src/commands/command.js';
import { CommandTable } from '../../../src/commands/command-table.js';
import { Monitors } from '../../../src/commands/monitors.js';
import type { Services } from '../../../src/commands/services.js';
import { Config } from '../../../src/config/config.js';
import { LatencyMonitor } from '../../../src/observability/latency-monitor.js';
import { SlowLog } from '../../../src/observability/slow-log.js';
import { Stats } from '../../../src/observability/stats.js';
import { PubSub } from '../../../src/pubsub/pub-sub.js';
import { ReplyWriter } from '../../../src/resp/reply-writer.js';
import { latin1Text } from '../../../src/structures/bytes.js';
import { request } from './requests.js';

export class FakeConnection implements Connection {
  remoteAddress = '127.0.0.1:50001';
  localAddress = '127.0.0.1:6379';
  descriptor = 8;
  isLoopback = true;
  queryBufferBytes = 0;
  queryBufferFreeBytes = 0;
  outputBytes = 0;
  outputChunks = 0;
  isReaderSlow = false;
  isDestroyed = false;
  isSuspended = false;
  /** Called by resumeRequests. */
  onResume = (): void => {};

  send(_bytes?: Uint8Array): void {}
  sendPinned(_bytes: Uint8Array, onWritten: () => void): void {
    onWritten();
  }
  endAfterReplies(): void {}
  destroy(): void {
    this.isDestroyed = true;
  }
  allowDelay(): void {}
  suspendRequests(): void {
    this.isSuspended = true;
  }
  resumeRequests(): void {
    this.isSuspended = false;
    this.onResume();
  }
}

/** Calls of fakes, as text, in order. */
export type Calls = string[];

/** Timers that fire when the test says so. */
export class ManualTimers {
  nowMs = 1_700_000_000_000;
  #timers: { run: () => void; atMs: number }[] = [];

  readonly setTimer = (run: () => void, delayMs: number): (() => void) => {
    const timer = { run, atMs: this.nowMs + delayMs };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  get pending(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const due = this.#timers
        .filter(({ atMs }) => atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.nowMs = due.atMs;
      due.run();
    }
    this.nowMs = untilMs;
  }
}

/** What `block` was called with, and what the blocked client was answered. */
export interface Blocked {
  reason: string;
  timeoutMs: number;
  answer: string | null;
  timeOut(): void;
  leave(): void;
}

export class ServerFixture {
  readonly calls: Calls = [];
  readonly timers = new ManualTimers();
  readonly config = new Config();
  readonly clients = new ClientRegistry();
  readonly pause: ClientPause;
  readonly stats: Stats;
  readonly slowLog = new SlowLog();
  readonly latency = new LatencyMonitor();
  readonly monitors = new Monitors({
    clock: { wallMicroseconds: () => this.timers.nowMs * 1000 + 123 },
    isLoading: () => false,
  });
  readonly client: ClientType;
  readonly context: Context;
  readonly table: CommandTable;
  blocked: Blocked | null = null;
  readonly #reply = new ReplyWriter();
  #wire = '';

  /** `overrides` go over the fake services; `context` over the context. */
  constructor(
    families: readonly (readonly CommandRow[])[],
    overrides: { services?: object; context?: object } = {},
  ) {
    const { timers } = this;
    this.table = new CommandTable(families);
    this.pause = new ClientPause({ nowMs: () => timers.nowMs, setTimer: timers.setTimer });
    this.stats = new Stats({ commands: this.table.all.length });
    this.client = this.addClient();
    this.client.isAuthenticated = true;
    const services = {
      config: this.config,
      clients: this.clients,
      pause: this.pause,
      commands: this.table,
      stats: this.stats,
      slowLog: this.slowLog,
      latency: this.latency,
      clock: {
        wallMs: () => timers.nowMs,
        wallMicroseconds: () => timers.nowMs * 1000 + 123,
        monotonicMs: () => timers.nowMs,
      },
      transactions: { discard: () => this.calls.push('discard') },
      pubsub: new PubSub({ hashSeed: new Uint8Array(16) }),
      monitors: this.monitors,
      replication: { role: 'primary' },
      log: {
        notice: (text: string) => this.calls.push(`notice ${text}`),
        warning: (text: string) => this.calls.push(`warning ${text}`),
      },
      ...overrides.services,
    } as unknown as Services;
    this.context = {
      services,
      keyspace: { databases: new Array(16).fill({}) },
      client: this.client,
      reply: this.#reply,
      nowMs: timers.nowMs,
      isFromPrimary: false,
      transaction: null,
      isInTransaction: false,
      block: (options: Parameters<Context['block']>[0]) => this.#block(options),
      ...overrides.context,
    } as unknown as Context;
  }

  addClient(settings: Partial<FakeConnection> = {}): ClientType {
    const connection = Object.assign(new FakeConnection(), settings);
    const client = new Client({
      id: this.clients.nextId(),
      connection,
      nowMs: this.timers.nowMs,
    });
    this.clients.add(client);
    return client;
  }

  /** Runs a request and returns the reply's bytes as text. */
  run(...words: string[]): string {
    const args = request(...words);
    const command = this.table.lookup(args);
    if (!command?.run) throw new Error(`no command for ${words.join(' ')}`);
    this.client.lastCommand = command.row;
    return this.#written(() => command.run?.(this.context, args));
  }

  #written(write: () => void): string {
    this.#wire = '';
    const sink = {
      take: (bytes: Uint8Array, length: number): Uint8Array => {
        this.#wire += latin1Text(bytes, 0, length);
        return bytes;
      },
    };
    this.#reply.begin(sink, this.client.protocol);
    write();
    this.#reply.finish();
    return this.#wire;
  }

  #block(options: Parameters<Context['block']>[0]): Unblock {
    let isOver = false;
    const end = (write: (reply: ReplyWriter) => void): void => {
      if (isOver) return;
      isOver = true;
      const late = this.#late(write);
      if (this.blocked) this.blocked.answer = late;
    };
    this.blocked = {
      reason: options.reason,
      timeoutMs: options.timeoutMs,
      answer: null,
      timeOut: () => end(options.onTimeout),
      leave: () => {
        isOver = true;
        options.onGone?.();
      },
    };
    return end;
  }

  /** A deferred reply has a writer of its own: the batch's may be open. */
  #late(write: (reply: ReplyWriter) => void): string {
    const reply = new ReplyWriter();
    let wire = '';
    const take = (bytes: Uint8Array, length: number): Uint8Array => {
      wire += latin1Text(bytes, 0, length);
      return bytes;
    };
    reply.begin({ take }, this.client.protocol);
    write(reply);
    reply.finish();
    return wire;
  }
}
