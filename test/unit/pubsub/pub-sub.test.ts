/*
 * Publish and subscribe by itself: against a model that keeps plain lists, and what the room
 * promises beyond that (one encoding for many, receivers that go meanwhile, a bound).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SUBSCRIPTION_BYTES, SUBSCRIPTIONS_BYTES_MAX } from '../../../src/limits.js';
import { PubSub } from '../../../src/pubsub/pub-sub.js';
import { type Subscriber, Subscriptions } from '../../../src/pubsub/subscriber.js';
import { TopicTable } from '../../../src/pubsub/topic-table.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';
import { matchesGlob } from '../../../src/structures/glob.js';
import type { KeyedHash } from '../../../src/structures/siphash.js';

class Listener implements Subscriber {
  readonly protocol: 2 | 3;
  subscriptions: Subscriptions | null = null;
  isLeaving = false;
  readonly received: Uint8Array[] = [];
  onReceive = (): void => {};

  constructor(protocol: 2 | 3 = 3) {
    this.protocol = protocol;
  }

  giveUp(): void {
    this.isLeaving = true;
  }

  receive(message: Uint8Array): void {
    this.received.push(message);
    this.onReceive();
  }

  get texts(): string[] {
    return this.received.map((bytes) => latin1Text(bytes));
  }
}

function newPubSub(): PubSub {
  return new PubSub({ hashSeed: new Uint8Array(16).fill(7) });
}

function publish(pubsub: PubSub, channel: string, text: string, by: Listener | null = null) {
  const publisher = by === null ? null : { subscriber: by, isAmidReply: false };
  return pubsub.publish(latin1(channel), latin1(text), publisher);
}

/** What is received of a message, as bytes. */
function wire(protocol: 2 | 3, pattern: string | null, channel: string, text: string): string {
  const words =
    pattern === null ? ['message', channel, text] : ['pmessage', pattern, channel, text];
  const bulks = words.map((word) => `$${word.length}\r\n${word}\r\n`).join('');
  return `${protocol === 3 ? '>' : '*'}${words.length}\r\n${bulks}`;
}

const names = ['a', 'b', 'ab', '', 'a*', '*', '?', '[ab]', 'c'.repeat(200)];

test('random steps: subscribers, counts and messages are those of a model', () => {
  const name = fc.constantFrom(...names);
  const who = fc.nat({ max: 3 });
  const kind = fc.constantFrom('channels' as const, 'patterns' as const);
  const step = fc.oneof(
    fc.record({ act: fc.constant('subscribe' as const), who, kind, name }),
    fc.record({ act: fc.constant('unsubscribe' as const), who, kind, name }),
    fc.record({ act: fc.constant('forget' as const), who, kind, name }),
    fc.record({ act: fc.constant('publish' as const), who, kind, name }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pubsub = newPubSub();
      const listeners = ([2, 3, 2, 3] as const).map((protocol) => new Listener(protocol));
      const model = listeners.map(() => ({
        channels: new Set<string>(),
        patterns: new Set<string>(),
      }));
      for (const { act, who, kind, name } of steps) {
        const listener = listeners[who] as Listener;
        const own = model[who] as (typeof model)[number];
        const table = pubsub[kind];
        const count = () => own.channels.size + own.patterns.size;
        if (act === 'subscribe') {
          own[kind].add(name);
          assert.equal(pubsub.subscribe(listener, table, latin1(name)), count());
        } else if (act === 'unsubscribe') {
          own[kind].delete(name);
          assert.equal(pubsub.unsubscribe(listener, table, table.find(latin1(name))), count());
        } else if (act === 'forget') {
          own.channels.clear();
          own.patterns.clear();
          pubsub.forget(listener);
        } else {
          checkPublish(pubsub, name, listeners, model);
        }
        assert.equal(listener.subscriptions?.count ?? 0, count());
        assert.equal(listener.subscriptions === null, count() === 0);
        for (const each of ['channels', 'patterns'] as const) {
          const all = new Set(model.flatMap((one) => [...one[each]]));
          assert.equal(pubsub[each].size, all.size);
          assert.deepEqual(
            [...pubsub[each]].map((topic) => latin1Text(topic.name)).sort(),
            [...all].sort(),
          );
        }
      }
      for (const listener of listeners) pubsub.forget(listener);
      assert.equal(pubsub.channels.heldBytes + pubsub.patterns.heldBytes, 0);
    }),
  );
});

function checkPublish(
  pubsub: PubSub,
  channel: string,
  listeners: readonly Listener[],
  model: readonly { channels: Set<string>; patterns: Set<string> }[],
): void {
  const expected = model.map(({ channels, patterns }, i) => {
    const protocol = (listeners[i] as Listener).protocol;
    const direct = channels.has(channel) ? [wire(protocol, null, channel, 'text')] : [];
    const matching = [...patterns].filter((pattern) =>
      matchesGlob(latin1(pattern), latin1(channel), 0, channel.length),
    );
    return [...direct, ...matching.map((each) => wire(protocol, each, channel, 'text'))];
  });
  const receivers = publish(pubsub, channel, 'text');
  assert.equal(receivers, expected.flat().length);
  for (const [i, listener] of listeners.entries()) {
    const { texts } = listener;
    // The channel's own message comes first; patterns have an order that all share.
    assert.deepEqual(texts.toSorted(), (expected[i] as string[]).toSorted());
    if (model[i]?.channels.has(channel)) assert.equal(texts[0], expected[i]?.[0]);
    listener.received.length = 0;
  }
}

