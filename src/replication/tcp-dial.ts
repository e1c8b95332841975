/*
 * Opens TCP connections to a primary for the link. The only file of the link that knows node:net.
 * Errors come out in the words of the C library, as Redis logs them.
 */

import { connect, isIP, type Socket } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { READ_BUFFER_BYTES } from '../limits.js';
import type { Dial, DialTarget, LinkSocket, LinkSocketEvents } from './link-socket.js';

/** What a socket has just received, until onData() returns: no buffer is made for each read. */
const readBuffer = new Uint8Array(READ_BUFFER_BYTES);

/** Seconds of silence after which the kernel probes the connection. */
const KEEP_ALIVE_MS = 60_000;

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  EPIPE: 'Broken pipe',
};

export const dialTcp: Dial = (target, events) => {
  return new TcpLinkSocket(target, events);
};

class TcpLinkSocket implements LinkSocket {
  readonly #socket: Socket;
  #isEnded = false;
  #error: string | null = null;

  constructor({ host, port, localAddress }: DialTarget, events: LinkSocketEvents) {
    const source = isIP(localAddress) === 0 ? {} : { localAddress };
    const callback = (length: number): boolean => {
      if (!this.#isEnded) events.onData(readBuffer, 0, length);
      return true;
    };
    const onread = { buffer: readBuffer, callback };
    const socket = connect({ host, port, noDelay: true, onread, ...source });
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#socket = socket;
    socket.on('connect', () => {
      if (!this.#isEnded) events.onConnect();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = describe(error);
    });
    socket.on('close', () => {
      if (this.#isEnded) return;
      this.#isEnded = true;
      events.onClose(this.#error);
    });
  }

  get remoteAddress(): string {
    return format(this.#socket.remoteAddress, this.#socket.remotePort);
  }

  get localAddress(): string {
    return format(this.#socket.localAddress, this.#socket.localPort);
  }

  get descriptor(): number {
    const { _handle } = this.#socket as unknown as { _handle?: { fd?: number } | null };
    return _handle?.fd ?? -1;
  }

  write(bytes: Uint8Array): void {
    if (!this.#isEnded) this.#socket.write(bytes.slice());
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#isEnded = true;
    this.#socket.destroy();
  }
}

function format(address: string | undefined, port: number | undefined): string {
  if (address === undefined || port === undefined) return '?:0';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function describe(error: NodeJS.ErrnoException): string {
  const known = WORDS[error.code ?? ''];
  if (known !== undefined) return known;
  const [, text] = (error.errno !== undefined && getSystemErrorMap().get(error.errno)) || [];
  return text ?? error.message;
}
