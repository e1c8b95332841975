/*
 * Strings whose bytes a reply still reads: whatever is done to the keys meanwhile, the bytes stand
 * still (the checked memory compares them at each unpin), the keys hold what they should, and in
 * the end all memory is given back.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Database } from '../../../src/keyspace/database.js';
import {
  ENTRY_META,
  ENTRY_VALUE,
  STORAGE_RAW_EXTERNAL,
  storageOf,
} from '../../../src/keyspace/entry.js';
import type { Keyspace } from '../../../src/keyspace/keyspace.js';
import { type PinnedBytes, pinString } from '../../../src/keyspace/pinned-value.js';
import { relocate } from '../../../src/keyspace/relocate.js';
import { stringBytes } from '../../../src/keyspace/string-read.js';
import {
  appendString,
  KEEP_EXPIRY,
  NO_EXPIRY,
  setLargeString,
  setString,
  setStringRange,
} from '../../../src/keyspace/string-value.js';
import { Memory, type Ref } from '../../../src/memory/memory.js';
import { latin1 } from '../../../src/structures/bytes.js';
import { newKeyspace } from '../../helpers/keyspace.js';

const KEYS = ['a', 'b', 'c'].map((name) => latin1(name));
const CHANGES = ['set', 'append', 'range', 'large', 'delete', 'rename', 'flush'] as const;
const KINDS = [...CHANGES, 'move', 'pin', 'pin', 'pin', 'unpin', 'freeze', 'background'] as const;

/** A keyspace, what its keys must hold, and the pins that are held. */
class Model {
  readonly memory: Memory;
  readonly keyspace: Keyspace;
  readonly db: Database;
  readonly emptyBytes: number;
  readonly values: (Buffer | null)[] = KEYS.map(() => null);
  readonly pins: { readonly pinned: PinnedBytes; readonly expected: Buffer }[] = [];

  constructor(firstArena: number) {
    this.memory = new Memory({ firstArena, isChecked: true });
    this.keyspace = newKeyspace({ memory: this.memory, databases: 1 });
    this.db = this.keyspace.database(0);
    this.emptyBytes = this.memory.usedBytes;
  }

  step(kind: (typeof KINDS)[number], index: number, length: number, seed: number): void {
    const { db, memory, values } = this;
    const key = KEYS[index];
    const bytes = Buffer.alloc(length, String.fromCharCode(97 + (seed % 26)));
    const present = values[index];
    const entry = db.find(key, 0, 1);
    if (kind === 'set') {
      setString(db, key, 0, 1, new Uint8Array(bytes), 0, length, KEEP_EXPIRY);
      values[index] = bytes;
    } else if (kind === 'large') {
      const value = this.keyspace.largeValues.reserve(length + 40_000);
      assert(value !== null);
      values[index] = Buffer.alloc(length + 40_000, bytes);
      value.write(values[index], 0, length + 40_000);
      setLargeString(db, key, 0, 1, value, NO_EXPIRY);
    } else if (kind === 'append') {
      appendString(db, entry, key, 0, 1, bytes, 0, length);
      values[index] = Buffer.concat([present ?? Buffer.alloc(0), bytes]);
    } else if (kind === 'range') {
      const at = seed % ((present?.length ?? 0) + 100);
      setStringRange(db, entry, key, 0, 1, at, bytes, 0, length);
      const grown = Buffer.alloc(Math.max(present?.length ?? 0, at + length));
      present?.copy(grown);
      bytes.copy(grown, at);
      values[index] = grown;
    } else if (kind === 'pin') this.#pin(index, seed);
    else if (kind === 'unpin') this.#unpin(seed);
    else if (kind === 'delete') {
      db.delete(key, 0, 1);
      values[index] = null;
    } else if (kind === 'rename') this.#rename(index, seed % KEYS.length);
    else if (kind === 'flush') {
      this.keyspace.flush('all');
      values.fill(null);
    } else if (kind === 'freeze') {
      if (memory.isFrozen) memory.thaw();
      else memory.freeze();
    } else if (kind === 'background') this.keyspace.backgroundSlice(1000, () => seed);
    else if (entry !== 0) this.#move(entry);
  }

