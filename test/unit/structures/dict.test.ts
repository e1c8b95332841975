/*
 * The dict against a plain Map: random inserts and deletes with growth and shrinking, the promise
 * of scan, uniform choice, and that every block is given back.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Memory, type Ref } from '../../../src/memory/memory.js';
import { OutOfMemoryError } from '../../../src/memory/out-of-memory-error.js';
import { Dict } from '../../../src/structures/dict.js';
import { DictDismantler } from '../../../src/structures/dict-dismantler.js';
import {
  placeInSegment,
  reverseBits,
  segmentBuckets,
  segmentOf,
} from '../../../src/structures/dict-layout.js';

/** Entries of the tests: the hash, and a number. */
function newEntry(memory: Memory, hash: number, value: number): Ref {
  const entry = memory.allocate(8);
  memory.beginWrite(entry, 0, 8);
  memory.setInt32(entry, 0, hash);
  memory.setInt32(entry, 4, value);
  return entry;
}

function find(memory: Memory, dict: Dict, hash: number, value: number): Ref {
  let entry = dict.first(hash);
  while (entry !== 0 && memory.int32(entry, 4) !== value) entry = dict.next();
  return entry;
}

function scramble(n: number): number {
  n = Math.imul(n ^ (n >>> 16), 0x45d9f3b);
  n = Math.imul(n ^ (n >>> 16), 0x45d9f3b);
  return n ^ (n >>> 16);
}

function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return (scramble(state) >>> 0) / 2 ** 32;
  };
}

/** Deletes everything and takes the dict apart. */
function destroy(memory: Memory, dict: Dict): number {
  const dismantler = new DictDismantler(memory, dict.root, (entry) => memory.free(entry));
  let freed = 0;
  while (!dismantler.isEmpty) freed += dismantler.step(3);
  dismantler.finish();
  return freed;
}

test('segments follow each other without a gap', () => {
  let bucket = 0;
  for (let segment = 0; segment < 20; segment++) {
    for (let place = 0; place < segmentBuckets(segment); place++, bucket++) {
      assert.equal(segmentOf(bucket), segment);
      assert.equal(placeInSegment(bucket), place);
    }
  }
  assert.equal(reverseBits(1), 2 ** 31);
  assert.equal(reverseBits(reverseBits(0x12345678)), 0x12345678);
});

test('the dict holds what a Map holds, whatever the order of inserts and deletes', () => {
  // Few different hashes: collisions, equal tags and long chains are the rule.
  const hash = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 0x01000000, 0x01000100, 1 << 31));
  const operation = fc.tuple(fc.nat(2), hash, fc.nat(3));
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 400, size: 'max' }),
      fc.constantFrom(0, 300),
      (operations, firstArena) => {
        const memory = new Memory({ firstArena });
        const dict = new Dict(memory, Dict.create(memory));
        const model = new Map<string, Ref>();
        for (const [kind, h, value] of operations) {
          const name = `${h}/${value}`;
          const entry = find(memory, dict, h, value);
          assert.equal(entry, model.get(name) ?? 0);
          if (entry === 0) {
            const added = newEntry(memory, h, value);
            dict.insert(h, added);
            model.set(name, added);
          } else if (kind === 0) {
            const other = newEntry(memory, h, value);
            dict.replace(other);
            memory.free(entry);
            model.set(name, other);
          } else {
            dict.remove();
            memory.free(entry);
            model.delete(name);
          }
          assert.equal(dict.size, model.size);
        }
        const found = new Set<Ref>();
        dict.forEach((entry) => {
          found.add(entry);
        });
        assert.deepEqual(found, new Set(model.values()));
        assert.equal(destroy(memory, dict), model.size);
        assert.equal(memory.usedBytes, 0);
      },
    ),
    { numRuns: 150 },
  );
});

test('a dict opened again from its root is the same', () => {
  const memory = new Memory();
  const dict = new Dict(memory, Dict.create(memory));
  for (let i = 0; i < 50_000; i++) dict.insert(scramble(i), newEntry(memory, scramble(i), i));
  const again = new Dict(memory, dict.root);
  assert.equal(again.size, 50_000);
  assert.equal(again.bucketBytes, dict.bucketBytes);
  for (let i = 0; i < 50_000; i++) assert.notEqual(find(memory, again, scramble(i), i), 0);
});

test('it grows one bucket at a time and gives everything back as it shrinks', () => {
  const memory = new Memory();
  const dict = new Dict(memory, Dict.create(memory));
  const empty = memory.usedBytes;
  const count = 100_000;
  let buckets = 1;
  for (let i = 0; i < count; i++) {
    dict.insert(scramble(i), newEntry(memory, scramble(i), i));
    assert.ok(dict.bucketCount - buckets <= 1);
    buckets = dict.bucketCount;
  }
  assert.ok(dict.bucketBytes / count < 12, `${dict.bucketBytes / count} bytes an entry`);
  for (let i = 0; i < count; i++) {
    const entry = find(memory, dict, scramble(i), i);
    dict.remove();
    memory.free(entry);
    assert.ok(buckets - dict.bucketCount <= 1);
    buckets = dict.bucketCount;
  }
  assert.equal(dict.bucketCount, 1);
  assert.equal(memory.usedBytes, empty);
});

