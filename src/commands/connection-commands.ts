/*
 * The commands with which a connection introduces itself and changes its own state: PING, ECHO,
 * AUTH, HELLO, SELECT, QUIT, RESET. Must not know sockets; what a connection is lies in Client.
 */

import type { Arguments } from '../resp/arguments.js';
import { authenticate, isPasswordNeeded, validClientName } from './client-identity.js';
import { type Context, defineCommands } from './command.js';
import { SYNTAX_ERROR, wrongArity } from './errors.js';
import { integerArgument, readInteger, wordArgument } from './server-arguments.js';
import * as errors from './server-errors.js';

/** What HELLO and INFO say: clients decide by it which commands they may use. */
export const REDIS_VERSION = '7.2.4';

export const connectionCommands = defineCommands([
  {
    name: 'ping',
    arity: -1,
    flags: ['fast'],
    group: 'connection',
    since: '1.0.0',
    summary: 'Answers PONG, or the given message.',
    complexity: 'O(1)',
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    syntax: '[message]',
    run: ping,
  },
  {
    name: 'echo',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    group: 'connection',
    since: '1.0.0',
    summary: 'Answers the given message.',
    complexity: 'O(1)',
    syntax: 'message',
    run: echo,
  },
  {
    name: 'auth',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    group: 'connection',
    since: '1.0.0',
    summary: 'Authenticates the connection.',
    complexity: 'O(N), N being the number of passwords of the user',
    syntax: '[username@6.0.0] password',
    secrets: argumentsAfterName,
    run: auth,
  },
  {
    name: 'hello',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    group: 'connection',
    since: '6.0.0',
    summary: 'Chooses the protocol version, and tells what the server is.',
    complexity: 'O(1)',
    syntax: '[arguments{protover:integer [AUTH auth{username password}] [SETNAME clientname]}]',
    secrets: loginOfHello,
    run: hello,
  },
  {
    name: 'select',
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    group: 'connection',
    since: '1.0.0',
    summary: 'Changes the selected database.',
    complexity: 'O(1)',
    syntax: 'index:integer',
    run: select,
  },
  {
    name: 'quit',
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    group: 'connection',
    since: '1.0.0',
    summary: 'Closes the connection.',
    complexity: 'O(1)',
    docFlags: ['deprecated'],
    deprecatedSince: '7.2.0',
    replacedBy: 'just closing the connection',
    run: quit,
  },
  {
    name: 'reset',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    group: 'connection',
    since: '6.2.0',
    summary: 'Puts the connection back into the state of a new one.',
    complexity: 'O(1)',
    run: reset,
  },
]);

function ping(ctx: Context, args: Arguments): void {
  if (args.count > 2) return ctx.reply.error(wrongArity('ping'));
  if (ctx.client.isSubscriberOnly) {
    ctx.reply.array(2);
    ctx.reply.bulkLatin1('pong');
    if (args.count === 1) return ctx.reply.emptyBulk();
  } else if (args.count === 1) {
    return ctx.reply.pong();
  }
  ctx.reply.bulk(args.buffer, args.start[1], args.end[1]);
}

function echo(ctx: Context, args: Arguments): void {
  ctx.reply.bulk(args.buffer, args.start[1], args.end[1]);
}

function auth(ctx: Context, args: Arguments): void {
  if (args.count > 3) return ctx.reply.error(SYNTAX_ERROR);
  if (args.count === 2 && !isPasswordNeeded(ctx)) {
    return ctx.reply.error(errors.AUTH_WITHOUT_PASSWORD);
  }
  const user = args.count === 3 ? args.text(1) : 'default';
  if (!authenticate(ctx, { user, password: args.bytes(args.count - 1) })) {
    return ctx.reply.error(errors.WRONG_PASSWORD);
  }
  ctx.reply.ok();
}

function argumentsAfterName(args: Arguments): number[] {
  return Array.from({ length: args.count - 1 }, (_, i) => i + 1);
}

