/*
 * A TCP proxy between two servers that does harm on request: cuts connections, refuses new ones,
 * freezes or delays a direction, cuts after so many bytes. Directions are named from the one who
 * connects: `up` towards the target, `down` back from it.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { listenOnLoopback } from './ports.js';

export type Direction = 'up' | 'down';

interface Pair {
  client: Socket;
  target: Socket;
  /** Bytes passed on in each direction over this connection. */
  passed: Record<Direction, number>;
}

export class TcpProxy {
  port = 0;
  /** Connections accepted so far. */
  connectionCount = 0;
  /** Bytes passed on since the start, over all connections. */
  readonly bytes: Record<Direction, number> = { up: 0, down: 0 };
  /** New connections are closed at once while set. */
  refuses = false;
  delayMs = 0;
  /** Sees every chunk before it is passed on; may cut, freeze, …: e.g. to act at a phase. */
  onChunk: ((direction: Direction, chunk: Buffer, pair: { passed: number }) => void) | null = null;
  readonly #pairs = new Set<Pair>();
  readonly #frozen: Record<Direction, boolean> = { up: false, down: false };
  #cutAfter: { direction: Direction; bytes: number } | null = null;
  #server: Server | null = null;
  readonly #target: { host: string; port: number };

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  static async start(options: { targetPort: number; port?: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy({ host: '127.0.0.1', port: options.targetPort });
    const server = createServer((client) => proxy.#accept(client));
    proxy.#server = server;
    proxy.port = await listenOnLoopback(server, options.port);
    return proxy;
  }

  get openConnections(): number {
    return this.#pairs.size;
  }

  /** Ends all connections now, as a broken network would: both sides see a reset or an end. */
  cut(): void {
    for (const pair of this.#pairs) this.#end(pair);
  }

  /** Cuts the connection that passes its `bytes`-th byte in that direction, exactly there, once. */
  cutAfter(direction: Direction, bytes: number): void {
    this.#cutAfter = { direction, bytes };
  }

  /** Stops passing bytes on; connections stay open. Both directions unless one is named. */
  freeze(direction?: Direction): void {
    this.#setFrozen(direction, true);
  }

  thaw(direction?: Direction): void {
    this.#setFrozen(direction, false);
  }

  async stop(): Promise<void> {
    this.cut();
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    server.close();
    await once(server, 'close');
  }

  #setFrozen(direction: Direction | undefined, isFrozen: boolean): void {
    for (const one of direction ? [direction] : (['up', 'down'] as const)) {
      this.#frozen[one] = isFrozen;
      for (const pair of this.#pairs) {
        const source = one === 'up' ? pair.client : pair.target;
        if (isFrozen) source.pause();
        else source.resume();
      }
    }
  }

  #accept(client: Socket): void {
    this.connectionCount++;
    client.on('error', () => {});
    if (this.refuses) {
      client.destroy();
      return;
    }
    const target = connect(this.#target);
    const pair: Pair = { client, target, passed: { up: 0, down: 0 } };
    this.#pairs.add(pair);
    target.on('error', () => {});
    client.on('close', () => this.#end(pair));
    target.on('close', () => this.#end(pair));
    client.setNoDelay(true);
    target.setNoDelay(true);
    client.on('data', (chunk: Buffer) => this.#pass('up', pair, chunk));
    target.on('data', (chunk: Buffer) => this.#pass('down', pair, chunk));
    if (this.#frozen.up) client.pause();
    if (this.#frozen.down) target.pause();
  }

  #pass(direction: Direction, pair: Pair, chunk: Buffer): void {
    this.onChunk?.(direction, chunk, { passed: pair.passed[direction] });
    if (!this.#pairs.has(pair)) return;
    const limit = this.#cutAfter?.direction === direction ? this.#cutAfter.bytes : Infinity;
    const room = limit - pair.passed[direction];
    const part = chunk.length < room ? chunk : chunk.subarray(0, room);
    pair.passed[direction] += part.length;
    this.bytes[direction] += part.length;
    const source = direction === 'up' ? pair.client : pair.target;
    const sink = direction === 'up' ? pair.target : pair.client;
    if (chunk.length >= room) {
      this.#cutAfter = null;
      this.#pairs.delete(pair);
      // What was allowed through must arrive; then the connection ends.
      sink.end(part, () => this.#end(pair));
      source.destroy();
      return;
    }
    const write = (): void => {
      if (sink.destroyed || sink.write(part)) return;
      source.pause();
      sink.once('drain', () => {
        if (!this.#frozen[direction]) source.resume();
      });
    };
    if (this.delayMs > 0) setTimeout(write, this.delayMs);
    else write();
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.target.destroy();
  }
}
