/*
 * The way out of one connection. While the kernel takes everything, short replies wait for the end
 * of the turn, in one place for all (turn-replies.ts), and longer ones go to it straight from the
 * shared reply buffer, which is then used again. Once the reader is slow, replies are copied
 * into chunks of their own (small, so that a few bytes never hold a large buffer) and pinned ranges
 * are queued among them, in order; one gathering write is under way at a time. Counts what it
 * holds; whoever owns it decides when that is too much. Must not know clients or replies.
 */

import type { PinnedBytes } from '../keyspace/pinned-value.js';
import {
  GATHERED_BYTES_MAX,
  GATHERED_CHUNKS_MAX,
  OUTPUT_CHUNK_BYTES,
  REPLY_BUFFER_BYTES,
  SPARE_REPLY_BUFFERS_MAX,
} from '../limits.js';
import { copyBytes } from '../structures/bytes.js';
import type { TurnReplies } from './turn-replies.js';

/** What is needed of a socket. */
export interface OutputTarget {
  readonly writableLength: number;
  /**
   * Hands `bytes[start, end)` to the kernel at once: how many of them it has taken, 0 when there is
   * anything that write() is for. Only while nothing waits.
   */
  writeNow(bytes: Uint8Array, start: number, end: number): number;
  write(bytes: Uint8Array, onWritten: () => void): boolean;
  cork(): void;
  uncork(): void;
}

/** Buffers for the reply writer to go on with when a socket has kept one. */
export class ReplyBufferPool {
  readonly #spares: Uint8Array[] = [];

  take(): Uint8Array {
    return this.#spares.pop() ?? new Uint8Array(REPLY_BUFFER_BYTES);
  }

  give(buffer: Uint8Array): void {
    if (buffer.length !== REPLY_BUFFER_BYTES) return;
    if (this.#spares.length < SPARE_REPLY_BUFFERS_MAX) this.#spares.push(buffer);
  }
}

/** Up to this many bytes are copied to leave together with a long reply. */
const EDGE_BYTES_MAX = 1024;

/** Longer writes gain nothing by going past the stream, and would often have to be gone on with. */
const WRITTEN_NOW_BYTES_MAX = REPLY_BUFFER_BYTES;

/** Smallest chunk for messages that wait together. */
const SHORT_CHUNK_BYTES = 4 * 1024;

interface Chunk {
  readonly bytes: Uint8Array;
  start: number;
  /** May grow while the chunk is the last of the queue and not pinned. */
  end: number;
  readonly kind: 'copy' | 'reply' | 'shared' | 'pinned';
  readonly onWritten: (() => void) | null;
}

export class OutputBuffer {
  readonly #target: OutputTarget;
  readonly #pool: ReplyBufferPool;
  readonly #turnReplies: TurnReplies | null;
  readonly #onSent: (bytes: number) => void;
  readonly #onReady: () => void;
  readonly #mustGather: (bytes: number) => boolean;
  readonly #queue: Chunk[] = [];
  /** What waits among the replies of the turn, before the queue; none when both are 0. */
  #heldStart = 0;
  #heldEnd = 0;
  /** Chunks of the write that is under way. */
  #inFlight: Chunk[] = [];
  #isClosed = false;
  /**
   * Callbacks are running: what they queue leaves after the last of them, so that they stay in
   * order.
   */
  #isSettling = false;
  /** Bytes that wait, or are under way. */
  pendingBytes = 0;
  /** Memory that they occupy: whole chunks. */
  heldBytes = 0;
  readonly #onWriteDone = (): void => {
    // A write that was taken at once is settled already. Writing on from here would never give way.
    if (this.#inFlight.length === 0) return;
    this.#settle();
    this.flush();
    if (this.canFlush) this.#onReady();
  };

