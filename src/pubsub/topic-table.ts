/*
 * Who has subscribed to what: names (of channels, or patterns) with their subscribers, and for each
 * subscriber the names. Every step takes a time that does not depend on how many there are. Names
 * are bytes; as keys they are strings of one character a byte. Pure; must not know messages.
 */

import assert from 'node:assert/strict';
import { CHANNEL_NAME_BYTES_MAX, SUBSCRIPTION_BYTES } from '../limits.js';
import { latin1, latin1Text } from '../structures/bytes.js';
import type { Subscriber, Subscriptions } from './subscriber.js';

export class Topic {
  readonly name: string;
  /** In the order in which they came. */
  readonly subscribers = new Set<Subscriber>();
  #bytes: Uint8Array | null = null;

  constructor(name: string) {
    this.name = name;
  }

  /** The name as bytes, made when first asked for and then kept. */
  get bytes(): Uint8Array {
    this.#bytes ??= latin1(this.name);
    return this.#bytes;
  }
}

export class TopicTable {
  readonly #topics = new Map<string, Topic>();
  readonly #topicsOf: (of: Subscriptions) => Set<Topic>;
  /** Memory that the subscriptions take, as SUBSCRIPTION_BYTES estimates it. */
  heldBytes = 0;

  /** `topicsOf` says where a subscriber's own names of this table stand. */
  constructor(topicsOf: (of: Subscriptions) => Set<Topic>) {
    this.#topicsOf = topicsOf;
  }

  /** Names with at least one subscriber. */
  get size(): number {
    return this.#topics.size;
  }

  /** Null for a name that nobody has subscribed to. */
  find(name: Uint8Array): Topic | null {
    if (this.#topics.size === 0 || name.length > CHANNEL_NAME_BYTES_MAX) return null;
    return this.#topics.get(latin1Text(name)) ?? null;
  }

  /** In the order in which they were first subscribed to. Subscribers may go meanwhile. */
  [Symbol.iterator](): IterableIterator<Topic> {
    return this.#topics.values();
  }

  /** Does nothing for who has subscribed to it already. */
  add(subscriber: Subscriber, subscriptions: Subscriptions, bytes: Uint8Array): void {
    assert(bytes.length <= CHANNEL_NAME_BYTES_MAX);
    const name = latin1Text(bytes);
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = new Topic(name);
      this.#topics.set(name, topic);
    }
    const own = this.#topicsOf(subscriptions);
    if (own.has(topic)) return;
    own.add(topic);
    topic.subscribers.add(subscriber);
    this.heldBytes += costOf(name);
  }

  /** Does nothing for who has not subscribed to it. */
  remove(subscriber: Subscriber, subscriptions: Subscriptions, topic: Topic): void {
    if (!this.#topicsOf(subscriptions).delete(topic)) return;
    topic.subscribers.delete(subscriber);
    if (topic.subscribers.size === 0) this.#topics.delete(topic.name);
    this.heldBytes -= costOf(topic.name);
  }
}

function costOf(name: string): number {
  return SUBSCRIPTION_BYTES + name.length;
}
