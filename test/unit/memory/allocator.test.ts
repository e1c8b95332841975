/*
 * The allocator against a model: every block in use is disjoint from every other, keeps its bytes,
 * and is counted exactly; what is freed can be had again, and nothing leaks.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ARENA_BYTES, ARENAS_MAX } from '../../../src/memory/layout.js';
import { Memory, type Ref, ROOT_BYTES } from '../../../src/memory/memory.js';
import { OutOfMemoryError } from '../../../src/memory/out-of-memory-error.js';
import {
  CLASS_BYTES,
  CLASS_BYTES_MAX,
  CLASS_END,
  classOf,
  RUN_BLOCKS,
  RUN_PAGES,
} from '../../../src/memory/size-classes.js';
import { MemoryModel } from './memory-model.js';
import { randomFrom } from './random.js';

const LONG = process.env.TANDEM_LONG === '1';
const MIB = 1024 * 1024;

test('size classes are at most 12.5 % or one unit apart, and a class fits every size', () => {
  for (let index = 2; index < CLASS_END; index++) {
    const step = CLASS_BYTES[index] - CLASS_BYTES[index - 1];
    assert(step === 8 || step / CLASS_BYTES[index - 1] <= 0.125, `class ${CLASS_BYTES[index]}`);
    assert.equal(CLASS_BYTES[index] % 8, 0);
  }
  assert.equal(CLASS_BYTES[CLASS_END - 1], CLASS_BYTES_MAX);
  for (let bytes = 0; bytes <= CLASS_BYTES_MAX; bytes++) {
    const index = classOf(bytes);
    assert(CLASS_BYTES[index] >= bytes && index >= 1, `size ${bytes}`);
    assert(index === 1 || CLASS_BYTES[index - 1] < bytes, `size ${bytes}`);
  }
});

test('runs waste little, and classes up to 512 bytes are cut from one page', () => {
  for (let index = 1; index < CLASS_END; index++) {
    const bytes = RUN_PAGES[index] * 4096;
    const waste = 1 - (RUN_BLOCKS[index] * CLASS_BYTES[index]) / bytes;
    assert(waste < 0.09, `class ${CLASS_BYTES[index]} wastes ${waste}`);
    if (CLASS_BYTES[index] <= 512) assert.equal(RUN_PAGES[index], 1);
  }
});

test('a new memory uses nothing, and its root is all zeros', () => {
  const memory = new Memory();
  assert.equal(memory.usedBytes, 0);
  assert.notEqual(memory.root, 0);
  for (let at = 0; at < ROOT_BYTES; at += 4) assert.equal(memory.int32(memory.root, at), 0);
});

for (const firstArena of [0, 255, 400]) {
  test(`blocks are disjoint, keep their bytes and are counted exactly: arena ${firstArena}`, () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const memory = new Memory({ firstArena, isChecked: true });
        const model = new MemoryModel(memory, seed);
        for (let step = 0; step < 1500; step++) model.step();
        model.checkAll();
        model.checkDisjoint();
        model.freeAll();
        assert.equal(memory.usedBytes, 0);
      }),
      { numRuns: LONG ? 100 : 8 },
    );
  });
}

test('references of arenas from 256 on are negative', () => {
  const memory = new Memory({ firstArena: 256 });
  const ref = memory.allocate(100);
  assert(ref < 0 && memory.root < 0);
  memory.setInt32(ref, 4, -7);
  assert.equal(memory.int32(ref, 4), -7);
  memory.free(ref);
});

test('nothing is leaked after a million random operations', () => {
  const memory = new Memory({ firstArena: 254 });
  const random = randomFrom(20240607);
  const refs = new Int32Array(20_000);
  for (let step = 0; step < 1_000_000; step++) {
    const slot = random() % refs.length;
    if (refs[slot] !== 0) {
      memory.free(refs[slot]);
      refs[slot] = 0;
    } else {
      const large = random() % 500 === 0;
      refs[slot] = memory.allocate(random() % (large ? 100_000 : 700));
    }
  }
  for (const ref of refs) if (ref !== 0) memory.free(ref);
  assert.equal(memory.usedBytes, 0);
  while (memory.tick(1000, () => 0));
  let nowMs = 0;
  for (let i = 0; i < 20; i++) memory.tick(1000, () => (nowMs += 1000));
  assert(memory.residentBytes <= 9 * MIB, `${memory.residentBytes} bytes are still held`);
});

test('freeing twice, inside a block, or what never was a block is an assertion', () => {
  const memory = new Memory();
  const small = memory.allocate(48);
  const neighbour = memory.allocate(48);
  const pages = memory.allocate(100_000);
  memory.free(small);
  assert.throws(() => memory.free(small), assert.AssertionError);
  assert.throws(() => memory.free(neighbour + 1), assert.AssertionError);
  assert.throws(() => memory.free(pages + 512), assert.AssertionError);
  assert.throws(() => memory.free(0), assert.AssertionError);
  assert.throws(() => memory.free(memory.root), assert.AssertionError);
  assert.throws(() => memory.free(-5), assert.AssertionError);
  memory.free(pages);
  assert.throws(() => memory.free(pages), assert.AssertionError);
  memory.free(neighbour);
  assert.equal(memory.usedBytes, 0);
});

test('a value of 512 MB has a block of its own that is written, read and given back', () => {
  const memory = new Memory({ firstArena: 250 });
  const before = memory.allocate(64);
  const bytes = 512 * MIB + 64;
  const ref = memory.allocate(bytes);
  const after = memory.allocate(64);
  assert(memory.blockBytes(ref) >= bytes);
  const piece = new Uint8Array(100_000).map((_, i) => i % 251);
  for (const at of [0, 64 * MIB - 50_000, 511 * MIB]) {
    memory.beginWrite(ref, at, piece.length);
    memory.copyIn(ref, at, piece, 0, piece.length);
    assert(memory.equal(ref, at, piece, 0, piece.length));
  }
  memory.setInt32(ref, 512 * MIB, 99);
  assert.equal(memory.int32(ref, 512 * MIB), 99);
  assert.equal(memory.usedBytes, memory.blockBytes(ref) + 128);
  memory.free(ref);
  assert.throws(() => memory.free(ref), assert.AssertionError);
  assert.equal(memory.usedBytes, 128);
  assert(memory.residentBytes < MIB);
  const again = memory.allocate(bytes);
  assert.equal(again, ref, 'its numbers are free again');
  memory.free(again);
  memory.free(before);
  memory.free(after);
});

test('without address space left allocate throws OutOfMemoryError and nothing is lost', () => {
  const memory = new Memory({ bytesMax: 3 * ARENA_BYTES });
  const refs: Ref[] = [];
  assert.throws(() => {
    for (;;) refs.push(memory.allocate(3 * MIB));
  }, OutOfMemoryError);
  assert.equal(refs.length, 42, 'two arenas beside the root');
  assert.throws(() => memory.allocate(65 * MIB), OutOfMemoryError);
  const small = memory.allocate(100);
  memory.free(small);
  for (const ref of refs) memory.free(ref);
  assert.equal(memory.usedBytes, 0);
  memory.free(memory.allocate(64 * MIB));
});

test('the last arena of the address space can be used', () => {
  const memory = new Memory({ firstArena: ARENAS_MAX - 2 });
  const ref = memory.allocate(60 * MIB);
  assert.equal(ref >>> 23, ARENAS_MAX - 1);
  memory.setUint8(ref, 60 * MIB - 1, 7);
  assert.equal(memory.uint8(ref, 60 * MIB - 1), 7);
  assert.throws(() => memory.allocate(10 * MIB), OutOfMemoryError);
});

test('freed pages are joined: after most small blocks are gone a block of 60 MiB fits', () => {
  const memory = new Memory({ bytesMax: 2 * ARENA_BYTES });
  const refs: Ref[] = [];
  const kept = memory.allocate(100);
  for (let i = 0; i < 60_000; i++) refs.push(memory.allocate(1000));
  const random = randomFrom(7);
  for (let i = refs.length - 1; i > 0; i--) {
    const j = random() % (i + 1);
    [refs[i], refs[j]] = [refs[j], refs[i]];
  }
  for (const ref of refs) memory.free(ref);
  memory.tick(1, () => 1);
  memory.free(memory.allocate(60 * MIB));
  memory.free(kept);
});
