/*
 * DEBUG RESTART and CRASH-AND-RECOVER: the server ends, in good order or not, and starts anew after
 * a delay. Nobody gets a reply, unless it cannot be done.
 */

import { rewriteFile } from '../config/rewrite-file.js';
import type { Arguments } from '../resp/arguments.js';
import type { Context } from './command.js';
import { readInteger } from './server-arguments.js';
import { RESTART_FAILED } from './server-errors.js';

/** Longest delay: what a wait takes without turning it into a wait for ever. */
const DELAY_MS_MAX = 2 ** 31;

/** Saves the configuration and the data first, without waiting for replicas that lag behind. */
export function restart(ctx: Context, args: Arguments): void {
  const delayMs = readDelay(ctx, args);
  if (delayMs === null) return;
  const { config, log, server } = ctx.services;
  const failure = config.file === '' ? null : rewriteFile({ config, log });
  if (failure !== null) {
    log.warning(`Can't restart: configuration rewrite process failed: ${failure}`);
    return ctx.reply.error(RESTART_FAILED);
  }
  if (ctx.isInTransaction || ctx.client.blocked !== null) return ctx.reply.error(RESTART_FAILED);
  const unblock = ctx.block({ reason: 'shutdown', timeoutMs: 0, onTimeout: () => {} });
  server.successorDelayMs = delayMs;
  server.shutdown({
    save: 'default',
    isNow: true,
    isForced: false,
    onRefused: () => {
      server.successorDelayMs = null;
      log.warning("Can't restart: error preparing for shutdown");
      unblock((reply) => reply.error(RESTART_FAILED));
    },
  });
}

/** At once, and without saving anything. */
export function crashAndRecover(ctx: Context, args: Arguments): void {
  const delayMs = readDelay(ctx, args);
  if (delayMs === null) return;
  ctx.services.server.successorDelayMs = delayMs;
  ctx.services.server.endAtOnce();
}

function readDelay(ctx: Context, args: Arguments): number | null {
  const delayMs = args.count > 2 ? readInteger(ctx, { args, index: 2 }) : 0;
  return delayMs === null ? null : Math.min(Math.max(delayMs, 0), DELAY_MS_MAX);
}
