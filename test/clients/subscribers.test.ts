/*
 * Subscribers of ioredis and node-redis, in both protocol versions, as applications use them: they
 * share one server, hear each other, and subscribe again after they were cut off.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

/** What the two libraries have in common here. */
interface Library {
  subscribe(channel: string): Promise<unknown>;
  psubscribe(pattern: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  punsubscribe(pattern: string): Promise<unknown>;
  publish(channel: string, message: string): Promise<number>;
  /** `message channel text` or `pmessage pattern channel text`. */
  readonly heard: string[];
  stop(): Promise<void>;
}

async function openIoredis(port: number, protocol: 2 | 3): Promise<Library> {
  const options = { port, host: '127.0.0.1', protocol, retryStrategy: () => 20 };
  const [client, publisher] = [new Redis(options), new Redis(options)];
  for (const each of [client, publisher]) each.on('error', () => {});
  const heard: string[] = [];
  client.on('message', (channel, text) => heard.push(`message ${channel} ${text}`));
  client.on('pmessage', (pattern, channel, text) => {
    heard.push(`pmessage ${pattern} ${channel} ${text}`);
  });
  return {
    subscribe: (channel) => client.subscribe(channel),
    psubscribe: (pattern) => client.psubscribe(pattern),
    unsubscribe: (channel) => client.unsubscribe(channel),
    punsubscribe: (pattern) => client.punsubscribe(pattern),
    publish: (channel, message) => publisher.publish(channel, message),
    heard,
    stop: async () => {
      client.disconnect();
      publisher.disconnect();
    },
  };
}

async function openNodeRedis(port: number, RESP: 2 | 3): Promise<Library> {
  const open = async () => {
    const socket = { host: '127.0.0.1', port, reconnectStrategy: 20 };
    const client = createClient({ RESP, socket });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const [client, publisher] = [await open(), await open()];
  const heard: string[] = [];
  return {
    subscribe: (channel) =>
      client.subscribe(channel, (text, from) => heard.push(`message ${from} ${text}`)),
    psubscribe: (pattern) =>
      client.pSubscribe(pattern, (text, from) => heard.push(`pmessage ${pattern} ${from} ${text}`)),
    unsubscribe: (channel) => client.unsubscribe(channel),
    punsubscribe: (pattern) => client.pUnsubscribe(pattern),
    publish: (channel, message) => publisher.publish(channel, message),
    heard,
    stop: async () => {
      client.destroy();
      publisher.destroy();
    },
  };
}

for (const [name, open] of [
  ['ioredis', openIoredis],
  ['node-redis', openNodeRedis],
] as const) {
  for (const protocol of [2, 3] as const) {
    describe(`subscribers of ${name} in RESP${protocol}`, () => {
      async function start(): Promise<[ServerProcess, Library]> {
        const server = await untilTestEnds(startTandem());
        const library = await untilTestEnds(open(server.port, protocol));
        return [server, library];
      }

      test('channels and patterns are heard until they are given up', async () => {
        const [, library] = await start();
        const { heard } = library;
        await library.subscribe('news');
        await library.psubscribe('n*');
        assert.equal(await library.publish('news', 'grüße'), 2);
        assert.equal(await library.publish('nothing', ''), 1);
        assert.equal(await library.publish('else', 'x'), 0);
        const expected = ['message news grüße', 'pmessage n* news grüße', 'pmessage n* nothing '];
        await waitFor('all messages', () => heard.length === expected.length);
        assert.deepEqual(heard, expected);
        await library.unsubscribe('news');
        await library.punsubscribe('n*');
        assert.equal(await library.publish('news', 'nobody'), 0);
      });

      test('a subscriber that was cut off subscribes again by itself', async () => {
        const [server, library] = await start();
        const admin = await server.connect();
        await library.subscribe('news');
        assert.equal(await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub'), 1);
        await waitFor('it to come back', async () => {
          return (await admin.call('PUBLISH', 'news', 'again')) === 1;
        });
        await waitFor('the message', () => library.heard.includes('message news again'));
      });

      test('thousands of messages come in order', async () => {
        const [, library] = await start();
        const { heard } = library;
        await library.subscribe('news');
        const count = 5000;
        await Promise.all(
          Array.from({ length: count }, (_, i) => library.publish('news', String(i))),
        );
        await waitFor('all messages', () => heard.length === count);
        assert(heard.every((text, i) => text === `message news ${i}`));
      });
    });
  }
}