test('scan visits what is there throughout, while the dict grows and shrinks', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.tuple(fc.boolean(), fc.nat(800)), { maxLength: 60, size: 'max' }),
      fc.nat(600),
      (seed, bursts, staying) => {
        const memory = new Memory();
        const dict = new Dict(memory, Dict.create(memory));
        const insert = (i: number): void => {
          dict.insert(scramble(i ^ seed), newEntry(memory, scramble(i ^ seed), i));
        };
        const remove = (i: number): void => {
          const entry = find(memory, dict, scramble(i ^ seed), i);
          dict.remove();
          memory.free(entry);
        };
        for (let i = 0; i < staying; i++) insert(i);
        const coming: number[] = [];
        let next = staying;
        const seen = new Set<number>();
        let cursor = 0;
        let calls = 0;
        do {
          cursor = dict.scan(cursor, (entry) => seen.add(memory.int32(entry, 4)));
          const [grows, amount] = bursts[calls % Math.max(1, bursts.length)] ?? [true, 0];
          for (let i = 0; i < amount / (1 + calls / 50); i++) {
            if (grows) coming.push(next);
            if (grows) insert(next++);
            else if (coming.length > 0) remove(coming.pop() as number);
          }
          calls++;
          assert.ok(calls < 200_000, 'scan must end');
        } while (cursor !== 0);
        for (let i = 0; i < staying; i++) assert.ok(seen.has(i), `entry ${i} was missed`);
      },
    ),
    { numRuns: 60 },
  );
});

test('scan of a dict at rest visits each entry once, and any cursor is a valid one', () => {
  const memory = new Memory();
  const dict = new Dict(memory, Dict.create(memory));
  for (let i = 0; i < 1000; i++) dict.insert(scramble(i), newEntry(memory, scramble(i), i));
  let visits = 0;
  let cursor = 0;
  do {
    cursor = dict.scan(cursor, () => visits++);
  } while (cursor !== 0);
  assert.equal(visits, 1000);
  const random = pseudoRandom(7);
  for (let i = 0; i < 1000; i++) {
    assert.ok(dict.scan(Math.floor(random() * 2 ** 53), () => {}) < 2 ** 32);
  }
});

test('every entry is drawn as often as the others, also half way through a round of splits', () => {
  for (const count of [1, 5, 100, 157]) {
    const memory = new Memory();
    const dict = new Dict(memory, Dict.create(memory));
    for (let i = 0; i < count; i++) dict.insert(scramble(i), newEntry(memory, scramble(i), i));
    const drawn = new Array<number>(count).fill(0);
    const random = pseudoRandom(count);
    const draws = count * 400;
    for (let i = 0; i < draws; i++) drawn[memory.int32(dict.randomEntry(random), 4)]++;
    // 400 expected, standard deviation 20.
    for (const times of drawn) assert.ok(times > 280 && times < 520, `${times} of 400`);
  }
});

/** Knows which blocks are in use. */
class TracedMemory extends Memory {
  readonly blocks = new Set<Ref>();

  override allocate(bytes: number): Ref {
    const ref = super.allocate(bytes);
    this.blocks.add(ref);
    return ref;
  }

  override free(ref: Ref): void {
    super.free(ref);
    this.blocks.delete(ref);
  }
}

test('every block of a dict moves, also under a frozen view, and no other is taken for one', () => {
  for (const [count, firstArena] of [
    [0, 0],
    [100, 300],
    [20_000, 300],
  ]) {
    const memory = new TracedMemory({ firstArena, isChecked: true });
    const dict = new Dict(memory, Dict.create(memory));
    const entries = new Set<Ref>();
    const insert = (hash: number, value: number): void => {
      const entry = newEntry(memory, hash, value);
      entries.add(entry);
      dict.insert(hash, entry);
    };
    for (let i = 0; i < count; i++) insert(scramble(i), i);
    // Chains of many overflow buckets.
    for (let i = 0; i < count / 10; i++) insert(77, -i);
    const rubbish = Array.from({ length: 50 }, (_, i) => {
      const ref = memory.allocate(64);
      for (let at = 0; at < 64; at += 4) memory.setInt32(ref, at, scramble(i * 16 + at));
      return ref;
    });
    const blocks = [...memory.blocks].filter((ref) => !rubbish.includes(ref));
    memory.freeze();
    for (const ref of rubbish) assert.equal(dict.relocate(ref), false);
    for (const ref of blocks) {
      assert.equal(dict.relocate(ref), !entries.has(ref));
      assert.equal(memory.blocks.has(ref), entries.has(ref));
    }
    memory.checkBarrier();
    memory.thaw();
    const found = new Set<Ref>();
    dict.forEach((entry) => {
      found.add(entry);
    });
    assert.deepEqual(found, entries);
    for (const root of [dict, new Dict(memory, dict.root)]) {
      for (const entry of entries) assert.ok(root.locate(memory.int32(entry, 0), entry));
    }
    for (const ref of rubbish) memory.free(ref);
    assert.equal(destroy(memory, dict), entries.size);
    assert.equal(memory.usedBytes, 0);
  }
});

test('out of memory, an insert fails whole and the dict goes on', () => {
  const memory = new Memory();
  const dict = new Dict(memory, Dict.create(memory));
  const { allocate } = memory;
  let isExhausted = false;
  memory.allocate = (bytes) => {
    if (isExhausted) throw new OutOfMemoryError(bytes);
    return allocate.call(memory, bytes);
  };
  const held = new Map<number, Ref>();
  const random = pseudoRandom(3);
  for (let i = 0; i < 20_000; i++) {
    const hash = scramble(i);
    isExhausted = false;
    const entry = newEntry(memory, hash, i);
    isExhausted = random() < 0.5;
    try {
      dict.insert(hash, entry);
      held.set(i, entry);
    } catch (error) {
      assert.ok(error instanceof OutOfMemoryError);
      memory.free(entry);
    }
    assert.equal(dict.size, held.size);
  }
  for (const [i, entry] of held) {
    isExhausted = random() < 0.5;
    assert.equal(find(memory, dict, scramble(i), i), entry);
    dict.remove();
    memory.free(entry);
  }
  assert.equal(dict.size, 0);
});