interface HelloRequest {
  /** 0 keeps the version. */
  readonly version: 0 | 2 | 3;
  readonly login: { user: string; password: Uint8Array } | null;
  readonly name: string | null;
}

/** Also where the request is none that HELLO takes. */
function loginOfHello(args: Arguments): number[] {
  const indexes: number[] = [];
  for (let i = 1; i + 1 < args.count; i++) {
    if (wordArgument(args, i) === 'auth') indexes.push(i + 1, i + 2);
  }
  return indexes;
}

function hello(ctx: Context, args: Arguments): void {
  const request = parseHello(args);
  if (typeof request === 'string') return ctx.reply.error(request);
  const { client, reply, services } = ctx;
  if (request.login !== null && !authenticate(ctx, request.login)) {
    return reply.error(errors.WRONG_PASSWORD);
  }
  if (!client.isAuthenticated) return reply.error(errors.HELLO_UNAUTHENTICATED);
  if (request.name !== null) client.name = request.name;
  if (request.version !== 0) {
    client.protocol = request.version;
    reply.version = request.version;
  }
  reply.map(7);
  reply.bulkLatin1('server');
  reply.bulkLatin1('redis');
  reply.bulkLatin1('version');
  reply.bulkLatin1(REDIS_VERSION);
  reply.bulkLatin1('proto');
  reply.integer(client.protocol);
  reply.bulkLatin1('id');
  reply.integer(client.id);
  reply.bulkLatin1('mode');
  reply.bulkLatin1('standalone');
  reply.bulkLatin1('role');
  reply.bulkLatin1(services.replication.role === 'primary' ? 'master' : 'replica');
  reply.bulkLatin1('modules');
  reply.array(0);
}

/** The request, or the error to answer. Touches no state. */
function parseHello(args: Arguments): HelloRequest | string {
  let version: 0 | 2 | 3 = 0;
  if (args.count > 1) {
    const wanted = integerArgument(args, 1);
    if (wanted === null) return errors.HELLO_VERSION_NOT_AN_INTEGER;
    if (wanted !== 2 && wanted !== 3) return errors.NO_PROTO;
    version = wanted;
  }
  let login: HelloRequest['login'] = null;
  let name: string | null = null;
  for (let i = 2; i < args.count; i++) {
    const option = wordArgument(args, i);
    if (option === 'auth' && i + 2 < args.count) {
      login = { user: args.text(i + 1), password: args.bytes(i + 2) };
      i += 2;
    } else if (option === 'setname' && i + 1 < args.count) {
      name = validClientName(args.text(i + 1));
      if (name === null) return errors.BAD_CLIENT_NAME;
      i++;
    } else {
      return errors.helloSyntax(args.text(i));
    }
  }
  return { version, login, name };
}

/** The range of C's int, which the database index is read as. */
const INT_RANGE = { min: -(2 ** 31), max: 2 ** 31 - 1 };

function select(ctx: Context, args: Arguments): void {
  const index = readInteger(ctx, { args, index: 1, range: INT_RANGE });
  if (index === null) return;
  if (index < 0 || index >= ctx.keyspace.databases.length) {
    return ctx.reply.error(errors.DATABASE_OUT_OF_RANGE);
  }
  ctx.client.database = index;
  ctx.reply.ok();
}

function quit(ctx: Context): void {
  ctx.client.closesAfterReply = true;
  ctx.reply.ok();
}

function reset(ctx: Context): void {
  const { client, reply } = ctx;
  if (client.kind === 'replica' || client.kind === 'primary') {
    return reply.error(errors.RESET_NOT_NORMAL);
  }
  ctx.services.transactions.discard(client);
  ctx.services.pubsub.forget(client);
  client.database = 0;
  client.protocol = 2;
  reply.version = 2;
  client.user = 'default';
  client.isAuthenticated = !isPasswordNeeded(ctx);
  client.name = '';
  client.isNoEvict = false;
  client.isNoTouch = false;
  ctx.services.monitors.remove(client);
  client.silence?.reset();
  if (!client.isSilenced) reply.unmute();
  reply.simple('RESET');
}
