/*
 * Short replies of one turn of the event loop, those of all clients side by side. They leave when
 * all sockets that were ready have been read, as in Redis: a write wakes whoever waits for it, and
 * on an idle processor that costs more than the rest of the batch. Readers that are woken for each
 * reply also send in smaller groups, so that we are woken more often, too (record 0014). Must not
 * know whose the replies are.
 */

import { TURN_REPLIES_BYTES, TURN_REPLY_BYTES_MAX } from '../limits.js';
import { copyBytes } from '../structures/bytes.js';

export class TurnReplies {
  readonly bytes = new Uint8Array(TURN_REPLIES_BYTES);
  #end = 0;

  /** Copies `buffer[0, length)`; returns where it begins in `bytes`, -1 when it must leave now:
   * it is long, or the turn has many. */
  hold(buffer: Uint8Array, length: number): number {
    const start = this.#end;
    if (length > TURN_REPLY_BYTES_MAX || start + length > this.bytes.length) return -1;
    copyBytes(buffer, 0, length, this.bytes, start);
    this.#end = start + length;
    return start;
  }

  /** Nobody's replies are here any more. */
  clear(): void {
    this.#end = 0;
  }
}
