/*
 * CLIENT and its subcommands: what a connection may ask about itself and the others, and do to the
 * others. What it chooses for itself alone is in client-mode-commands.ts. TRACKING and CACHING are
 * no rows yet: an unknown subcommand says so. Must not know sockets.
 */

import type { Arguments } from '../resp/arguments.js';
import type { Client, ClientKind } from './client.js';
import { isPrintable, validClientName } from './client-identity.js';
import { killClients } from './client-kill.js';
import { clientKindByWord, clientLine, runningRequest } from './client-line.js';
import { clientModeCommands } from './client-mode-commands.js';
import { type CommandFlag, type Context, defineCommands } from './command.js';
import { SYNTAX_ERROR } from './errors.js';
import {
  integerArgument,
  readInteger,
  readTimeoutMs,
  replyHelp,
  wordArgument,
} from './server-arguments.js';
import * as errors from './server-errors.js';

const utf8 = new TextEncoder();

const ownFlags: readonly CommandFlag[] = ['noscript', 'loading', 'stale'];
const adminFlags: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale'];
const allNodes = ['request_policy:all_nodes', 'response_policy:all_succeeded'];
const varying = ['nondeterministic_output'];

export const clientCommands = defineCommands([
  {
    name: 'client',
    arity: -2,
    flags: [],
    group: 'connection',
    since: '2.4.0',
    summary: 'Holds the commands about client connections.',
    subcommands: [
      ...clientModeCommands,
      {
        name: 'client|getname',
        arity: 2,
        flags: ownFlags,
        group: 'connection',
        since: '2.6.9',
        summary: 'Answers the name of the connection.',
        complexity: 'O(1)',
        run: getName,
      },
      {
        name: 'client|help',
        arity: 2,
        flags: ['loading', 'stale'],
        group: 'connection',
        since: '5.0.0',
        summary: 'Lists the subcommands.',
        complexity: 'O(1)',
        run: (ctx, args) => replyHelp(ctx, args, help),
      },
      {
        name: 'client|id',
        arity: 2,
        flags: ownFlags,
        group: 'connection',
        since: '5.0.0',
        summary: 'Answers the id of the connection.',
        complexity: 'O(1)',
        run: (ctx) => ctx.reply.integer(ctx.client.id),
      },
      {
        name: 'client|info',
        arity: 2,
        flags: ownFlags,
        group: 'connection',
        since: '6.2.0',
        summary: 'Describes the connection in a line as CLIENT LIST does.',
        complexity: 'O(1)',
        tips: varying,
        run: info,
      },
      {
        name: 'client|kill',
        arity: -3,
        flags: adminFlags,
        group: 'connection',
        since: '2.4.0',
        summary: 'Closes connections.',
        complexity: 'O(N), N being the number of connections',
        syntax:
          'filter(old-format"ip:port"@-2.8.12 | new-format([ID client-id:integer@2.8.12] | ' +
          '[TYPE client-type(NORMAL | MASTER@3.2.0 | SLAVE | REPLICA@5.0.0 | PUBSUB)@2.8.12] | ' +
          '[USER username] | [ADDR addr"ip:port"] | [LADDR laddr"ip:port"@6.2.0] | ' +
          '[SKIPME skipme(YES | NO)])...)',
        run: killClients,
      },
      {
        name: 'client|list',
        arity: -2,
        flags: adminFlags,
        group: 'connection',
        since: '2.4.0',
        summary: 'Describes the open connections, one a line.',
        complexity: 'O(N), N being the number of connections',
        tips: varying,
        syntax:
          '[TYPE client-type(NORMAL | MASTER | REPLICA | PUBSUB)@5.0.0] ' +
          '[ID client-id:integer@6.2.0]...',
        run: list,
      },
      {
        name: 'client|pause',
        arity: -3,
        flags: adminFlags,
        group: 'connection',
        since: '3.0.0',
        summary: 'Postpones commands for some time.',
        complexity: 'O(1)',
        syntax: 'timeout:integer [mode(WRITE | ALL)@6.2.0]',
        run: pause,
      },
      {
        name: 'client|setinfo',
        arity: 4,
        flags: ownFlags,
        group: 'connection',
        since: '7.2.0',
        summary: 'Tells the server about the library behind the connection.',
        complexity: 'O(1)',
        tips: allNodes,
        syntax: 'attr(LIB-NAME libname | LIB-VER libver)',
        run: setInfo,
      },
      {
        name: 'client|setname',
        arity: 3,
        flags: ownFlags,
        group: 'connection',
        since: '2.6.9',
        summary: 'Names the connection.',
        complexity: 'O(1)',
        tips: allNodes,
        syntax: 'connection-name',
        run: setName,
      },
      {
        name: 'client|unblock',
        arity: -3,
        flags: adminFlags,
        group: 'connection',
        since: '5.0.0',
        summary: 'Ends the wait of a connection in a blocking command.',
        complexity: 'O(1)',
        syntax: 'client-id:integer [unblock-type(TIMEOUT | ERROR)]',
        run: unblock,
      },
      {
        name: 'client|unpause',
        arity: 2,
        flags: adminFlags,
        group: 'connection',
        since: '6.2.0',
        summary: 'Ends the pause of CLIENT PAUSE.',
        complexity: 'O(N), N being the number of postponed clients',
        run: unpause,
      },
    ],
  },
]);

function getName(ctx: Context): void {
  if (ctx.client.name === '') return ctx.reply.null();
  ctx.reply.bulkLatin1(ctx.client.name);
}

function setName(ctx: Context, args: Arguments): void {
  const name = validClientName(args.text(2));
  if (name === null) return ctx.reply.error(errors.BAD_CLIENT_NAME);
  ctx.client.name = name;
  ctx.reply.ok();
}

