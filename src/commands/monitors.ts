/*
 * The clients in MONITOR, and what they are shown: every command that runs, after its reply, in the
 * order in which they run. Dispatch asks `isWatching` and calls `show`; while nobody monitors that
 * one look is all that it costs. A line is made once for all, and who does not read is dropped by
 * the limit of its output, like anybody. Must not know sockets.
 */

import type { Arguments } from '../resp/arguments.js';
import type { Client } from './client.js';
import { isUnixSocket } from './client-line.js';
import { type Command, flagBits } from './command-table.js';
import { encodeMonitorLine } from './monitor-line.js';
import type { ServerClock } from './services.js';

/** Commands that nobody is shown. */
const HIDDEN = flagBits.admin | flagBits.skip_monitor;
const NO_SECRETS: readonly number[] = [];

export class Monitors {
  /** Somebody wants to see commands. */
  isWatching = false;
  /** In the order in which they began. */
  readonly #clients = new Set<Client>();
  readonly #clock: Pick<ServerClock, 'wallMicroseconds'>;
  readonly #isLoading: () => boolean;

  /** While `isLoading`, nothing is shown. */
  constructor(options: {
    clock: Pick<ServerClock, 'wallMicroseconds'>;
    isLoading: () => boolean;
  }) {
    this.#clock = options.clock;
    this.#isLoading = options.isLoading;
  }

  add(client: Client): void {
    this.#clients.add(client);
    client.isMonitor = true;
    this.isWatching = true;
  }

  /** Does nothing for a client that is no monitor. */
  remove(client: Client): void {
    this.#clients.delete(client);
    client.isMonitor = false;
    this.isWatching = this.#clients.size > 0;
  }

  /** Shows a command that `client` has just run, unless it is one that nobody is shown. */
  show(client: Client, command: Command, args: Arguments): void {
    if ((command.flags & HIDDEN) !== 0 || !this.isWatching || this.#isLoading()) return;
    const line = encodeMonitorLine(
      {
        microseconds: this.#clock.wallMicroseconds(),
        database: client.database,
        source: sourceOf(client),
        secrets: command.row.secrets?.(args) ?? NO_SECRETS,
      },
      args,
    );
    // Who is too slow goes meanwhile: a Set may be changed.
    for (const monitor of this.#clients) {
      if (!monitor.isSilenced && !monitor.isLeaving) monitor.connection.send(line);
    }
  }
}

/** Redis knows unix sockets by their path alone. */
function sourceOf({ connection }: Client): string {
  const { remoteAddress } = connection;
  return isUnixSocket(remoteAddress) ? `unix:${remoteAddress.slice(0, -2)}` : remoteAddress;
}
