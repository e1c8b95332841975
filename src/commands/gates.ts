/*
 * The gates a command must pass before it runs, in the order in which Redis's processCommand has
 * them: the order decides which error a client reads. Each gate looks at the command's flags, the
 * client and the server's state, and changes nothing.
 */

import type { Client } from './client.js';
import { type Command, flagBits } from './command-table.js';
import * as errors from './errors.js';
import type { Services } from './services.js';

/** What the gates decided: an error text, or one of these. */
export const PASS = 0;
/** Queue the command: the client is inside MULTI. */
export const QUEUE = 1;
/** Leave the request where it is until the pause has ended. */
export const POSTPONE = 2;
export type Verdict = typeof PASS | typeof QUEUE | typeof POSTPONE | string;

const { write, readonly, denyoom, loading, stale, no_auth, no_multi, may_replicate } = flagBits;

/** Commands that MULTI does not queue. */
const UNQUEUED = new Set(['exec', 'discard', 'multi', 'watch', 'quit', 'reset']);
/** Commands that a transaction may run whatever the memory in use. */
const UNQUEUED_BY_MEMORY = new Set(['exec', 'discard', 'quit', 'reset']);
/** Commands of a RESP2 client that has subscriptions. */
const FOR_SUBSCRIBERS = new Set([
  ...['subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe', 'ping', 'quit', 'reset'],
]);
/** Commands that need a directive to be enabled, with that directive. */
const PROTECTED = new Map([['debug', 'enable-debug-command']] as const);

export class Gates {
  readonly #services: Services;

  constructor(services: Services) {
    this.#services = services;
  }

  /**
   * Whether a plain read or write of this client could be refused by no gate just now, so that
   * dispatch need not ask for each. Holds until a command other than plain reads and writes has
   * run.
   */
  isOpen(client: Client): boolean {
    const { config, replication, server, pause, snapshots } = this.#services;
    return (
      client.isAuthenticated &&
      client.transaction === null &&
      client.kind === 'normal' &&
      !client.isMonitor &&
      !server.isLoading &&
      replication.role === 'primary' &&
      !pause.isActive &&
      !snapshots.mustRefuseWrites &&
      config.values.maxmemory === 0 &&
      config.values['min-replicas-to-write'] === 0
    );
  }

  check(command: Command, client: Client): Verdict {
    const isExec = command.name === 'exec';
    const queued = isExec ? client.transaction : null;
    const flags = command.flags | (queued ? queued.flags : 0);
    const commonFlags = command.flags & (queued ? queued.commonFlags : -1);
    return (
      this.#checkAccess(command, client) ??
      this.#checkMemory(command, client, flags) ??
      this.#checkWrites(command, client, flags) ??
      this.#checkAvailability({ command, client, flags, commonFlags }) ??
      this.#checkPause(client, flags) ??
      (client.transaction !== null && !UNQUEUED.has(command.name) ? QUEUE : PASS)
    );
  }

  #checkAccess(command: Command, client: Client): string | null {
    const topName = command.parent ? command.parent.name : command.name;
    const directive = PROTECTED.get(topName as 'debug');
    if (directive !== undefined && !this.#isEnabled(directive, client)) {
      return errors.protectedCommand(topName.toUpperCase(), directive);
    }
    if (!client.isAuthenticated && (command.flags & no_auth) === 0) {
      // Without a password whoever came before it was taken away is in, too.
      if (this.#services.config.values.requirepass !== '') return errors.NO_AUTH;
    }
    if (client.transaction !== null && (command.flags & no_multi) !== 0) {
      return errors.NOT_IN_MULTI;
    }
    return null;
  }

  #isEnabled(directive: 'enable-debug-command', client: Client): boolean {
    const value = this.#services.config.values[directive];
    return value === 'yes' || (value === 'local' && client.connection.isLoopback);
  }

  #checkMemory(command: Command, client: Client, flags: number): string | null {
    const { config, keyspace, replication } = this.#services;
    const { maxmemory } = config.values;
    if (maxmemory === 0) return null;
    if (replication.role === 'replica' && config.values['replica-ignore-maxmemory']) return null;
    const isQueueing = client.transaction !== null && !UNQUEUED_BY_MEMORY.has(command.name);
    if ((flags & denyoom) === 0 && !isQueueing) return null;
    // What slow replicas make us hold is bounded by their own limit, and must not cost data.
    const streamBytes = replication.backlogBytes - replication.uncountedBytes;
    return keyspace.usedBytes + streamBytes > maxmemory ? errors.OUT_OF_MEMORY : null;
  }

  #checkWrites(command: Command, client: Client, flags: number): string | null {
    const { config, replication, snapshots } = this.#services;
    const isWrite = (flags & write) !== 0;
    const showsDisk = isWrite || command.name === 'ping';
    if (snapshots.mustRefuseWrites && showsDisk) return errors.MISCONF_SAVE;
    if (!isWrite) return null;
    if (replication.role === 'primary') {
      const wanted = config.values['min-replicas-to-write'];
      const hasLimit = wanted > 0 && config.values['min-replicas-max-lag'] > 0;
      return hasLimit && replication.goodReplicas() < wanted ? errors.NO_REPLICAS : null;
    }
    return config.values['replica-read-only'] && client.kind !== 'primary'
      ? errors.READ_ONLY
      : null;
  }

  #checkAvailability(options: {
    command: Command;
    client: Client;
    flags: number;
    commonFlags: number;
  }): string | null {
    const { config, replication, server } = this.#services;
    const { command, client, flags, commonFlags } = options;
    if (client.isSubscriberOnly && !FOR_SUBSCRIBERS.has(command.name)) {
      return errors.subscriberOnly(command.name);
    }
    const isStale = replication.role === 'replica' && !replication.isLinkUp;
    if (isStale && !config.values['replica-serve-stale-data'] && (commonFlags & stale) === 0) {
      return errors.MASTER_DOWN;
    }
    if (server.isLoading && (commonFlags & loading) === 0) return errors.LOADING;
    if (client.isFed && (flags & (write | readonly | may_replicate)) !== 0) {
      return errors.REPLICA_CLIENT;
    }
    return null;
  }

  #checkPause(client: Client, flags: number): Verdict | null {
    const { pause } = this.#services;
    if (!pause.isActive || client.isFed) return null;
    const isPaused = pause.mode === 'all' || (flags & (write | may_replicate)) !== 0;
    return isPaused ? POSTPONE : null;
  }
}
