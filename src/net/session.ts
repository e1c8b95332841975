/*
 * One client's connection: reads requests, has them executed in batches, and writes the replies of
 * a batch at once. Bounded in every direction: its share of a turn, its input while it must wait,
 * its output while its reader is slow. All of it is one state (`open`, then perhaps `ending`, then
 * `closed`) and a few pauses of an open one. Must not know commands or directives.
 */

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { Client, Connection } from '../commands/client.js';
import {
  CLOSING_MS_MAX,
  EMPTY_BLOCK_MS_MAX,
  SUSPENDED_INPUT_BYTES_MAX,
  TURN_BYTES_MAX,
  TURN_CLOCK_REQUESTS,
  TURN_MS_MAX,
} from '../limits.js';
import type { Arguments } from '../resp/arguments.js';
import { giveBlockBack, setBulkApart } from '../resp/bulk-apart.js';
import type { ReplyWriter } from '../resp/reply-writer.js';
import { INCOMPLETE, NOTHING, REQUEST, type RequestDecoder } from '../resp/request-decoder.js';
import { adoptSocket, allowDelay, descriptorOf, outputTarget } from './accepted-socket.js';
import type { InputBuffer } from './input-buffer.js';
import { Intake } from './intake.js';
import { AGAIN, CONTINUE } from './request-handler.js';
import type { SessionHost, SessionOptions } from './session-host.js';
import { SessionLog } from './session-log.js';
import { type OutputOwner, SessionOutput } from './session-output.js';
import { SocketAddresses } from './socket-addresses.js';

/** `ending`: executes nothing more, closes when the replies are written. */
type SessionState = 'open' | 'ending' | 'closed';

export class Session implements Connection, OutputOwner {
  readonly remoteAddress: string;
  readonly isLoopback: boolean;
  readonly #host: SessionHost;
  readonly #socket: Socket;
  readonly #addresses: SocketAddresses;
  readonly #intake: Intake;
  readonly #decoder: RequestDecoder;
  readonly #input: InputBuffer;
  readonly #output: SessionOutput;
  readonly #log: SessionLog;
  #client: Client | null = null;
  #state: SessionState = 'open';
  /** Holds the ranges of a request that is still arriving. */
  #args: Arguments | null = null;
  /** Requests wait until resumeRequests(). */
  #isSuspended = false;
  /** The input holds requests that nothing but their turn keeps waiting. */
  #hasRequests = false;
  /** The socket is not read: see #mayRead. */
  #isReadPaused = false;
  #isWoken = false;
  #isGone = false;
  #closingSinceMs = 0;
  /** The bytes of the running batch that are not executed, its current request among them. */
  #batchPosition = 0;
  #batchEnd = 0;

