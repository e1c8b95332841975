/*
 * One listening socket: bound and listening, or the reason why not, at once. CONFIG SET must know
 * before it replies whether the new port could be had, and node:net tells that only later; so the
 * handle is bound through node:net's own helper (undocumented, the same in Node 20 to 24), and
 * where that is missing the outcome is assumed good and a failure comes as an event.
 */

import { chmodSync, unlinkSync } from 'node:fs';
import net, { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { systemErrorText } from './system-errors.js';

export interface ListeningOptions {
  readonly backlog: number;
  readonly onAccept: (accepted: Socket) => void;
  /** An error of a socket that listens already: accepting failed. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

export interface ListenFailure {
  /** Like EADDRINUSE. */
  readonly code: string;
  /** As Redis's log has it. */
  readonly text: string;
}

export type ListenResult = { readonly server: Server } | { readonly failure: ListenFailure };

/** Keeps an IPv6 socket from taking the IPv4 port of that number too (UV_TCP_IPV6ONLY). */
const IPV6_ONLY = 1;

type CreateServerHandle = (
  address: string,
  port: number,
  addressType: 4 | 6,
  fd: undefined,
  flags: number,
) => object | number;

const createServerHandle = (net as unknown as { _createServerHandle?: CreateServerHandle })
  ._createServerHandle;

/** Listens on an IP address. Port 0: one that the kernel chooses. */
export function listenTcp(host: string, port: number, options: ListeningOptions): ListenResult {
  const server = newServer(options);
  const family = host.includes(':') ? 6 : 4;
  if (createServerHandle === undefined) {
    server.listen({ host, port, backlog: options.backlog, ipv6Only: family === 6 });
    return { server };
  }
  const handle = createServerHandle(host, port, family, undefined, family === 6 ? IPV6_ONLY : 0);
  if (typeof handle === 'number') return { failure: bindFailure(getSystemErrorName(handle)) };
  server.listen(handle, options.backlog);
  // libuv reports a port in use only here; the code itself comes later, as an event.
  return server.listening ? { server } : { failure: bindFailure('EADDRINUSE') };
}

/**
 * Listens on a unix socket, in place of whatever is at that path. `mode` 0 leaves its permissions.
 */
export function listenUnix(path: string, mode: number, options: ListeningOptions): ListenResult {
  try {
    unlinkSync(path);
  } catch {
    // Nothing there, or not ours to remove: binding will tell.
  }
  const server = newServer(options);
  server.listen({ path, backlog: options.backlog });
  if (!server.listening) return { failure: bindFailure('EACCES') };
  if (mode !== 0) chmodSync(path, mode);
  return { server };
}

/** The port of a listening TCP socket. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}

function newServer(options: ListeningOptions): Server {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
  server.on('connection', options.onAccept);
  // Also fires after a failure that was reported already: then nobody is listening.
  server.on('error', (error) => {
    if (server.listening) options.onError(error);
  });
  return server;
}

function bindFailure(code: string): ListenFailure {
  return { code, text: `bind: ${systemErrorText({ code, message: code })}` };
}
