/*
 * The frozen view against a copy taken at the freeze, in one thread, where every interleaving of
 * reads and writes can be chosen: inserts, overwrites, deletes, frees, re-use, blocks over many
 * pages. The races between threads are frozen-view-threads.test.ts's.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrozenReader, ViewLostError } from '../../../src/memory/frozen-reader.js';
import { Memory, type Ref } from '../../../src/memory/memory.js';
import { fillFromSeed, MemoryModel, type ModelBlock } from './memory-model.js';
import { randomFrom } from './random.js';

const LONG = process.env.TANDEM_LONG === '1';
const MIB = 1024 * 1024;

/** Reads one block of the copy through the view, in pieces, and compares. */
function checkFrozen(reader: FrozenReader, block: ModelBlock, pieceBytes: number): void {
  const expected = new Uint8Array(block.bytes);
  fillFromSeed(expected, block);
  for (let at = 0; at < block.bytes; at += pieceBytes) {
    const length = Math.min(pieceBytes, block.bytes - at);
    reader.load(block.ref, at, length);
    const seen = reader.u8.subarray(reader.base, reader.base + length);
    if (Buffer.compare(seen, expected.subarray(at, at + length)) !== 0) {
      assert.fail(`block ${block.ref >>> 0} of ${block.bytes} bytes is not as at the freeze`);
    }
  }
}

test('the view shows every block as at the freeze, whatever is written meanwhile', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.constantFrom(0, 255, 300),
      fc.constantFrom(1, 7, 100, 4096, 5000, 200_000),
      (seed, firstArena, pieceBytes) => {
        const memory = new Memory({ firstArena, isChecked: true });
        const model = new MemoryModel(memory, seed);
        const random = randomFrom(seed + 1);
        for (let step = 0; step < 200; step++) model.step();
        for (let view = 0; view < 3; view++) {
          const copy = model.blocks.map((block) => ({ ...block }));
          const reader = new FrozenReader(memory.freeze().message);
          for (let step = 0; step < 150; step++) {
            model.step();
            if (step % 30 === 0) memory.checkBarrier();
            const block = copy[random() % copy.length];
            if (block.bytes / pieceBytes < 1000) checkFrozen(reader, block, pieceBytes);
          }
          for (const block of copy) checkFrozen(reader, block, Math.max(pieceBytes, 1000));
          model.checkAll();
          memory.checkBarrier();
          memory.thaw();
          assert.equal(memory.shadowBytes, 0);
        }
        model.freeAll();
        assert.equal(memory.usedBytes, 0);
      },
    ),
    { numRuns: LONG ? 150 : 12 },
  );
});

test('a write over several pages preserves all of them, at every size around a page end', () => {
  const memory = new Memory({ isChecked: true });
  for (const bytes of [4095, 4096, 4097, 8191, 8192, 8193, 12_288, 40_000]) {
    const ref = memory.allocate(bytes);
    memory.beginWrite(ref, 0, bytes);
    memory.fill(ref, 0, bytes, 1);
    for (const [from, length] of [
      [0, bytes],
      [1, bytes - 2],
      [4000, 90],
      [bytes - 1, 1],
      [0, 1],
    ]) {
      const reader = new FrozenReader(memory.freeze().message);
      memory.beginWrite(ref, from, length);
      memory.fill(ref, from, length, 2);
      memory.checkBarrier();
      reader.load(ref, 0, bytes);
      const seen = reader.u8.subarray(reader.base, reader.base + bytes);
      assert(
        seen.every((byte) => byte === 1),
        `${bytes} bytes, written from ${from}`,
      );
      memory.thaw();
      memory.beginWrite(ref, 0, bytes);
      memory.fill(ref, 0, bytes, 1);
    }
  }
});

test('a write without beginWrite is found by the check', () => {
  const memory = new Memory({ isChecked: true });
  const ref = memory.allocate(64);
  memory.freeze();
  memory.setInt32(ref, 8, 1);
  assert.throws(() => memory.checkBarrier(), /without beginWrite/);
  memory.thaw();
});

test('the first write to a page copies it, further ones and new pages copy nothing', () => {
  const memory = new Memory();
  const ref = memory.allocate(8192);
  memory.freeze();
  memory.beginWrite(ref, 0, 8);
  assert.equal(memory.shadowBytes, 4096);
  memory.beginWrite(ref, 100, 8);
  assert.equal(memory.shadowBytes, 4096);
  const fresh = memory.allocate(100_000);
  memory.beginWrite(fresh, 0, 100_000);
  assert.equal(memory.shadowBytes, 4096);
  memory.free(fresh);
  const again = memory.allocate(100_000);
  memory.beginWrite(again, 0, 100_000);
  assert.equal(memory.shadowBytes, 4096, 'still not in the view');
  memory.free(ref);
  const reused = memory.allocate(8192);
  assert.equal(reused, ref);
  memory.beginWrite(reused, 0, 8192);
  assert.equal(memory.shadowBytes, 8192, 'the second page was in the view');
  memory.thaw();
});