  constructor(options: SessionOptions) {
    const { host, accepted, unixPath } = options;
    this.#host = host;
    const socket = adoptSocket(accepted, {
      buffer: host.readBuffer,
      onRead: (length, buffer) => this.#onRead(length, buffer),
      nextBuffer: () => this.#intake.nextBuffer(this.#state === 'open'),
    });
    this.#socket = socket;
    this.#addresses = new SocketAddresses(socket, unixPath);
    this.remoteAddress = this.#addresses.remote;
    this.isLoopback = this.#addresses.isLoopback;
    this.#log = new SessionLog(host.environment, () => this.#client);
    this.#intake = new Intake(host);
    this.#decoder = this.#intake.decoder;
    this.#input = this.#intake.input;
    this.#output = new SessionOutput({ host, owner: this, target: outputTarget(socket) });
    socket.on('end', () => this.#onEnd());
    socket.on('error', (error) => this.#onError(error));
    socket.on('close', () => this.#onClose());
  }

  /** Begins to read. `client` is who its requests come from. */
  open(client: Client): void {
    this.#client = client;
    this.#host.sessions.add(this);
    this.#socket.resume();
  }

  /** Sends an error line and closes: the connection never had a client. */
  refuse(error: string): void {
    this.#state = 'ending';
    this.#socket.end(`-${error}\r\n`, 'latin1', () => this.#socket.destroy());
  }

  /** tcp-keepalive; 0 = off. */
  setKeepAlive(seconds: number): void {
    if (seconds > 0) this.#socket.setKeepAlive(true, seconds * 1000);
  }

  get client(): Client | null {
    return this.#client;
  }

  // Connection

  get localAddress(): string {
    return this.#addresses.local;
  }

  get descriptor(): number {
    return descriptorOf(this.#socket);
  }

  get queryBufferBytes(): number {
    const waiting = this.#output.isInBatch
      ? this.#batchEnd - this.#batchPosition
      : this.#input.length;
    return waiting + (this.#args?.large?.filled ?? 0);
  }

  get queryBufferFreeBytes(): number {
    const large = this.#args?.large ?? null;
    return this.#input.freeBytes + (large === null ? 0 : large.length - large.filled);
  }

  get outputBytes(): number {
    return this.#output.pendingBytes;
  }

  get outputChunks(): number {
    return this.#output.chunkCount;
  }

  get isReaderSlow(): boolean {
    return this.#output.isReaderSlow;
  }

  send(bytes: Uint8Array): void {
    if (this.#state === 'open') this.#output.send(bytes);
  }

  sendPinned(bytes: Uint8Array, onWritten: () => void): void {
    this.#output.sendPinned(bytes, onWritten);
  }

  /** Writes a reply outside the client's own batch (a blocked client's answer, a push message):
   * `write` is called at once with a writer in the client's protocol, unless the connection is
   * closed; it writes to no other client. */
  writeReply(write: (reply: ReplyWriter) => void): void {
    const client = this.#client;
    if (this.#state !== 'closed' && client !== null) this.#output.writeReply(client, write);
  }

  endAfterReplies(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#closingSinceMs = this.#host.environment.clock.monotonicMs();
    if (!this.#output.isInBatch) this.#endWhenWritten();
  }

  /** Side effects: 1. closes the socket; 2. drops input and output; 3. tells the handler, after the
   * running batch if it is this client's own. */
  destroy(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    // Its own batch may go on for a while: nobody need make anything for it.
    if (this.#client !== null) this.#client.closesAfterReply = true;
    this.#output.close();
    this.#socket.destroy();
    if (!this.#output.isInBatch) this.#gone();
  }

  allowDelay(): void {
    allowDelay(this.#socket);
  }

  suspendRequests(): void {
    this.#isSuspended = true;
  }

  resumeRequests(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    this.#hasRequests = true;
    // Not here: the caller may be in the middle of another client's command.
    this.#wake();
  }

  // OutputOwner

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  onOutputQueued(): void {
    this.#wake();
  }

  onOutputSent(): void {
    if (this.#state === 'ending') this.#endWhenWritten();
  }

  onOutputExhausted(): void {
    this.#log.tooMuchOutput();
    this.destroy();
  }

  // Turns

  /** The first part of its turn: all sockets that were ready have been read. */
  flushReplies(): void {
    if (this.#output.isHeld) this.#output.flush();
  }

  /** Its turn, after it was woken. */
  onTurn(): void {
    this.#isWoken = false;
    if (this.#state === 'closed') return;
    this.#output.flush();
    if (this.#hasRequests && !this.#isSuspended && this.#state === 'open') this.#executeInput();
    this.#afterWork();
    if (this.#isReadPaused && this.#mayRead()) {
      this.#isReadPaused = false;
      this.#socket.resume();
    }
  }

  /** Looks for what only time brings about, now and then. Wall-clock and monotonic ms. */
  sweep(nowMs: number, monotonicMs: number): void {
    const client = this.#client;
    if (this.#state === 'closed' || client === null) return;
    if (this.#state === 'ending') {
      if (monotonicMs - this.#closingSinceMs > CLOSING_MS_MAX) this.destroy();
      return;
    }
    if (!this.#output.isEmpty) this.#output.check();
    const { idleSeconds } = this.#host.environment.settings;
    const idleMs = nowMs - client.lastInteractionMs;
    if (idleMs > EMPTY_BLOCK_MS_MAX) this.#giveBlockBack();
    if (idleSeconds === 0 || idleMs <= idleSeconds * 1000) return;
    if (client.kind !== 'normal' || client.isMonitor) return;
    if (client.blocked !== null || this.#state !== 'open') return;
    this.#log.idle();
    this.destroy();
  }

  /** A block that was set apart for a bulk which does not come is worth more to others. */
  #giveBlockBack(): void {
    const args = this.#args;
    if (args === null || !this.#input.isFilling || !giveBlockBack(this.#decoder, args)) return;
    this.#input.stopFilling();
    this.#intake.neededBytes = this.#decoder.neededBytes;
  }

  #wake(): void {
    if (this.#isWoken || this.#state === 'closed') return;
    this.#isWoken = true;
    this.#host.wake(this);
  }

  /** Whatever was done, what is left of it: closing, writing, another turn. */
  #afterWork(): void {
    if (this.#state === 'open' && this.#client?.closesAfterReply) this.endAfterReplies();
    if (!this.#output.isHeld) this.#output.flush();
    if (this.#state === 'ending') this.#endWhenWritten();
    else if (this.#hasRequests && !this.#isSuspended) this.#wake();
  }

  // Reading

  /** `buffer[0, length)` has come from the socket. False: read no more for now. */
  #onRead(length: number, buffer: Uint8Array): boolean {
    const host = this.#host;
    const { counters } = host.environment;
    counters.readsProcessed++;
    counters.netInputBytes += length;
    // An ending connection is read to its end: unread bytes would reset it under its last reply.
    if (this.#state !== 'open') return true;
    const from = this.#input.isFilling ? this.#fill(buffer, length) : 0;
    if (from === length) return true;
    let hasExecuted = false;
    if (this.#input.length === 0 && !this.#isSuspended) {
      const reached = this.#execute(host.readBuffer, 0, length);
      hasExecuted = reached > 0;
      const mustKeep = reached < this.#batchEnd && this.#isOpen();
      if (mustKeep) this.#checkInput(this.#intake.keep(reached, this.#batchEnd));
    } else {
      this.#checkInput(this.#intake.keep(from, length));
      const isReady = !this.#isSuspended && !this.#hasRequests;
      if (isReady && this.#isOpen()) hasExecuted = this.#executeInput();
    }
    this.#afterWork();
    if (!this.#isOpen()) return true;
    // A full buffer says that more is waiting: the others' sockets first. A bulk that merely
    // arrives costs next to nothing and goes on.
    const isGreedy = hasExecuted && length === host.readBuffer.length;
    this.#isReadPaused = isGreedy || !this.#mayRead();
    if (isGreedy) this.#wake();
    return !this.#isReadPaused;
  }

  /** A value takes what it needs of `buffer[0, length)`; returns where the rest begins. */
  #fill(buffer: Uint8Array, length: number): number {
    const from = this.#input.fill(buffer, length);
    const client = this.#client;
    if (client !== null) client.lastInteractionMs = this.#host.environment.clock.wallMs();
    this.#checkInput(this.#intake.isWithinLimits());
    return this.#isOpen() ? from : length;
  }

  /** Also read while suspended: only so is it seen that the peer has gone. */
  #mayRead(): boolean {
    if (this.#state !== 'open') return true;
    if (this.#isSuspended) return this.#input.length < SUSPENDED_INPUT_BYTES_MAX;
    return !this.#hasRequests;
  }

  /** Closes when the bytes that wait are too many. */
  #checkInput(isWithin: boolean): void {
    if (isWithin) return;
    this.#host.environment.counters.queryBufferLimitDisconnections++;
    this.#log.tooMuchInput(this.#input.bytes, this.#input.start, this.#input.end);
    this.destroy();
  }

  // Executing

  /** Executes requests of the input, as many as its turn allows; true when there was one. */
  #executeInput(): boolean {
    const { bytes, start, end } = this.#input;
    this.#hasRequests = false;
    if (start === end || this.#input.isFilling) return false;
    const reached = this.#execute(bytes, start, end);
    if (!this.#isOpen()) {
      this.#input.clear();
    } else {
      this.#input.consumeTo(reached);
      if (this.#input.isFilling) this.#input.dropLast(end - this.#batchEnd);
    }
    return reached > start;
  }

  /** Executes the requests in `bytes[start, end)` as one batch and writes its replies. Returns
   * where the first byte that is not executed stands. Sets what says why it stopped there:
   * #neededBytes, #isSuspended, #hasRequests or the state. */
  #execute(bytes: Uint8Array, start: number, end: number): number {
    const { environment, argumentsPool } = this.#host;
    const { handler } = environment;
    const client = this.#client;
    assert(client !== null && !this.#output.isInBatch);
    const args = this.#args ?? argumentsPool.take();
    this.#batchEnd = end;
    this.#intake.neededBytes = 0;
    this.#decoder.bulkBytesMax = environment.settings.bulkBytesMax;
    handler.beginBatch(client);
    this.#output.beginBatch(client);
    const reached = this.#executeBatch(client, args, bytes, start, end);
    handler.endBatch(client);
    this.#output.endBatch();
    const isUnfinished = this.#intake.neededBytes > 0 || args.large !== null;
    this.#args = isUnfinished ? args : null;
    if (!isUnfinished) argumentsPool.give(args);
    if (this.#state === 'closed') this.#gone();
    return reached;
  }

  #executeBatch(
    client: Client,
    args: Arguments,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const decoder = this.#decoder;
    const { writer, environment } = this.#host;
    const { handler, clock } = environment;
    const deadlineMs = clock.monotonicMs() + TURN_MS_MAX;
    let position = start;
    let untilClock = TURN_CLOCK_REQUESTS;
    while (position < end) {
      this.#batchPosition = position;
      decoder.isAuthenticated = client.isAuthenticated;
      const decoded = decoder.next(bytes, position, end, args);
      if (decoded === REQUEST) {
        const outcome = handler.onRequest(client, args, writer);
        if (args.large !== null) decoder.endLarge(args, outcome === AGAIN);
        if (outcome !== AGAIN) position = decoder.position;
        if (outcome !== CONTINUE) {
          this.#isSuspended = true;
          break;
        }
        if (this.#state !== 'open' || this.#isSuspended) break;
        untilClock--;
        if (untilClock > 0 && position - start < TURN_BYTES_MAX) continue;
        untilClock = TURN_CLOCK_REQUESTS;
        if (position - start < TURN_BYTES_MAX && clock.monotonicMs() < deadlineMs) continue;
        this.#hasRequests = position < end;
        break;
      }
      if (decoded === NOTHING) {
        position = decoder.position;
        if (decoder.isEmptyLine) handler.onEmptyLine(client);
        continue;
      }
      if (decoded === INCOMPLETE) {
        const value = setBulkApart(handler, { client, decoder, args }, bytes, position, end);
        if (value !== null) {
          this.#input.beginFilling(value);
          this.#batchEnd = position + decoder.parsedBytes;
        }
        this.#intake.neededBytes = decoder.neededBytes;
        break;
      }
      args.freeLarge();
      this.#onMalformed(bytes, position, end);
      position = end;
    }
    this.#batchPosition = position;
    return position;
  }

  #onMalformed(bytes: Uint8Array, start: number, end: number): void {
    const { error } = this.#decoder;
    const { writer } = this.#host;
    // It may be the one that CLIENT REPLY SKIP was meant for.
    if (this.#client?.isSilenced) writer.mute();
    writer.error(error.reply);
    this.endAfterReplies();
    this.#log.malformed(error, bytes, start, end);
  }

  // Writing and closing

  #endWhenWritten(): void {
    this.#output.flush();
    if (this.#output.isEmpty && !this.#socket.writableEnded) this.#socket.destroySoon();
  }

  /** The peer will send nothing more. As in Redis, what it has not read by then is not for it. */
  #onEnd(): void {
    if (this.#state !== 'open') return;
    this.#log.ended();
    this.destroy();
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (this.#state === 'closed') return;
    this.#log.failed(error);
    this.destroy();
  }

  #onClose(): void {
    this.#state = 'closed';
    this.#output.release();
    this.#gone();
  }

  /** Once, when the connection is closed and its batch over. */
  #gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#host.sessions.delete(this);
    this.#input.clear();
    this.#input.stopFilling();
    if (this.#args !== null) this.#host.argumentsPool.give(this.#args);
    this.#args = null;
    if (this.#client !== null) this.#host.environment.handler.onClosed(this.#client);
  }

  /** A method, since calls in between change the state. */
  #isOpen(): boolean {
    return this.#state === 'open';
  }
}
