/*
 * What the log says of the data and the clients every five seconds, for those who want to look on:
 * each database that is not empty at `verbose`, how many clients there are at `debug`. Redis's
 * lines, which tools read. The slots of a database are the table size of DEBUG HTSTATS.
 */

import type { Services } from '../commands/services.js';

const INTERVAL_MS = 5000;

export class StateLines {
  readonly #services: Services;
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(services: Services) {
    this.#services = services;
  }

  /** To be called on every tick, with a monotonic time. The first one logs at once. */
  tick(nowMs: number): void {
    const { log, server } = this.#services;
    if (server.isLoading || nowMs - this.#loggedAtMs < INTERVAL_MS) return;
    this.#loggedAtMs = nowMs;
    if (log.isEnabled('verbose')) this.#logDatabases();
    if (log.isEnabled('debug')) this.#logClients();
  }

  #logDatabases(): void {
    const { keyspace, log } = this.#services;
    keyspace.databases.forEach(({ size, expires, contents }, index) => {
      if (size === 0) return;
      const slots = contents.dict.bucketCount;
      log.verbose(`DB ${index}: ${size} keys (${expires} volatile) in ${slots} slots HT.`);
    });
  }

  #logClients(): void {
    const { clients, log, server } = this.#services;
    const replicas = clients.countKind('replica');
    const bytes = server.memoryFigures().used;
    log.debug(
      `${clients.size - replicas} clients connected (${replicas} replicas), ${bytes} bytes in use`,
    );
  }
}
