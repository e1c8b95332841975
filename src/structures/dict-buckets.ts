/*
 * Where the buckets of one dict lie: segments and their directory, all of it in memory so that a
 * frozen reader finds it, with the segments mirrored in one typed array for the hot path. Adding
 * and taking the last bucket is all that growing and shrinking need. Must not know what is in a
 * bucket.
 */

import type { Memory, Ref } from '../memory/memory.js';
import { copyOfBlock } from './block-copy.js';
import {
  BUCKET_BYTES,
  BUCKET_UNITS,
  DIRECTORY_BYTES,
  DIRECTORY_FANOUT,
  placeInSegment,
  ROOT_BUCKETS,
  ROOT_DIRECTORY,
  ROOT_SEGMENTS,
  SMALL_SEGMENTS,
  segmentBuckets,
  segmentOf,
} from './dict-layout.js';

export class DictBuckets {
  readonly #memory: Memory;
  #root: Ref;
  /** Buckets now; at least 1. */
  count = 0;
  /** 2^(L+1) - 1. */
  mask = 1;
  /** Reference of each segment. */
  #segments = new Int32Array(16);

  /** Over a root whose bucket count is 0 (then `push` the first) or that is filled already. */
  constructor(memory: Memory, root: Ref) {
    this.#memory = memory;
    this.#root = root;
    this.#setCount(memory.int32(root, ROOT_BUCKETS));
    const segments = this.count === 0 ? 0 : segmentOf(this.count - 1) + 1;
    for (let i = 0; i < segments; i++) this.#mirror(i, this.#storedSegment(i));
  }

  /** The bucket to which a hash belongs. */
  indexOf(hash: number): number {
    const index = hash & this.mask;
    return index < this.count ? index : index & (this.mask >>> 1);
  }

  ref(index: number): Ref {
    if (index >= 1024) {
      const segment = this.#segments[10 + (index >>> 10)];
      return (segment + ((index & 1023) << 3)) | 0;
    }
    return (this.#segments[segmentOf(index)] + placeInSegment(index) * BUCKET_UNITS) | 0;
  }

  /** Low bits of the hash that all entries of the bucket share. */
  depthOf(index: number): number {
    const level = 31 - Math.clz32(this.count);
    const isSplit = index >= 1 << level || index < this.count - (1 << level);
    return isSplit ? level + 1 : level;
  }

  /**
   * Adds an empty bucket at the end. When memory is exhausted it throws and nothing has changed.
   * Side effects: 1. may allocate a segment, a directory page, the directory; 2. the root's count.
   */
  push(): void {
    const index = this.count;
    const segment = segmentOf(index);
    if (placeInSegment(index) === 0) this.#addSegment(segment);
    const memory = this.#memory;
    const bucket = this.ref(index);
    memory.beginWrite(bucket, 0, BUCKET_BYTES);
    memory.fill(bucket, 0, BUCKET_BYTES, 0);
    this.#storeCount(index + 1);
  }

  /** Takes the last bucket away; its contents have been moved. Frees what it was the first of. */
  pop(): void {
    const index = this.count - 1;
    this.#storeCount(index);
    if (placeInSegment(index) === 0) this.#dropSegment(segmentOf(index));
  }

  /** The root is elsewhere now, with the same contents. */
  moveRoot(root: Ref): void {
    this.#root = root;
  }

  /**
   * Moves the block `ref` if it is a segment, a directory page or the directory. Throws
   * OutOfMemoryError, having changed nothing.
   */
  relocate(ref: Ref): boolean {
    const segments = this.count === 0 ? 0 : segmentOf(this.count - 1) + 1;
    const segment = this.#segments.indexOf(ref);
    if (segment >= 0 && segment < segments) {
      const copy = copyOfBlock(this.#memory, ref, segmentBuckets(segment) * BUCKET_BYTES);
      this.#storeSegment(segment, copy);
      this.#segments[segment] = copy;
    } else if (segments <= SMALL_SEGMENTS || !this.#relocateDirectory(ref, segments)) {
      return false;
    }
    this.#memory.free(ref);
    return true;
  }

  /** The caller frees the old block. */
  #relocateDirectory(ref: Ref, segments: number): boolean {
    const memory = this.#memory;
    const directory = memory.int32(this.#root, ROOT_DIRECTORY);
    if (ref === directory) {
      this.#store(this.#root, ROOT_DIRECTORY, copyOfBlock(this.#memory, ref, DIRECTORY_BYTES));
      return true;
    }
    const pages = Math.ceil((segments - SMALL_SEGMENTS) / DIRECTORY_FANOUT);
    for (let i = 0; i < pages; i++) {
      if (memory.int32(directory, i * 4) !== ref) continue;
      this.#store(directory, i * 4, copyOfBlock(this.#memory, ref, DIRECTORY_BYTES));
      return true;
    }
    return false;
  }

  #setCount(count: number): void {
    this.count = count;
    this.mask = count === 0 ? 0 : 2 ** (32 - Math.clz32(count)) - 1;
  }

  #storeCount(count: number): void {
    this.#memory.beginWrite(this.#root, ROOT_BUCKETS, 4);
    this.#memory.setInt32(this.#root, ROOT_BUCKETS, count);
    this.#setCount(count);
  }

