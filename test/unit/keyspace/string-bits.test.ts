/*
 * Bits and fields of strings in pages against a plain byte array: sizes around the ends of blocks
 * and pages, views frozen and replies reading meanwhile. The checked memory asserts that a frozen
 * view and pinned bytes stand still.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Database } from '../../../src/keyspace/database.js';
import { type PinnedBytes, pinString } from '../../../src/keyspace/pinned-value.js';
import { BitSources, setCombined } from '../../../src/keyspace/string-bitop.js';
import {
  countStringBits,
  findStringBit,
  openStringBits,
  readStringBits,
  setStringBit,
  stringBit,
  writeStringBits,
} from '../../../src/keyspace/string-bits.js';
import { stringBytes } from '../../../src/keyspace/string-read.js';
import { NO_EXPIRY, setString } from '../../../src/keyspace/string-value.js';
import { Memory } from '../../../src/memory/memory.js';
import { OutOfMemoryError } from '../../../src/memory/out-of-memory-error.js';
import { latin1 } from '../../../src/structures/bytes.js';
import { newDatabase } from '../../helpers/keyspace.js';

const NUM_RUNS = process.env.TANDEM_LONG === '1' ? 1000 : 60;
/** The last has no room for a value in its entry. */
const KEYS = ['a', 'bc', 'k'.repeat(510)].map((name) => latin1(name));
const KINDS = ['set', 'bit', 'bit', 'field', 'and', 'or', 'xor', 'not', 'pin', 'freeze'] as const;
const FIRST_OF_PAGE = 4096 - 8;

class Model {
  readonly memory: Memory;
  readonly db: Database;
  readonly emptyBytes: number;
  readonly values: (Uint8Array | null)[] = KEYS.map(() => null);
  readonly #pins: { readonly pinned: PinnedBytes; readonly expected: Uint8Array }[] = [];

  constructor(firstArena: number) {
    this.memory = new Memory({ firstArena, isChecked: true });
    this.db = newDatabase(this.memory);
    this.emptyBytes = this.memory.usedBytes;
  }

  step(kind: (typeof KINDS)[number], index: number, size: number, seed: number): void {
    if (kind === 'set') this.#set(index, size, seed);
    else if (kind === 'bit') this.#bit(index, size * 8 + (seed % 8), seed & 8 ? 1 : 0);
    else if (kind === 'field') this.#field(index, size * 8 + (seed % 8), 1 + (seed % 53), seed);
    else if (kind === 'pin') this.#pin(index);
    else if (kind === 'freeze') this.#freeze();
    else this.#combine(kind, index, seed);
  }

