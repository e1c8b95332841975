/*
 * A listener on a free port of 127.0.0.1 with a handler small enough to see through, for tests of
 * sessions over real sockets. Its commands: PING, ECHO x, BIG n (a bulk of n bytes), QUIT, WAITHERE
 * (blocks until `release`), PARK (postponed until `release`, then executed), AUTH, KILLME.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Client, type Connection } from '../../../src/commands/client.js';
import { type LargeValue, LargeValues } from '../../../src/keyspace/large-value.js';
import { Memory } from '../../../src/memory/memory.js';
import { Listener, type ListenOptions } from '../../../src/net/listener.js';
import {
  AGAIN,
  CONTINUE,
  type NetCounters,
  type NetEnvironment,
  type NetSettings,
  type Outcome,
  type RequestHandler,
  STOP,
} from '../../../src/net/request-handler.js';
import { Session } from '../../../src/net/session.js';
import type { Arguments } from '../../../src/resp/arguments.js';
import type { ReplyWriter } from '../../../src/resp/reply-writer.js';
import { waitFor } from '../../helpers/wait-for.js';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const noLimit = { hardBytes: 0, softBytes: 0, softSeconds: 0 };

export class FakeServer implements RequestHandler {
  readonly settings: Mutable<NetSettings> & {
    outputLimits: Record<'normal' | 'pubsub', typeof noLimit>;
  } = {
    queryBufferBytesMax: 1024 ** 3,
    bulkBytesMax: 512 * 1024 ** 2,
    idleSeconds: 0,
    keepAliveSeconds: 300,
    outputLimits: { normal: noLimit, pubsub: noLimit },
  };
  readonly counters: NetCounters = {
    connectionsReceived: 0,
    netInputBytes: 0,
    netOutputBytes: 0,
    replicationOutputBytes: 0,
    readsProcessed: 0,
    writesProcessed: 0,
    queryBufferLimitDisconnections: 0,
    outputBufferLimitDisconnections: 0,
  };
  readonly log: string[] = [];
  readonly errors: string[] = [];
  readonly clients: Client[] = [];
  readonly closed: Client[] = [];
  emptyLines = 0;
  readonly memory = new Memory();
  readonly largeValues = new LargeValues(this.memory);
  /** Added to both clocks. */
  skewMs = 0;
  /** The monotonic clock stands still: no batch is cut short because the machine is slow. */
  isTimeless = false;
  /** Error text for new connections. */
  refusal: string | null = null;
  isAuthenticated = true;
  /** Requests of each batch so far. */
  readonly batches: number[] = [];
  /** Extra commands by upper-case name. */
  readonly commands = new Map<
    string,
    (client: Client, args: Arguments, reply: ReplyWriter) => Outcome
  >();
  readonly listener: Listener;
  #parked = new Set<Client>();

  constructor() {
    const write = (text: string): void => {
      this.log.push(text);
    };
    const environment: NetEnvironment = {
      handler: this,
      settings: this.settings,
      counters: this.counters,
      onErrorReply: (text) => this.errors.push(text),
      log: { verbose: write, warning: write, isEnabled: () => true },
      clock: {
        wallMs: () => Date.now() + this.skewMs,
        monotonicMs: () => (this.isTimeless ? 0 : performance.now()) + this.skewMs,
      },
    };
    this.listener = new Listener(environment);
  }

  static async start(options: Partial<ListenOptions> = {}): Promise<FakeServer> {
    const server = new FakeServer();
    await server.listen(options);
    server.listener.serve();
    return server;
  }

  listen(options: Partial<ListenOptions> = {}): Promise<boolean> {
    return this.listener.listen({
      bind: ['127.0.0.1'],
      port: 'any',
      backlog: 128,
      unixSocket: '',
      unixSocketMode: 0,
      ...options,
    });
  }

  async connect(): Promise<Socket> {
    const socket = connect({ port: this.listener.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  }

  /** The newest client's session. */
  get session(): Session {
    const connection = this.clients.at(-1)?.connection;
    if (connection instanceof Session) return connection;
    throw new Error('nobody is connected');
  }

  /** Lets WAITHERE and PARK of all clients go on. */
  release(): void {
    for (const client of this.clients) {
      client.blocked = null;
      client.connection.resumeRequests();
    }
  }

  onConnection(connection: Connection): Client | string {
    if (this.refusal !== null) return this.refusal;
    const client = new Client({ id: this.clients.length + 1, connection, nowMs: Date.now() });
    client.isAuthenticated = this.isAuthenticated;
    this.clients.push(client);
    return client;
  }

  /** Gives out blocks for the last argument of KEEP. */
  reserveValue(
    _client: Client,
    args: Arguments,
    length: number,
    following: number,
  ): LargeValue | null {
    return args.text(0) === 'KEEP' && following === 0 ? this.largeValues.reserve(length) : null;
  }

  beginBatch(client: Client): void {
    client.lastInteractionMs = Date.now() + this.skewMs;
    this.batches.push(0);
  }

  endBatch(): void {}

  onRequest(client: Client, args: Arguments, reply: ReplyWriter): Outcome {
    this.batches[this.batches.length - 1]++;
    const name = args.text(0).toUpperCase();
    switch (name) {
      case 'PING':
        reply.pong();
        return CONTINUE;
      case 'ECHO':
        reply.bulk(args.buffer, args.start[1], args.end[1]);
        return CONTINUE;
      case 'BIG':
        reply.bulkLatin1('b'.repeat(Number(args.text(1))));
        return CONTINUE;
      case 'COUNT':
        reply.integer(args.count);
        return CONTINUE;
      case 'AUTH':
        client.isAuthenticated = true;
        reply.ok();
        return CONTINUE;
      case 'QUIT':
        client.closesAfterReply = true;
        reply.ok();
        return STOP;
      case 'KILLME':
        client.connection.destroy();
        return STOP;
      case 'WAITHERE':
        client.blocked = 'wait';
        client.connection.suspendRequests();
        return STOP;
      case 'PARK':
        return this.#park(client, reply);
      default:
        return this.commands.get(name)?.(client, args, reply) ?? refuse(reply);
    }
  }

  onEmptyLine(): void {
    this.emptyLines++;
  }

  onClosed(client: Client): void {
    this.closed.push(client);
  }

  describe(client: Client): string {
    return `id=${client.id}`;
  }

  #park(client: Client, reply: ReplyWriter): Outcome {
    if (this.#parked.delete(client)) {
      reply.simple('UNPARKED');
      return CONTINUE;
    }
    this.#parked.add(client);
    client.connection.suspendRequests();
    return AGAIN;
  }
}

