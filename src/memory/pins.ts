/*
 * Blocks that somebody still reads after the command that came upon them: a long reply that goes to
 * its socket straight from the pages, as the reader takes it. A pinned block that is freed goes
 * when its last pin does; its owner must not change the bytes in place (it moves to a copy), and
 * may link, move and free the block as ever. In a checked memory the bytes are proved to have stood
 * still. Must not know who reads.
 */

import assert from 'node:assert/strict';
import type { Ref } from './layout.js';

interface Pin {
  count: number;
  isFreed: boolean;
  /** The ranges that are read and what they contained; empty unless checked. */
  readonly ranges: { readonly bytes: Uint8Array; readonly copy: Uint8Array }[];
}

export class Pins {
  /** Blocks that are pinned. */
  size = 0;
  readonly #byRef = new Map<Ref, Pin>();
  readonly #isChecked: boolean;

  constructor(isChecked: boolean) {
    this.#isChecked = isChecked;
  }

  has(ref: Ref): boolean {
    return this.#byRef.has(ref);
  }

  /** One more reader of `bytes`, which lie in the block. */
  add(ref: Ref, bytes: Uint8Array): void {
    let pin = this.#byRef.get(ref);
    if (pin === undefined) {
      pin = { count: 0, isFreed: false, ranges: [] };
      this.#byRef.set(ref, pin);
      this.size++;
    }
    assert(!pin.isFreed);
    pin.count++;
    if (this.#isChecked) pin.ranges.push({ bytes, copy: bytes.slice() });
  }

  /** One reader less. True when the block was freed meanwhile and must go now. */
  remove(ref: Ref): boolean {
    const pin = this.#byRef.get(ref);
    assert(pin !== undefined, 'the block is not pinned');
    for (const { bytes, copy } of pin.ranges) {
      assert(Buffer.compare(bytes, copy) === 0, 'the bytes of a pinned block were changed');
    }
    pin.count--;
    if (pin.count > 0) return false;
    this.#byRef.delete(ref);
    this.size--;
    return pin.isFreed;
  }

  /** The block is freed by its owner. True when it is pinned: it goes later. */
  postponeFree(ref: Ref): boolean {
    const pin = this.#byRef.get(ref);
    if (pin === undefined) return false;
    assert(!pin.isFreed, 'a pinned block was freed twice');
    pin.isFreed = true;
    return true;
  }
}