  #entry(index: number): number {
    return this.db.find(KEYS[index], 0, KEYS[index].length);
  }

  #set(index: number, size: number, seed: number): void {
    const value = Uint8Array.from({ length: size }, (_, i) => (seed % 3 === 0 ? 0 : i * seed));
    setString(this.db, KEYS[index], 0, KEYS[index].length, value, 0, size, NO_EXPIRY);
    this.values[index] = value;
  }

  #padded(index: number, length: number): Uint8Array {
    const old = this.values[index] ?? new Uint8Array(0);
    const padded = new Uint8Array(Math.max(old.length, length));
    padded.set(old);
    this.values[index] = padded;
    return padded;
  }

  #bit(index: number, offset: number, bit: number): void {
    const key = KEYS[index];
    const bytes = this.#padded(index, (offset >>> 3) + 1);
    const mask = 0x80 >>> (offset & 7);
    const expected = (bytes[offset >>> 3] & mask) === 0 ? 0 : 1;
    const entry = this.#entry(index);
    const old = setStringBit(this.db, entry, key, 0, key.length, offset, bit);
    assert.equal(old, expected);
    if (bit === 1) bytes[offset >>> 3] |= mask;
    else bytes[offset >>> 3] &= ~mask;
    assert.equal(stringBit(this.db, this.#entry(index), offset), bit);
    assert.equal(this.db.encodingOf(this.#entry(index)), 'raw');
  }

  #field(index: number, offset: number, bits: number, seed: number): void {
    const { db } = this;
    const key = KEYS[index];
    const bytes = this.#padded(index, Math.ceil((offset + bits) / 8));
    const value = (seed * 7919) % 2 ** bits;
    const opened = openStringBits(db, this.#entry(index), key, 0, key.length, bytes.length);
    assert.equal(opened, this.#entry(index));
    writeStringBits(db, opened, offset, bits, value);
    assert.equal(readStringBits(db, opened, offset, bits), value);
    for (let i = 0; i < bits; i++) {
      const mask = 0x80 >>> ((offset + i) & 7);
      if ((BigInt(value) >> BigInt(bits - 1 - i)) & 1n) bytes[(offset + i) >>> 3] |= mask;
      else bytes[(offset + i) >>> 3] &= ~mask;
    }
  }

  #combine(operation: 'and' | 'or' | 'xor' | 'not', index: number, seed: number): void {
    const { values, db } = this;
    const chosen = operation === 'not' ? [seed % 3] : [seed % 3, index, (seed >>> 2) % 3];
    const length = Math.max(...chosen.map((i) => values[i]?.length ?? 0));
    if (length === 0) return;
    const sources = new BitSources();
    for (const i of chosen) sources.add(this.#entry(i));
    setCombined(db, KEYS[index], 0, KEYS[index].length, operation, length, sources);
    const byteOf = (source: number, at: number): number => values[source]?.[at] ?? 0;
    const result = new Uint8Array(length);
    for (let at = 0; at < length; at++) {
      let byte = byteOf(chosen[0], at);
      if (operation === 'not') byte = ~byte;
      for (const source of chosen.slice(1)) {
        if (operation === 'and') byte &= byteOf(source, at);
        else if (operation === 'or') byte |= byteOf(source, at);
        else byte ^= byteOf(source, at);
      }
      result[at] = byte;
    }
    values[index] = result;
  }

  #pin(index: number): void {
    const value = this.values[index];
    if (value === null || value.length === 0) return;
    const pinned = pinString(this.db, this.#entry(index), 0, value.length);
    if (pinned !== null) this.#pins.push({ pinned, expected: value.slice() });
  }

  #freeze(): void {
    if (this.memory.isFrozen) this.memory.thaw();
    else this.memory.freeze();
  }

  check(seed: number): void {
    this.memory.checkBarrier();
    for (const [i, value] of this.values.entries()) {
      const entry = this.#entry(i);
      if (value === null) {
        assert.equal(entry, 0);
        continue;
      }
      assert.deepEqual(stringBytes(this.db, entry), value);
      if (value.length > 0) this.#checkRange(entry, value, seed);
    }
  }

  #checkRange(entry: number, value: Uint8Array, seed: number): void {
    const from = seed % (value.length * 8);
    const to = from + 1 + (seed % (value.length * 8 - from));
    let ones = 0;
    const first = [-1, -1];
    for (let i = to - 1; i >= from; i--) {
      const bit = (value[i >>> 3] >>> (7 - (i & 7))) & 1;
      ones += bit;
      first[bit] = i;
    }
    assert.equal(countStringBits(this.db, entry, from, to), ones);
    for (const bit of [0, 1]) {
      assert.equal(findStringBit(this.db, entry, bit, from, to), first[bit]);
    }
  }

  end(): void {
    if (this.memory.isFrozen) this.memory.thaw();
    for (const { pinned, expected } of this.#pins) {
      assert.deepEqual(pinned.bytes.slice(), expected, 'as at the moment of the pin');
      pinned.onWritten();
    }
    this.db.keyspace.flush('all');
    while (this.db.keyspace.backgroundSlice(1000, () => 0));
    assert.equal(this.memory.usedBytes, this.emptyBytes);
  }
}

for (const firstArena of [0, 300]) {
  test(`from arena ${firstArena} on: strings are what their bits say`, () => {
    const size = fc.oneof(
      fc.nat(60),
      fc.integer({ min: 400, max: 520 }),
      fc.integer({ min: FIRST_OF_PAGE - 12, max: FIRST_OF_PAGE + 12 }),
      fc.integer({ min: 2 * 4096 - 20, max: 2 * 4096 + 4 }),
      fc.integer({ min: 32_700, max: 33_000 }),
    );
    const step = fc.tuple(
      fc.constantFrom(...KINDS),
      fc.nat(KEYS.length - 1),
      size,
      fc.nat(1_000_000),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const model = new Model(firstArena);
        for (const [kind, index, size, seed] of steps) {
          model.step(kind, index, size, seed);
          model.check(seed);
        }
        model.end();
      }),
      { numRuns: NUM_RUNS },
    );
  });
}

