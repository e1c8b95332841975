/*
 * A copy of a block's bytes in a new block: how a structure moves one of its blocks. Who links the
 * copy and frees the original is the caller's business. Must not know what the bytes mean.
 */

import type { Memory, Ref } from '../memory/memory.js';

/**
 * A new block of the same usable size (room to grow included) with the first `bytes` bytes. Throws
 * OutOfMemoryError.
 */
export function copyOfBlock(memory: Memory, ref: Ref, bytes: number): Ref {
  const copy = memory.allocate(memory.blockBytes(ref));
  memory.beginWrite(copy, 0, bytes);
  memory.copyBlock(ref, 0, copy, 0, bytes);
  return copy;
}
