/*
 * Somebody who subscribes, as this room sees him: he has a protocol version, takes messages, and
 * keeps what he has subscribed to. Must not know connections.
 */

import type { Topic } from './topic-table.js';

export interface Subscriber {
  readonly protocol: 2 | 3;
  /** Null while there are none. */
  subscriptions: Subscriptions | null;
  /** He is about to go, and hears nothing any more. */
  readonly isLeaving: boolean;
  /** More is held for him than may be: he goes when his reply is written. */
  giveUp(): void;
  /**
   * Takes a message. The bytes never change, and others hold them too. May end in the subscriber's
   * going.
   */
  receive(message: Uint8Array): void;
}

/** What one subscriber has subscribed to, in that order. */
export class Subscriptions {
  readonly channels = new Set<Topic>();
  readonly patterns = new Set<Topic>();
  /** Memory that they take. */
  bytes = 0;

  get count(): number {
    return this.channels.size + this.patterns.size;
  }
}
