/*
 * Browsers can be made to send HTTP requests to any address, and lines of their bodies would be
 * commands. So `POST` and `Host:` end the connection at once, with what it was about to read. The
 * log tells of it once a minute: whoever can connect must not be able to fill the disk.
 */

import type { Client } from './client.js';
import * as errors from './errors.js';
import type { Services } from './services.js';

const LOG_PERIOD_MS = 60_000;

export class AttackAlarm {
  readonly #services: Pick<Services, 'log' | 'clock'>;
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(services: Pick<Services, 'log' | 'clock'>) {
    this.#services = services;
  }

  /** Is this the name of a command, or the beginning of an HTTP request? */
  isRaisedBy(name: string): boolean {
    return /^(?:post|host:)$/i.test(name);
  }

  /** Side effects: 1. closes the client's connection; 2. writes the log. */
  raise(client: Client): void {
    const { log, clock } = this.#services;
    // Before it closes: then it has none any more.
    const address = client.connection.remoteAddress;
    client.connection.destroy();
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#loggedAtMs <= LOG_PERIOD_MS) return;
    this.#loggedAtMs = nowMs;
    log.warning(errors.securityAttack(address));
  }
}
