/*
 * Executes requests: looks the command up, passes it through the gates, runs its handler, hands
 * what it changed to propagation, and counts it. The only place that propagates, and the hot path
 * of the server: a plain read or write allocates nothing here and reads the clock once. Must not
 * know sockets; bytes come as Arguments and go as ReplyWriter calls.
 */

import type { LargeValue } from '../keyspace/large-value.js';
import type { Arguments } from '../resp/arguments.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import { latin1 } from '../structures/bytes.js';
import { AttackAlarm } from './attack-alarm.js';
import type { Client } from './client.js';
import { clientLine, type RunningRequest } from './client-line.js';
import { CommandContext } from './command-context.js';
import { type Command, type CommandTable, flagBits } from './command-table.js';
import { CommandTimer } from './command-timer.js';
import * as errors from './errors.js';
import { Gates, PASS, POSTPONE, QUEUE, type Verdict } from './gates.js';
import type { Monitors } from './monitors.js';
import { Propagation } from './propagation.js';
import type { Clock, Feed, Services } from './services.js';
import { SlowCommands } from './slow-commands.js';

/** What the session does after a request. */
export const CONTINUE = 0;
/** Executed; decode no further request for now (blocked, or closing). */
export const STOP = 1;
/** Not executed; offer the same request again when requests are resumed. */
export const AGAIN = 2;
export type Outcome = typeof CONTINUE | typeof STOP | typeof AGAIN;

const { write, readonly } = flagBits;
const DATA = write | readonly;

/** Wall-clock milliseconds may be this old within a batch. */
const CACHED_TIME_MS_MAX = 1;

export class Dispatcher {
  readonly #services: Services;
  readonly #table: CommandTable;
  readonly #clock: Clock;
  readonly #gates: Gates;
  readonly #attackAlarm: AttackAlarm;
  readonly #monitors: Monitors;
  readonly #propagation: Propagation;
  readonly #feed: Feed;
  readonly context: CommandContext;
  /** No gate can refuse a plain read or write of the batch's client. */
  #isOpen = false;
  /** The batch's client has changed something that is not yet in the stream. */
  #hasWritten = false;
  /** Errors of the reply that some command has failed with: those inside EXEC are not EXEC's. */
  #errorsCounted = 0;
  /** A command is running: expired keys join its unit. */
  #isRunning = false;
  readonly #timer: CommandTimer;
  /** The command that runs, or ran last. */
  #command: Command | null = null;
  #args: Arguments | null = null;
  /** Monotonic ms when the wall clock was read. */
  #cachedAtMs = 0;

  constructor(options: {
    services: Services;
    feed: Feed;
    noClient: Client;
    reply: ReplyWriter;
    deferredReply: (client: Client, write: (reply: ReplyWriter) => void) => void;
  }) {
    const { services, feed } = options;
    this.#services = services;
    this.#table = services.commands;
    this.#clock = services.clock;
    this.#feed = feed;
    this.#gates = new Gates(services);
    this.#attackAlarm = new AttackAlarm(services);
    this.#monitors = services.monitors;
    this.#propagation = new Propagation(feed);
    this.context = new CommandContext({
      services,
      propagation: this.#propagation,
      client: options.noClient,
      reply: options.reply,
      deferredReply: options.deferredReply,
    });
    const { clock, latency, slowLog, stats } = services;
    const slow = new SlowCommands({ slowLog, latency, clock, running: this.context });
    this.#timer = new CommandTimer(clock, stats, slow);
  }

