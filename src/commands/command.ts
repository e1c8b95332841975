/*
 * A command as a row, and the context in which its handler runs. Rows stand beside their handlers
 * (STYLE 17); COMMAND, INFO, the gates of dispatch and the documentation read the same rows, and
 * nothing lists the commands a second time. Handlers never see a socket.
 */

import type { Database } from '../keyspace/database.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { Arguments } from '../resp/arguments.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import type { Client } from './client.js';
import type { Services } from './services.js';
import type { Transaction } from './transaction.js';

/** Flags as COMMAND INFO of Redis 7.2 names them. */
export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'pubsub'
  | 'noscript'
  | 'blocking'
  | 'loading'
  | 'stale'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'asking'
  | 'fast'
  | 'no_auth'
  | 'may_replicate'
  | 'allow_busy'
  | 'no_async_loading'
  | 'no_multi'
  | 'movablekeys';

export type CommandGroup =
  | 'generic'
  | 'string'
  | 'bitmap'
  | 'connection'
  | 'server'
  | 'transactions'
  | 'pubsub';

/** One key specification in the shape of COMMAND INFO's last fields (Redis 7.0 key specs). */
export interface KeySpec {
  readonly flags: readonly string[];
  readonly begin:
    | { readonly index: number }
    | { readonly keyword: string; readonly startFrom: number };
  readonly find:
    | { readonly lastKey: number; readonly step: number; readonly limit: number }
    | { readonly keyNumberIndex: number; readonly firstKey: number; readonly step: number };
  readonly notes?: string;
  /** What `variable_flags` are in a request, whose name is argument `from`. */
  readonly flagsOf?: (args: Arguments, from: number) => readonly string[];
}

export type Handler = (ctx: Context, args: Arguments) => void;

export interface CommandRow {
  /** Lower case; of a subcommand `container|sub`. */
  readonly name: string;
  /** Arguments with the name: exactly n, or at least -n. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  readonly keys?: readonly KeySpec[];
  readonly group: CommandGroup;
  /** First Redis version that had it. */
  readonly since: string;
  /** One sentence of our own for COMMAND DOCS. */
  readonly summary: string;
  /** ACL categories that do not follow from flags and group (`@dangerous`, `@keyspace` …). */
  readonly categories?: readonly string[];
  readonly tips?: readonly string[];
  /**
   * The arguments for COMMAND DOCS, from which redis-cli makes its hints; see command-syntax.ts for
   * the notation.
   */
  readonly syntax?: string;
  /** For COMMAND DOCS: one line on time and space. */
  readonly complexity?: string;
  readonly docFlags?: readonly ('deprecated' | 'syscmd')[];
  readonly deprecatedSince?: string;
  readonly replacedBy?: string;
  /**
   * Arguments that the handler stores with storeString, so that a long one may be read straight
   * into its block: the argument at this index, or the last of all.
   */
  readonly stores?: number | 'last';
  /** Indexes of arguments that no log may show. */
  readonly secrets?: (args: Arguments) => readonly number[];
  /** Absent on a pure container. */
  readonly run?: Handler;
  readonly subcommands?: readonly CommandRow[];
}

/** What a handler runs in. One object serves every command; nothing may keep it. */
export interface Context {
  readonly services: Services;
  readonly keyspace: Keyspace;
  readonly client: Client;
  /** The client's selected database. */
  readonly db: Database;
  readonly reply: ReplyWriter;
  /** Wall clock in ms, the same for a whole batch: expiry is judged against it. */
  readonly nowMs: number;
  /** True for the stream of our primary (and while a log is replayed). */
  readonly isFromPrimary: boolean;
  /** What EXEC is executing, and `null` outside of it. */
  readonly transaction: Transaction | null;
  /** True inside EXEC: a command that would block must answer at once. */
  readonly isInTransaction: boolean;

  /**
   * Counts changes. A command that leaves it at 0 propagates nothing by itself; one that raises it
   * is propagated: verbatim, or as declared by propagateAs / propagateNothing.
   */
  dirty(changes: number): void;
  /**
   * Declares the effect to propagate instead of the request. May be called several times: more than
   * one effect is wrapped in MULTI/EXEC. Parts are copied at once, except for arguments of
   * LARGE_BULK_BYTES_MIN and more. Strings are latin1.
   */
  propagateAs(parts: readonly (string | Uint8Array)[]): void;
  /** The command changed something, but nothing of it travels. */
  propagateNothing(): void;
  /** The request travels though it changed nothing: a message. */
  propagateUnchanged(): void;

  /**
   * Blocks the client: no further request of it is read until unblock. `onTimeout` is called once
   * after `timeoutMs` (0 = never). Returns what ends the wait from outside: it writes the reply
   * through the given function and goes on reading requests; calling it again does nothing.
   * `onGone` is called when the client closes, or is unblocked by others, before that.
   */
  block(options: {
    reason: 'wait' | 'save' | 'shutdown';
    timeoutMs: number;
    onTimeout: (reply: ReplyWriter) => void;
    onGone?: () => void;
  }): Unblock;
}

export type Unblock = (write: (reply: ReplyWriter) => void) => void;

/** Checks a family's rows at compile time and keeps their literal types. */
export function defineCommands<const Rows extends readonly CommandRow[]>(rows: Rows): Rows {
  return rows;
}

/** Key specs that most rows share. */
export function keyRange(options: {
  first: number;
  /** Relative to the first: -1 = to the last argument. */
  last: number;
  step: number;
  flags: readonly string[];
}): readonly KeySpec[] {
  const { first, last, step, flags } = options;
  return [{ flags, begin: { index: first }, find: { lastKey: last, step, limit: 0 } }];
}

export const readKey = keyRange({ first: 1, last: 0, step: 1, flags: ['RO', 'access'] });
export const readKeys = keyRange({ first: 1, last: -1, step: 1, flags: ['RO', 'access'] });