function setInfo(ctx: Context, args: Arguments): void {
  const attribute = args.text(2);
  const word = attribute.toLowerCase();
  if (word !== 'lib-name' && word !== 'lib-ver') {
    return ctx.reply.error(errors.unknownClientInfo(attribute));
  }
  const value = args.text(3);
  if (!isPrintable(value)) return ctx.reply.error(errors.badClientInfo(attribute));
  if (word === 'lib-name') ctx.client.libraryName = value;
  else ctx.client.libraryVersion = value;
  ctx.reply.ok();
}

function info(ctx: Context, args: Arguments): void {
  const running = runningRequest(ctx, args);
  ctx.reply.verbatim('txt', `${clientLine(ctx.client, ctx.nowMs, running)}\n`);
}

function list(ctx: Context, args: Arguments): void {
  const running = runningRequest(ctx, args);
  const { clients } = ctx.services;
  const line = (client: Client) => utf8.encode(`${clientLine(client, ctx.nowMs, running)}\n`);
  // One string of all of them may be longer than a string can be.
  const lines: Uint8Array[] = [];
  if (args.count > 3 && wordArgument(args, 2) === 'id') {
    const described = new Map<Client, Uint8Array>();
    for (let i = 3; i < args.count; i++) {
      const id = integerArgument(args, i);
      if (id === null) return ctx.reply.error(errors.BAD_CLIENT_ID);
      const client = clients.byId(id);
      if (client === null) continue;
      // Who is asked for many times is described once.
      const bytes = described.get(client) ?? line(client);
      described.set(client, bytes);
      lines.push(bytes);
    }
    return ctx.reply.verbatimPieces('txt', lines);
  }
  let kind: ClientKind | null = null;
  if (args.count === 4 && wordArgument(args, 2) === 'type') {
    kind = clientKindByWord(args.text(3));
    if (kind === null) return ctx.reply.error(errors.unknownClientType(args.text(3)));
  } else if (args.count !== 2) {
    return ctx.reply.error(SYNTAX_ERROR);
  }
  for (const client of clients) {
    if (kind === null || client.kind === kind) lines.push(line(client));
  }
  ctx.reply.verbatimPieces('txt', lines);
}

function pause(ctx: Context, args: Arguments): void {
  const mode = args.count > 3 ? wordArgument(args, 3) : 'all';
  if (args.count > 4) return ctx.reply.error(errors.badSubcommand(args));
  if (mode !== 'write' && mode !== 'all') return ctx.reply.error(errors.BAD_PAUSE_MODE);
  const timeoutMs = readTimeoutMs(ctx, args, 2);
  if (timeoutMs === null) return;
  // A pause of 0 ms changes the mode of one that runs, and begins none.
  const untilMs = timeoutMs === 0 ? 0 : ctx.nowMs + timeoutMs;
  ctx.services.pause.pause({ purpose: 'client', mode, untilMs });
  ctx.reply.ok();
}

/** A client that a pause holds back waits for no command, and goes on waiting. */
function unblock(ctx: Context, args: Arguments): void {
  const { reply, services } = ctx;
  if (args.count > 4) return reply.error(errors.badSubcommand(args));
  const how = args.count === 4 ? wordArgument(args, 3) : 'timeout';
  if (how !== 'timeout' && how !== 'error') return reply.error(errors.BAD_UNBLOCK_REASON);
  const id = readInteger(ctx, { args, index: 2 });
  if (id === null) return;
  const giveUp = services.clients.byId(id)?.onGivenUp ?? null;
  giveUp?.(how);
  reply.integer(giveUp === null ? 0 : 1);
}

function unpause(ctx: Context): void {
  ctx.services.pause.unpause('client');
  ctx.reply.ok();
}

const help = [
  'GETNAME',
  '    Answers the name of this connection.',
  'GETREDIR',
  '    Answers the id of the connection that is told of changed keys instead of this one.',
  'ID',
  '    Answers the id of this connection.',
  'INFO',
  '    Describes this connection.',
  'KILL <ip:port>',
  '    Closes the connection from that address.',
  'KILL <option> <value> [<option> <value> [...]]',
  '    Closes every connection that fits all of the options:',
  '    * ADDR (<ip:port>|<unixsocket>:0)',
  '      It comes from that address.',
  '    * ID <client-id>',
  '      It has that id.',
  '    * LADDR (<ip:port>|<unixsocket>:0)',
  '      It goes to that address of ours.',
  '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
  '      It is of that kind.',
  '    * USER <username>',
  '      It is authenticated as that user.',
  '    * SKIPME (YES|NO)',
  '      Whether this connection is left alone (default: yes).',
  'LIST [options ...]',
  '    Describes the connections, one a line:',
  '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
  '      Only those of that kind.',
  '    * ID <client-id> [<client-id> ...]',
  '      Only those with these ids.',
  'NO-EVICT (ON|OFF)',
  '    Excepts this connection from client eviction.',
  'NO-TOUCH (ON|OFF)',
  '    Whether its use of keys leaves their idle times and frequencies as they are.',
  'PAUSE <timeout> [WRITE|ALL]',
  '    Postpones all commands, or those that write, for <timeout> milliseconds.',
  'REPLY (ON|OFF|SKIP)',
  '    Whether its commands have replies; SKIP: the next one has none.',
  'SETINFO <option> <value>',
  '    Tells about the library behind this connection:',
  '    * LIB-NAME: its name.',
  '    * LIB-VER: its version.',
  'SETNAME <name>',
  '    Names this connection.',
  'TRACKINGINFO',
  '    Tells how it is told of changed keys.',
  'UNBLOCK <client-id> [TIMEOUT|ERROR]',
  '    Ends the wait of a connection in a blocking command.',
  'UNPAUSE',
  '    Ends the pause.',
];
