/*
 * The worker of frozen-view-threads.test.ts: walks the directory that hangs off the root again and
 * again until it is told to stop, checks each block's bytes against its seed, and reports what each
 * pass has seen. The sum of all passes must be the same: the view stands still.
 */

import { parentPort } from 'node:worker_threads';
import { FrozenReader } from '../../../src/memory/frozen-reader.js';
import type { FrozenViewMessage } from '../../../src/memory/memory.js';
import { fillFromSeed } from './memory-model.js';

export interface WalkOrder {
  readonly view: FrozenViewMessage;
  /** Word 0: passes finished; word 1: not 0 = stop after this pass. */
  readonly control: SharedArrayBuffer;
  /** Walks once, slot by slot, and tells in word 0 which slot is next. */
  readonly isChase: boolean;
}

export interface WalkReport {
  readonly digests: number[];
  readonly blocks: number;
  readonly wrong: number;
  readonly isAborted: boolean;
}

const PIECE_BYTES = 10_000;
const expected = new Uint8Array(1 << 18);

function walkOnce(reader: FrozenReader): { digest: number; blocks: number; wrong: number } {
  reader.load(reader.root, 0, 8);
  const directory = reader.i32[reader.base >>> 2];
  const slots = reader.i32[(reader.base >>> 2) + 1];
  let digest = 0;
  let blocks = 0;
  let wrong = 0;
  for (let slot = 0; slot < slots; slot++) {
    reader.load(directory, slot * 12, 12);
    const word = reader.base >>> 2;
    const ref = reader.i32[word];
    const bytes = reader.i32[word + 1];
    const seed = reader.i32[word + 2];
    if (ref === 0) continue;
    blocks++;
    digest = (Math.imul(digest, 31) + ref + Math.imul(bytes, 7) + seed) | 0;
    fillFromSeed(expected, { bytes, seed });
    for (let at = 0; at < bytes; at += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, bytes - at);
      reader.load(ref, at, length);
      const seen = reader.u8.subarray(reader.base, reader.base + length);
      if (Buffer.compare(seen, expected.subarray(at, at + length)) !== 0) wrong++;
    }
  }
  return { digest, blocks, wrong };
}

/** Every block of the directory is full of its slot number. Returns the blocks that are not. */
function chase(reader: FrozenReader, control: Int32Array): number {
  reader.load(reader.root, 0, 8);
  const directory = reader.i32[reader.base >>> 2];
  const slots = reader.i32[(reader.base >>> 2) + 1];
  let wrong = 0;
  for (let slot = 0; slot < slots; slot++) {
    reader.load(directory, slot * 12, 8);
    const ref = reader.i32[reader.base >>> 2];
    const bytes = reader.i32[(reader.base >>> 2) + 1];
    Atomics.store(control, 0, slot);
    reader.load(ref, 0, bytes);
    const start = reader.base >>> 2;
    for (let word = 0; word < bytes >>> 2; word++) {
      if (reader.i32[start + word] === slot) continue;
      wrong++;
      break;
    }
  }
  Atomics.store(control, 0, slots);
  return wrong;
}

parentPort?.on('message', (order: WalkOrder) => {
  const reader = new FrozenReader(order.view);
  if (order.isChase) {
    const wrong = chase(reader, new Int32Array(order.control));
    reader.close(order.view);
    const report: WalkReport = { digests: [], blocks: 0, wrong, isAborted: false };
    parentPort?.postMessage(report);
    return;
  }
  const control = new Int32Array(order.control);
  const digests: number[] = [];
  let blocks = 0;
  let wrong = 0;
  while (Atomics.load(control, 1) === 0 && !reader.isAborted) {
    const pass = walkOnce(reader);
    digests.push(pass.digest);
    blocks += pass.blocks;
    wrong += pass.wrong;
    Atomics.add(control, 0, 1);
  }
  const report: WalkReport = { digests, blocks, wrong, isAborted: reader.isAborted };
  reader.close(order.view);
  parentPort?.postMessage(report);
});
