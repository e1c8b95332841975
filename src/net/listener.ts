/*
 * Owns the listening sockets and, through the host, every session that came in through them:
 * accepts, turns away, sweeps, rebinds at run time and closes. Binds as Redis does, with its words
 * when that fails: a name with a leading `-` may be missing, a protocol that the system lacks is
 * passed over, anything else undoes all. Must not know what clients do.
 */

import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIP, type Server, type Socket } from 'node:net';
import { SESSION_SWEEP_MS } from '../limits.js';
import { systemErrorText } from '../structures/system-error.js';
import {
  type ListeningOptions,
  type ListenResult,
  listenTcp,
  listenUnix,
  portOf,
} from './listening-socket.js';
import type { NetEnvironment } from './request-handler.js';
import { Session } from './session.js';
import { SessionHost } from './session-host.js';

export interface TcpOptions {
  /** Addresses as `bind` takes them: `*`, `::*`, names, a leading `-` for optional ones. */
  readonly bind: readonly string[];
  /** 0 = no TCP; 'any' = one that the kernel chooses, the same for all addresses. */
  readonly port: number | 'any';
}

export interface ListenOptions extends TcpOptions {
  /** tcp-backlog. */
  readonly backlog: number;
  /** Path, or '' for none. */
  readonly unixSocket: string;
  /** unixsocketperm; 0 = as the umask makes it. */
  readonly unixSocketMode: number;
}

/** Codes after which an address is passed over: the system does not speak its protocol. */
const UNSUPPORTED = new Set([
  'ENOPROTOOPT',
  'EPROTONOSUPPORT',
  'ESOCKTNOSUPPORT',
  'EPFNOSUPPORT',
  'EAFNOSUPPORT',
]);

export class Listener {
  readonly host: SessionHost;
  readonly #environment: NetEnvironment;
  readonly #resolved = new Map<string, string>();
  #tcp: Server[] = [];
  #unix: Server | null = null;
  #current: TcpOptions = { bind: [], port: 0 };
  #backlog = 511;
  #sweeper: NodeJS.Timeout | null = null;
  /** Connections that have come before serve(), unread; null after it. */
  #waiting: { readonly accepted: Socket; readonly unixPath: string | null }[] | null = [];

  constructor(environment: NetEnvironment) {
    this.#environment = environment;
    this.host = new SessionHost(environment);
  }

  /** Opens everything. False when that failed: the log says why, and nothing is open. */
  async listen(options: ListenOptions): Promise<boolean> {
    const { log } = this.#environment;
    this.#backlog = options.backlog;
    warnOfShortBacklog(options.backlog, log);
    await this.#resolve(options.bind);
    if (!this.#openTcp(options)) {
      log.warning(`Failed listening on port ${Number(options.port) || 0} (tcp), aborting.`);
      return false;
    }
    if (options.unixSocket !== '' && !this.#openUnix(options.unixSocket, options.unixSocketMode)) {
      this.closeSockets();
      return false;
    }
    if (this.kinds.length === 0) {
      log.warning('Configured to not listen anywhere, exiting.');
      return false;
    }
    this.#current = options;
    this.#sweeper = setInterval(() => this.sweep(), SESSION_SWEEP_MS);
    this.#sweeper.unref();
    return true;
  }

  /**
   * Begins to read from connections: those that came before have waited. So a start that is over in
   * a moment answers nobody that it is loading.
   */
  serve(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    for (const { accepted, unixPath } of waiting ?? []) this.#accept(accepted, unixPath);
  }

  /**
   * CONFIG SET port and bind: closes the TCP sockets and opens others; connections stay. False when
   * they could not be had: the log says why, and the old ones are open again. Names (other than
   * localhost) must have been resolved by listen().
   */
  rebind(options: TcpOptions): boolean {
    const former = this.#current;
    this.#closeTcp();
    if (this.#openTcp(options)) {
      this.#current = options;
      return true;
    }
    this.#openTcp(former);
    return false;
  }

  /** The TCP port that is bound, or 0. */
  get port(): number {
    const [server] = this.#tcp;
    return server === undefined ? 0 : portOf(server);
  }

