/*
 * The way of requests whose client wants no reply, or not to each: dispatch executes them, while
 * the writer of the batch is muted. It stands beside the way of all others, which so does not pass
 * here. Must not know sockets.
 */

import type { Arguments } from '../resp/arguments.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import type { Client } from './client.js';
import { AGAIN, type Dispatcher, type Outcome } from './dispatch.js';

export class SilencedRequests {
  readonly #dispatcher: Dispatcher;

  constructor(dispatcher: Dispatcher) {
    this.#dispatcher = dispatcher;
  }

  onRequest(client: Client, args: Arguments, reply: ReplyWriter): Outcome {
    if (client.silence?.beginRequest()) reply.mute();
    else reply.unmute();
    const outcome = this.#dispatcher.onRequest(client, args, reply);
    // It may be another one now, or none: CLIENT REPLY and RESET mute and unmute by themselves.
    if (outcome === AGAIN) client.silence?.takeBack();
    else if (client.blocked === null) client.onRepliedTo();
    if (!client.isSilenced) reply.unmute();
    return outcome;
  }
}