test('a message is encoded once for all who speak the same protocol', () => {
  const pubsub = newPubSub();
  const listeners = ([2, 3, 3, 2, 3] as const).map((protocol) => new Listener(protocol));
  for (const listener of listeners) pubsub.subscribe(listener, pubsub.channels, latin1('c'));
  assert.equal(publish(pubsub, 'c', 'text'), 5);
  assert.equal(new Set(listeners.map(({ received }) => received[0])).size, 2);
});

test('a receiver may go, and others with him, while a message is delivered', () => {
  const pubsub = newPubSub();
  const [first, second, third] = [new Listener(), new Listener(), new Listener()];
  for (const each of [first, second, third]) {
    pubsub.subscribe(each, pubsub.channels, latin1('c'));
    pubsub.subscribe(each, pubsub.patterns, latin1('*'));
  }
  first.onReceive = () => {
    pubsub.forget(first);
    pubsub.forget(second);
  };
  assert.equal(publish(pubsub, 'c', 'text'), 3);
  assert.deepEqual(
    [first, second, third].map(({ received }) => received.length),
    [1, 0, 2],
  );
  third.onReceive = () => pubsub.forget(third);
  assert.equal(publish(pubsub, 'c', 'text'), 1);
  assert.equal(pubsub.channels.size + pubsub.patterns.size, 0);
});

test('what the publisher himself is to hear waits until it is released, in order', () => {
  const pubsub = newPubSub();
  const [self, other] = [new Listener(), new Listener()];
  for (const each of [self, other]) pubsub.subscribe(each, pubsub.patterns, latin1('*'));
  assert.equal(publish(pubsub, 'a', '1', self), 2);
  assert.equal(publish(pubsub, 'b', '2', self), 2);
  assert.deepEqual([self.received.length, other.received.length], [0, 2]);
  assert(pubsub.hasHeld);
  pubsub.releaseHeld(self);
  assert.deepEqual(self.texts, [wire(3, '*', 'a', '1'), wire(3, '*', 'b', '2')]);
  assert(!pubsub.hasHeld);
});

test('names of the same hash are told apart, whoever goes first', () => {
  const same = { hash: () => 1 } as unknown as KeyedHash;
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
    [1, 2, 0],
  ]) {
    const table = new TopicTable(same, (of) => of.channels);
    const subscriber = new Listener();
    const subscriptions = new Subscriptions();
    const all = ['x', 'y', 'xy'].map((name) => latin1(name));
    for (const name of all) table.add(subscriber, subscriptions, name);
    const left = new Set(all);
    for (const i of order) {
      const name = all[i] as Uint8Array;
      const topic = table.find(name);
      assert.deepEqual(topic?.name, name);
      if (topic) table.remove(subscriber, subscriptions, topic);
      left.delete(name);
      for (const each of all) assert.equal(table.find(each) !== null, left.has(each));
    }
    assert.equal(table.size + table.heldBytes, 0);
  }
});

test('subscriptions have a bound, by number and by the length of names', () => {
  const pubsub = newPubSub();
  const most = Math.floor(SUBSCRIPTIONS_BYTES_MAX / SUBSCRIPTION_BYTES);
  assert(pubsub.hasRoomFor(most, 0));
  assert(!pubsub.hasRoomFor(most + 1, 0));
  assert(!pubsub.hasRoomFor(1, SUBSCRIPTIONS_BYTES_MAX));
  const listener = new Listener();
  pubsub.subscribe(listener, pubsub.channels, latin1('c'));
  assert(!pubsub.hasRoomFor(most, 0));
  pubsub.forget(listener);
  assert(pubsub.hasRoomFor(most, 0));
});

test('a name is kept as it was, whatever becomes of the bytes that brought it', () => {
  const pubsub = newPubSub();
  const listener = new Listener();
  const bytes = latin1('name');
  pubsub.subscribe(listener, pubsub.channels, bytes);
  bytes.fill(0);
  assert.equal(publish(pubsub, 'name', ''), 1);
});

test('messages of a publisher to himself do not pile up behind his reply', () => {
  const pubsub = newPubSub();
  const self = new Listener();
  const patterns = Array.from({ length: 100 }, (_, i) => latin1(`*[c${i}]`));
  for (const pattern of patterns) pubsub.subscribe(self, pubsub.patterns, pattern);
  const payload = new Uint8Array(4 * 1024 * 1024);
  // Who owes too much goes, as a client does whose output is over the limit.
  self.onReceive = () => {
    if (self.received.length >= 8) self.isLeaving = true;
  };
  const publisher = { subscriber: self, isAmidReply: false };
  assert.equal(pubsub.publish(latin1('c'), payload, publisher), 100);
  assert.equal(self.received.length, 8, 'no more were made than the limit takes');
  assert.equal(pubsub.hasHeld, false);
});

test('inside EXEC no message comes before the end of the reply, however many there are', () => {
  const pubsub = newPubSub();
  const self = new Listener();
  pubsub.subscribe(self, pubsub.channels, latin1('c'));
  const publisher = { subscriber: self, isAmidReply: true };
  const payload = new Uint8Array(4 * 1024 * 1024);
  for (let i = 0; i < 20; i++) assert.equal(pubsub.publish(latin1('c'), payload, publisher), 1);
  assert.deepEqual([self.received.length, self.isLeaving], [0, true]);
  assert.equal(pubsub.hasHeld, false);
});
