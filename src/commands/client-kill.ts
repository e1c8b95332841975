/*
 * CLIENT KILL: the old form (one address) and the new one (filters that must all match). Whom it
 * kills is decided by a pure function of filters and client. Must not know sockets.
 */

import type { Arguments } from '../resp/arguments.js';
import type { Client, ClientKind } from './client.js';
import { DEFAULT_USER } from './client-identity.js';
import { clientKindByWord } from './client-line.js';
import type { Context } from './command.js';
import { SYNTAX_ERROR } from './errors.js';
import { integerArgument, wordArgument } from './server-arguments.js';
import * as errors from './server-errors.js';

/** Each filter is `null` when it was not given. */
export interface KillFilters {
  id: number | null;
  kind: ClientKind | null;
  remoteAddress: string | null;
  localAddress: string | null;
  user: string | null;
  skipsCaller: boolean;
}

export function killClients(ctx: Context, args: Arguments): void {
  const isOldForm = args.count === 3;
  const filters = isOldForm ? oldForm(args) : parseFilters(args);
  if (typeof filters === 'string') return ctx.reply.error(filters);
  const caller = ctx.client;
  let killed = 0;
  let isSuicide = false;
  for (const client of [...ctx.services.clients]) {
    if (!isMatch(client, filters, caller)) continue;
    if (client === caller) isSuicide = true;
    else client.connection.destroy();
    killed++;
  }
  if (!isOldForm) ctx.reply.integer(killed);
  else if (killed === 0) ctx.reply.error(errors.NO_SUCH_CLIENT);
  else ctx.reply.ok();
  if (!isSuicide) return;
  // The caller gets this reply and, if EXEC runs, none of those that follow.
  caller.closesAfterReply = true;
  ctx.reply.muteToEnd();
}

/** With the old form one may kill oneself. */
function oldForm(args: Arguments): KillFilters {
  return { ...noFilters(), remoteAddress: args.text(2), skipsCaller: false };
}

function noFilters(): KillFilters {
  return {
    id: null,
    kind: null,
    remoteAddress: null,
    localAddress: null,
    user: null,
    skipsCaller: true,
  };
}

/** The filters, or the error to answer. */
function parseFilters(args: Arguments): KillFilters | string {
  const filters = noFilters();
  for (let i = 2; i < args.count; i += 2) {
    if (i + 1 === args.count) return SYNTAX_ERROR;
    const error = readFilter(args, i, filters);
    if (error !== null) return error;
  }
  return filters;
}

function readFilter(args: Arguments, i: number, filters: KillFilters): string | null {
  const value = args.text(i + 1);
  switch (wordArgument(args, i)) {
    case 'id':
      filters.id = integerArgument(args, i + 1);
      return filters.id === null || filters.id < 1 ? errors.CLIENT_ID_NOT_POSITIVE : null;
    case 'type':
      filters.kind = clientKindByWord(value);
      return filters.kind === null ? errors.unknownClientType(value) : null;
    case 'addr':
      filters.remoteAddress = value;
      return null;
    case 'laddr':
      filters.localAddress = value;
      return null;
    case 'user':
      filters.user = value;
      return value === DEFAULT_USER ? null : errors.noSuchUser(value);
    case 'skipme':
      filters.skipsCaller = value.toLowerCase() === 'yes';
      return /^(?:yes|no)$/i.test(value) ? null : SYNTAX_ERROR;
    default:
      return SYNTAX_ERROR;
  }
}

/** Exported for its test. */
export function isMatch(client: Client, filters: KillFilters, caller: Client): boolean {
  const { id, kind, remoteAddress, localAddress, user, skipsCaller } = filters;
  if (remoteAddress !== null && client.connection.remoteAddress !== remoteAddress) return false;
  if (localAddress !== null && client.connection.localAddress !== localAddress) return false;
  if (kind !== null && client.kind !== kind) return false;
  if (id !== null && client.id !== id) return false;
  // The stream of our primary runs as no user at all.
  if (user !== null && (client.kind === 'primary' || client.user !== user)) return false;
  return !(skipsCaller && client === caller);
}