  /** What there is to connect to, for the lines `Ready to accept connections …`. */
  get kinds(): readonly ('tcp' | 'unix')[] {
    const kinds: ('tcp' | 'unix')[] = [];
    if (this.#tcp.length > 0) kinds.push('tcp');
    if (this.#unix !== null) kinds.push('unix');
    return kinds;
  }

  get sessions(): ReadonlySet<Session> {
    return this.host.sessions;
  }

  /** Closes what is idle, overfull or will not end; called by an own timer, and by tests. */
  sweep(): void {
    const { clock } = this.#environment;
    const nowMs = clock.wallMs();
    const monotonicMs = clock.monotonicMs();
    for (const session of this.host.sessions) session.sweep(nowMs, monotonicMs);
  }

  /** Stops listening; sessions stay. */
  closeSockets(): void {
    this.#closeTcp();
    this.#unix?.close();
    this.#unix = null;
  }

  /**
   * Stops listening and ends every session; pending replies may take `flushMs` before they are cut.
   */
  async close(options: { flushMs: number } = { flushMs: 0 }): Promise<void> {
    this.closeSockets();
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    for (const { accepted } of this.#waiting ?? []) accepted.destroy();
    const { sessions } = this.host;
    for (const session of [...sessions]) session.endAfterReplies();
    const deadlineMs = performance.now() + options.flushMs;
    while (sessions.size > 0 && performance.now() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const session of [...sessions]) session.destroy();
  }

  /** Opens a socket for each address, or none. */
  #openTcp({ bind, port }: TcpOptions): boolean {
    if (port === 0) return true;
    const { log } = this.#environment;
    let number = port === 'any' ? 0 : port;
    for (const entry of bind) {
      const isOptional = entry.startsWith('-');
      const name = isOptional ? entry.slice(1) : entry;
      const result = this.#openAddress(name, number);
      if ('server' in result) {
        this.#tcp.push(result.server);
        if (number === 0) number = portOf(result.server);
        continue;
      }
      const { code, text } = result.failure;
      log.warning(
        `Warning: Could not create server TCP listening socket ${name}:${number}: ${text}`,
      );
      if ((code === 'EADDRNOTAVAIL' && isOptional) || UNSUPPORTED.has(code)) continue;
      this.#closeTcp();
      return false;
    }
    return true;
  }

  #openAddress(name: string, port: number): ListenResult {
    const host = addressOf(name) ?? this.#resolved.get(name);
    if (host === undefined) {
      return { failure: { code: 'ENOTFOUND', text: 'Name or service not known' } };
    }
    return listenTcp(host, port, this.#socketOptions(null));
  }

  #openUnix(path: string, mode: number): boolean {
    const result = listenUnix(path, mode, this.#socketOptions(path));
    if ('server' in result) {
      this.#unix = result.server;
      return true;
    }
    this.#environment.log.warning(`Failed opening Unix socket: ${result.failure.text}`);
    return false;
  }

  #closeTcp(): void {
    for (const server of this.#tcp) server.close();
    this.#tcp = [];
  }

  /** Host names are looked up once, before the first socket is opened. */
  async #resolve(bind: readonly string[]): Promise<void> {
    for (const entry of bind) {
      const name = entry.startsWith('-') ? entry.slice(1) : entry;
      if (addressOf(name) !== null) continue;
      try {
        this.#resolved.set(name, (await lookup(name, { family: 4 })).address);
      } catch {
        // Opening it fails, and says so.
      }
    }
  }

  #socketOptions(unixPath: string | null): ListeningOptions {
    return {
      backlog: this.#backlog,
      onAccept: (accepted) => this.#accept(accepted, unixPath),
      onError: (error) => {
        this.#environment.log.warning(`Accepting client connection: ${systemErrorText(error)}`);
      },
    };
  }

  #accept(accepted: Socket, unixPath: string | null): void {
    if (this.#waiting !== null) {
      this.#waiting.push({ accepted, unixPath });
      return;
    }
    const { handler, counters, settings, log } = this.#environment;
    const session = new Session({ host: this.host, accepted, unixPath });
    if (log.isEnabled('verbose'))
      log.verbose(`Accepted ${unixPath ? `connection to ${unixPath}` : session.remoteAddress}`);
    const client = handler.onConnection(session);
    if (typeof client === 'string') {
      session.refuse(client);
      return;
    }
    counters.connectionsReceived++;
    if (unixPath === null) session.setKeepAlive(settings.keepAliveSeconds);
    session.open(client);
  }
}

/** The IP address that `bind` means by a name, or null when it must be looked up. */
function addressOf(name: string): string | null {
  if (name === '*') return '0.0.0.0';
  if (name === '::*') return '::';
  if (name === 'localhost') return '127.0.0.1';
  return isIP(name) === 0 ? null : name;
}

/** The kernel silently cuts a backlog to its own limit. */
function warnOfShortBacklog(backlog: number, log: NetEnvironment['log']): void {
  let limit: number;
  try {
    limit = Number.parseInt(readFileSync('/proc/sys/net/core/somaxconn', 'latin1'), 10);
  } catch {
    // Not Linux: nothing is known of it.
    return;
  }
  if (!(limit > 0 && limit < backlog)) return;
  log.warning(
    `WARNING: The TCP backlog setting of ${backlog} cannot be enforced because ` +
      `/proc/sys/net/core/somaxconn is set to the lower value of ${limit}.`,
  );
}
