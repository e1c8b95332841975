/*
 * Which client WATCHes which key, and whether one of its keys has changed. Fed by the keyspace's
 * modification events, which are switched off while nobody watches. Optimistic locking as in
 * Redis's multi.c: a change marks the client, EXEC of a marked client answers null. A key that had
 * expired when WATCH saw it may vanish without counting as a change.
 */

import type { Database } from '../keyspace/database.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import { latin1Text } from '../structures/bytes.js';
import type { Client } from './client.js';

interface Watch {
  readonly client: Client;
  readonly database: number;
  readonly key: Uint8Array;
  /** The key was past its time, though still there, when WATCH was called. */
  wasExpired: boolean;
}

/** What a client holds in `Client.watches`. */
export class ClientWatches {
  readonly watches: Watch[] = [];
  /** A watched key has changed. */
  isDirty = false;
}

export class WatchTable {
  readonly #keyspace: Keyspace;
  readonly #onActive: (isActive: boolean) => void;
  /** Watches by database and key. */
  readonly #byKey = new Map<string, Watch[]>();

  /**
   * `onActive` is told when the first key is watched and when the last one no longer is: the
   * keyspace need not report changes meanwhile.
   */
  constructor(options: { keyspace: Keyspace; onActive: (isActive: boolean) => void }) {
    this.#keyspace = options.keyspace;
    this.#onActive = options.onActive;
  }

  watch(client: Client, database: number, key: Uint8Array): void {
    client.watches ??= new ClientWatches();
    const held = client.watches;
    const name = watchName(database, key, 0, key.length);
    const list = this.#byKey.get(name);
    if (list?.some((watch) => watch.client === client)) return;
    const wasExpired = this.#isExpired(this.#keyspace.database(database), key);
    const watch: Watch = { client, database, key, wasExpired };
    held.watches.push(watch);
    if (list) {
      list.push(watch);
      return;
    }
    this.#byKey.set(name, [watch]);
    if (this.#byKey.size === 1) this.#onActive(true);
  }

  /** Forgets what the client watches, and that it was marked. */
  unwatch(client: Client): void {
    if (client.watches === null) return;
    for (const watch of client.watches.watches) this.#forget(watch);
    client.watches = null;
  }

  /** Whether EXEC must answer null: a key changed, or has expired since WATCH. */
  isDirty(client: Client): boolean {
    const held = client.watches;
    if (held === null) return false;
    if (held.isDirty) return true;
    return held.watches.some(
      (watch) =>
        !watch.wasExpired && this.#isExpired(this.#keyspace.database(watch.database), watch.key),
    );
  }

  /** A key was changed, or deleted for whatever reason. */
  onModified(database: number, key: Uint8Array, start: number, end: number): void {
    const list = this.#byKey.get(watchName(database, key, start, end));
    if (!list) return;
    for (const watch of [...list]) {
      if (watch.wasExpired && !this.#exists(database, watch.key)) {
        // The key had expired already when it was watched: its deletion is no change.
        watch.wasExpired = false;
        continue;
      }
      this.#mark(watch.client);
    }
  }

  /**
   * A database is about to be emptied, or to be replaced by the contents of another: every watched
   * key that exists before or after has changed. Call it before the change.
   */
  onReplaced(database: number, replacedBy: number | null): void {
    for (const list of [...this.#byKey.values()]) {
      const [first] = list;
      if (first?.database !== database) continue;
      const { key } = first;
      const existed = this.#exists(database, key);
      const willExist = replacedBy !== null && this.#exists(replacedBy, key);
      if (!existed && !willExist) continue;
      for (const watch of [...list]) this.#onReplacedKey(watch, { existed, replacedBy, willExist });
    }
  }

  #onReplacedKey(
    watch: Watch,
    change: { existed: boolean; willExist: boolean; replacedBy: number | null },
  ): void {
    const { existed, willExist, replacedBy } = change;
    const willBeExpired =
      willExist &&
      replacedBy !== null &&
      this.#isExpired(this.#keyspace.database(replacedBy), watch.key);
    if (watch.wasExpired) {
      if (!willExist) {
        watch.wasExpired = false;
        return;
      }
      if (willBeExpired) return;
    } else if (!existed && willBeExpired) {
      watch.wasExpired = true;
      return;
    }
    this.#mark(watch.client);
  }

  #mark(client: Client): void {
    const held = client.watches;
    if (held === null) return;
    held.isDirty = true;
    // Further changes can tell nothing new: stop paying for them.
    for (const watch of held.watches) this.#forget(watch);
    held.watches.length = 0;
  }

  #forget(watch: Watch): void {
    const name = watchName(watch.database, watch.key, 0, watch.key.length);
    const list = this.#byKey.get(name);
    if (!list) return;
    const rest = list.filter((other) => other !== watch);
    if (rest.length > 0) {
      this.#byKey.set(name, rest);
      return;
    }
    this.#byKey.delete(name);
    if (this.#byKey.size === 0) this.#onActive(false);
  }

  /** Whether the key is there, if only past its time: an expired key is still to vanish. */
  #exists(database: number, key: Uint8Array): boolean {
    return this.#keyspace.database(database).peekAny(key, 0, key.length) !== 0;
  }

  #isExpired(database: Database, key: Uint8Array): boolean {
    const entry = database.peekAny(key, 0, key.length);
    if (entry === 0) return false;
    const at = database.expiresAt(entry);
    return at >= 0 && at < this.#keyspace.nowMs;
  }
}

function watchName(database: number, key: Uint8Array, start: number, end: number): string {
  return `${database}:${latin1Text(key, start, end)}`;
}