  /**
   * `turnReplies`: where short replies wait for a flush(); without it they leave at once. `onSent`:
   * the kernel has taken so many bytes; may be called from within any method. `onReady`: flush() is
   * due after others had their turn. `mustGather`: whether so many bytes may not leave before the
   * next flush().
   */
  constructor(options: {
    target: OutputTarget;
    pool: ReplyBufferPool;
    turnReplies?: TurnReplies;
    onSent: (bytes: number) => void;
    onReady: () => void;
    mustGather?: (bytes: number) => boolean;
  }) {
    this.#target = options.target;
    this.#pool = options.pool;
    this.#turnReplies = options.turnReplies ?? null;
    this.#onSent = options.onSent;
    this.#onReady = options.onReady;
    this.#mustGather = options.mustGather ?? (() => false);
  }

  get isEmpty(): boolean {
    return this.pendingBytes === 0;
  }

  /** A write is under way that the kernel has not taken whole. */
  get isReaderSlow(): boolean {
    return this.#inFlight.length > 0;
  }

  get chunkCount(): number {
    return this.#queue.length + this.#inFlight.length;
  }

  /** Something is queued and no write is under way. */
  get canFlush(): boolean {
    const isBusy = this.#inFlight.length > 0 || this.#isSettling || this.#isClosed;
    return (this.#queue.length > 0 || this.isHeld) && !isBusy;
  }

  /** Replies wait for the end of the turn, and all that is queued with them. */
  get isHeld(): boolean {
    return this.#heldEnd > 0;
  }

  /**
   * Takes `buffer[0, length)` of the reply writer. Returns the buffer to write into next: the same
   * one when its bytes are with the kernel, or copied.
   */
  take(buffer: Uint8Array, length: number): Uint8Array {
    if (this.#isClosed) return buffer;
    if (this.pendingBytes > 0 || this.#mustGather(length)) {
      this.append(buffer, 0, length);
      return buffer;
    }
    if (this.#hold(buffer, length)) return buffer;
    const taken = this.#target.writeNow(buffer, 0, length);
    if (taken < length) {
      this.#target.write(asBuffer(buffer, taken, length), this.#onWriteDone);
      if (this.#target.writableLength > 0) return this.#goOnFrom(buffer, taken, length);
    }
    this.#onSent(length);
    return buffer;
  }

  /** Leaves them among the replies of the turn, if that is the place for them. */
  #hold(buffer: Uint8Array, length: number): boolean {
    const start = this.#turnReplies?.hold(buffer, length) ?? -1;
    if (start < 0) return false;
    this.#heldStart = start;
    this.#heldEnd = start + length;
    this.pendingBytes += length;
    this.#onReady();
    return true;
  }

  /** Returns how many bytes have left; the rest is queued. */
  #writeHeld(): number {
    const start = this.#heldStart;
    const end = this.#heldEnd;
    if (end === 0 || this.#turnReplies === null) return 0;
    const { bytes } = this.#turnReplies;
    this.#heldStart = 0;
    this.#heldEnd = 0;
    const taken = this.#target.writeNow(bytes, start, end);
    this.pendingBytes -= taken;
    const rest = end - start - taken;
    if (rest === 0) return taken;
    const copy = unfilledBytes(rest);
    copyBytes(bytes, start + taken, end, copy, 0);
    this.#queue.unshift({ bytes: copy, start: 0, end: rest, kind: 'copy', onWritten: null });
    this.heldBytes += rest;
    return taken;
  }

  /** The kernel took a part at most, and the socket goes on reading from this buffer. */
  #goOnFrom(buffer: Uint8Array, start: number, end: number): Uint8Array {
    this.#inFlight.push({ bytes: buffer, start, end, kind: 'reply', onWritten: null });
    this.pendingBytes += end - start;
    this.heldBytes += buffer.length;
    if (start > 0) this.#onSent(start);
    return this.#pool.take();
  }

  /**
   * As take(), and then `pinned` as by appendPinned(). It is queued, so that what comes before and
   * after a long reply leaves with it, until much of it has gathered.
   */
  takePinned(buffer: Uint8Array, length: number, pinned: PinnedBytes): Uint8Array {
    let next = buffer;
    if (length > EDGE_BYTES_MAX) next = this.take(buffer, length);
    else this.#append(buffer, { start: 0, end: length, chunkBytes: length });
    this.appendPinned(pinned.bytes, pinned.onWritten);
    const { pendingBytes } = this;
    if (pendingBytes >= GATHERED_BYTES_MAX && !this.#mustGather(pendingBytes)) this.flush();
    return next;
  }

  /** Queues a copy of `bytes[start, end)`. It leaves with the next flush(). */
  append(bytes: Uint8Array, start: number, end: number): void {
    // The few bytes after a long reply are no beginning of many short ones.
    const isEdge = end - start <= EDGE_BYTES_MAX && this.#queue.at(-1)?.kind === 'pinned';
    const chunkBytes = isEdge ? 0 : OUTPUT_CHUNK_BYTES;
    this.#append(bytes, { start, end, chunkBytes });
  }

  #append(
    bytes: Uint8Array,
    { start, end, chunkBytes }: { start: number; end: number; chunkBytes: number },
  ): void {
    if (this.#isClosed) return;
    let from = start;
    const last = this.#queue.at(-1);
    if (last !== undefined && last.kind === 'copy') {
      const count = Math.min(end - from, last.bytes.length - last.end);
      copyBytes(bytes, from, from + count, last.bytes, last.end);
      last.end += count;
      this.pendingBytes += count;
      from += count;
    }
    if (from === end) return;
    const copy = unfilledBytes(Math.max(end - from, chunkBytes));
    copyBytes(bytes, from, end, copy, 0);
    this.#push({ bytes: copy, start: 0, end: end - from, kind: 'copy', onWritten: null });
  }

  /**
   * Queues bytes that never change, as they are: a message that goes to many costs each of them no
   * copy. Several short ones are copied into one piece all the same, since a write of many pieces
   * costs more. Their first chunk is small: it is needed for each who hears.
   */
  appendShared(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const { length } = bytes;
    const last = this.#queue.at(-1);
    if (last === undefined || length >= OUTPUT_CHUNK_BYTES) {
      this.#push({ bytes, start: 0, end: length, kind: 'shared', onWritten: null });
      return;
    }
    const chunkBytes = Math.min(Math.max(this.heldBytes, SHORT_CHUNK_BYTES), OUTPUT_CHUNK_BYTES);
    if (last.kind === 'shared' && last.end < OUTPUT_CHUNK_BYTES) {
      this.#queue.pop();
      this.pendingBytes -= last.end;
      this.heldBytes -= last.end;
      this.#append(last.bytes, { start: 0, end: last.end, chunkBytes });
    }
    this.#append(bytes, { start: 0, end: length, chunkBytes });
  }

  /**
   * Queues the bytes themselves. `onWritten` is called exactly once: when the kernel has taken
   * them, or by release(). Until then they must not change. Callbacks come in the order of the
   * calls.
   */
  appendPinned(bytes: Uint8Array, onWritten: () => void): void {
    if (this.#isClosed || bytes.length === 0) {
      queueMicrotask(onWritten);
      return;
    }
    this.#push({ bytes, start: 0, end: bytes.length, kind: 'pinned', onWritten });
  }

  /**
   * Begins one gathering write of what is queued, unless one is under way. When the kernel takes it
   * whole, more may be left: ask canFlush, and give others a turn before.
   */
  flush(): void {
    if (!this.canFlush) return;
    let taken = this.#writeHeld();
    const [first] = this.#queue;
    if (first !== undefined && this.#queue.length === 1) taken += this.#writeOnly(first);
    if (this.#queue.length > 0) this.#writeQueued();
    this.#settle();
    if (taken > 0) this.#onSent(taken);
  }

  /** The one chunk of the queue, past the stream, which costs more than the system call. Returns
   * how many bytes have left; a chunk that has left whole is no more in the queue. */
  #writeOnly(chunk: Chunk): number {
    const { bytes, start, end, onWritten } = chunk;
    if (end - start > WRITTEN_NOW_BYTES_MAX) return 0;
    const taken = this.#target.writeNow(bytes, start, end);
    chunk.start += taken;
    this.pendingBytes -= taken;
    if (chunk.start < end) return taken;
    this.#queue.pop();
    this.heldBytes -= bytes.length;
    if (onWritten !== null) {
      this.#isSettling = true;
      onWritten();
      this.#isSettling = false;
    }
    return taken;
  }

  /**
   * Takes nothing any more and forgets what is queued. Pinned bytes stay pinned until release().
   */
  close(): void {
    this.#isClosed = true;
  }

  /** The socket is gone for good: nobody reads any of the bytes again. */
  release(): void {
    this.#isClosed = true;
    const chunks = [...this.#inFlight, ...this.#queue.splice(0)];
    this.#inFlight = [];
    this.#heldStart = 0;
    this.#heldEnd = 0;
    this.pendingBytes = 0;
    this.heldBytes = 0;
    for (const chunk of chunks) chunk.onWritten?.();
  }

  #push(chunk: Chunk): void {
    this.#queue.push(chunk);
    this.pendingBytes += chunk.end - chunk.start;
    this.heldBytes += chunk.bytes.length;
  }

  #writeQueued(): void {
    let count = 0;
    let bytes = 0;
    for (const chunk of this.#queue) {
      if (count >= GATHERED_CHUNKS_MAX || bytes >= GATHERED_BYTES_MAX) break;
      bytes += chunk.end - chunk.start;
      count++;
    }
    const chunks = this.#queue.splice(0, count);
    this.#keepRest(chunks);
    this.#inFlight = chunks;
    if (count > 1) this.#target.cork();
    for (const chunk of chunks) {
      count--;
      // They are taken together, so it is enough to hear of the last one.
      const onWritten = count === 0 ? this.#onWriteDone : ignore;
      this.#target.write(asBuffer(chunk.bytes, chunk.start, chunk.end), onWritten);
    }
    if (chunks.length > 1) this.#target.uncork();
  }

  /** Of pinned bytes that are too many for one write, only as many stay in `chunks`. */
  #keepRest(chunks: Chunk[]): void {
    const last = chunks.at(-1);
    if (last?.kind !== 'pinned' || last.end - last.start <= GATHERED_BYTES_MAX) return;
    const bytes = last.bytes.subarray(0, GATHERED_BYTES_MAX);
    const rest = last.bytes.subarray(GATHERED_BYTES_MAX);
    chunks[chunks.length - 1] = { ...last, bytes, end: bytes.length, onWritten: null };
    this.#queue.unshift({ ...last, bytes: rest, end: rest.length });
  }

  /** What is under way is done when the socket holds nothing more. */
  #settle(): void {
    if (this.#isClosed || this.#inFlight.length === 0 || this.#target.writableLength > 0) return;
    const done = this.#inFlight;
    this.#inFlight = [];
    let bytes = 0;
    for (const chunk of done) {
      bytes += chunk.end - chunk.start;
      this.heldBytes -= chunk.bytes.length;
      if (chunk.kind === 'reply') this.#pool.give(chunk.bytes);
    }
    this.pendingBytes -= bytes;
    this.#isSettling = true;
    for (const chunk of done) chunk.onWritten?.();
    this.#isSettling = false;
    this.#onSent(bytes);
  }
}

function ignore(): void {}

/** Plain, as copyBytes wants it. */
function unfilledBytes(length: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafe(length);
  return new Uint8Array(buffer, byteOffset, length);
}

/** Sockets take a plain Uint8Array too, but wrap it themselves, at more cost. */
function asBuffer(bytes: Uint8Array, start: number, end: number): Buffer {
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset + start, end - start);
}
