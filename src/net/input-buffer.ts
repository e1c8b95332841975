/*
 * The bytes of one connection that are received and not yet executed: usually none, since requests
 * are executed straight from the read buffer. Grows with what has arrived, not with what the peer
 * announces, yet holds an announced bulk without being copied again and again. A long bulk may be
 * set apart: its bytes then go straight into the block of a value. Must not know requests or
 * sockets.
 */

import type { LargeValue } from '../keyspace/large-value.js';
import {
  ANNOUNCED_BYTES_TRUSTED,
  INPUT_GROWTH_FACTOR,
  LARGE_READ_BYTES,
  READ_BUFFER_BYTES,
  SPARE_INPUT_BUFFER_BYTES,
  SPARE_INPUT_BUFFERS_MAX,
} from '../limits.js';

const NO_BYTES = new Uint8Array(0);

/** Smallest buffer: a request cut in two is usually short. */
const SMALLEST_BYTES = 1024;

/** Buffers shorter than this are not worth a spare one, which is much longer, in bytes. */
const POOLED_BYTES_MIN = 16 * 1024;

/** Buffers between two uses: a pipeline is cut at the end of nearly every read. */
export class InputBufferPool {
  readonly #spares: Uint8Array[] = [];

  take(bytes: number): Uint8Array {
    if (bytes >= POOLED_BYTES_MIN && bytes <= SPARE_INPUT_BUFFER_BYTES) {
      return this.#spares.pop() ?? new Uint8Array(SPARE_INPUT_BUFFER_BYTES);
    }
    return new Uint8Array(bytes);
  }

  give(buffer: Uint8Array): void {
    if (buffer.length !== SPARE_INPUT_BUFFER_BYTES) return;
    if (this.#spares.length < SPARE_INPUT_BUFFERS_MAX) this.#spares.push(buffer);
  }
}

export class InputBuffer {
  /** The bytes are `bytes[start, end)`. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  readonly #pool: InputBufferPool;
  /** Takes the next bytes that arrive, before `bytes` does. */
  #value: LargeValue | null = null;
  /** The part of #value that the socket reads into, when it does. */
  #window: Uint8Array | null = null;

  constructor(pool: InputBufferPool) {
    this.#pool = pool;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** Bytes allocated beyond those in use. */
  get freeBytes(): number {
    return this.bytes.length - this.length;
  }

  /** A value takes the bytes that arrive next. */
  get isFilling(): boolean {
    return this.#value !== null;
  }

  /** Bytes behind the first `parsed` ones, those of the value that is being filled among them. */
  bytesAfter(parsed: number): number {
    return this.length - parsed + (this.#value?.filled ?? 0);
  }

  /** The bytes that arrive from now on belong to the value, until it is whole. */
  beginFilling(value: LargeValue): void {
    this.#value = value;
  }

  /**
   * The bytes `source[0, length)` have been read from the socket. What of them the value needs goes
   * there, or is there already. Returns the index of the first byte that is left.
   */
  fill(source: Uint8Array, length: number): number {
    const value = this.#value;
    if (value === null) return 0;
    let count = length;
    if (source === this.#window) value.advance(length);
    else count = value.write(source, 0, length);
    if (value.isWhole) this.#value = null;
    return count;
  }

  /**
   * Where the socket should read to next; undefined: where it did last. Straight into the value
   * while that takes all that can come; its last bytes go to `shared`, with what follows them. So
   * do its first: a block that the socket does not read into can be given back.
   */
  nextTarget(shared: Uint8Array): Uint8Array | undefined {
    const value = this.#value;
    const lacking = value === null || value.filled === 0 ? 0 : value.length - value.filled;
    if (value !== null && lacking >= shared.length) {
      this.#window = value.window(LARGE_READ_BYTES);
      return this.#window;
    }
    if (this.#window === null) return undefined;
    this.#window = null;
    return shared;
  }

  /**
   * Appends `source[from, to)`. `announcedBytes`: how many bytes from `start` on the peer has said
   * will come, 0 when it has not. May move what is there already: `start` and `bytes` change.
   * False, with nothing changed, when there is no memory for it.
   */
  append(source: Uint8Array, from: number, to: number, announcedBytes: number): boolean {
    const count = to - from;
    if (this.end + count > this.bytes.length && !this.#makeRoom(count, announcedBytes))
      return false;
    this.bytes.set(source.subarray(from, to), this.end);
    this.end += count;
    return true;
  }

  /** Everything before `position` has been executed. */
  consumeTo(position: number): void {
    this.start = position;
    if (this.start === this.end) {
      this.clear();
      return;
    }
    // Little is left in a large buffer whose request is done: do not keep it for that.
    const { length } = this.bytes;
    if (length > SPARE_INPUT_BUFFER_BYTES && this.start > length / 2) {
      this.#moveTo(this.#pool.take(this.length * 2));
    }
  }

  /** The last `count` bytes belong elsewhere. */
  dropLast(count: number): void {
    this.end -= count;
    // What is left is the beginning of a request.
    if (this.bytes.length > SPARE_INPUT_BUFFER_BYTES) {
      this.#moveTo(this.#pool.take(this.length * 2));
    }
  }

  clear(): void {
    if (this.bytes.length > 0) this.#pool.give(this.bytes);
    this.bytes = NO_BYTES;
    this.start = 0;
    this.end = 0;
  }

  /** Forgets the value; whoever holds the request frees it. */
  stopFilling(): void {
    this.#value = null;
  }

  #makeRoom(count: number, announcedBytes: number): boolean {
    const needed = this.length + count;
    // Moving within the buffer pays only when it frees a good part of it.
    if (needed <= this.bytes.length && this.start >= this.bytes.length / 4) {
      this.bytes.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
      return true;
    }
    let target: Uint8Array;
    try {
      target = this.#pool.take(capacityFor(needed, announcedBytes));
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
    this.#moveTo(target);
    return true;
  }

  #moveTo(target: Uint8Array): void {
    const { length } = this;
    target.set(this.bytes.subarray(this.start, this.end));
    if (this.bytes.length > 0) this.#pool.give(this.bytes);
    this.bytes = target;
    this.start = 0;
    this.end = length;
  }
}

/**
 * Bytes to allocate when `needed` are there. An announced length is believed up to a bound, beyond
 * it up to a multiple of what has come: 512 MB are copied three times in part (1/8, 1/64 …), and
 * who announces without sending occupies next to nothing. Zeroed pages cost no memory until
 * written.
 */
export function capacityFor(needed: number, announcedBytes: number): number {
  if (announcedBytes <= needed) return Math.max(SMALLEST_BYTES, needed * 2);
  const believed = Math.max(ANNOUNCED_BYTES_TRUSTED, needed * INPUT_GROWTH_FACTOR);
  // The read that ends the bulk usually brings the beginning of the next request. A short one is
  // not worth that room: many clients may be in the middle of one.
  const spareBytes = Math.min(announcedBytes, READ_BUFFER_BYTES);
  return Math.max(
    SMALLEST_BYTES,
    Math.min(announcedBytes + spareBytes, Math.max(believed, needed)),
  );
}
