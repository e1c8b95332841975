/*
 * A raw client for tests, in RESP2 or RESP3: requests in, replies out as values (errors too),
 * pushes apart, and any bytes on the wire. It hides nothing: no reconnecting, no retries, no
 * timeouts of its own beyond a generous one that turns a silent server into a failure.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Plain, plain, type Reply, ReplyParser } from './resp-reply.js';
import { within } from './wait-for.js';

export type Argument = string | number | bigint | Uint8Array;

export interface ClientOptions {
  port: number;
  host?: string;
  /** 3 sends HELLO 3 first. Default 2. */
  protocol?: 2 | 3;
  replyTimeoutMs?: number;
}

interface Waiter {
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
}

/** A multibulk request. Strings are latin1: one byte a character. */
export function encodeRequest(args: readonly Argument[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const argument of args) {
    const bytes =
      argument instanceof Uint8Array ? argument : Buffer.from(String(argument), 'latin1');
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

export class RespClient {
  readonly socket: Socket;
  /** Out-of-band messages, in order of arrival. */
  readonly pushes: Reply[] = [];
  /** Settles when the connection has ended, from either side. */
  readonly closed: Promise<void>;
  isClosed = false;
  /** All bytes received. */
  receivedBytes = 0;
  readonly parser = new ReplyParser();
  readonly #waiters: Waiter[] = [];
  readonly #unclaimed: Reply[] = [];
  readonly #replyTimeoutMs: number;

  private constructor(socket: Socket, options: ClientOptions) {
    this.socket = socket;
    this.#replyTimeoutMs = options.replyTimeoutMs ?? 30_000;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.isClosed = true;
        const error = new Error('the server closed the connection');
        for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
        resolve();
      });
    });
  }

  static async connect(options: ClientOptions): Promise<RespClient> {
    const socket = connect({ port: options.port, host: options.host ?? '127.0.0.1' });
    await once(socket, 'connect');
    const client = new RespClient(socket, options);
    if (options.protocol === 3) await client.call('HELLO', '3');
    return client;
  }

  /** Sends a request and returns its reply as JavaScript values (see `plain`). */
  async call(...args: Argument[]): Promise<Plain> {
    return plain(await this.typed(...args));
  }

  /** Sends a request and returns its reply as a typed tree. */
  typed(...args: Argument[]): Promise<Reply> {
    this.raw(encodeRequest(args));
    return this.nextReply(String(args[0]));
  }

  /** Sends all requests in one write; replies in order. */
  async pipeline(requests: readonly (readonly Argument[])[]): Promise<Plain[]> {
    return (await this.typedPipeline(requests)).map(plain);
  }

  typedPipeline(requests: readonly (readonly Argument[])[]): Promise<Reply[]> {
    this.raw(Buffer.concat(requests.map(encodeRequest)));
    return Promise.all(requests.map((request) => this.nextReply(String(request[0]))));
  }

  /** Writes bytes (or a latin1 string) as they are. */
  raw(bytes: Uint8Array | string): void {
    if (typeof bytes === 'string') this.socket.write(bytes, 'latin1');
    else this.socket.write(bytes);
  }

  /** The next reply that nobody has claimed yet; for `raw`. Rejects when the connection ends. */
  nextReply(what = 'a reply'): Promise<Reply> {
    const ready = this.#unclaimed.shift();
    if (ready) return Promise.resolve(ready);
    if (this.isClosed) return Promise.reject(new Error('the connection is closed'));
    const reply = new Promise<Reply>((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
    return within(what, reply, this.#replyTimeoutMs);
  }

  /** Ends the connection at once. */
  close(): void {
    this.socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.receivedBytes += chunk.length;
    this.parser.feed(chunk);
    for (;;) {
      let reply: Reply | null;
      try {
        reply = this.parser.next();
      } catch (error) {
        for (const waiter of this.#waiters.splice(0)) waiter.reject(error as Error);
        this.close();
        return;
      }
      if (reply === null) return;
      if (reply.type === 'push') {
        this.pushes.push(reply);
        continue;
      }
      const waiter = this.#waiters.shift();
      if (waiter) waiter.resolve(reply);
      else this.#unclaimed.push(reply);
    }
  }
}
