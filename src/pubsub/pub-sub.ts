/*
 * Publish and subscribe: the table of channels, the table of patterns, and the way of a message to
 * everybody who wants it. It is encoded at most once for each protocol version (and each pattern
 * that matches); receivers share those bytes. Pure; must not know connections, commands or replies.
 */

import { SUBSCRIPTION_BYTES, SUBSCRIPTIONS_BYTES_MAX } from '../limits.js';
import { matchesGlob } from '../structures/glob.js';
import { KeyedHash } from '../structures/siphash.js';
import { encodeMessage } from './message.js';
import { type Subscriber, Subscriptions } from './subscriber.js';
import { type Topic, TopicTable } from './topic-table.js';

/**
 * Messages to the publisher himself that wait for his reply, in bytes; more go before it. They
 * exist once for each of his patterns, so a single PUBLISH could fill the memory with them: the
 * limit of his output must see them while they come. (Its default for subscribers is as much.)
 * Inside EXEC's reply they would be taken for a part of it: there he goes instead.
 */
const HELD_BYTES_MAX = 32 * 1024 * 1024;

/** Who publishes, and perhaps listens to what he publishes. */
export interface Publisher {
  readonly subscriber: Subscriber;
  /** A reply to him has begun that will go on after the command: EXEC's. */
  readonly isAmidReply: boolean;
}

export class PubSub {
  readonly channels: TopicTable;
  readonly patterns: TopicTable;
  /** Messages to the publisher himself: they follow the reply of the command that publishes. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  /** `hashSeed`: random bytes, as KeyedHash wants them. */
  constructor({ hashSeed }: { hashSeed: Uint8Array }) {
    const hash = new KeyedHash(hashSeed);
    this.channels = new TopicTable(hash, (of) => of.channels);
    this.patterns = new TopicTable(hash, (of) => of.patterns);
  }

  /** Whether so many names, of so many bytes together, may be subscribed to now. */
  hasRoomFor(names: number, nameBytes: number): boolean {
    const { channels, patterns } = this;
    const bytes = channels.heldBytes + patterns.heldBytes + names * SUBSCRIPTION_BYTES + nameBytes;
    return bytes <= SUBSCRIPTIONS_BYTES_MAX;
  }

  /** Adds to one of the two tables. Returns how many subscriptions he has now, of both kinds. */
  subscribe(subscriber: Subscriber, table: TopicTable, name: Uint8Array): number {
    subscriber.subscriptions ??= new Subscriptions();
    const { subscriptions } = subscriber;
    table.add(subscriber, subscriptions, name);
    return subscriptions.count;
  }

  /** As subscribe(), the other way; `topic` null is a name that nobody has subscribed to. */
  unsubscribe(subscriber: Subscriber, table: TopicTable, topic: Topic | null): number {
    const { subscriptions } = subscriber;
    if (subscriptions === null) return 0;
    if (topic !== null) table.remove(subscriber, subscriptions, topic);
    if (subscriptions.count === 0) subscriber.subscriptions = null;
    return subscriptions.count;
  }

  /** He has gone, or begins anew. */
  forget(subscriber: Subscriber): void {
    const { subscriptions } = subscriber;
    if (subscriptions === null) return;
    const { channels, patterns } = subscriptions;
    for (const topic of channels) this.channels.remove(subscriber, subscriptions, topic);
    for (const topic of patterns) this.patterns.remove(subscriber, subscriptions, topic);
    subscriber.subscriptions = null;
  }

  /**
   * Sends a message on its way and returns how many it goes to, once for each subscription. What is
   * for `publisher` waits until releaseHeld(). The ranges are read before it returns.
   */
  publish(channel: Uint8Array, payload: Uint8Array, publisher: Publisher | null): number {
    let receivers = 0;
    const topic = this.channels.find(channel);
    if (topic !== null) {
      receivers += this.#deliver(topic, { pattern: null, channel, payload }, publisher);
    }
    if (this.patterns.size === 0) return receivers;
    for (const each of this.patterns) {
      const pattern = each.name;
      if (!matchesGlob(pattern, channel, 0, channel.length)) continue;
      receivers += this.#deliver(each, { pattern, channel, payload }, publisher);
    }
    return receivers;
  }

  get hasHeld(): boolean {
    return this.#held.length > 0;
  }

  /** The publisher's reply is written: his own messages follow. */
  releaseHeld(publisher: Subscriber): void {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    if (publisher.isLeaving) return;
    for (const bytes of held) publisher.receive(bytes);
  }

  /** What he sends himself waits until releaseHeld(); DEBUG's push does so, too. */
  hold({ subscriber, isAmidReply }: Publisher, bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes < HELD_BYTES_MAX) return;
    if (isAmidReply) subscriber.giveUp();
    this.releaseHeld(subscriber);
  }

  #deliver(
    topic: Topic,
    message: Parameters<typeof encodeMessage>[1],
    publisher: Publisher | null,
  ): number {
    let receivers = 0;
    let array: Uint8Array | null = null;
    let push: Uint8Array | null = null;
    // Who is too slow goes while the others are served: a Set may be changed meanwhile.
    for (const subscriber of topic.subscribers) {
      receivers++;
      if (subscriber.isLeaving) continue;
      let bytes: Uint8Array;
      if (subscriber.protocol === 3) bytes = push ??= encodeMessage(3, message);
      else bytes = array ??= encodeMessage(2, message);
      if (subscriber === publisher?.subscriber) this.hold(publisher, bytes);
      else subscriber.receive(bytes);
    }
    return receivers;
  }
}
