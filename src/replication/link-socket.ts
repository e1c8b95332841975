/*
 * A connection to a primary as the link uses it, and the way to open one. tcp-dial.ts has the real
 * one, the simulation its own. Types only.
 */

export interface LinkSocket {
  /** `ip:port` of the primary; of ourselves. */
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** File descriptor, or -1 when it is not known. */
  readonly descriptor: number;
  /** Sends a copy of the bytes. */
  write(bytes: Uint8Array): void;
  /** Stops and goes on delivering data. */
  pause(): void;
  resume(): void;
  /** Ends it now. No event comes after this. */
  destroy(): void;
}

export interface LinkSocketEvents {
  onConnect(): void;
  /** `bytes[start, end)` are lent until the call returns. */
  onData(bytes: Uint8Array, start: number, end: number): void;
  /** The connection has ended or never stood; null when the primary ended it in order. */
  onClose(error: string | null): void;
}

export interface DialTarget {
  readonly host: string;
  readonly port: number;
  /** Where the connection comes from; '' = the kernel chooses. */
  readonly localAddress: string;
}

/** Events never come from inside the call. */
export type Dial = (target: DialTarget, events: LinkSocketEvents) => LinkSocket;
