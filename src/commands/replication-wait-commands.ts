/*
 * WAIT and WAITAOF: a client waits until replicas have confirmed its writes, executed or on their
 * disks. There is no log on our own disk yet, so that WAITAOF refuses to wait for that.
 */

import type { Arguments } from '../resp/arguments.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import { type Context, defineCommands } from './command.js';
import { readInteger, readTimeoutMs } from './server-arguments.js';
import * as errors from './server-errors.js';
import type { AckKind } from './services.js';

export const replicationWaitCommands = defineCommands([
  {
    name: 'wait',
    arity: 3,
    flags: [],
    group: 'generic',
    since: '3.0.0',
    summary: "Waits until replicas have confirmed this connection's writes.",
    complexity: 'O(1)',
    categories: ['@connection'],
    tips: ['request_policy:all_shards', 'response_policy:agg_min'],
    syntax: 'numreplicas:integer timeout:integer',
    run: wait,
  },
  {
    name: 'waitaof',
    arity: 4,
    flags: ['noscript'],
    group: 'generic',
    since: '7.2.0',
    summary: "Waits until this connection's writes are on the disks of replicas.",
    complexity: 'O(1)',
    categories: ['@connection'],
    tips: ['request_policy:all_shards', 'response_policy:agg_min'],
    syntax: 'numlocal:integer numreplicas:integer timeout:integer',
    run: waitAof,
  },
]);

function wait(ctx: Context, args: Arguments): void {
  if (ctx.services.replication.role === 'replica') return ctx.reply.error(errors.WAIT_ON_REPLICA);
  const count = readInteger(ctx, { args, index: 1 });
  if (count === null) return;
  const timeoutMs = readTimeoutMs(ctx, args, 2);
  if (timeoutMs === null) return;
  const write = (reply: ReplyWriter, acked: number) => reply.integer(acked);
  waitFor(ctx, { kind: 'executed', count, timeoutMs, write });
}

/** As in Redis, the arguments are looked at before the role. */
function waitAof(ctx: Context, args: Arguments): void {
  const locals = readInteger(ctx, { args, index: 1, range: { min: 0, max: 1 } });
  if (locals === null) return;
  const count = readInteger(ctx, { args, index: 2, range: POSITIVE });
  if (count === null) return;
  const timeoutMs = readTimeoutMs(ctx, args, 3);
  if (timeoutMs === null) return;
  if (ctx.services.replication.role === 'replica') {
    return ctx.reply.error(errors.WAITAOF_ON_REPLICA);
  }
  if (locals > 0) return ctx.reply.error(errors.WAITAOF_WITHOUT_LOG);
  const write = (reply: ReplyWriter, acked: number) => {
    reply.array(2);
    reply.integer(0);
    reply.integer(acked);
  };
  waitFor(ctx, { kind: 'fsynced', count, timeoutMs, write });
}

const POSITIVE = { min: 0, max: Number.POSITIVE_INFINITY, error: errors.NOT_POSITIVE };

interface Wait {
  readonly kind: AckKind;
  /** Replicas. */
  readonly count: number;
  readonly timeoutMs: number;
  readonly write: (reply: ReplyWriter, acked: number) => void;
}

/** Until that many replicas have confirmed the client's last write, or the time is over. */
function waitFor(ctx: Context, { kind, count, timeoutMs, write }: Wait): void {
  const { replication } = ctx.services;
  const offset = ctx.client.lastWriteOffset;
  const acked = replication.countAcked(offset, kind);
  if (acked >= count || ctx.isInTransaction || ctx.isFromPrimary) return write(ctx.reply, acked);
  let cancel = (): void => {};
  const unblock = ctx.block({
    reason: 'wait',
    timeoutMs,
    onTimeout: (late) => {
      cancel();
      write(late, replication.countAcked(offset, kind));
    },
    onGone: () => cancel(),
  });
  const onReached = (reached: number) => unblock((late) => write(late, reached));
  cancel = replication.awaitAcks({ kind, count, offset, onReached });
}
