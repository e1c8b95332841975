/*
 * Who has subscribed to what: names (of channels, or patterns) with their subscribers, and for each
 * subscriber the names. Every step takes a time that does not depend on how many there are. Names
 * are bytes and are found by a keyed hash, so that a message makes no string of its channel. Pure;
 * must not know messages.
 */

import { SUBSCRIPTION_BYTES } from '../limits.js';
import { equalBytes } from '../structures/bytes.js';
import type { KeyedHash } from '../structures/siphash.js';
import type { Subscriber, Subscriptions } from './subscriber.js';

export interface Topic {
  readonly name: Uint8Array;
  readonly hash: number;
  /** In the order in which they came. */
  readonly subscribers: Set<Subscriber>;
  /** Another topic of the same hash. */
  next: Topic | null;
}

export class TopicTable {
  readonly #hash: KeyedHash;
  readonly #topicsOf: (of: Subscriptions) => Set<Topic>;
  /** In the order in which they were first subscribed to. */
  readonly #topics = new Set<Topic>();
  /** The first topic of each hash. */
  readonly #byHash = new Map<number, Topic>();
  /** Memory that the subscriptions take, as SUBSCRIPTION_BYTES estimates it. */
  heldBytes = 0;

  /** `topicsOf` says where a subscriber's own names of this table stand. */
  constructor(hash: KeyedHash, topicsOf: (of: Subscriptions) => Set<Topic>) {
    this.#hash = hash;
    this.#topicsOf = topicsOf;
  }

  /** Names with at least one subscriber. */
  get size(): number {
    return this.#topics.size;
  }

  /** Subscribers, and with them names, may go meanwhile. */
  [Symbol.iterator](): IterableIterator<Topic> {
    return this.#topics.values();
  }

  /** Null for a name that nobody has subscribed to. */
  find(name: Uint8Array): Topic | null {
    if (this.#topics.size === 0) return null;
    return this.#find(name, this.#hash.hash(name, 0, name.length));
  }

  /** Does nothing for who has subscribed to it already. The name may change afterwards. */
  add(subscriber: Subscriber, subscriptions: Subscriptions, name: Uint8Array): void {
    const hash = this.#hash.hash(name, 0, name.length);
    const topic = this.#find(name, hash) ?? this.#create(name.slice(), hash);
    const own = this.#topicsOf(subscriptions);
    if (own.has(topic)) return;
    own.add(topic);
    topic.subscribers.add(subscriber);
    this.heldBytes += costOf(topic);
    subscriptions.bytes += costOf(topic);
  }

  /** Does nothing for who has not subscribed to it. */
  remove(subscriber: Subscriber, subscriptions: Subscriptions, topic: Topic): void {
    if (!this.#topicsOf(subscriptions).delete(topic)) return;
    topic.subscribers.delete(subscriber);
    this.heldBytes -= costOf(topic);
    subscriptions.bytes -= costOf(topic);
    if (topic.subscribers.size === 0) this.#drop(topic);
  }

  #find(name: Uint8Array, hash: number): Topic | null {
    let topic = this.#byHash.get(hash) ?? null;
    while (topic !== null && !isNamed(topic, name)) topic = topic.next;
    return topic;
  }

  #create(name: Uint8Array, hash: number): Topic {
    const next = this.#byHash.get(hash) ?? null;
    const topic: Topic = { name, hash, subscribers: new Set(), next };
    this.#byHash.set(hash, topic);
    this.#topics.add(topic);
    return topic;
  }

  #drop(topic: Topic): void {
    this.#topics.delete(topic);
    const first = this.#byHash.get(topic.hash);
    if (first !== topic) {
      let before = first;
      while (before !== undefined && before.next !== topic) before = before.next ?? undefined;
      if (before !== undefined) before.next = topic.next;
    } else if (topic.next === null) {
      this.#byHash.delete(topic.hash);
    } else {
      this.#byHash.set(topic.hash, topic.next);
    }
  }
}

function isNamed(topic: Topic, name: Uint8Array): boolean {
  const { length } = topic.name;
  return length === name.length && equalBytes(topic.name, 0, name, 0, length);
}

function costOf({ name }: Topic): number {
  return SUBSCRIPTION_BYTES + name.length;
}
