/*
 * The commands of replication: who is whose replica, and the handshake. They check their arguments
 * and hand on to services.replication, which knows histories, peers and links.
 */

import type { Arguments } from '../resp/arguments.js';
import { clientLine, runningRequest } from './client-line.js';
import { type CommandFlag, type Context, defineCommands } from './command.js';
import { SYNTAX_ERROR } from './errors.js';
import { readInteger } from './server-arguments.js';
import * as errors from './server-errors.js';

const syncFlags: readonly CommandFlag[] = ['admin', 'noscript', 'no_async_loading', 'no_multi'];
const roleFlags: readonly CommandFlag[] = ['admin', 'noscript', 'stale', 'no_async_loading'];
const replicaofSyntax = 'args(host-port{host port:integer} | no-one{NO ONE})';

export const replicationCommands = defineCommands([
  {
    name: 'replicaof',
    arity: 3,
    flags: roleFlags,
    group: 'server',
    since: '5.0.0',
    summary: 'Makes the server a replica of another one, or a primary.',
    complexity: 'O(1)',
    syntax: replicaofSyntax,
    run: replicaOf,
  },
  {
    name: 'slaveof',
    arity: 3,
    flags: roleFlags,
    group: 'server',
    since: '1.0.0',
    summary: 'The former name of REPLICAOF.',
    complexity: 'O(1)',
    docFlags: ['deprecated'],
    deprecatedSince: '5.0.0',
    replacedBy: '`REPLICAOF`',
    syntax: replicaofSyntax,
    run: replicaOf,
  },
  {
    name: 'role',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast'],
    group: 'server',
    since: '2.8.12',
    summary: 'Answers the part that the server plays in replication.',
    complexity: 'O(1)',
    categories: ['@admin', '@dangerous'],
    run: (ctx) => ctx.services.replication.writeRole(ctx),
  },
  {
    name: 'psync',
    arity: -3,
    flags: syncFlags,
    group: 'server',
    since: '2.8.0',
    summary: 'Used between servers: asks for the stream from an offset on.',
    syntax: 'replicationid offset:integer',
    run: psync,
  },
  {
    name: 'sync',
    arity: 1,
    flags: syncFlags,
    group: 'server',
    since: '1.0.0',
    summary: 'Used by old replicas and tools: asks for a snapshot and the stream after it.',
    run: sync,
  },
  {
    name: 'replconf',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'allow_busy'],
    group: 'server',
    since: '3.0.0',
    summary: 'Used between servers: tells about the replica and how far it is.',
    complexity: 'O(1)',
    docFlags: ['syscmd'],
    run: replconf,
  },
]);

function replicaOf(ctx: Context, args: Arguments): void {
  const { client, reply, services } = ctx;
  const host = args.text(1);
  const isNoOne = host.toLowerCase() === 'no' && args.text(2).toLowerCase() === 'one';
  if (!isNoOne && client.isFed) return reply.error(errors.REPLICA_MAY_NOT);
  const by = clientLine(client, ctx.nowMs, runningRequest(ctx, args));
  if (isNoOne) {
    services.replication.replicaOf(null, by);
    return reply.ok();
  }
  const range = { min: 0, max: 65_535, error: errors.BAD_PRIMARY_PORT };
  const port = readInteger(ctx, { args, index: 2, range });
  if (port === null) return;
  const outcome = services.replication.replicaOf({ host, port }, by);
  if (outcome === 'ok') return reply.ok();
  reply.simple('OK Already connected to specified master');
}

function sync(ctx: Context): void {
  if (!ctx.client.isFed) ctx.services.replication.onSync(ctx, null);
}

function psync(ctx: Context, args: Arguments): void {
  const { client, reply } = ctx;
  // Whoever is a replica or a monitor already is ignored, as in Redis.
  if (client.isFed) return;
  const { replication } = ctx.services;
  const offset = readInteger(ctx, { args, index: 2 });
  if (offset === null) {
    const name = client.connection.remoteAddress;
    ctx.services.log.warning(`Replica ${name} asks for synchronization but with a wrong offset`);
    return;
  }
  const replid = args.text(1);
  const isFailover = args.count > 3 && args.text(3).toLowerCase() === 'failover';
  if (isFailover) {
    const error = replication.takeOver(
      replid,
      clientLine(client, ctx.nowMs, runningRequest(ctx, args)),
    );
    if (error !== null) return reply.error(error);
  }
  replication.onSync(ctx, { replid, offset });
}

function replconf(ctx: Context, args: Arguments): void {
  // Every option has a value.
  if (args.count % 2 === 0) return ctx.reply.error(SYNTAX_ERROR);
  const options: string[] = [];
  for (let i = 1; i < args.count; i++) options.push(args.text(i));
  ctx.services.replication.onReplconf(ctx, options);
}
