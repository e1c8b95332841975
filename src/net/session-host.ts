/*
 * What all sessions share: the one buffer that sockets are read into, the reply writers, the pools,
 * and the turn. A session that has work left over (short replies, a pipeline longer than its share,
 * messages queued from elsewhere, a reader to be resumed) is woken once per turn of the event loop,
 * after all sockets that are ready have been read: so no client waits for another's backlog. Must
 * not know what sessions do with it.
 */

import type { Socket } from 'node:net';
import { READ_BUFFER_BYTES } from '../limits.js';
import { ArgumentsPool } from '../resp/arguments.js';
import { ReplyWriter } from '../resp/reply-writer.js';
import { InputBufferPool } from './input-buffer.js';
import { ReplyBufferPool } from './output-buffer.js';
import type { NetEnvironment } from './request-handler.js';
import type { Session } from './session.js';
import { TurnReplies } from './turn-replies.js';

export interface SessionOptions {
  readonly host: SessionHost;
  /** From a server with `pauseOnConnect` and `allowHalfOpen`; taken over. */
  readonly accepted: Socket;
  /** Path of the unix socket it came in through, else null. */
  readonly unixPath: string | null;
}

export class SessionHost {
  readonly environment: NetEnvironment;
  /** Holds what one socket has just received, until its onRead returns. */
  readonly readBuffer = new Uint8Array(READ_BUFFER_BYTES);
  /** Replies of the batch that is being executed. */
  readonly writer = new ReplyWriter();
  /**
   * Replies to clients whose batch is not being executed: they may come in the middle of another's.
   */
  readonly looseWriter = new ReplyWriter();
  readonly argumentsPool = new ArgumentsPool();
  readonly inputPool = new InputBufferPool();
  readonly replyPool = new ReplyBufferPool();
  readonly turnReplies = new TurnReplies();
  readonly sessions = new Set<Session>();
  #woken: Session[] = [];
  readonly #onTurn = (): void => this.#runTurn();

  constructor(environment: NetEnvironment) {
    this.environment = environment;
    const onError = (text: string) => environment.onErrorReply(text);
    this.writer.onError = onError;
    this.looseWriter.onError = onError;
  }

  /**
   * Has session.onTurn() called, once, before the next sockets are polled. The session sees to it
   * that it is not in the list twice.
   */
  wake(session: Session): void {
    if (this.#woken.length === 0) setImmediate(this.#onTurn);
    this.#woken.push(session);
  }

  #runTurn(): void {
    const woken = this.#woken;
    // Who is woken meanwhile has its next turn after the others.
    this.#woken = [];
    // Whoever has replies here was woken for them. What the turns make is for the next one.
    for (const session of woken) session.flushReplies();
    this.turnReplies.clear();
    for (const session of woken) session.onTurn();
  }
}
