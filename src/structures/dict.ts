/*
 * A hash table in memory that never stalls: linear hashing (see dict-layout.ts) splits or merges
 * one bucket with an insert or a delete, so no operation touches more than a few cache lines
 * whatever the size. It holds references to entries and knows of an entry only that its first word
 * is its 32-bit hash; whether a candidate is the wanted one, the owner decides. Everything a frozen
 * reader needs is in memory; fields here only mirror it. Lookups, overwrites and inserts allocate
 * nothing in JavaScript.
 *
 * Chains are compact: only the last bucket of a chain has free slots after a delete (a hole is
 * filled from it), so a split never needs more overflow buckets than it frees.
 */

import type { Memory, Ref } from '../memory/memory.js';
import { OutOfMemoryError } from '../memory/out-of-memory-error.js';
import { copyOfBlock } from './block-copy.js';
import { DictBuckets } from './dict-buckets.js';
import {
  BUCKET_BYTES,
  BUCKET_LINK,
  BUCKET_REFS,
  BUCKET_SLOTS,
  ROOT_BYTES,
  ROOT_ENTRIES,
  ROOT_OVERFLOWS,
  reverseBits,
  tagOf,
} from './dict-layout.js';
import { MovingEntries } from './dict-moving.js';

/** Mean entries a bucket above which it grows: space against the length of chains. */
const GROW_ENTRIES_PER_BUCKET = 6.5;
/** Mean entries a bucket below which it shrinks; far enough below that nothing swings. */
const SHRINK_ENTRIES_PER_BUCKET = 3;
/**
 * Slots among which randomEntry draws, more than a chain ever has: then every entry is equally
 * likely.
 */
const DRAWN_SLOTS = 3 * BUCKET_SLOTS;
/** Draws after which randomEntry takes the next entry it meets. */
const DRAWS_MAX = 1000;

const ONES = 0x01010101;
const HIGHS = 0x80808080 | 0;
const TAG_WORDS = 3;
const REF_WORDS = BUCKET_REFS / 4;
const LINK_WORD = BUCKET_LINK / 4;

export class Dict {
  #root: Ref;
  readonly #memory: Memory;
  readonly #buckets: DictBuckets;
  #entries: number;
  #overflows: number;
  /** Where the last candidate stood: its bucket, its slot, and what was asked for. */
  #bucket: Ref = 0;
  #slot = 0;
  #hash = 0;
  /** Scratch of splits and merges. */
  readonly #moving = new MovingEntries();

  /** A new empty dict in memory; returns its root. */
  static create(memory: Memory): Ref {
    const root = memory.allocate(ROOT_BYTES);
    memory.beginWrite(root, 0, ROOT_BYTES);
    memory.fill(root, 0, ROOT_BYTES, 0);
    new DictBuckets(memory, root).push();
    return root;
  }

  /** Opens the dict at `root`. One object for each dict: a second one would not see its changes. */
  constructor(memory: Memory, root: Ref) {
    this.#root = root;
    this.#memory = memory;
    this.#buckets = new DictBuckets(memory, root);
    this.#entries = memory.int32(root, ROOT_ENTRIES);
    this.#overflows = memory.int32(root, ROOT_OVERFLOWS);
  }

  /** Changes when relocate() moves it. */
  get root(): Ref {
    return this.#root;
  }

  get size(): number {
    return this.#entries;
  }

  get bucketCount(): number {
    return this.#buckets.count;
  }

