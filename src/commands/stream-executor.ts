/*
 * Executes the primary's stream: each command runs as the client that stands for the primary, past
 * the gates and without a reply. A command that is unknown or fails means that the two data sets
 * may differ from here on: it is logged and counted as Redis does, and what follows is the
 * operator's choice (propagation-error-behavior). Must not know the link or the socket behind it.
 */

import type { LargeValue } from '../keyspace/large-value.js';
import type { Arguments } from '../resp/arguments.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import { latin1 } from '../structures/bytes.js';
import { Client, type Connection } from './client.js';
import { type Command, flagBits } from './command-table.js';
import type { Dispatcher } from './dispatch.js';
import * as errors from './errors.js';
import type { Services, StreamExecutor } from './services.js';

const SPUBLISH = latin1('spublish');
const PING = latin1('ping');

/** How often the log says that the disk of a replica that goes on fails. */
const DISK_WARNING_INTERVAL_MS = 10_000;

export class PrimaryStream implements StreamExecutor {
  readonly #services: Services;
  readonly #dispatcher: Dispatcher;
  readonly #reply: ReplyWriter;
  readonly #panic: (text: string) => void;
  #diskWarningAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: {
    services: Services;
    dispatcher: Dispatcher;
    /** For this stream alone: what is written to it goes nowhere. */
    reply: ReplyWriter;
    /** Ends the process with the given text in the log. */
    panic: (text: string) => void;
  }) {
    this.#services = options.services;
    this.#dispatcher = options.dispatcher;
    this.#reply = options.reply;
    // One batch that never ends: a full buffer is handed over, dropped, and filled anew.
    this.#reply.begin({ take: (buffer) => buffer }, 2);
    this.#reply.onError = (text) => options.services.stats.onErrorReply(text);
    this.#panic = options.panic;
  }

  openPrimary(connection: Connection): Client {
    const { clients, clock } = this.#services;
    const client = new Client({ id: clients.nextId(), connection, nowMs: clock.wallMs() });
    client.kind = 'primary';
    client.isAuthenticated = true;
    clients.add(client);
    return client;
  }

  closePrimary(client: Client): void {
    const { clients, pubsub, transactions } = this.#services;
    transactions.discard(client);
    pubsub.forget(client);
    clients.remove(client);
  }

  reserveValue(
    client: Client,
    args: Arguments,
    length: number,
    following: number,
  ): LargeValue | null {
    return this.#dispatcher.reserveValue(client, args, length, following);
  }

  beginBatch(): void {
    this.#dispatcher.beginStream();
  }

  endBatch(): void {
    this.#dispatcher.endStream();
  }

  isInTransaction(client: Client): boolean {
    return client.transaction !== null;
  }

  execute(client: Client, args: Arguments): boolean {
    const command = this.#services.commands.lookup(args);
    client.lastCommand = command === null ? null : command.row;
    if (command === null) {
      return changesNothing(args) || this.#refuse(client, this.#unknown(args));
    }
    if (!command.accepts(args.count) || command.run === null) {
      this.#services.stats.onRejected(command.index);
      return this.#refuse(client, errors.wrongArity(command.name));
    }
    if (this.#services.snapshots.mustRefuseWrites) this.#onFailingDisk(command);
    if (client.transaction !== null && !isTransactionEnd(command)) {
      client.transaction.push(command, args);
      return true;
    }
    const reply = this.#reply;
    const errorsBefore = reply.errorCount;
    this.#dispatcher.executeStream(client, { command, args, reply });
    if (reply.errorCount === errorsBefore) return true;
    return this.#fail(client, reply.lastError);
  }

  /** Clients are refused their writes then; what the primary sends cannot be refused. */
  #onFailingDisk(command: Command): void {
    const { clock, config, log } = this.#services;
    const isPing = command.name === 'ping';
    if ((command.flags & flagBits.write) === 0 && !isPing) return;
    if (!isPing && !config.values['replica-ignore-disk-write-errors']) {
      return this.#panic('Replica was unable to write command to disk.');
    }
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#diskWarningAtMs <= DISK_WARNING_INTERVAL_MS) return;
    this.#diskWarningAtMs = nowMs;
    log.warning('Replica is applying a command even though it is unable to write to disk.');
  }

  #unknown(args: Arguments): string {
    const isContainer = this.#services.commands.containerOf(args) !== null;
    return isContainer ? errors.unknownSubcommandOf(args) : errors.unknownCommandOf(args);
  }

  /** What is not executed replies nothing that would be counted. */
  #refuse(client: Client, error: string): false {
    this.#services.stats.onErrorReply(error);
    return this.#fail(client, error);
  }

  #fail(client: Client, error: string): false {
    const { config, log, stats } = this.#services;
    const name = client.lastCommand?.name ?? '<unknown>';
    log.warning(
      '== CRITICAL == This replica is sending an error to its master: ' +
        `'${errors.loggedError(error)}' after processing the command '${name}'`,
    );
    stats.unexpectedErrorReplies++;
    const behaviour = config.values['propagation-error-behavior'];
    if (behaviour !== 'ignore' && config.values['replica-read-only']) {
      this.#panic(
        'This replica panicked sending an error to its master after processing the command ' +
          `'${name}'`,
      );
    }
    return false;
  }
}

/**
 * A message to a shard's channel changes no data and can have no subscriber here; PING, where it
 * was renamed, neither. Nothing is missed: they are no reason to distrust the data.
 */
function changesNothing(args: Arguments): boolean {
  return args.is(0, SPUBLISH) || args.is(0, PING);
}

function isTransactionEnd(command: Command): boolean {
  return command.name === 'exec' || command.name === 'discard' || command.name === 'multi';
}