test('a bit that is as it should be copies no frozen page and moves no pinned block', () => {
  const memory = new Memory({ isChecked: true });
  const db = newDatabase(memory);
  const key = KEYS[0];
  setString(db, key, 0, 1, new Uint8Array(50_000).fill(255), 0, 50_000, NO_EXPIRY);
  const entry = db.find(key, 0, 1);
  const pinned = pinString(db, entry, 0, 50_000);
  memory.freeze();
  assert.equal(setStringBit(db, entry, key, 0, 1, 123_456, 1), 1);
  assert.equal(memory.shadowBytes, 0);
  const used = memory.usedBytes;
  assert.equal(setStringBit(db, entry, key, 0, 1, 123_456, 0), 1);
  assert(memory.usedBytes > used, 'the pinned block lives on beside the new one');
  pinned?.onWritten();
  assert.equal(memory.usedBytes, used);
});

test('fields of a string that a reply reads are written elsewhere, also where it grows', () => {
  const memory = new Memory({ isChecked: true });
  const db = newDatabase(memory);
  const key = KEYS[0];
  const value = new Uint8Array(50_000).fill(255);
  for (const length of [value.length, value.length + 1000]) {
    setString(db, key, 0, 1, value, 0, value.length, NO_EXPIRY);
    const pinned = pinString(db, db.find(key, 0, 1), 0, value.length);
    const entry = openStringBits(db, db.find(key, 0, 1), key, 0, 1, length);
    writeStringBits(db, entry, 12_345, 53, 0);
    assert.deepEqual(pinned?.bytes.slice(), value);
    assert.equal(countStringBits(db, entry, 0, length * 8), value.length * 8 - 53);
    pinned?.onWritten();
  }
});

test('the result of BITOP has no expiry, and none is counted', () => {
  const db = newDatabase();
  const key = KEYS[0];
  setString(db, key, 0, 1, Uint8Array.of(0xf0), 0, 1, db.keyspace.nowMs + 1000);
  const sources = new BitSources();
  sources.add(db.find(key, 0, 1));
  setCombined(db, key, 0, 1, 'not', 1, sources);
  const entry = db.find(key, 0, 1);
  assert.deepEqual(stringBytes(db, entry), Uint8Array.of(0x0f));
  assert.deepEqual([db.expires, db.expiresAt(entry)], [0, -1]);
});

test('out of memory, a change of bits fails whole', () => {
  const memory = new Memory();
  const db = newDatabase(memory);
  const { allocate } = memory;
  let allocationsLeft = Number.POSITIVE_INFINITY;
  memory.allocate = (bytes) => {
    if (allocationsLeft-- <= 0) throw new OutOfMemoryError(bytes);
    return allocate.call(memory, bytes);
  };
  const key = KEYS[0];
  const other = KEYS[1];
  const text = latin1('a'.repeat(40));
  const combineTo = (target: Uint8Array): void => {
    const sources = new BitSources();
    sources.add(db.find(key, 0, 1));
    setCombined(db, target, 0, target.length, 'not', 40, sources);
  };
  const acts: (() => void)[] = [
    () => setStringBit(db, db.find(key, 0, 1), key, 0, 1, 50_000, 1),
    () => setStringBit(db, 0, other, 0, 2, 50_000, 1),
    () => openStringBits(db, db.find(key, 0, 1), key, 0, 1, 5000),
    () => openStringBits(db, 0, other, 0, 2, 5000),
    () => combineTo(key),
    () => combineTo(other),
  ];
  for (const act of acts) {
    setString(db, key, 0, 1, text, 0, 40, NO_EXPIRY);
    const used = memory.usedBytes;
    allocationsLeft = 0;
    assert.throws(act, OutOfMemoryError);
    allocationsLeft = Number.POSITIVE_INFINITY;
    assert.deepEqual(stringBytes(db, db.find(key, 0, 1)), text);
    assert.equal(db.find(other, 0, 2), 0);
    assert.equal(memory.usedBytes, used);
  }
});

test('the bits of 512 MB are counted and found without an object on the heap', {
  skip: process.env.TANDEM_LONG !== '1',
}, () => {
  const db = newDatabase();
  const key = KEYS[0];
  const last = 2 ** 32 - 1;
  setStringBit(db, 0, key, 0, 1, last, 1);
  const entry = db.find(key, 0, 1);
  const heap = process.memoryUsage().heapUsed;
  assert.equal(countStringBits(db, entry, 0, last + 1), 1);
  assert.equal(findStringBit(db, entry, 1, 0, last + 1), last);
  assert.equal(findStringBit(db, entry, 1, 0, last), -1);
  assert(process.memoryUsage().heapUsed - heap < 1024 * 1024);
});
