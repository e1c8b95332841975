/*
 * The worker's end of a frozen view. A load copies bytes to private memory first, then looks at the
 * shadow word of every page it touched, and takes the page's old bytes instead if there are any;
 * nothing is interpreted before that. The order and the read-modify-write are what makes it right:
 * see shadow.ts. Knows nothing of allocators: what is in the view is reached from the root.
 */

import assert from 'node:assert/strict';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { type BlockReader, LOAD_BYTES_MAX } from './block-reader.js';
import { CHUNK_PAGES, CHUNK_PAGES_SHIFT, type FrozenViewMessage, LOST } from './frozen-view.js';
import { ARENAS_MAX, entryOf, PAGE_BYTES, PAGE_SHIFT, REF_UNIT_MASK, type Ref } from './layout.js';

/** Up to this many words a loop is faster than subarray and set. */
const LOOP_WORDS_MAX = 64;
const PAGE_MASK = PAGE_BYTES - 1;

/** The view can not be read to its end: the main thread found no memory for a copy. */
export class ViewLostError extends Error {
  override readonly name = 'ViewLostError';

  constructor() {
    super('the frozen view was lost: no memory for the pages that were written meanwhile');
  }
}

export class FrozenReader implements BlockReader {
  readonly root: Ref;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  base = 0;

  readonly #pages: Int32Array[];
  readonly #shadows: Int32Array[];
  readonly #chunks: Int32Array[];
  readonly #port: MessagePort;
  readonly #control: Int32Array;

  constructor(message: FrozenViewMessage) {
    const scratch = new ArrayBuffer(LOAD_BYTES_MAX + 16);
    this.u8 = new Uint8Array(scratch);
    this.i32 = new Int32Array(scratch);
    this.f64 = new Float64Array(scratch);
    this.root = message.root;
    const none = new Int32Array(0);
    this.#pages = new Array<Int32Array>(ARENAS_MAX).fill(none);
    this.#shadows = new Array<Int32Array>(ARENAS_MAX).fill(none);
    for (const arena of message.arenas) {
      this.#pages[arena.number] = new Int32Array(arena.bytes);
      this.#shadows[arena.number] = new Int32Array(arena.shadow);
    }
    this.#chunks = message.chunks.map((chunk) => new Int32Array(chunk));
    this.#port = message.port;
    this.#control = new Int32Array(message.control);
  }

  /** True when the main thread wants the reading to stop. */
  get isAborted(): boolean {
    return Atomics.load(this.#control, 0) !== 0;
  }

  /** Throws ViewLostError. */
  load(ref: Ref, offset: number, length: number): void {
    assert(length <= LOAD_BYTES_MAX);
    const byte = ((ref & REF_UNIT_MASK) << 3) + offset;
    this.base = byte & 7;
    // Whole words, from a multiple of 8 on: the window keeps the alignment of the block.
    let word = (byte & ~7) >>> 2;
    const end = (byte + length + 3) >>> 2;
    let at = 0;
    while (word < end) {
      const page = word >>> (PAGE_SHIFT - 2);
      const pageEnd = (page + 1) << (PAGE_SHIFT - 2);
      const count = Math.min(end, pageEnd) - word;
      this.#loadFromPage(ref, page, word, count, at);
      word += count;
      at += count;
    }
  }

  loadUpTo(ref: Ref, offset: number, least: number, most: number): number {
    const byte = ((ref & REF_UNIT_MASK) << 3) + offset;
    const toPageEnd = PAGE_BYTES - (byte & PAGE_MASK);
    const length = Math.min(most, Math.max(least, toPageEnd));
    this.load(ref, offset, length);
    return length;
  }

  /** Lets go of all shared memory: a reference kept here would keep it for ever. The message is
   * emptied too. Nothing may be read afterwards. */
  close(message: FrozenViewMessage): void {
    this.#pages.length = 0;
    this.#shadows.length = 0;
    this.#chunks.length = 0;
    this.#port.close();
    message.arenas.length = 0;
    message.chunks.length = 0;
  }

  #loadFromPage(ref: Ref, page: number, word: number, count: number, at: number): void {
    copyWords(entryOf(this.#pages, ref), word, count, this.i32, at);
    const number = Atomics.or(entryOf(this.#shadows, ref), page, 0);
    if (number !== 0) this.#loadFromShadow(number, word, count, at);
  }

  #loadFromShadow(number: number, word: number, count: number, at: number): void {
    if (number === LOST) throw new ViewLostError();
    assert(number > 0, 'a reference out of the frozen view');
    const index = (number - 1) >>> CHUNK_PAGES_SHIFT;
    const chunk = this.#chunks[index] ?? this.#takeChunks(index);
    const start = ((number - 1) & (CHUNK_PAGES - 1)) << (PAGE_SHIFT - 2);
    const inPage = word & ((PAGE_BYTES >>> 2) - 1);
    copyWords(chunk, start + inPage, count, this.i32, at);
  }

  /** Takes the chunks that were handed over, up to number `wanted`, and returns that. */
  #takeChunks(wanted: number): Int32Array {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      assert(received !== undefined, 'a shadow chunk was published before it was handed over');
      const chunk = new Int32Array(received.message as SharedArrayBuffer);
      if (this.#chunks.push(chunk) > wanted) return chunk;
    }
  }
}

function copyWords(
  source: Int32Array,
  start: number,
  count: number,
  target: Int32Array,
  at: number,
): void {
  if (count <= LOOP_WORDS_MAX) {
    for (let i = 0; i < count; i++) target[at + i] = source[start + i];
  } else {
    target.set(source.subarray(start, start + count), at);
  }
}
