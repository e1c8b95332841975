/*
 * Where connections become clients: admits or refuses them, hands their requests to dispatch, and
 * clears up what a client leaves behind. Implements what net/ asks for. Must not know sockets.
 */

import { Client, type Connection } from '../commands/client.js';
import { clientLine } from '../commands/client-line.js';
import type { Dispatcher } from '../commands/dispatch.js';
import { ReplicaRequests } from '../commands/replica-requests.js';
import type { Services } from '../commands/services.js';
import { SilencedRequests } from '../commands/silenced-requests.js';
import type { LargeValue } from '../keyspace/large-value.js';
import { admissionError } from '../net/admission.js';
import type { Outcome, RequestHandler } from '../net/request-handler.js';
import type { Arguments } from '../resp/arguments.js';
import type { ReplyWriter } from '../resp/reply-writer.js';

export class ClientGateway implements RequestHandler {
  readonly #services: Services;
  readonly #dispatcher: Dispatcher;
  readonly #replicas: ReplicaRequests;
  readonly #silenced: SilencedRequests;

  constructor(options: { services: Services; dispatcher: Dispatcher }) {
    this.#services = options.services;
    this.#dispatcher = options.dispatcher;
    this.#silenced = new SilencedRequests(options.dispatcher);
    this.#replicas = new ReplicaRequests({ services: options.services, requests: this.#silenced });
  }

  onConnection(connection: Connection): Client | string {
    const { clients, clock, config, stats } = this.#services;
    const { maxclients, requirepass } = config.values;
    const error = admissionError({
      clients: clients.size,
      clientsMax: maxclients,
      isLoopback: connection.isLoopback,
      isProtected: config.values['protected-mode'],
      hasPassword: requirepass !== '',
    });
    if (error !== null) {
      stats.rejectedConnections++;
      return error;
    }
    const client = new Client({ id: clients.nextId(), connection, nowMs: clock.wallMs() });
    client.isAuthenticated = requirepass === '';
    clients.add(client);
    return client;
  }

  beginBatch(client: Client): void {
    this.#dispatcher.beginBatch(client);
  }

  endBatch(client: Client): void {
    this.#dispatcher.endBatch(client);
  }

  onRequest(client: Client, args: Arguments, reply: ReplyWriter): Outcome {
    if (!client.isApart) return this.#dispatcher.onRequest(client, args, reply);
    if (client.kind === 'replica') return this.#replicas.onRequest(client, args);
    return this.#silenced.onRequest(client, args, reply);
  }

  reserveValue(
    client: Client,
    args: Arguments,
    length: number,
    following: number,
  ): LargeValue | null {
    return this.#dispatcher.reserveValue(client, args, length, following);
  }

  /** A replica that loads cannot acknowledge and sends empty lines instead. */
  onEmptyLine(client: Client): void {
    if (client.kind === 'replica') this.#services.replication.onSignOfLife(client);
  }

  onClosed(client: Client): void {
    const { clients, monitors, pubsub, replication, transactions } = this.#services;
    clients.remove(client);
    monitors.remove(client);
    client.onUnblocked?.();
    transactions.discard(client);
    pubsub.forget(client);
    if (client.kind === 'replica') replication.onClientGone(client);
  }

  describe(client: Client): string {
    return clientLine(client, this.#services.clock.wallMs());
  }
}
