/*
 * MULTI, EXEC, DISCARD and WATCH as operations on clients. EXEC runs the queue through dispatch's
 * own call, so a queued command is executed, counted and propagated like any other; its effects
 * form one unit. Must not know gates or the feed.
 */

import { type Arguments, ArgumentsPool } from '../resp/arguments.js';
import type { Client } from './client.js';
import type { CommandContext } from './command-context.js';
import type { Command } from './command-table.js';
import * as errors from './errors.js';
import type { TransactionControl } from './services.js';
import { Transaction } from './transaction.js';
import type { WatchTable } from './watch-table.js';

export class TransactionRunner implements TransactionControl {
  readonly #watches: WatchTable;
  readonly #run: (command: Command, args: Arguments) => void;
  readonly #argumentsPool = new ArgumentsPool();

  constructor(options: {
    watches: WatchTable;
    /** Executes one command in the context that runs, counts and propagates it. */
    run: (command: Command, args: Arguments) => void;
  }) {
    this.#watches = options.watches;
    this.#run = options.run;
  }

  begin(client: Client): void {
    client.transaction = new Transaction();
  }

  discard(client: Client): void {
    client.transaction = null;
    this.#watches.unwatch(client);
  }

  watch(client: Client, args: Arguments): boolean {
    const watchedBefore = client.watches?.watches.length ?? 0;
    for (let i = 1; i < args.count; i++) {
      if (this.#watches.watch(client, client.database, args.bytes(i))) continue;
      this.#watches.truncate(client, watchedBefore);
      return false;
    }
    return true;
  }

  unwatch(client: Client): void {
    this.#watches.unwatch(client);
  }

  execute(ctx: CommandContext): void {
    const { client, reply } = ctx;
    const { transaction } = client;
    if (transaction === null) return reply.error(errors.EXEC_WITHOUT_MULTI);
    const isDirty = this.#watches.isDirty(client);
    this.discard(client);
    if (transaction.hasErrors) return reply.error(errors.EXEC_ABORT);
    if (isDirty) return reply.nullArray();
    reply.array(transaction.queue.length);
    ctx.transaction = transaction;
    const args = this.#argumentsPool.take();
    transaction.queue.replay(args, (command) => this.#run(command, args));
    this.#argumentsPool.give(args);
    ctx.transaction = null;
    // What the queued commands changed is accounted for: EXEC itself changes nothing.
    ctx.changes = 0;
    ctx.declared = 'nothing';
  }
}
