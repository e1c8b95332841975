/*
 * Walks a dict through a BlockReader, live or frozen, bucket by bucket: the reading twin of Dict.
 * It copies each stretch of buckets to an array of its own before it looks at a reference, so the
 * reader's window is free for entries. Pull style: the owner asks for the next entry and may pause
 * between any two.
 */

import type { BlockReader, Ref } from '../memory/memory.js';
import {
  BUCKET_BYTES,
  BUCKET_LINK,
  BUCKET_REFS,
  BUCKET_SLOTS,
  BUCKET_UNITS,
  DIRECTORY_BYTES,
  DIRECTORY_FANOUT,
  ROOT_BUCKETS,
  ROOT_BYTES,
  ROOT_DIRECTORY,
  ROOT_ENTRIES,
  ROOT_SEGMENTS,
  SMALL_SEGMENTS,
  segmentBuckets,
} from './dict-layout.js';

/** Buckets read at once: a page of them. */
const STRETCH_BUCKETS = 64;
const BUCKET_WORDS = BUCKET_BYTES / 4;

export class DictWalk {
  readonly #reader: BlockReader;
  readonly #root = new Int32Array(ROOT_BYTES / 4);
  readonly #directory = new Int32Array(DIRECTORY_FANOUT);
  readonly #page = new Int32Array(DIRECTORY_FANOUT);
  /** Buckets that were read: a stretch of a segment, or one overflow bucket. */
  readonly #stretch = new Int32Array(STRETCH_BUCKETS * BUCKET_WORDS);
  readonly #overflow = new Int32Array(BUCKET_WORDS);
  #bucketsLeft = 0;
  #segment = 0;
  #segmentRef: Ref = 0;
  /** Buckets of the segment, and how many of them have been read. */
  #segmentBuckets = 0;
  #segmentRead = 0;
  #stretchBuckets = 0;
  #stretchNext = 0;
  /** The bucket being handed out, and its next slot. */
  #bucket: Int32Array = this.#overflow;
  #bucketWord = 0;
  #slot = BUCKET_SLOTS;

  constructor(reader: BlockReader) {
    this.#reader = reader;
  }

  /** Begins the dict at `root`; returns the number of its entries. */
  begin(root: Ref): number {
    this.#read(root, 0, ROOT_BYTES, this.#root);
    this.#bucketsLeft = this.#root[ROOT_BUCKETS / 4];
    this.#segment = 0;
    this.#segmentRead = 0;
    this.#segmentBuckets = 0;
    this.#stretchBuckets = 0;
    this.#stretchNext = 0;
    this.#slot = BUCKET_SLOTS;
    this.#bucket = this.#overflow;
    this.#bucketWord = 0;
    this.#overflow.fill(0);
    return this.#root[ROOT_ENTRIES / 4];
  }

  /** The next entry, 0 at the end. */
  next(): Ref {
    while (true) {
      while (this.#slot < BUCKET_SLOTS) {
        const entry = this.#bucket[this.#bucketWord + BUCKET_REFS / 4 + this.#slot++];
        if (entry !== 0) return entry;
      }
      if (!this.#nextBucket()) return 0;
    }
  }

  #nextBucket(): boolean {
    const link = this.#bucket[this.#bucketWord + BUCKET_LINK / 4];
    this.#slot = 0;
    if (link !== 0) {
      this.#read(link, 0, BUCKET_BYTES, this.#overflow);
      this.#bucket = this.#overflow;
      this.#bucketWord = 0;
      return true;
    }
    if (this.#stretchNext === this.#stretchBuckets && !this.#nextStretch()) {
      this.#slot = BUCKET_SLOTS;
      return false;
    }
    this.#bucket = this.#stretch;
    this.#bucketWord = this.#stretchNext++ * BUCKET_WORDS;
    return true;
  }

  #nextStretch(): boolean {
    if (this.#bucketsLeft === 0) return false;
    if (this.#segmentRead === this.#segmentBuckets) this.#nextSegment();
    const count = Math.min(
      STRETCH_BUCKETS,
      this.#segmentBuckets - this.#segmentRead,
      this.#bucketsLeft,
    );
    const start = (this.#segmentRef + this.#segmentRead * BUCKET_UNITS) | 0;
    this.#read(start, 0, count * BUCKET_BYTES, this.#stretch);
    this.#segmentRead += count;
    this.#bucketsLeft -= count;
    this.#stretchBuckets = count;
    this.#stretchNext = 0;
    return true;
  }

  #nextSegment(): void {
    const segment = this.#segment++;
    this.#segmentBuckets = segmentBuckets(segment);
    this.#segmentRead = 0;
    if (segment < SMALL_SEGMENTS) {
      this.#segmentRef = this.#root[ROOT_SEGMENTS / 4 + segment];
      return;
    }
    const place = segment - SMALL_SEGMENTS;
    if (place === 0) {
      this.#read(this.#root[ROOT_DIRECTORY / 4], 0, DIRECTORY_BYTES, this.#directory);
    }
    if (place % DIRECTORY_FANOUT === 0) {
      const page = this.#directory[place / DIRECTORY_FANOUT];
      this.#read(page, 0, DIRECTORY_BYTES, this.#page);
    }
    this.#segmentRef = this.#page[place % DIRECTORY_FANOUT];
  }

  #read(ref: Ref, offset: number, length: number, target: Int32Array): void {
    const reader = this.#reader;
    reader.load(ref, offset, length);
    const words = reader.i32;
    const base = reader.base >>> 2;
    for (let i = 0; i < length / 4; i++) target[i] = words[base + i];
  }
}