  /** The command that runs right now: for a report when it never returns. */
  get running(): (RunningRequest & { readonly command: Command }) | null {
    if (!this.#isRunning || this.#command === null || this.#args === null) return null;
    const { client, transaction } = this.context;
    return { client, transaction, args: this.#args, command: this.#command };
  }

  /** Before the requests of one read of a client. */
  beginBatch(client: Client): void {
    this.#refreshTime();
    client.lastInteractionMs = this.context.keyspace.nowMs;
    this.#onClientState(client);
  }

  /** The client's batch begins, or it may have changed what holds for its next plain command. */
  #onClientState(client: Client): void {
    this.#isOpen = this.#gates.isOpen(client);
    this.context.keyspace.notesUse = !client.isNoTouch;
  }

  /** After them, before the read buffer is used again. */
  endBatch(client: Client): void {
    this.#timer.settle();
    this.#flush(client);
  }

  /** Executes one request. See the constants for what comes back. */
  onRequest(client: Client, args: Arguments, reply: ReplyWriter): Outcome {
    const { context } = this;
    context.client = client;
    context.reply = reply;
    const command = this.#table.lookup(args);
    if (command === null) return this.#refuseUnknown(client, args, reply);
    client.lastCommand = command.row;
    if (!command.accepts(args.count) || command.run === null) {
      return this.#refuse(client, { command, args, error: errors.wrongArity(command.name) });
    }
    const isData = (command.flags & DATA) !== 0;
    if (!this.#isOpen || !isData) {
      const verdict = this.#gates.check(command, client);
      if (verdict !== PASS) return this.#divert(client, { command, args, verdict });
      // Anything else may look at the stream's offset, or change what the gates decide.
      if (!isData) this.#flush(client);
    }
    this.#isRunning = true;
    this.#call(command, args);
    this.#endUnit(command);
    if (!isData) this.#onControl(client);
    return client.blocked !== null || client.closesAfterReply ? STOP : CONTINUE;
  }

  /** After a command that is no plain read or write. */
  #onControl(client: Client): void {
    this.#onClientState(client);
    const { pubsub } = this.#services;
    if (pubsub.hasHeld) pubsub.releaseHeld(client);
  }

  /** Executes a command queued by MULTI, as part of the unit that runs. */
  runQueued(command: Command, args: Arguments): void {
    this.#call(command, args);
  }

  /**
   * Where to read a long bulk of a request that is arriving: argument `args.count` of `length`
   * bytes, with `following` more to come. Null when it is to be collected like any other.
   */
  reserveValue(
    client: Client,
    args: Arguments,
    length: number,
    following: number,
  ): LargeValue | null {
    // A queued request is copied whole.
    if (args.count === 0 || client.transaction !== null) return null;
    const stores = this.#table.lookup(args)?.row.stores;
    const isStored = stores === 'last' ? following === 0 : stores === args.count;
    return isStored ? this.context.keyspace.largeValues.reserve(length) : null;
  }

  /**
   * A key's time came. Inside a command its deletion joins the unit; outside it travels alone. It
   * counts towards no save point: a load would drop the key just so.
   */
  onExpired(database: number, key: Uint8Array, start: number, end: number): void {
    const verb = this.#services.config.values['lazyfree-lazy-expire'] ? UNLINK : DEL;
    if (!this.#propagation.isActive) return;
    this.#propagation.add(database, [verb, key.slice(start, end)]);
    if (!this.#isRunning) this.#propagation.endUnit(false);
  }

  /** Before commands of the primary's stream; endStream() after them, before anybody else runs. */
  beginStream(): void {
    this.#refreshTime();
    this.context.keyspace.notesUse = true;
  }

  endStream(): void {
    this.#timer.settle();
  }

  /** Executes a command of the primary's stream: no gates, no propagation, replies dropped. */
  executeStream(
    client: Client,
    options: { command: Command; args: Arguments; reply: ReplyWriter },
  ): void {
    const { command, args, reply } = options;
    const { context } = this;
    const { keyspace } = context;
    context.client = client;
    context.reply = reply;
    context.isFromPrimary = true;
    const { expiryMode } = keyspace;
    // The primary decides when a key is gone: to its stream every key is alive (DESIGN, trap 9).
    keyspace.expiryMode = 'stream';
    this.#isRunning = true;
    this.#call(command, args);
    this.#isRunning = false;
    keyspace.expiryMode = expiryMode;
    context.isFromPrimary = false;
  }

  #call(command: Command, args: Arguments): void {
    const { context } = this;
    const timer = this.#timer;
    this.#command = command;
    this.#args = args;
    timer.begin(command);
    context.db = context.keyspace.database(context.client.database);
    context.changes = 0;
    context.declared = 'request';
    this.#errorsCounted = context.reply.errorCount;
    (command.run as (ctx: CommandContext, args: Arguments) => void)(context, args);
    if (context.changes > 0 || context.mustTravel) this.#propagate(args);
    if (context.reply.errorCount !== this.#errorsCounted) {
      this.#errorsCounted = context.reply.errorCount;
      this.#services.stats.onFailed(command.index);
    }
    const { waiting } = context;
    if (timer.end(command, args, waiting)) this.#renewTime();
    if (waiting !== null) context.waiting = null;
    context.client.commandCount++;
    if (this.#monitors.isWatching) this.#show(command, args);
  }

  /** What monitors cost is no command's time. */
  #show(command: Command, args: Arguments): void {
    this.#timer.settle();
    this.#monitors.show(this.context.client, command, args);
    this.#timer.restart();
  }

  #propagate(args: Arguments): void {
    const { context } = this;
    this.#services.snapshots.addDirty(context.changes);
    context.mustTravel = false;
    this.#hasWritten = true;
    if (context.isFromPrimary || context.declared !== 'request') return;
    const { database } = context.client;
    if (context.isInTransaction || this.#propagation.hasEffects) {
      this.#propagation.addRequest(database, args);
    } else {
      this.#propagation.sendRequest(database, args);
    }
  }

