/*
 * The subcommands of CLIENT with which a connection chooses, for itself alone, how it is treated:
 * REPLY, NO-EVICT, NO-TOUCH; and those that tell of client side caching, which nobody can switch on
 * yet. Must not know sockets; how replies are left out is in silenced-requests.ts.
 */

import type { Arguments } from '../resp/arguments.js';
import { Silence } from './client-silence.js';
import { type CommandFlag, type Context, defineCommands } from './command.js';
import { SYNTAX_ERROR } from './errors.js';
import { wordArgument } from './server-arguments.js';

const ownFlags: readonly CommandFlag[] = ['noscript', 'loading', 'stale'];

/** What GETREDIR and TRACKINGINFO answer where there is no tracking. */
const NO_REDIRECTION = -1;

export const clientModeCommands = defineCommands([
  {
    name: 'client|getredir',
    arity: 2,
    flags: ownFlags,
    group: 'connection',
    since: '6.0.0',
    summary: 'Answers whom the messages of client side caching go to.',
    complexity: 'O(1)',
    run: (ctx) => ctx.reply.integer(NO_REDIRECTION),
  },
  {
    name: 'client|no-evict',
    arity: 3,
    flags: ['admin', ...ownFlags],
    group: 'connection',
    since: '7.0.0',
    summary: 'Excepts the connection from client eviction.',
    complexity: 'O(1)',
    syntax: 'enabled(ON | OFF)',
    run: (ctx, args) =>
      choose(ctx, args, (isOn) => {
        ctx.client.isNoEvict = isOn;
      }),
  },
  {
    name: 'client|no-touch',
    arity: 3,
    flags: ownFlags,
    group: 'connection',
    since: '7.2.0',
    summary: 'Leaves idle times and frequencies of the keys that the connection uses alone.',
    complexity: 'O(1)',
    syntax: 'enabled(ON | OFF)',
    run: (ctx, args) =>
      choose(ctx, args, (isOn) => {
        ctx.client.isNoTouch = isOn;
        ctx.keyspace.notesUse = !isOn;
      }),
  },
  {
    name: 'client|reply',
    arity: 3,
    flags: ownFlags,
    group: 'connection',
    since: '3.2.0',
    summary: 'Chooses whether commands have replies.',
    complexity: 'O(1)',
    syntax: 'action(ON | OFF | SKIP)',
    run: chooseReplies,
  },
  {
    name: 'client|trackinginfo',
    arity: 2,
    flags: ownFlags,
    group: 'connection',
    since: '6.2.0',
    summary: 'Tells about client side caching of the connection.',
    complexity: 'O(1)',
    run: trackingInfo,
  },
]);

function choose(ctx: Context, args: Arguments, apply: (isOn: boolean) => void): void {
  const word = wordArgument(args, 2);
  if (word !== 'on' && word !== 'off') return ctx.reply.error(SYNTAX_ERROR);
  apply(word === 'on');
  ctx.reply.ok();
}

/** Only ON has a reply. Inside EXEC it takes effect at once, amid EXEC's own. */
function chooseReplies(ctx: Context, args: Arguments): void {
  const { client, reply } = ctx;
  const word = wordArgument(args, 2);
  if (word === 'on') {
    client.silence?.turnOn();
    reply.unmute();
    return reply.ok();
  }
  if (word !== 'off' && word !== 'skip') return reply.error(SYNTAX_ERROR);
  const silence = client.silence ?? new Silence();
  if (word === 'off') {
    silence.isOff = true;
    reply.mute();
  } else if (!silence.isOff) {
    silence.skipsNext = true;
  }
  client.silence = silence;
}

function trackingInfo({ reply }: Context): void {
  reply.map(3);
  reply.bulkLatin1('flags');
  reply.set(1);
  reply.bulkLatin1('off');
  reply.bulkLatin1('redirect');
  reply.integer(NO_REDIRECTION);
  reply.bulkLatin1('prefixes');
  reply.array(0);
}
