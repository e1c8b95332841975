/*
 * What one session sends, whoever writes it: the replies of its own batch through the writer that
 * all share, and from outside of it late replies, messages, and bytes of the stream. Holds what is
 * queued to the limit of the client's class. Must not know requests, nor when a session ends: its
 * owner is told.
 */

import type { Client } from '../commands/client.js';
import type { PinnedBytes } from '../keyspace/pinned-value.js';
import { OUTPUT_CHUNK_BYTES } from '../limits.js';
import type { ReplySink, ReplyWriter } from '../resp/reply-writer.js';
import { OutputBuffer, type OutputTarget } from './output-buffer.js';
import { countedBytes, limitFor, mustGather, OutputPatience } from './output-limit.js';
import type { SessionHost } from './session-host.js';

/** The session, as its output sees it. */
export interface OutputOwner {
  readonly client: Client | null;
  /** Takes no more output. */
  readonly isClosed: boolean;
  /** Something is queued: flush() is due in the session's next turn. */
  onOutputQueued(): void;
  /** The kernel has taken something outside of a batch. */
  onOutputSent(): void;
  /** The reader is too slow. */
  onOutputExhausted(): void;
}

export class SessionOutput implements ReplySink {
  readonly #host: SessionHost;
  readonly #owner: OutputOwner;
  readonly #buffer: OutputBuffer;
  readonly #patience = new OutputPatience();
  /** The session's own requests are being executed: their replies go through the host's writer. */
  isInBatch = false;

  constructor(options: { host: SessionHost; owner: OutputOwner; target: OutputTarget }) {
    const { host, owner, target } = options;
    this.#host = host;
    this.#owner = owner;
    this.#buffer = new OutputBuffer({
      target,
      pool: host.replyPool,
      turnReplies: host.turnReplies,
      onSent: (bytes) => this.#onSent(bytes),
      onReady: () => owner.onOutputQueued(),
      mustGather: (bytes) => mustGather(owner.client, host.environment.settings, bytes),
    });
  }

  get pendingBytes(): number {
    return this.#buffer.pendingBytes;
  }

  get chunkCount(): number {
    return this.#buffer.chunkCount;
  }

  get isReaderSlow(): boolean {
    return this.#buffer.isReaderSlow;
  }

  get isEmpty(): boolean {
    return this.#buffer.isEmpty;
  }

  /** Replies wait for the end of the turn: flush() is due then. */
  get isHeld(): boolean {
    return this.#buffer.isHeld;
  }

  beginBatch(client: Client): void {
    const { writer } = this.#host;
    this.isInBatch = true;
    writer.begin(this, client.protocol);
    if (client.isSilenced) writer.mute();
  }

  endBatch(): void {
    this.#host.writer.finish();
    this.isInBatch = false;
  }

  /** A message: it is heard by clients that want no replies, too. The bytes never change. */
  send(bytes: Uint8Array): void {
    if (this.isInBatch) return this.#host.writer.message(bytes);
    this.#makeRoom(bytes.length);
    this.#buffer.appendShared(bytes);
    this.check();
    this.#owner.onOutputQueued();
  }

  sendPinned(bytes: Uint8Array, onWritten: () => void): void {
    if (this.isInBatch) this.#host.writer.flush();
    this.#buffer.appendPinned(bytes, onWritten);
    this.check();
    // At once: whoever sends blocks has gathered them already, and may be inside a long tick.
    if (!this.isInBatch) this.flush();
  }

  /** A reply from outside the client's own batch: `write` is called at once. */
  writeReply(client: Client, write: (reply: ReplyWriter) => void): void {
    const { looseWriter, writer } = this.#host;
    if (this.isInBatch) return write(writer);
    looseWriter.begin(this, client.protocol);
    if (client.isSilenced) looseWriter.mute();
    write(looseWriter);
    looseWriter.finish();
    this.flush();
  }

  take(buffer: Uint8Array, length: number): Uint8Array {
    const next = this.#buffer.take(buffer, length);
    if (!this.#buffer.isEmpty) this.check();
    return next;
  }

  takePinned(buffer: Uint8Array, length: number, pinned: PinnedBytes): Uint8Array {
    const next = this.#buffer.takePinned(buffer, length, pinned);
    if (!this.#buffer.isEmpty) this.check();
    return next;
  }

  /** One gathering write now, what is left in the session's turn. */
  flush(): void {
    this.#buffer.flush();
    if (this.#buffer.canFlush) this.#owner.onOutputQueued();
  }

  /** Before so many bytes would be too many: what waits only for the end of somebody else's turn is
   * not its reader's fault. In Redis it is gone by then, for turns are shorter there. */
  #makeRoom(bytes: number): void {
    const buffer = this.#buffer;
    const { client } = this.#owner;
    while (buffer.canFlush && client !== null) {
      const { hardBytes } = limitFor(client.kind, this.#host.environment.settings);
      const addedBytes = Math.max(bytes, OUTPUT_CHUNK_BYTES);
      if (hardBytes === 0 || buffer.heldBytes + addedBytes < hardBytes) return;
      buffer.flush();
    }
  }

  /** Whether the reader has been too slow, or for too long. */
  check(): void {
    const { settings, clock, counters } = this.#host.environment;
    const { client, isClosed } = this.#owner;
    if (client === null || isClosed) return;
    const limit = limitFor(client.kind, settings);
    if (!this.#patience.isExhausted(countedBytes(this.#buffer), limit, clock)) return;
    counters.outputBufferLimitDisconnections++;
    this.#owner.onOutputExhausted();
  }

  /** Takes nothing any more, and forgets what is queued. */
  close(): void {
    this.#buffer.close();
  }

  /** The socket is gone for good. */
  release(): void {
    this.#buffer.release();
  }

  #onSent(bytes: number): void {
    const { counters, clock } = this.#host.environment;
    const { client } = this.#owner;
    if (this.#patience.isTried && client !== null) {
      const limit = limitFor(client.kind, this.#host.environment.settings);
      this.#patience.onSent(countedBytes(this.#buffer), limit);
    }
    counters.writesProcessed++;
    if (client?.kind === 'replica') counters.replicationOutputBytes += bytes;
    else counters.netOutputBytes += bytes;
    if (this.isInBatch || client === null) return;
    client.lastInteractionMs = clock.wallMs();
    this.#owner.onOutputSent();
  }
}
