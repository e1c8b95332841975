/*
 * The one Context object in which every command runs. Dispatch points it at the running client and
 * request, the handler declares what it changed, and dispatch reads that afterwards. Blocking lives
 * here too: it is the only thing about a handler that outlasts its call.
 */

import assert from 'node:assert/strict';
import type { Database } from '../keyspace/database.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import { LARGE_BULK_BYTES_MIN } from '../limits.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import { latin1 } from '../structures/bytes.js';
import type { Client } from './client.js';
import type { Context, Unblock } from './command.js';
import { FORCED_UNBLOCK, UNBLOCKED } from './errors.js';
import { startTimer } from './long-timer.js';
import type { Propagation } from './propagation.js';
import type { Services } from './services.js';
import type { Transaction } from './transaction.js';
import { WaitingCall } from './waiting-call.js';

/** Waits for the server's own doings: nobody may end them early. */
const KEPT_WAITING: ReadonlySet<string> = new Set(['save', 'shutdown']);

/** What was declared about the running command's propagation. */
export type Declared = 'request' | 'effects' | 'nothing';

export class CommandContext implements Context {
  readonly services: Services;
  readonly keyspace: Keyspace;
  readonly #propagation: Propagation;
  readonly #deferredReply: (client: Client, write: (reply: ReplyWriter) => void) => void;
  client: Client;
  /** The database that was the client's when the command began. */
  db: Database;
  reply: ReplyWriter;
  isFromPrimary = false;
  transaction: Transaction | null = null;
  /** Changes counted since the command began. */
  changes = 0;
  declared: Declared = 'request';
  /** The request travels, whether it changed something or not. */
  mustTravel = false;
  /** Set by a command in which its client waits. */
  waiting: WaitingCall | null = null;

  constructor(options: {
    services: Services;
    propagation: Propagation;
    client: Client;
    reply: ReplyWriter;
    deferredReply: (client: Client, write: (reply: ReplyWriter) => void) => void;
  }) {
    this.services = options.services;
    this.keyspace = options.services.keyspace;
    this.#propagation = options.propagation;
    this.#deferredReply = options.deferredReply;
    this.client = options.client;
    this.db = this.keyspace.database(this.client.database);
    this.reply = options.reply;
  }

  get isInTransaction(): boolean {
    return this.transaction !== null;
  }

  get nowMs(): number {
    return this.keyspace.nowMs;
  }

  dirty(changes: number): void {
    this.changes += changes;
  }

  propagateAs(parts: readonly (string | Uint8Array)[]): void {
    this.declared = 'effects';
    if (this.isFromPrimary || !this.#propagation.isActive) return;
    this.#propagation.add(this.client.database, parts.map(lastingPart));
  }

  propagateNothing(): void {
    this.declared = 'nothing';
  }

  propagateUnchanged(): void {
    this.mustTravel = true;
  }

  block(options: {
    reason: 'wait' | 'save' | 'shutdown';
    timeoutMs: number;
    onTimeout: (reply: ReplyWriter) => void;
    onGone?: () => void;
  }): Unblock {
    const { client } = this;
    assert(client.blocked === null && !this.isInTransaction);
    client.blocked = options.reason;
    client.connection.suspendRequests();
    let cancelTimer = (): void => {};
    const waiting = new WaitingCall(this.services.stats);
    this.waiting = waiting;
    const end = (): boolean => {
      if (client.onUnblocked !== onGone) return false;
      cancelTimer();
      client.onUnblocked = null;
      client.onGivenUp = null;
      client.onDemoted = null;
      client.blocked = null;
      client.waitsWithLimit = false;
      return true;
    };
    const answer = (write: (reply: ReplyWriter) => void): void => {
      let hasFailed = false;
      this.#deferredReply(client, (reply) => {
        const errorsBefore = reply.errorCount;
        write(reply);
        hasFailed = reply.errorCount > errorsBefore;
      });
      waiting.end(hasFailed);
    };
    const onGone = (): void => {
      if (!end()) return;
      options.onGone?.();
      waiting.end(false);
    };
    const unblock: Unblock = (write) => {
      if (!end()) return;
      answer(write);
      client.onRepliedTo();
      client.connection.resumeRequests();
    };
    client.onUnblocked = onGone;
    if (!KEPT_WAITING.has(options.reason)) {
      client.onGivenUp = (how) => {
        if (how === 'timeout') return unblock(options.onTimeout);
        options.onGone?.();
        unblock((late) => late.error(UNBLOCKED));
      };
    }
    if (options.reason !== 'save') {
      client.onDemoted = () => {
        if (!end()) return;
        options.onGone?.();
        answer((late) => late.error(FORCED_UNBLOCK));
        client.connection.endAfterReplies();
      };
    }
    if (options.timeoutMs > 0) {
      client.waitsWithLimit = true;
      cancelTimer = startTimer(options.timeoutMs, () => unblock(options.onTimeout));
    }
    return unblock;
  }
}

/** A long part is always an argument, which stays where it is until the unit has ended. */
function lastingPart(part: string | Uint8Array): Uint8Array {
  if (typeof part === 'string') return latin1(part);
  return part.length < LARGE_BULK_BYTES_MIN ? part.slice() : part;
}
