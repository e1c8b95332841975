/*
 * The newest part of the stream, in memory, addressed by offset and shared by all replicas. A ring
 * of blocks: the tail is appended to, blocks leave at the head and come round again as new tails.
 *
 *      head                                        tail
 *   [ block ][ block ][ block ] ... [ block ][ block.....      ]
 *   ^ start                                         ^ end
 *
 * The head may leave once it lies more than `sizeBytes` behind the end and nobody holds it. A block
 * that a pending write still points to is pinned: it may leave the ring, but its memory is not used
 * again before the last pin is gone. Pure: must not know sockets, replicas or the history.
 */

import assert from 'node:assert/strict';
import {
  BACKLOG_BLOCK_BYTES_MAX,
  BACKLOG_BLOCK_BYTES_MIN,
  BACKLOG_BLOCKS_PER_SIZE,
  BACKLOG_SPARE_BLOCKS_MAX,
  BACKLOG_TRIM_BLOCKS,
} from '../limits.js';
import { copyBytes } from '../structures/bytes.js';

/** Some consecutive bytes of the stream. Bytes below `used` never change while it is pinned. */
export interface BacklogBlock {
  readonly bytes: Uint8Array;
  /** Offset of the stream before its first byte. */
  start: number;
  /** Bytes filled. */
  used: number;
  /** Pending writes that point into it. */
  pins: number;
  isInRing: boolean;
}

/** Where a stretch of the stream lies; filled in by locate(). */
export class BacklogSlice {
  block: BacklogBlock | null = null;
  /** Index of the first byte in the block. */
  from = 0;
  length = 0;
}

/** Size of the blocks for a backlog of that size: a power of two within the limits. */
export function blockBytesFor(sizeBytes: number): number {
  let bytes = BACKLOG_BLOCK_BYTES_MIN;
  const wanted = sizeBytes / BACKLOG_BLOCKS_PER_SIZE;
  while (bytes < wanted && bytes < BACKLOG_BLOCK_BYTES_MAX) bytes *= 2;
  return bytes;
}

export class Backlog {
  /** Ring order, oldest first, from #head on; places before it are null. */
  #blocks: (BacklogBlock | null)[] = [];
  #head = 0;
  #tail: BacklogBlock | null = null;
  #spares: BacklogBlock[] = [];
  #sizeBytes: number;
  #blockBytes: number;
  #start: number;
  #end: number;
  #holdFrom = Number.POSITIVE_INFINITY;
  #ringBytes = 0;
  #detachedBytes = 0;

  /** An empty backlog: the next byte appended follows `offset`. */
  constructor(options: { sizeBytes: number; offset: number }) {
    this.#sizeBytes = options.sizeBytes;
    this.#blockBytes = blockBytesFor(options.sizeBytes);
    this.#start = options.offset;
    this.#end = options.offset;
  }

  /** Offset before the oldest byte held. */
  get start(): number {
    return this.#start;
  }

  /** Offset after the newest byte. */
  get end(): number {
    return this.#end;
  }

  /** Bytes of history to keep at least. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Memory in the ring's blocks and in spares. */
  get ringBytes(): number {
    return this.#ringBytes;
  }

  /** Memory of blocks that have left the ring while a write still points to them. */
  get detachedBytes(): number {
    return this.#detachedBytes;
  }

  /** Appends `bytes[from, to)`. The hot path: a whole run of requests at once. */
  append(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    while (at < to) {
      let tail = this.#tail;
      if (tail === null || tail.used === tail.bytes.length) tail = this.#grow();
      const room = tail.bytes.length - tail.used;
      const count = Math.min(to - at, room);
      copyBytes(bytes, at, at + count, tail.bytes, tail.used);
      tail.used += count;
      at += count;
      this.#end += count;
    }
  }