test('fields keep their alignment in a load, and loadUpTo ends at the page', () => {
  const memory = new Memory({ firstArena: 400 });
  const ref = memory.allocate(8192);
  for (let at = 0; at < 8192; at += 8) memory.setFloat64(ref, at, at / 3);
  memory.setInt32(ref, 20, -123);
  const reader = new FrozenReader(memory.freeze().message);
  reader.load(ref, 8, 4080);
  assert.equal(reader.f64[(reader.base >>> 3) + 2], 8);
  assert.equal(reader.f64[(reader.base + 16) >>> 3], 24 / 3);
  reader.load(ref, 4, 20);
  assert.equal(reader.i32[(reader.base >>> 2) + 4], -123);
  assert.equal(reader.loadUpTo(ref, 4000, 16, 500), 96);
  assert.equal(reader.loadUpTo(ref, 4000, 120, 500), 120);
  assert.equal(reader.loadUpTo(ref, 4096, 16, 500), 500);
  assert.equal(reader.f64[reader.base >>> 3], 4096 / 3);
  memory.thaw();
});

test('arenas made under a view are written freely and do not disturb it', () => {
  const memory = new Memory({ firstArena: 254 });
  const model = new MemoryModel(memory, 5);
  for (let step = 0; step < 300; step++) model.step();
  const copy = model.blocks.map((block) => ({ ...block }));
  const reader = new FrozenReader(memory.freeze().message);
  const fresh: Ref[] = [];
  for (let i = 0; i < 5; i++) {
    const ref = memory.allocate(30 * MIB);
    memory.beginWrite(ref, 0, 30 * MIB);
    memory.fill(ref, 0, MIB, i);
    fresh.push(ref);
  }
  const large = memory.allocate(130 * MIB);
  memory.beginWrite(large, 0, 130 * MIB);
  memory.fill(large, 100 * MIB, 10, 1);
  assert.equal(memory.shadowBytes, 0);
  memory.free(large);
  for (const ref of fresh) memory.free(ref);
  for (const block of copy) checkFrozen(reader, block, 100_000);
  memory.thaw();
  model.freeAll();
  assert.equal(memory.usedBytes, 0);
});

test('a large block freed under the view stays readable, and its numbers stay taken', () => {
  const memory = new Memory({ firstArena: 10 });
  const large = memory.allocate(65 * MIB);
  memory.fill(large, 0, 65 * MIB, 7);
  const reader = new FrozenReader(memory.freeze().message);
  memory.free(large);
  const other = memory.allocate(65 * MIB);
  assert.notEqual(other, large);
  memory.beginWrite(other, 0, 65 * MIB);
  memory.fill(other, 0, 1000, 8);
  for (const at of [0, 64 * MIB + 100]) {
    reader.load(large, at, 1000);
    assert.equal(reader.u8[reader.base + 500], 7);
  }
  memory.thaw();
  memory.free(other);
  assert.equal(memory.allocate(65 * MIB), large);
});

test('more pages than one shadow chunk holds are handed over in time', () => {
  const memory = new Memory();
  const refs: Ref[] = [];
  for (let i = 0; i < 9000; i++) {
    const ref = memory.allocate(8192);
    memory.setInt32(ref, 4096, i);
    refs.push(ref);
  }
  const reader = new FrozenReader(memory.freeze().message);
  for (let i = 0; i < refs.length; i++) {
    memory.beginWrite(refs[i], 0, 8192);
    memory.setInt32(refs[i], 4096, -1);
    if (i % 1000 === 0) memory.tick(1, () => 0);
  }
  assert.equal(memory.shadowBytes, 18_000 * 4096);
  for (let i = refs.length - 1; i >= 0; i--) {
    reader.load(refs[i], 4096, 4);
    assert.equal(reader.i32[reader.base >>> 2], i);
  }
  memory.thaw();
});

test('a view that may take no more memory is given up; the writes go on', () => {
  const memory = new Memory({ shadowBytesMax: 8192 });
  const ref = memory.allocate(32_768);
  memory.fill(ref, 0, 32_768, 1);
  const reader = new FrozenReader(memory.freeze().message);
  memory.beginWrite(ref, 0, 32_768);
  memory.fill(ref, 0, 32_768, 2);
  assert(reader.isAborted);
  reader.load(ref, 0, 100);
  assert.equal(reader.u8[reader.base], 1);
  assert.throws(() => reader.load(ref, 9000, 100), ViewLostError);
  memory.thaw();
  assert.equal(memory.uint8(ref, 32_767), 2);
  const next = new FrozenReader(memory.freeze().message);
  next.load(ref, 9000, 1);
  assert.equal(next.u8[next.base], 2);
  memory.thaw();
});

test('a second view while one is frozen is an assertion', () => {
  const memory = new Memory();
  memory.freeze();
  assert.throws(() => memory.freeze(), assert.AssertionError);
  memory.thaw();
  assert.throws(() => memory.thaw(), assert.AssertionError);
});
