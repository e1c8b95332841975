/*
 * Publish and subscribe: SUBSCRIBE, PSUBSCRIBE, their opposites, PUBLISH and PUBSUB. Each name of a
 * subscription is answered with a message of its own. Sharded channels are not there yet. Must not
 * know sockets; who hears what lies in pubsub/.
 */

import type { Arguments } from '../resp/arguments.js';
import { matchesGlob } from '../structures/glob.js';
import { type CommandFlag, type Context, defineCommands } from './command.js';
import { replyHelp } from './server-arguments.js';
import * as errors from './server-errors.js';

const ownFlags: readonly CommandFlag[] = ['pubsub', 'noscript', 'loading', 'stale'];
const askingFlags: readonly CommandFlag[] = ['pubsub', 'loading', 'stale'];

export const pubsubCommands = defineCommands([
  {
    name: 'subscribe',
    arity: -2,
    flags: ownFlags,
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Listens to the messages of channels.',
    complexity: 'O(N), N being the number of channels',
    syntax: 'channel...',
    run: (ctx, args) => subscribe(ctx, args, channelKind),
  },
  {
    name: 'unsubscribe',
    arity: -1,
    flags: ownFlags,
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Listens no more to channels, or to any.',
    complexity: 'O(N), N being the number of channels',
    syntax: '[channel...]',
    run: (ctx, args) => unsubscribe(ctx, args, channelKind),
  },
  {
    name: 'psubscribe',
    arity: -2,
    flags: ownFlags,
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Listens to the messages of all channels that match patterns.',
    complexity: 'O(N), N being the number of patterns',
    syntax: 'pattern:pattern...',
    run: (ctx, args) => subscribe(ctx, args, patternKind),
  },
  {
    name: 'punsubscribe',
    arity: -1,
    flags: ownFlags,
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Listens no more to patterns, or to any.',
    complexity: 'O(N), N being the number of patterns',
    syntax: '[pattern:pattern...]',
    run: (ctx, args) => unsubscribe(ctx, args, patternKind),
  },
  {
    name: 'publish',
    arity: 3,
    flags: ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'],
    group: 'pubsub',
    since: '2.0.0',
    summary: 'Sends a message to those who listen to the channel.',
    complexity: 'O(N+M), N being the subscribers of the channel and M all patterns',
    syntax: 'channel message',
    run: publish,
  },
  {
    name: 'pubsub',
    arity: -2,
    flags: [],
    group: 'pubsub',
    since: '2.8.0',
    summary: 'Holds the commands that ask about channels and patterns.',
    subcommands: [
      {
        name: 'pubsub|channels',
        arity: -2,
        flags: askingFlags,
        group: 'pubsub',
        since: '2.8.0',
        summary: 'Lists the channels that have subscribers.',
        complexity: 'O(N), N being the number of such channels',
        syntax: '[pattern:pattern]',
        run: channels,
      },
      {
        name: 'pubsub|help',
        arity: 2,
        flags: ['loading', 'stale'],
        group: 'pubsub',
        since: '6.2.0',
        summary: 'Lists the subcommands.',
        complexity: 'O(1)',
        run: (ctx, args) => replyHelp(ctx, args, help),
      },
      {
        name: 'pubsub|numpat',
        arity: 2,
        flags: askingFlags,
        group: 'pubsub',
        since: '2.8.0',
        summary: 'Counts the different patterns that are subscribed to.',
        complexity: 'O(1)',
        run: (ctx) => ctx.reply.integer(ctx.services.pubsub.patterns.size),
      },
      {
        name: 'pubsub|numsub',
        arity: -2,
        flags: askingFlags,
        group: 'pubsub',
        since: '2.8.0',
        summary: 'Counts the subscribers of channels, those by patterns left out.',
        complexity: 'O(N), N being the number of channels',
        syntax: '[channel...]',
        run: countSubscribers,
      },
    ],
  },
]);

/** What differs between channels and patterns. */
interface Kind {
  readonly of: 'channels' | 'patterns';
  readonly added: string;
  readonly removed: string;
}

const channelKind: Kind = { of: 'channels', added: 'subscribe', removed: 'unsubscribe' };
const patternKind: Kind = { of: 'patterns', added: 'psubscribe', removed: 'punsubscribe' };

function subscribe(ctx: Context, args: Arguments, kind: Kind): void {
  const { pubsub } = ctx.services;
  let bytes = 0;
  for (let i = 1; i < args.count; i++) bytes += args.length(i);
  if (!pubsub.hasRoomFor(args.count - 1, bytes)) {
    return ctx.reply.error(errors.TOO_MANY_SUBSCRIPTIONS);
  }
  const table = pubsub[kind.of];
  for (let i = 1; i < args.count; i++) {
    const name = args.range(i);
    replyChange(ctx, kind.added, name, pubsub.subscribe(ctx.client, table, name));
  }
}

function unsubscribe(ctx: Context, args: Arguments, kind: Kind): void {
  const { client, services } = ctx;
  const { pubsub } = services;
  const table = pubsub[kind.of];
  for (let i = 1; i < args.count; i++) {
    const name = args.range(i);
    const count = pubsub.unsubscribe(client, table, table.find(name));
    replyChange(ctx, kind.removed, name, count);
  }
  if (args.count > 1) return;
  const topics = [...(client.subscriptions?.[kind.of] ?? [])];
  for (const topic of topics) {
    replyChange(ctx, kind.removed, topic.name, pubsub.unsubscribe(client, table, topic));
  }
  if (topics.length === 0) replyChange(ctx, kind.removed, null, client.subscriptions?.count ?? 0);
}

/** `name` null: there was nothing to unsubscribe from. */
function replyChange(ctx: Context, word: string, name: Uint8Array | null, count: number): void {
  const { reply } = ctx;
  // A message, so that a client that wants no replies hears it too.
  reply.aloud(() => {
    reply.push(3);
    reply.bulkLatin1(word);
    if (name === null) reply.null();
    else reply.bulk(name, 0, name.length);
    reply.integer(count);
  });
}

function publish(ctx: Context, args: Arguments): void {
  const { client, isFromPrimary, reply, services } = ctx;
  const isAmidReply = ctx.isInTransaction;
  const publisher = isFromPrimary ? null : { subscriber: client, isAmidReply };
  const receivers = services.pubsub.publish(args.range(1), args.range(2), publisher);
  ctx.propagateUnchanged();
  reply.integer(receivers);
}

function channels(ctx: Context, args: Arguments): void {
  if (args.count > 3) return ctx.reply.error(errors.badSubcommand(args));
  const pattern = args.count === 3 ? args.range(2) : null;
  const found: Uint8Array[] = [];
  for (const { name } of ctx.services.pubsub.channels) {
    if (pattern === null || matchesGlob(pattern, name, 0, name.length)) found.push(name);
  }
  ctx.reply.array(found.length);
  for (const name of found) ctx.reply.bulk(name, 0, name.length);
}

function countSubscribers(ctx: Context, args: Arguments): void {
  const { reply, services } = ctx;
  reply.array((args.count - 2) * 2);
  for (let i = 2; i < args.count; i++) {
    const topic = services.pubsub.channels.find(args.range(i));
    reply.bulk(args.buffer, args.start[i], args.end[i]);
    reply.integer(topic?.subscribers.size ?? 0);
  }
}

const help = [
  'CHANNELS [<pattern>]',
  '    Lists the channels that have subscribers, those that match only if a pattern is given.',
  'NUMPAT',
  '    Counts the different patterns that are subscribed to.',
  'NUMSUB [<channel> ...]',
  '    Counts the subscribers of each channel, those by patterns left out.',
];
