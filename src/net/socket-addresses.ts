/*
 * Both ends of an accepted connection, as Redis writes them. Through a unix socket both are its
 * path.
 */

import type { Socket } from 'node:net';
import { formatAddress, isLoopbackHost, UNKNOWN_ADDRESS } from './addresses.js';

export class SocketAddresses {
  readonly remote: string;
  readonly isLoopback: boolean;
  readonly #socket: Socket;
  #local: string | null;

  /** `unixPath`: of the unix socket that it came in through, else null. */
  constructor(socket: Socket, unixPath: string | null) {
    const { remoteAddress, remotePort } = socket;
    this.#socket = socket;
    this.#local = unixPath === null ? null : `${unixPath}:0`;
    this.remote = this.#local ?? formatAddress(remoteAddress, remotePort);
    this.isLoopback = unixPath !== null || isLoopbackHost(remoteAddress);
  }

  get local(): string {
    if (this.#local !== null) return this.#local;
    // A system call each time, so it is asked for once, and only while it can be answered.
    const { localAddress, localPort } = this.#socket;
    this.#local = localAddress ? formatAddress(localAddress, localPort) : null;
    return this.#local ?? UNKNOWN_ADDRESS;
  }
}
