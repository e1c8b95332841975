/*
 * MULTI's queue of one client: copies of the requests, to be executed by EXEC in order, and what
 * the gates want to know of them together. It knows nothing of execution, replies or WATCH;
 * dispatch fills it and the transaction commands read it.
 */

import type { Arguments } from '../resp/arguments.js';
import type { Command } from './command-table.js';
import { RequestQueue } from './request-queue.js';

export class Transaction {
  readonly queue = new RequestQueue();
  /** Union of the queued commands' flag bits: what EXEC as a whole does. */
  flags = 0;
  /** Intersection of them: what every one of them is. */
  commonFlags = -1;
  /** A request was refused while queueing: EXEC answers EXECABORT. */
  hasErrors = false;

  /** Memory held by the queue. */
  get bytes(): number {
    return this.queue.bytes;
  }

  /** Copies the request into the queue, unless the transaction is lost already. */
  push(command: Command, args: Arguments): void {
    if (this.hasErrors) return;
    this.queue.push(command, args);
    this.flags |= command.flags;
    this.commonFlags &= command.flags;
  }
}
