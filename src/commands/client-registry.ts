/*
 * The clients that are connected now, by id and in the order of their arrival, whatever carries
 * them: sessions, replicas, the link to our primary. The one list that CLIENT LIST, CLIENT KILL,
 * INFO and maxclients read. Must not know sockets, buffers or commands.
 */

import assert from 'node:assert/strict';
import type { Client, ClientKind } from './client.js';

export class ClientRegistry {
  /** A Map keeps the order of insertion, and arrival is the order in which ids are handed out. */
  readonly #clients = new Map<number, Client>();
  #lastId = 0;

  /** A fresh id: 1, 2, 3 … in order; none is ever used twice. */
  nextId(): number {
    this.#lastId++;
    return this.#lastId;
  }

  /** The client's id must come from nextId(). */
  add(client: Client): void {
    assert(client.id <= this.#lastId && !this.#clients.has(client.id));
    this.#clients.set(client.id, client);
  }

  /** Does nothing for a client that is not (or no longer) here. */
  remove(client: Client): void {
    if (this.#clients.get(client.id) === client) this.#clients.delete(client.id);
  }

  byId(id: number): Client | null {
    return this.#clients.get(id) ?? null;
  }

  /** Clients of every kind: what maxclients bounds. */
  get size(): number {
    return this.#clients.size;
  }

  /** In order of arrival. Clients may come and go meanwhile. */
  [Symbol.iterator](): IterableIterator<Client> {
    return this.#clients.values();
  }

  /** Walks the list: for INFO and the like, not for hot paths. */
  countKind(kind: ClientKind): number {
    let count = 0;
    for (const client of this.#clients.values()) if (client.kind === kind) count++;
    return count;
  }

  /** The server becomes a replica: see Client.onDemoted. */
  onDemoted(): void {
    for (const client of this.#clients.values()) client.onDemoted?.();
  }

  /** Clients that wait for something, postponed ones among them (INFO's blocked_clients). */
  countBlocked(): number {
    let count = 0;
    for (const client of this.#clients.values()) if (client.blocked !== null) count++;
    return count;
  }

  /** Those whose wait ends by itself (INFO's clients_in_timeout_table). */
  countWaitingWithLimit(): number {
    let count = 0;
    for (const client of this.#clients.values()) if (client.waitsWithLimit) count++;
    return count;
  }
}
