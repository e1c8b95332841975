/*
 * Which client WATCHes which key, and whether one of its keys has changed. Fed by the keyspace's
 * modification events, which are switched off while nobody watches. Optimistic locking as in
 * Redis's multi.c: a change marks the client, EXEC of a marked client answers null. A key that had
 * expired when WATCH saw it may vanish without counting as a change.
 */

import type { Database } from '../keyspace/database.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import { WATCHES_MAX } from '../limits.js';
import { equalBytes } from '../structures/bytes.js';
import type { Client } from './client.js';

/** What one watch costs beside its key, in bytes: its objects and places. Measured roughly. */
const WATCH_BYTES = 350;

interface Watch {
  readonly client: Client;
  readonly database: number;
  readonly key: Uint8Array;
  /** By which #byHash finds its list, and where it stands in it. */
  readonly place: number;
  index: number;
  /** The key was past its time, though still there, when WATCH was called. */
  wasExpired: boolean;
}

/** What a client holds in `Client.watches`. */
export class ClientWatches {
  readonly watches: Watch[] = [];
  /** A watched key has changed. */
  isDirty = false;
  /** Memory held by them. */
  bytes = 0;
}

export class WatchTable {
  readonly #keyspace: Keyspace;
  readonly #onActive: (isActive: boolean) => void;
  readonly #keysMax: number;
  /**
   * Watches by database and hash of the key, in any order: no string is made of a key that changes.
   * Each knows its index, so that ten thousand clients of one key come and go without a search.
   */
  readonly #byHash = new Map<number, Watch[]>();
  #size = 0;

  /**
   * `onActive` is told when the first key is watched and when the last one no longer is: the
   * keyspace need not report changes meanwhile. All clients together watch `keysMax` keys at most.
   */
  constructor(options: {
    keyspace: Keyspace;
    onActive: (isActive: boolean) => void;
    keysMax?: number;
  }) {
    this.#keysMax = options.keysMax ?? WATCHES_MAX;
    this.#keyspace = options.keyspace;
    this.#onActive = options.onActive;
  }

  /** False: there is no room for another key. One that the client watches already needs none. */
  watch(client: Client, database: number, key: Uint8Array): boolean {
    client.watches ??= new ClientWatches();
    const held = client.watches;
    const place = this.#placeOf(database, key, 0, key.length);
    const list = this.#byHash.get(place) ?? [];
    // The shorter of the two: many clients may watch one key, or one client many.
    const searched = held.watches.length < list.length ? held.watches : list;
    const isWatched = (watch: Watch): boolean =>
      watch.client === client && watch.place === place && isOf(watch, key, 0, key.length);
    if (searched.some(isWatched)) return true;
    if (this.#size === this.#keysMax) return false;
    const wasExpired = this.#isExpired(this.#keyspace.database(database), key);
    const watch: Watch = { client, database, key, place, index: list.length, wasExpired };
    held.watches.push(watch);
    held.bytes += WATCH_BYTES + key.length;
    this.#size++;
    if (list.push(watch) === 1) this.#byHash.set(place, list);
    if (this.#size === 1) this.#onActive(true);
    return true;
  }

  /** Forgets what the client watches beyond its first `count` keys. */
  truncate(client: Client, count: number): void {
    const held = client.watches;
    if (held === null) return;
    for (const watch of held.watches.splice(count)) {
      held.bytes -= WATCH_BYTES + watch.key.length;
      this.#forget(watch);
    }
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
    const list = this.#byHash.get(this.#placeOf(database, key, start, end));
    if (!list) return;
    for (const watch of [...list]) {
      if (!isOf(watch, key, start, end)) continue;
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
    for (const watch of [...this.#byHash.values()].flat()) {
      const { key } = watch;
      // Its client may have been marked for another key meanwhile.
      if (watch.database !== database || watch.client.watches?.isDirty) continue;
      const existed = this.#exists(database, key);
      const willExist = replacedBy !== null && this.#exists(replacedBy, key);
      if (existed || willExist) this.#onReplacedKey(watch, { existed, replacedBy, willExist });
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
    held.bytes = 0;
  }

  /** The last of its list takes its place there. */
  #forget(watch: Watch): void {
    const list = this.#byHash.get(watch.place);
    const last = list?.at(-1);
    if (list === undefined || last === undefined || list[watch.index] !== watch) return;
    list[watch.index] = last;
    last.index = watch.index;
    list.pop();
    if (list.length === 0) this.#byHash.delete(watch.place);
    this.#size--;
    if (this.#size === 0) this.#onActive(false);
  }

  /** Databases and hashes as one number. */
  #placeOf(database: number, key: Uint8Array, start: number, end: number): number {
    return database * 2 ** 32 + (this.#keyspace.hash(key, start, end) >>> 0);
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

function isOf(watch: Watch, key: Uint8Array, start: number, end: number): boolean {
  const { length } = watch.key;
  return end - start === length && equalBytes(watch.key, 0, key, start, length);
}
