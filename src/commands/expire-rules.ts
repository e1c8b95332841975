/*
 * Who may delete a key because its time has come, and how that travels: the two rules that every
 * command with a deadline shares.
 */

import type { Context } from './command.js';

/**
 * Whether a deadline that a command sets is past already, so that the key is deleted instead. Only
 * a primary decides so; while it loads data or applies a stream, deadlines are kept as they are.
 */
export function isAlreadyPast(ctx: Context, atMs: number): boolean {
  return (
    atMs <= ctx.nowMs &&
    !ctx.isFromPrimary &&
    ctx.services.replication.role === 'primary' &&
    !ctx.services.server.isLoading
  );
}

/** What the deletion of such a key travels as. */
export function deletionVerb(ctx: Context): 'DEL' | 'UNLINK' {
  return ctx.services.config.values['lazyfree-lazy-expire'] ? 'UNLINK' : 'DEL';
}