  /** Changes how much history is kept. Blocks that are too many leave in slices, by trim(). */
  resize(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
    const blockBytes = blockBytesFor(sizeBytes);
    if (blockBytes === this.#blockBytes) return;
    this.#blockBytes = blockBytes;
    this.#freeSpares();
  }

  /** Nothing after `offset` may leave: the oldest position that a replica still has to be served
   * from; Infinity when there is none. */
  holdFrom(offset: number): void {
    this.#holdFrom = offset;
  }

  /** Lets up to `blocksMax` blocks leave. Returns true when more could. */
  trim(blocksMax = BACKLOG_TRIM_BLOCKS): boolean {
    let left = blocksMax;
    while (this.#canTrim()) {
      if (left-- === 0) return true;
      this.#trimHead();
    }
    return false;
  }

  /** As trim(), and gives the spare blocks back: for whenever no append is under way. */
  shrink(): boolean {
    const isMoreLeft = this.trim();
    this.#freeSpares();
    return isMoreLeft;
  }

  /**
   * Finds the stretch that begins at `offset` (start ≤ offset ≤ end), as far as it goes in one
   * block and at most `bytesMax`. Length 0 at the end of the stream.
   */
  locate(offset: number, bytesMax: number, slice: BacklogSlice): void {
    assert(offset >= this.#start && offset <= this.#end, 'offset outside the backlog');
    if (offset === this.#end) {
      slice.block = null;
      slice.from = 0;
      slice.length = 0;
      return;
    }
    const block = this.#find(offset);
    slice.block = block;
    slice.from = offset - block.start;
    slice.length = Math.min(block.used - slice.from, bytesMax);
  }

  /** A write points into the block from now on. */
  pin(block: BacklogBlock): void {
    assert(block.isInRing, 'pin of a block that has left');
    block.pins++;
  }

  /** That write has ended. */
  unpin(block: BacklogBlock): void {
    assert(block.pins > 0, 'unpin without a pin');
    block.pins--;
    if (block.isInRing || block.pins > 0) return;
    this.#detachedBytes -= block.bytes.length;
    this.#keepSpare(block);
  }

  #grow(): BacklogBlock {
    this.trim();
    let block = this.#spares.pop();
    if (block === undefined) {
      const bytes = new Uint8Array(this.#blockBytes);
      block = { bytes, start: 0, used: 0, pins: 0, isInRing: true };
      this.#ringBytes += bytes.length;
    }
    block.start = this.#end;
    block.used = 0;
    block.isInRing = true;
    this.#blocks.push(block);
    this.#tail = block;
    return block;
  }

  /** The tail never leaves: it is where the next bytes go. */
  #canTrim(): boolean {
    const head = this.#blocks[this.#head];
    if (!head || head === this.#tail) return false;
    const after = head.start + head.used;
    return after <= this.#end - this.#sizeBytes && after <= this.#holdFrom;
  }

  #trimHead(): void {
    const head = this.#blocks[this.#head];
    assert(head);
    this.#blocks[this.#head++] = null;
    if (this.#head * 2 > this.#blocks.length) {
      this.#blocks = this.#blocks.slice(this.#head);
      this.#head = 0;
    }
    this.#start = head.start + head.used;
    head.isInRing = false;
    this.#ringBytes -= head.bytes.length;
    if (head.pins > 0) this.#detachedBytes += head.bytes.length;
    else this.#keepSpare(head);
  }

  #keepSpare(block: BacklogBlock): void {
    if (block.bytes.length !== this.#blockBytes) return;
    if (this.#spares.length >= BACKLOG_SPARE_BLOCKS_MAX) return;
    this.#spares.push(block);
    this.#ringBytes += block.bytes.length;
  }

  #freeSpares(): void {
    for (const spare of this.#spares) this.#ringBytes -= spare.bytes.length;
    this.#spares = [];
  }

  #find(offset: number): BacklogBlock {
    const blocks = this.#blocks;
    let low = this.#head;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const block = blocks[middle];
      assert(block);
      if (block.start <= offset) low = middle;
      else high = middle - 1;
    }
    const found = blocks[low];
    assert(found);
    return found;
  }
}