function refuse(reply: ReplyWriter): Outcome {
  reply.error('ERR unknown');
  return CONTINUE;
}

/** Collects what a socket receives, until something has come or the other side has ended. */
export class Received {
  text = '';
  bytes = 0;
  isEnded = false;
  /** False to count bytes only. */
  keepsText = true;
  readonly ended: Promise<void>;
  #wake: (() => void) | null = null;

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (this.keepsText) this.text += chunk.toString('latin1');
      this.#wake?.();
    });
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.isEnded = true;
        this.#wake?.();
        resolve();
      });
    });
  }

  /** Waits until at least so many bytes have come. */
  async until(bytes: number, timeoutMs = 10_000): Promise<string> {
    const deadline = setTimeout(() => this.#wake?.(), timeoutMs).unref();
    const startMs = performance.now();
    while (this.bytes < bytes) {
      if (this.isEnded)
        throw new Error(`ended after ${this.bytes} of ${bytes} bytes: ${this.text}`);
      if (performance.now() - startMs > timeoutMs) {
        throw new Error(`only ${this.bytes} of ${bytes} bytes came: ${this.text.slice(-200)}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(deadline);
    return this.text;
  }
}

/** A new connection, with the session and the client behind it. */
export async function openSession(server: FakeServer) {
  const socket = await server.connect();
  const received = new Received(socket);
  const address = `127.0.0.1:${socket.localPort}`;
  const client = await waitFor('the session', () =>
    server.clients.find(({ connection }) => connection.remoteAddress === address),
  );
  const session = client.connection;
  assert(session instanceof Session);
  return {
    socket,
    received,
    client,
    session,
    /** How often onClosed was called for it. */
    closedCount: () => server.closed.filter((other) => other === client).length,
  };
}
