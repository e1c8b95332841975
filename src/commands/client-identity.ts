/*
 * Who a client is: checking its password against requirepass, and the names that may stand in
 * CLIENT LIST. Shared by AUTH, HELLO, RESET and CLIENT. Must not know sockets. Users beside
 * `default` come with ACLs.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { latin1 } from '../structures/bytes.js';
import type { Context } from './command.js';

export const DEFAULT_USER = 'default';

/** Whether a new connection must authenticate before it may do anything. */
export function isPasswordNeeded(ctx: Context): boolean {
  return ctx.services.config.values.requirepass !== '';
}

/**
 * Logs the client in. Without a password any one is right for the default user, as in Redis. Side
 * effects: 1. marks the client on success; 2. counts a failure. Replies nothing.
 */
export function authenticate(ctx: Context, login: { user: string; password: Uint8Array }): boolean {
  const { config, stats } = ctx.services;
  const isRight =
    login.user === DEFAULT_USER &&
    (!isPasswordNeeded(ctx) || isSameSecret(login.password, latin1(config.values.requirepass)));
  if (!isRight) {
    stats.authenticationFailures++;
    return false;
  }
  ctx.client.user = login.user;
  ctx.client.isAuthenticated = true;
  return true;
}

/** Compares digests, so that the time taken tells nothing of the secret or its length. */
function isSameSecret(a: Uint8Array, b: Uint8Array): boolean {
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** A token of CLIENT LIST: its lines are split at blanks. */
export function isPrintable(text: string): boolean {
  return /^[!-~]*$/.test(text);
}

/** The name when it is one (empty takes it away), else `null`. */
export function validClientName(name: string): string | null {
  return isPrintable(name) ? name : null;
}
