/*
 * A model of the memory: what every block must contain, kept as a seed from which its bytes follow,
 * and random steps that allocate, overwrite and free. Each step writes as structures must: a
 * beginWrite for the range, then the stores.
 */

import assert from 'node:assert/strict';
import type { Memory, Ref } from '../../../src/memory/memory.js';
import { randomFrom } from './random.js';

export interface ModelBlock {
  ref: Ref;
  bytes: number;
  seed: number;
}

/** Sizes around the ends of classes, pages and runs. */
const SIZES = [1, 16, 40, 48, 64, 100, 511, 512, 513, 1000, 4088, 4095, 4096, 4097, 5000];
const LARGE_SIZES = [8192, 12_289, 32_768, 32_769, 40_960, 70_000, 131_073];

export class MemoryModel {
  readonly memory: Memory;
  readonly blocks: ModelBlock[] = [];
  readonly #random: () => number;
  readonly #scratch = new Uint8Array(1 << 18);

  constructor(memory: Memory, seed: number) {
    this.memory = memory;
    this.#random = randomFrom(seed);
  }

  /** One random change. */
  step(): void {
    const kind = this.#random() % 10;
    if (kind < 5 || this.blocks.length === 0) this.add();
    else if (kind < 8) this.overwrite();
    else this.remove();
  }

  add(): void {
    const list = this.#random() % 12 === 0 ? LARGE_SIZES : SIZES;
    const bytes = list[this.#random() % list.length] + (this.#random() % 9);
    const before = this.memory.usedBytes;
    const ref = this.memory.allocate(bytes);
    assert(this.memory.blockBytes(ref) >= bytes);
    assert.equal(this.memory.blockBytes(ref), this.memory.goodSize(bytes));
    assert.equal(this.memory.usedBytes, before + this.memory.goodSize(bytes));
    const block = { ref, bytes: this.memory.blockBytes(ref), seed: this.#random() };
    this.#write(block, 0, block.bytes);
    this.blocks.push(block);
  }

  overwrite(): void {
    const block = this.#any();
    this.checkBlock(block);
    block.seed = this.#random();
    this.#write(block, 0, block.bytes);
  }

  remove(): void {
    const index = this.#random() % this.blocks.length;
    const [block] = this.blocks.splice(index, 1, this.blocks[this.blocks.length - 1]);
    this.blocks.pop();
    this.checkBlock(block);
    this.memory.free(block.ref);
  }

  freeAll(): void {
    for (const block of this.blocks) this.memory.free(block.ref);
    this.blocks.length = 0;
  }

  checkAll(): void {
    for (const block of this.blocks) this.checkBlock(block);
  }

  checkBlock(block: ModelBlock): void {
    fillFromSeed(this.#scratch, block);
    const isEqual = this.memory.equal(block.ref, 0, this.#scratch, 0, block.bytes);
    assert(isEqual, `block ${block.ref >>> 0} of ${block.bytes} bytes lost its contents`);
  }

  checkDisjoint(): void {
    const sorted = this.blocks.map((block) => ({ start: block.ref >>> 0, units: block.bytes / 8 }));
    sorted.sort((a, b) => a.start - b.start);
    for (let i = 1; i < sorted.length; i++) {
      assert(sorted[i - 1].start + sorted[i - 1].units <= sorted[i].start, 'two blocks overlap');
    }
  }

  #any(): ModelBlock {
    return this.blocks[this.#random() % this.blocks.length];
  }

  #write(block: ModelBlock, start: number, end: number): void {
    fillFromSeed(this.#scratch, block);
    this.memory.beginWrite(block.ref, start, end - start);
    this.memory.copyIn(block.ref, start, this.#scratch, start, end);
  }
}

/** The bytes that a block of this seed holds. */
export function fillFromSeed(target: Uint8Array, block: { bytes: number; seed: number }): void {
  let state = block.seed;
  for (let i = 0; i < block.bytes; i++) {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    target[i] = state >>> 16;
  }
}