  #mirror(segment: number, ref: Ref): void {
    if (segment >= this.#segments.length) {
      const longer = new Int32Array(this.#segments.length * 2);
      longer.set(this.#segments);
      this.#segments = longer;
    }
    this.#segments[segment] = ref;
  }

  #storedSegment(segment: number): Ref {
    if (segment < SMALL_SEGMENTS)
      return this.#memory.int32(this.#root, ROOT_SEGMENTS + segment * 4);
    const place = segment - SMALL_SEGMENTS;
    const page = this.#directoryPage(Math.floor(place / DIRECTORY_FANOUT));
    return this.#memory.int32(page, (place % DIRECTORY_FANOUT) * 4);
  }

  /** The directory page must be there. */
  #storeSegment(segment: number, ref: Ref): void {
    if (segment < SMALL_SEGMENTS) {
      this.#store(this.#root, ROOT_SEGMENTS + segment * 4, ref);
      return;
    }
    const place = segment - SMALL_SEGMENTS;
    const page = this.#directoryPage(Math.floor(place / DIRECTORY_FANOUT));
    this.#store(page, (place % DIRECTORY_FANOUT) * 4, ref);
  }

  #directoryPage(number: number): Ref {
    const directory = this.#memory.int32(this.#root, ROOT_DIRECTORY);
    return this.#memory.int32(directory, number * 4);
  }

  #addSegment(segment: number): void {
    const memory = this.#memory;
    const ref = memory.allocate(segmentBuckets(segment) * BUCKET_BYTES);
    if (segment >= SMALL_SEGMENTS) {
      try {
        this.#needDirectoryPage(segment - SMALL_SEGMENTS);
      } catch (error) {
        memory.free(ref);
        throw error;
      }
    }
    this.#storeSegment(segment, ref);
    this.#mirror(segment, ref);
  }

  /** Makes the directory and the page for a place that is the first of its kind. */
  #needDirectoryPage(place: number): void {
    const memory = this.#memory;
    if (memory.int32(this.#root, ROOT_DIRECTORY) === 0) {
      this.#store(this.#root, ROOT_DIRECTORY, this.#newDirectoryBlock());
    }
    if (place % DIRECTORY_FANOUT !== 0) return;
    const directory = memory.int32(this.#root, ROOT_DIRECTORY);
    const at = (place / DIRECTORY_FANOUT) * 4;
    // A page may be left from an attempt that ran out of memory.
    if (memory.int32(directory, at) === 0) this.#store(directory, at, this.#newDirectoryBlock());
  }

  #newDirectoryBlock(): Ref {
    const ref = this.#memory.allocate(DIRECTORY_BYTES);
    this.#memory.beginWrite(ref, 0, DIRECTORY_BYTES);
    this.#memory.fill(ref, 0, DIRECTORY_BYTES, 0);
    return ref;
  }

  #dropSegment(segment: number): void {
    const memory = this.#memory;
    memory.free(this.#segments[segment]);
    this.#segments[segment] = 0;
    if (segment < SMALL_SEGMENTS) {
      this.#store(this.#root, ROOT_SEGMENTS + segment * 4, 0);
      return;
    }
    const place = segment - SMALL_SEGMENTS;
    if (place % DIRECTORY_FANOUT !== 0) return;
    const directory = memory.int32(this.#root, ROOT_DIRECTORY);
    const at = (place / DIRECTORY_FANOUT) * 4;
    memory.free(memory.int32(directory, at));
    this.#store(directory, at, 0);
    if (place !== 0) return;
    memory.free(directory);
    this.#store(this.#root, ROOT_DIRECTORY, 0);
  }

  #store(ref: Ref, offset: number, value: number): void {
    this.#memory.beginWrite(ref, offset, 4);
    this.#memory.setInt32(ref, offset, value);
  }
}
