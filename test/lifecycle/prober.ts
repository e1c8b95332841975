/*
 * Measures how long a client of the server waits: one PING after the other on a connection of its
 * own. Two figures: the wait by the clock, in which the pauses of a busy machine count too, and the
 * CPU time that the server's main thread spent before it answered, which is the server's own doing.
 */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { ServerProcess } from '../helpers/server-process.js';

const PING = Buffer.from('PING\r\n');

export interface LongestWait {
  clockMs: number;
  /** Not a number where the system does not tell. */
  cpuMs: number;
}

export class Prober {
  readonly #longest: LongestWait = { clockMs: 0, cpuMs: 0 };
  readonly #socket: Socket;
  readonly #pid: number;
  #sentAtMs = 0;
  #cpuAtMs = 0;
  #isStopped = false;

  private constructor(socket: Socket, pid: number) {
    this.#socket = socket;
    this.#pid = pid;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', () => {
      this.#note();
      // A pause leaves the machine's cores to those who work.
      if (!this.#isStopped) setTimeout(() => this.#send(), 1);
    });
    this.#send();
  }

  static async start(server: ServerProcess): Promise<Prober> {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new Prober(socket, server.pid);
  }

  /** Ends it; the longest waits of all PINGs. */
  stop(): LongestWait {
    this.#isStopped = true;
    this.#note();
    this.#socket.destroy();
    return this.#longest;
  }

  #send(): void {
    if (this.#isStopped) return;
    this.#sentAtMs = performance.now();
    this.#cpuAtMs = mainThreadMs(this.#pid);
    this.#socket.write(PING);
  }

  #note(): void {
    const { clockMs, cpuMs } = this.#longest;
    this.#longest.clockMs = Math.max(clockMs, performance.now() - this.#sentAtMs);
    this.#longest.cpuMs = Math.max(cpuMs, mainThreadMs(this.#pid) - this.#cpuAtMs);
  }
}

/** CPU time of a process's main thread in ms; not a number where the system does not tell. */
export function mainThreadMs(pid: number): number {
  try {
    const [running] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ');
    return Number(running) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/**
 * Sends requests of one kind whose replies have `replyBytes` each, `count` times `make(i)`, in
 * pieces that the server can take, and waits for all replies. Far cheaper than parsing them.
 */
export async function sendMany(options: {
  port: number;
  count: number;
  replyBytes: number;
  make: (i: number) => string;
}): Promise<void> {
  const { port, count, replyBytes, make } = options;
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  let missing = count * replyBytes;
  const done = new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      missing -= chunk.length;
      if (missing === 0) resolve();
      if (missing < 0) reject(new Error(`another reply than expected: ${chunk.subarray(-200)}`));
    });
    socket.once('close', () => reject(new Error('the server closed the connection')));
  });
  const perPiece = 5000;
  for (let from = 0; from < count; from += perPiece) {
    const lines: string[] = [];
    for (let i = from; i < Math.min(count, from + perPiece); i++) lines.push(make(i));
    if (!socket.write(lines.join(''), 'latin1')) await once(socket, 'drain');
  }
  await done;
  socket.destroy();
}
