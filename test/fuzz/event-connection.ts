/*
 * One connection of a random program: whatever the server sends is one sequence of events, replies
 * and pushes alike, in the order in which it came. Knows a message of a subscription from an answer
 * to a request, and nothing of what was asked.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeRequest } from '../helpers/resp-client.js';
import { type Reply, ReplyParser } from '../helpers/resp-reply.js';

/** What stands in a sequence where the server closed the connection. */
export const CLOSED: Reply = { type: 'error', text: '(the server closed the connection)' };

export class EventConnection {
  isClosed = false;
  /** Answers to requests that have come, messages not counted. */
  answers = 0;
  readonly localAddress: string;
  #events: Reply[] = [];
  readonly #socket: Socket;
  readonly #parser = new ReplyParser();
  #wake: (() => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.localAddress = `127.0.0.1:${socket.localPort}`;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', () => {});
    socket.once('close', () => {
      this.isClosed = true;
      this.#add(CLOSED);
    });
  }

  static async connect(port: number): Promise<EventConnection> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new EventConnection(socket);
  }

  send(requests: readonly (readonly string[])[]): void {
    if (requests.length > 0) this.#socket.write(Buffer.concat(requests.map(encodeRequest)));
  }

  /** Until so many answers have come since the connection began, or it is closed. */
  async waitForAnswers(count: number, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.answers < count && !this.isClosed) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
    return true;
  }

  /** Events that nobody has taken yet. */
  get waiting(): number {
    return this.#events.length;
  }

  takeEvents(): Reply[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#parser.feed(chunk);
    try {
      for (let reply = this.#parser.next(); reply; reply = this.#parser.next()) this.#add(reply);
    } catch (error) {
      this.#add({ type: 'error', text: `(malformed: ${(error as Error).message})` });
      this.close();
    }
  }

  #add(event: Reply): void {
    this.#events.push(event);
    if (!isMessage(event)) this.answers++;
    this.#wake?.();
  }
}

const MESSAGES = new Set(['message', 'pmessage', 'smessage', 'invalidate']);
const CONFIRMATIONS = new Set(['subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe']);

function firstWord(event: Reply): string {
  if (event.type !== 'array' && event.type !== 'push') return '';
  const first = event.items[0];
  return first?.type === 'bulk' ? first.text : '';
}

/** What a publisher has caused, as against an answer. */
export function isMessage(event: Reply): boolean {
  return MESSAGES.has(firstWord(event));
}

/** `unsubscribe` or `pmessage` …, or '' for what has nothing to do with subscriptions. */
export function subscriptionWord(event: Reply): string {
  const word = firstWord(event);
  return MESSAGES.has(word) || CONFIRMATIONS.has(word) ? word : '';
}
