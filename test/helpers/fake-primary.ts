/*
 * A primary made of test code, for tests of a replica's link: a script decides what it answers and
 * when it cuts. By default it behaves: handshake, PSYNC against its own history, a snapshot in
 * either form, then whatever the test streams. Every request of the replica is recorded.
 */

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { listenOnLoopback } from './ports.js';
import { encodeRequest } from './resp-client.js';
import { ReplyParser } from './resp-reply.js';

/** An RDB (version 10) without keys; its checksum field says "none". */
export const EMPTY_RDB: Buffer = Buffer.concat([
  Buffer.from('REDIS0010', 'latin1'),
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 0]),
]);

export interface FakePrimaryOptions {
  port?: number;
  replid?: string;
  /** Offset before the first streamed byte. */
  offset?: number;
  snapshot?: Uint8Array;
  form?: 'length' | 'eof';
  /**
   * Called for each request before the default answer. Return a latin1 string or bytes to answer
   * instead, `'cut'` to close the connection, `'silent'` to say nothing, null for the default.
   */
  onRequest?: (request: readonly string[], connection: FakeLink) => string | Uint8Array | null;
}

/** One connection of a replica. */
export interface FakeLink {
  readonly socket: Socket;
  readonly requests: string[][];
  isOnline: boolean;
  /** Empty lines, which a replica sends while it loads. */
  signsOfLife: number;
}

export class FakePrimary {
  port = 0;
  readonly options: FakePrimaryOptions;
  readonly replid: string;
  readonly links: FakeLink[] = [];
  /** Offsets of all `REPLCONF ACK`. */
  readonly acks: number[] = [];
  /** Bytes streamed so far; the first has offset `startOffset + 1`. */
  history: Buffer = Buffer.alloc(0);
  readonly startOffset: number;
  #server: Server | null = null;

  private constructor(options: FakePrimaryOptions) {
    this.options = options;
    this.replid = options.replid ?? 'f'.repeat(40);
    this.startOffset = options.offset ?? 0;
  }

  static async start(options: FakePrimaryOptions = {}): Promise<FakePrimary> {
    const primary = new FakePrimary(options);
    const server = createServer((socket) => primary.#accept(socket));
    primary.#server = server;
    primary.port = await listenOnLoopback(server, options.port);
    return primary;
  }

  get offset(): number {
    return this.startOffset + this.history.length;
  }

  /** All requests of all connections in order of arrival by connection. */
  get requests(): string[][] {
    return this.links.flatMap((link) => link.requests);
  }

  /** Appends a command to the history and sends it to replicas that are online. */
  stream(...args: (string | Uint8Array)[]): void {
    this.streamBytes(encodeRequest(args));
  }

  streamBytes(bytes: Uint8Array): void {
    this.history = Buffer.concat([this.history, bytes]);
    for (const link of this.links) if (link.isOnline) link.socket.write(bytes);
  }

  /** Closes all connections. */
  cut(): void {
    for (const link of this.links) link.socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    server.close();
    await once(server, 'close');
  }

  #accept(socket: Socket): void {
    const link: FakeLink = { socket, requests: [], isOnline: false, signsOfLife: 0 };
    this.links.push(link);
    const parser = new ReplyParser();
    socket.on('error', () => {});
    socket.on('close', () => {
      link.isOnline = false;
    });
    socket.on('data', (chunk: Buffer) => {
      parser.feed(chunk);
      for (;;) {
        link.signsOfLife += parser.takeEmptyLines();
        const request = parser.next();
        if (request === null) return;
        if (request.type !== 'array') continue;
        const words = request.items.map((item) => ('text' in item ? item.text : '?'));
        link.requests.push(words);
        this.#answer(words, link);
      }
    });
  }

  #answer(request: string[], link: FakeLink): void {
    const scripted = this.options.onRequest?.(request, link) ?? null;
    if (scripted === 'cut') link.socket.destroy();
    else if (scripted === 'silent') return;
    else if (scripted !== null) link.socket.write(scripted);
    else this.answerByDefault(request, link);
  }

  /** What a healthy primary does; scripts may call it later to go on after a pause. */
  answerByDefault(request: readonly string[], link: FakeLink): void {
    const [name = '', first = '', second = ''] = request;
    switch (name.toUpperCase()) {
      case 'PING':
        link.socket.write('+PONG\r\n');
        return;
      case 'REPLCONF':
        if (first.toUpperCase() === 'ACK') this.acks.push(Number(second));
        else link.socket.write('+OK\r\n');
        return;
      case 'PSYNC':
        this.#sync(first, Number(second), link);
        return;
      default:
        link.socket.write('+OK\r\n');
    }
  }

  #sync(replid: string, wanted: number, link: FakeLink): void {
    const index = wanted - 1 - this.startOffset;
    if (replid === this.replid && index >= 0 && index <= this.history.length) {
      link.socket.write(`+CONTINUE ${this.replid}\r\n`);
      link.socket.write(this.history.subarray(index));
    } else {
      link.socket.write(`+FULLRESYNC ${this.replid} ${this.offset}\r\n`);
      this.sendSnapshot(link);
    }
    link.isOnline = true;
  }

  /** The payload with its header, in the configured form. */
  sendSnapshot(link: FakeLink): void {
    const snapshot = this.options.snapshot ?? EMPTY_RDB;
    if (this.options.form === 'eof') {
      const mark = 'm'.repeat(40);
      link.socket.write(`$EOF:${mark}\r\n`);
      link.socket.write(snapshot);
      link.socket.write(mark);
    } else {
      link.socket.write(`$${snapshot.length}\r\n`);
      link.socket.write(snapshot);
    }
  }
}
