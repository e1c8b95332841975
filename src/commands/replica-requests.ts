/*
 * What replicas send on the connection that carries their stream. They acknowledge, and nothing of
 * that has a reply. A reply to anything else would stand in the middle of the stream: so it is
 * written to nowhere, and the replica is dropped, with Redis's own log lines, unless it has
 * switched replies off. Must not know the stream.
 */

import type { Arguments } from '../resp/arguments.js';
import { type ReplySink, ReplyWriter } from '../resp/reply-writer.js';
import type { Client } from './client.js';
import { clientLine } from './client-line.js';
import { type Outcome, STOP } from './dispatch.js';
import { loggedError } from './errors.js';
import type { Services } from './services.js';
import type { SilencedRequests } from './silenced-requests.js';

class Nowhere implements ReplySink {
  hasTaken = false;

  take(buffer: Uint8Array): Uint8Array {
    this.hasTaken = true;
    return buffer;
  }
}

export class ReplicaRequests {
  readonly #services: Services;
  readonly #requests: SilencedRequests;
  readonly #reply = new ReplyWriter();
  readonly #nowhere = new Nowhere();

  constructor(options: { services: Services; requests: SilencedRequests }) {
    const { services } = options;
    this.#services = services;
    this.#requests = options.requests;
    this.#reply.onError = (text) => services.stats.onErrorReply(text);
  }

  /** Executes one request of a client that is a replica. */
  onRequest(client: Client, args: Arguments): Outcome {
    const reply = this.#reply;
    const errorsBefore = reply.errorCount;
    this.#nowhere.hasTaken = false;
    // An unknown one sets none.
    client.lastCommand = null;
    reply.begin(this.#nowhere, client.protocol);
    const outcome = this.#requests.onRequest(client, args, reply);
    reply.finish();
    if (!this.#nowhere.hasTaken) return outcome;
    this.#logReply(client, reply.errorCount > errorsBefore ? reply.lastError : null);
    client.connection.destroy();
    return STOP;
  }

  #logReply(client: Client, error: string | null): void {
    const { clock, log, stats } = this.#services;
    const name = client.lastCommand?.name ?? '<unknown>';
    const line = clientLine(client, clock.wallMs());
    log.warning(`Replica generated a reply to command '${name}', disconnecting it: ${line}`);
    if (error === null) return;
    stats.unexpectedErrorReplies++;
    log.warning(
      '== CRITICAL == This master is sending an error to its replica: ' +
        `'${loggedError(error)}' after processing the command '${name}'`,
    );
  }
}
