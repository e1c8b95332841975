/*
 * MULTI's queue of one client: copies of the requests, to be executed by EXEC in order. It knows
 * nothing of execution, replies or WATCH; dispatch fills it and the transaction commands read it.
 */

import type { Arguments } from '../resp/arguments.js';
import type { Command } from './command-table.js';

/** One queued request: a copy of its bytes, and its arguments as ranges of that copy. */
export interface QueuedRequest {
  readonly command: Command;
  readonly bytes: Uint8Array;
  readonly start: Int32Array<ArrayBuffer>;
  readonly end: Int32Array<ArrayBuffer>;
  readonly isCanonical: boolean;
}

/**
 * What one queued request costs beside its bytes; counted so that a queue of nothing is bounded.
 */
const QUEUED_REQUEST_OVERHEAD_BYTES = 128;

export class Transaction {
  readonly queue: QueuedRequest[] = [];
  /** Union of the queued commands' flag bits: what EXEC as a whole does. */
  flags = 0;
  /** Intersection of them: what every one of them is. */
  commonFlags = -1;
  /** A request was refused while queueing: EXEC answers EXECABORT. */
  hasErrors = false;
  /** Memory held by the queue. */
  bytes = 0;

  /** Copies the request into the queue, unless the transaction is lost already. */
  push(command: Command, args: Arguments): void {
    if (this.hasErrors) return;
    const { requestStart, requestEnd, count } = args;
    const start = new Int32Array(count);
    const end = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      start[i] = args.start[i] - requestStart;
      end[i] = args.end[i] - requestStart;
    }
    const bytes = args.buffer.slice(requestStart, requestEnd);
    this.queue.push({ command, bytes, start, end, isCanonical: args.isCanonical });
    this.flags |= command.flags;
    this.commonFlags &= command.flags;
    this.bytes += bytes.length + 8 * count + QUEUED_REQUEST_OVERHEAD_BYTES;
  }
}