  /** Bytes of the buckets, without directory and allocator slack. */
  get bucketBytes(): number {
    return (this.#buckets.count + this.#overflows) * BUCKET_BYTES;
  }

  /** Buckets of the longest chain. Walks all of them: for tests and DEBUG. */
  longestChain(): number {
    let longest = 0;
    for (let i = 0; i < this.#buckets.count; i++) {
      let length = 0;
      for (let bucket = this.#buckets.ref(i); bucket !== 0; length++) {
        bucket = this.#memory.int32(bucket, BUCKET_LINK);
      }
      longest = Math.max(longest, length);
    }
    return longest;
  }

  /**
   * The first entry with this hash, 0 when there is none. The place is remembered for next,
   * replace, remove.
   */
  first(hash: number): Ref {
    this.#hash = hash;
    return this.#seek(this.#buckets.ref(this.#buckets.indexOf(hash)), 0);
  }

  /** The entry with the same hash after the last one returned; nothing may have changed since. */
  next(): Ref {
    return this.#slot + 1 < BUCKET_SLOTS
      ? this.#seek(this.#bucket, this.#slot + 1)
      : this.#seek(this.#memory.int32(this.#bucket, BUCKET_LINK), 0);
  }

  /** Stands on `entry`, known to be in the dict under `hash`. False when it is not. */
  locate(hash: number, entry: Ref): boolean {
    let found = this.first(hash);
    while (found !== 0 && found !== entry) found = this.next();
    return found !== 0;
  }

  /** Puts another entry of the same hash in the place of the last one returned. */
  replace(entry: Ref): void {
    const offset = BUCKET_REFS + this.#slot * 4;
    this.#memory.beginWrite(this.#bucket, offset, 4);
    this.#memory.setInt32(this.#bucket, offset, entry);
  }

  /** Adds an entry. When memory is exhausted it throws and nothing has changed. */
  insert(hash: number, entry: Ref): void {
    this.#place(this.#buckets.ref(this.#buckets.indexOf(hash)), tagOf(hash), entry);
    this.#storeEntries(this.#entries + 1);
    if (this.#entries > this.#buckets.count * GROW_ENTRIES_PER_BUCKET) this.#grow();
  }

  /** Takes the last entry returned out of the dict (the entry itself is the owner's to free). */
  remove(): void {
    this.#unplace();
    this.#storeEntries(this.#entries - 1);
    const buckets = this.#buckets.count;
    if (buckets > 1 && this.#entries < buckets * SHRINK_ENTRIES_PER_BUCKET) this.#shrink();
  }

  /**
   * Moves the block `ref` to another place if it is one of the dict's own: the root, a segment, a
   * directory, an overflow bucket. Throws OutOfMemoryError, having changed nothing. Ends where the
   * dict stands.
   */
  relocate(ref: Ref): boolean {
    if (ref === this.#root) {
      this.#root = copyOfBlock(this.#memory, ref, ROOT_BYTES);
      this.#buckets.moveRoot(this.#root);
      this.#memory.free(ref);
      return true;
    }
    return this.#buckets.relocate(ref) || this.#relocateOverflow(ref);
  }

  /** Any entry of an overflow bucket leads to its chain, and only what is found there is one. */
  #relocateOverflow(ref: Ref): boolean {
    const memory = this.#memory;
    if (this.#overflows === 0 || memory.blockBytes(ref) !== memory.goodSize(BUCKET_BYTES)) {
      return false;
    }
    const slot = this.#usedSlot(ref);
    if (slot < 0) return false;
    // In a block that is no bucket this is rubbish, which may point anywhere. Reading beyond an
    // arena, even once, would teach the compiler to expect it everywhere.
    const entry = memory.int32(ref, BUCKET_REFS + slot * 4);
    memory.locate(entry);
    if (memory.base >= memory.u8.length) return false;
    const hash = memory.int32(entry, 0);
    let before = this.#buckets.ref(this.#buckets.indexOf(hash));
    while (before !== 0 && memory.int32(before, BUCKET_LINK) !== ref) {
      before = memory.int32(before, BUCKET_LINK);
    }
    if (before === 0) return false;
    const copy = copyOfBlock(this.#memory, ref, BUCKET_BYTES);
    memory.beginWrite(before, BUCKET_LINK, 4);
    memory.setInt32(before, BUCKET_LINK, copy);
    memory.free(ref);
    return true;
  }

  /**
   * Visits the entries of one bucket from a place in hash space on; returns the next place, 0 at
   * the end. Places are in bit-reversed hash space (unsigned, below 2^32), where every bucket is an
   * interval and splits and merges only cut and join intervals: whatever is there from the first
   * call to the last is visited. `visit` changes nothing.
   */
  scan(cursor: number, visit: (entry: Ref) => void): number {
    const position = cursor >>> 0;
    const index = this.#buckets.indexOf(reverseBits(position) | 0);
    const width = 2 ** (32 - this.#buckets.depthOf(index));
    const start = Math.floor(position / width) * width;
    this.#visitChain(this.#buckets.ref(index), start === position ? 0 : position, visit);
    const end = start + width;
    return end === 2 ** 32 ? 0 : end;
  }

  forEach(visit: (entry: Ref) => void): void {
    for (let i = 0; i < this.#buckets.count; i++) this.#visitChain(this.#buckets.ref(i), 0, visit);
  }

  /** An entry chosen uniformly, 0 when the dict is empty. `random`: uniform in [0, 1). */
  randomEntry(random: () => number): Ref {
    if (this.#entries === 0) return 0;
    for (let draws = 0; draws < DRAWS_MAX; draws++) {
      let bucket = this.#buckets.ref(Math.floor(random() * this.#buckets.count));
      let slot = Math.floor(random() * DRAWN_SLOTS);
      for (; slot >= BUCKET_SLOTS && bucket !== 0; slot -= BUCKET_SLOTS) {
        bucket = this.#memory.int32(bucket, BUCKET_LINK);
      }
      if (bucket === 0) continue;
      const entry = this.#memory.int32(bucket, BUCKET_REFS + slot * 4);
      if (entry !== 0) return entry;
    }
    let cursor = Math.floor(random() * 2 ** 32);
    let entry = 0;
    while (entry === 0) {
      cursor = this.scan(cursor, (found) => {
        entry = found;
      });
    }
    return entry;
  }

  /**
   * Looks for the next candidate with the wanted hash from a slot of a bucket on, along the chain.
   */
  #seek(bucket: Ref, slot: number): Ref {
    const memory = this.#memory;
    const hash = this.#hash;
    const tags = Math.imul(tagOf(hash), ONES);
    let word = slot >> 2;
    let wanted = -1 << ((slot & 3) << 3);
    while (bucket !== 0) {
      const words = memory.words(bucket);
      const base = memory.wordIndex(bucket);
      for (; word < TAG_WORDS; word++) {
        const difference = words[base + word] ^ tags;
        // The high bit of each byte that is zero; a byte after one may be marked falsely.
        let marks = (difference - ONES) & ~difference & HIGHS & wanted;
        wanted = -1;
        while (marks !== 0) {
          const place = (word << 2) + ((31 - Math.clz32(marks & -marks)) >> 3);
          marks &= marks - 1;
          const entry = words[base + REF_WORDS + place];
          if (entry !== 0 && memory.int32(entry, 0) === hash) {
            this.#bucket = bucket;
            this.#slot = place;
            return entry;
          }
        }
      }
      word = 0;
      bucket = words[base + LINK_WORD];
    }
    return 0;
  }

  /** The first free slot of a bucket, -1 when it is full. */
  #freeSlot(bucket: Ref): number {
    const memory = this.#memory;
    const words = memory.words(bucket);
    const base = memory.wordIndex(bucket);
    for (let word = 0; word < TAG_WORDS; word++) {
      const tags = words[base + word];
      const marks = (tags - ONES) & ~tags & HIGHS;
      // The lowest mark is never a false one.
      if (marks !== 0) return (word << 2) + ((31 - Math.clz32(marks & -marks)) >> 3);
    }
    return -1;
  }

  /** Puts an entry into a chain, which it may make longer. */
  #place(bucket: Ref, tag: number, entry: Ref): void {
    const memory = this.#memory;
    let slot = this.#freeSlot(bucket);
    while (slot < 0) {
      const link = memory.int32(bucket, BUCKET_LINK);
      bucket = link !== 0 ? link : this.#lengthen(bucket);
      slot = this.#freeSlot(bucket);
    }
    memory.beginWrite(bucket, 0, BUCKET_BYTES);
    memory.setUint8(bucket, slot, tag);
    memory.setInt32(bucket, BUCKET_REFS + slot * 4, entry);
  }

  /** Links an empty overflow bucket to the last bucket of a chain. */
  #lengthen(last: Ref): Ref {
    const memory = this.#memory;
    const spare = this.#moving.takeSpare();
    const overflow = spare !== 0 ? spare : memory.allocate(BUCKET_BYTES);
    memory.beginWrite(overflow, 0, BUCKET_BYTES);
    memory.fill(overflow, 0, BUCKET_BYTES, 0);
    memory.beginWrite(last, BUCKET_LINK, 4);
    memory.setInt32(last, BUCKET_LINK, overflow);
    this.#storeOverflows(this.#overflows + 1);
    return overflow;
  }

  /** Clears the current slot; the hole is filled from the end of the chain. */
  #unplace(): void {
    const memory = this.#memory;
    let before = 0;
    let last = this.#buckets.ref(this.#buckets.indexOf(this.#hash));
    let link = memory.int32(last, BUCKET_LINK);
    while (link !== 0) {
      before = last;
      last = link;
      link = memory.int32(last, BUCKET_LINK);
    }
    let slot = this.#slot;
    if (last !== this.#bucket) {
      slot = this.#usedSlot(last);
      const tag = memory.uint8(last, slot);
      const entry = memory.int32(last, BUCKET_REFS + slot * 4);
      memory.beginWrite(this.#bucket, 0, BUCKET_BYTES);
      memory.setUint8(this.#bucket, this.#slot, tag);
      memory.setInt32(this.#bucket, BUCKET_REFS + this.#slot * 4, entry);
    }
    memory.beginWrite(last, 0, BUCKET_BYTES);
    memory.setUint8(last, slot, 0);
    memory.setInt32(last, BUCKET_REFS + slot * 4, 0);
    if (before === 0 || this.#usedSlot(last) >= 0) return;
    memory.beginWrite(before, BUCKET_LINK, 4);
    memory.setInt32(before, BUCKET_LINK, 0);
    memory.free(last);
    this.#storeOverflows(this.#overflows - 1);
  }

  /** The last used slot of a bucket, -1 when it is empty. */
  #usedSlot(bucket: Ref): number {
    for (let slot = BUCKET_SLOTS - 1; slot >= 0; slot--) {
      if (this.#memory.uint8(bucket, slot) !== 0) return slot;
    }
    return -1;
  }

  /** Splits the next bucket. Out of memory it stays as it is: chains get longer, nothing breaks. */
  #grow(): void {
    const buckets = this.#buckets;
    const level = 31 - Math.clz32(buckets.count);
    const source = buckets.count - (1 << level);
    try {
      buckets.push();
    } catch (error) {
      if (error instanceof OutOfMemoryError) return;
      throw error;
    }
    this.#gather(buckets.ref(source));
    this.#scatter();
  }

  /** Merges the last bucket into the one it was split from. */
  #shrink(): void {
    const moving = this.#moving;
    const buckets = this.#buckets;
    const last = buckets.count - 1;
    const into = last ^ (1 << (31 - Math.clz32(last)));
    this.#gather(buckets.ref(into));
    this.#gather(buckets.ref(last));
    // Two partly filled ends may join to one overflow bucket more than there was.
    if (Math.ceil(moving.count / BUCKET_SLOTS) - 1 <= moving.spares || this.#addSpare()) {
      buckets.pop();
    }
    // Without that one bucket everything goes back to where it was.
    this.#scatter();
  }

  /** One more spare bucket; false when memory is exhausted. */
  #addSpare(): boolean {
    try {
      this.#moving.addSpare(this.#memory.allocate(BUCKET_BYTES));
      return true;
    } catch (error) {
      if (error instanceof OutOfMemoryError) return false;
      throw error;
    }
  }

  /** Takes all entries out of a chain; its overflow buckets become spares. */
  #gather(head: Ref): void {
    const memory = this.#memory;
    const moving = this.#moving;
    let overflows = 0;
    for (let bucket = head; bucket !== 0; ) {
      const link = memory.int32(bucket, BUCKET_LINK);
      for (let slot = 0; slot < BUCKET_SLOTS; slot++) {
        const entry = memory.int32(bucket, BUCKET_REFS + slot * 4);
        if (entry !== 0) moving.add(memory.int32(entry, 0), entry);
      }
      if (bucket !== head) {
        moving.addSpare(bucket);
        overflows++;
      }
      bucket = link;
    }
    memory.beginWrite(head, 0, BUCKET_BYTES);
    memory.fill(head, 0, BUCKET_BYTES, 0);
    this.#storeOverflows(this.#overflows - overflows);
  }

  /** Puts what was gathered where it belongs now, and frees the overflow buckets left over. */
  #scatter(): void {
    const moving = this.#moving;
    for (let i = 0; i < moving.count; i++) {
      const hash = moving.hashAt(i);
      this.#place(this.#buckets.ref(this.#buckets.indexOf(hash)), tagOf(hash), moving.entryAt(i));
    }
    for (let spare = moving.takeSpare(); spare !== 0; spare = moving.takeSpare()) {
      this.#memory.free(spare);
    }
    moving.clear();
  }

  #visitChain(bucket: Ref, from: number, visit: (entry: Ref) => void): void {
    const memory = this.#memory;
    while (bucket !== 0) {
      for (let slot = 0; slot < BUCKET_SLOTS; slot++) {
        const entry = memory.int32(bucket, BUCKET_REFS + slot * 4);
        if (entry === 0) continue;
        if (from === 0 || reverseBits(memory.int32(entry, 0)) >= from) visit(entry);
      }
      bucket = memory.int32(bucket, BUCKET_LINK);
    }
  }

  #storeEntries(entries: number): void {
    this.#entries = entries;
    this.#memory.beginWrite(this.#root, ROOT_ENTRIES, 4);
    this.#memory.setInt32(this.#root, ROOT_ENTRIES, entries);
  }

  #storeOverflows(overflows: number): void {
    if (overflows === this.#overflows) return;
    this.#overflows = overflows;
    this.#memory.beginWrite(this.#root, ROOT_OVERFLOWS, 4);
    this.#memory.setInt32(this.#root, ROOT_OVERFLOWS, overflows);
  }
}
