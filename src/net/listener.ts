/* Skeleton: see the docstrings; being filled in. */

import type { NetEnvironment } from './request-handler.js';
import type { Session } from './session.js';

export interface ListenOptions {
  /** Addresses as `bind` takes them: `*`, `::*`, names, a leading `-` for optional ones. */
  readonly bind: readonly string[];
  /** 0 = no TCP. */
  readonly port: number;
  /** tcp-backlog. */
  readonly backlog: number;
  /** Path, or '' for none. */
  readonly unixSocket: string;
  /** unixsocketperm; 0 = leave as the umask makes it. */
  readonly unixSocketMode: number;
}

/** Owns the listening sockets and every session that came in through them. */
export class Listener {
  constructor(_environment: NetEnvironment) {}

  /** Opens everything. False when that failed; the reason is in the log, in Redis's words. */
  listen(_options: ListenOptions): Promise<boolean> {
    throw new Error('not yet');
  }

  /**
   * CONFIG SET port/bind: closes the TCP sockets and opens others; connections stay. Null, or why it
   * failed (an error text for CONFIG SET); the old sockets are then open again as far as possible.
   */
  rebind(_options: { bind: readonly string[]; port: number }): string | null {
    throw new Error('not yet');
  }

  /** TCP port that is bound (for port 0 in tests), or 0. */
  get port(): number {
    return 0;
  }

  /** `tcp`, `unix`: for the lines `Ready to accept connections …`. */
  get kinds(): readonly ('tcp' | 'unix')[] {
    return [];
  }

  /** Sessions now, refused ones not among them. */
  get sessions(): ReadonlySet<Session> {
    return new Set();
  }

  /** Stops listening; sessions stay. */
  closeSockets(): void {}

  /** Stops listening and ends every session. `flushMs`: how long pending replies may take. */
  close(_options?: { flushMs: number }): Promise<void> {
    throw new Error('not yet');
  }
}