  /** As evacuation does. */
  #move(entry: Ref): void {
    const { memory, db } = this;
    const isExternal = storageOf(memory.int32(entry, ENTRY_META)) === STORAGE_RAW_EXTERNAL;
    if (isExternal) assert(relocate(memory, [db], memory.int32(entry, ENTRY_VALUE)));
  }

  #pin(index: number, seed: number): void {
    const value = this.values[index];
    if (value === null) return;
    const from = seed % value.length;
    const to = Math.min(value.length, from + 1 + (seed % 50_000));
    const pinned = pinString(this.db, this.db.find(KEYS[index], 0, 1), from, to);
    if (pinned === null) assert(value.length < 600, 'a long value can be pinned');
    else this.pins.push({ pinned, expected: Buffer.from(value.subarray(from, to)) });
  }

  #unpin(seed: number): void {
    const [pin] = this.pins.splice(seed % Math.max(1, this.pins.length), 1);
    if (pin === undefined) return;
    assert(pin.expected.equals(pin.pinned.bytes), 'the bytes are those of the moment of the pin');
    pin.pinned.onWritten();
  }

  #rename(from: number, to: number): void {
    if (from === to || this.values[from] === null) return;
    this.db.rename(KEYS[from], 0, 1, KEYS[to], 0, 1);
    this.values[to] = this.values[from];
    this.values[from] = null;
  }

  check(): void {
    this.memory.checkBarrier();
    for (const [i, value] of this.values.entries()) {
      const entry = this.db.find(KEYS[i], 0, 1);
      if (value === null) assert.equal(entry, 0);
      else assert(value.equals(stringBytes(this.db, entry)));
    }
  }

  end(): void {
    if (this.memory.isFrozen) this.memory.thaw();
    this.keyspace.flush('all');
    while (this.keyspace.backgroundSlice(1000, () => 0));
    while (this.pins.length > 0) this.#unpin(0);
    assert.equal(this.memory.usedBytes, this.emptyBytes);
  }
}

for (const firstArena of [0, 300]) {
  test(`from arena ${firstArena} on: pinned bytes stand still, keys are right, all goes`, () => {
    // Equal sizes now and then: blocks are then overwritten in place, or used again.
    const length = fc.oneof(
      fc.constantFrom(5000, 50_000),
      fc.integer({ min: 1, max: 700 }),
      fc.integer({ min: 4000, max: 90_000 }),
    );
    const step = fc.tuple(
      fc.constantFrom(...KINDS),
      fc.nat(KEYS.length - 1),
      length,
      fc.nat(1_000_000),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
        const model = new Model(firstArena);
        for (const [kind, index, length, seed] of steps) {
          model.step(kind, index, length, seed);
          model.check();
        }
        model.end();
      }),
      { numRuns: 100 },
    );
  });
}

test('a value that is set anew while it is pinned does not change what is read', () => {
  const model = new Model(0);
  model.step('set', 0, 50_000, 1);
  model.step('pin', 0, 1, 0);
  model.step('set', 0, 50_000, 2);
  model.check();
  model.end();
});

test('a value of an arena of its own outlives its key until it is unpinned', () => {
  const model = new Model(0);
  model.step('large', 0, 70_000_000, 3);
  model.step('pin', 0, 1, 999_999);
  model.step('delete', 0, 1, 0);
  assert(model.memory.usedBytes > 70_000_000);
  model.end();
});

test('one byte in the place of another moves a pinned value once, an appended one never', () => {
  const { memory, db, step } = bound(new Model(0));
  step('set', 0, 100_000, 0);
  step('append', 0, 50_000, 1);
  const blockOf = (): number => memory.int32(db.find(KEYS[0], 0, 1), ENTRY_VALUE);
  const block = blockOf();
  step('pin', 0, 1, 5);
  step('append', 0, 1, 2);
  assert.equal(blockOf(), block);
  step('range', 0, 1, 70_000);
  const moved = blockOf();
  assert.notEqual(moved, block);
  step('range', 0, 1, 70_000);
  assert.equal(blockOf(), moved);
});

function bound(model: Model) {
  return { memory: model.memory, db: model.db, step: model.step.bind(model) };
}
