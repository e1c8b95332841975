/*
 * One listening socket: bound and listening, or the reason why not, at once. CONFIG SET must know
 * before it replies whether the new port could be had, and node:net tells that only later; so the
 * handle is bound through node:net's own helper (undocumented, the same in Node 20 to 24), and
 * where that is missing the outcome is assumed good and a failure comes as an event.
 */

import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import net, { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { systemErrorText } from '../structures/system-error.js';

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

/** In place of port and family: the address is the path of a unix socket. */
const IS_PATH = -1;

type CreateServerHandle = (
  address: string,
  port: number,
  addressType: 4 | 6 | typeof IS_PATH,
  fd: undefined,
  flags: number,
) => { close(): void } | number;

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

/** Bytes of a unix socket's path, its terminating zero included (sun_path). */
const SOCKET_PATH_BYTES_MAX = 108;

/**
 * Listens on a unix socket, in place of whatever is at that path. `mode` 0 leaves its permissions.
 */
export function listenUnix(path: string, mode: number, options: ListeningOptions): ListenResult {
  const pathBytes = Buffer.byteLength(path);
  if (pathBytes >= SOCKET_PATH_BYTES_MAX) {
    const text = `unix socket path too long (${pathBytes}), must be under ${SOCKET_PATH_BYTES_MAX}`;
    return { failure: { code: 'ENAMETOOLONG', text } };
  }
  try {
    unlinkSync(path);
  } catch {
    // Nothing there, or not ours to remove: binding will tell.
  }
  const server = newServer(options);
  server.listen({ path, backlog: options.backlog });
  if (!server.listening) return { failure: bindFailure(reasonAgainst(path)) };
  if (mode !== 0) chmodSync(path, mode);
  return { server };
}

/** Why nobody can listen at the path: node:net says it only later, so it is tried once more. */
function reasonAgainst(path: string): string {
  const handle = createServerHandle?.(path, IS_PATH, IS_PATH, undefined, 0);
  if (typeof handle !== 'number') {
    handle?.close();
    return 'EADDRINUSE';
  }
  const code = getSystemErrorName(handle);
  // libuv says EACCES for both, as Windows would.
  return code === 'EACCES' && !existsSync(dirname(path)) ? 'ENOENT' : code;
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