  #endUnit(command: Command): void {
    this.#isRunning = false;
    if (!this.#propagation.hasEffects) return;
    // A key whose time came on the way is a change of this client's, too: its WAIT waits for that.
    this.#hasWritten = true;
    this.#propagation.endUnit(!TOUCHES_ANY_KEY.has(command.name));
  }

  #flush(client: Client): void {
    this.#propagation.flush();
    if (!this.#hasWritten) return;
    this.#hasWritten = false;
    client.lastWriteOffset = this.#feed.offset;
  }

  #refreshTime(): void {
    this.#timer.restart();
    this.#cachedAtMs = this.#timer.nowMs;
    this.context.keyspace.nowMs = this.#clock.wallMs();
  }

  /**
   * After a look at the clock: reads the wall clock where that is due. Within EXEC time stands
   * still: what a transaction sees cannot expire on its way.
   */
  #renewTime(): void {
    if (this.context.isInTransaction) return;
    if (this.#timer.nowMs - this.#cachedAtMs > CACHED_TIME_MS_MAX) this.#refreshTime();
  }

  #divert(
    client: Client,
    request: { command: Command; args: Arguments; verdict: Verdict },
  ): Outcome {
    const { command, args, verdict } = request;
    if (verdict === POSTPONE) {
      this.#services.pause.postpone(client);
      return AGAIN;
    }
    if (verdict === QUEUE) return this.#queue(client, command, args);
    return this.#refuse(client, { command, args, error: verdict as string });
  }

  #queue(client: Client, command: Command, args: Arguments): Outcome {
    const { transaction } = client;
    if (transaction === null) return CONTINUE;
    // What EXEC will not run takes no memory.
    if (!client.watches?.isDirty) transaction.push(command, args);
    const { config, log, stats } = this.#services;
    if (transaction.bytes > config.values['client-query-buffer-limit']) {
      stats.queryBufferLimitDisconnections++;
      log.warning(
        'Closing client that reached max query buffer length: ' +
          `${clientLine(client, this.#clock.wallMs())} (in its transaction)`,
      );
      client.closesAfterReply = true;
      return STOP;
    }
    this.context.reply.simple('QUEUED');
    return CONTINUE;
  }

  #refuse(
    client: Client,
    { command, args, error }: { command: Command; args: Arguments; error: string },
  ): Outcome {
    const { reply } = this.context;
    this.#services.stats.onRejected(command.index);
    if (command.name === 'exec') {
      // Whatever the reason, and whether there was a MULTI or not.
      this.#services.transactions.discard(client);
      reply.error(errors.execAborted(error));
      // Monitors have seen MULTI: they see its end.
      this.#monitors.show(client, command, args);
      return CONTINUE;
    }
    if (client.transaction !== null) client.transaction.hasErrors = true;
    reply.error(error);
    return CONTINUE;
  }

  #refuseUnknown(client: Client, args: Arguments, reply: ReplyWriter): Outcome {
    if (this.#attackAlarm.isRaisedBy(args.text(0))) {
      this.#attackAlarm.raise(client);
      return STOP;
    }
    if (client.transaction !== null) client.transaction.hasErrors = true;
    client.lastCommand = null;
    const container = this.#table.containerOf(args);
    reply.error(container ? errors.unknownSubcommandOf(args) : errors.unknownCommandOf(args));
    return CONTINUE;
  }
}

const DEL = latin1('DEL');
const UNLINK = latin1('UNLINK');

/** Commands that may delete any expired key on their way: those deletions travel one by one. */
const TOUCHES_ANY_KEY = new Set(['randomkey', 'scan', 'keys']);
