/*
 * Values that lie in their block before they have a key: taken over without a copy, freed without a
 * trace, bounded, and outside of every view that is frozen before they have one.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Database } from '../../../src/keyspace/database.js';
import type { LargeValue } from '../../../src/keyspace/large-value.js';
import { stringBytes } from '../../../src/keyspace/string-read.js';
import {
  appendString,
  KEEP_EXPIRY,
  NO_EXPIRY,
  setLargeString,
  setString,
} from '../../../src/keyspace/string-value.js';
import { LARGE_VALUES_BYTES_MAX } from '../../../src/limits.js';
import { Memory } from '../../../src/memory/memory.js';
import { latin1 } from '../../../src/structures/bytes.js';
import { NOW_MS, newDatabase } from '../../helpers/keyspace.js';

const KEY = latin1('key');

function reserve(db: Database, length: number): LargeValue {
  const value = db.keyspace.largeValues.reserve(length);
  assert(value !== null);
  return value;
}

function bytesOf(length: number, first: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (first + i * 7) & 255);
}

for (const firstArena of [0, 300]) {
  for (const length of [40_000, 1_000_000, 70_000_000]) {
    test(`${length} bytes from arena ${firstArena} on: written in pieces, taken, freed`, () => {
      const memory = new Memory({ firstArena, isChecked: true });
      const db = newDatabase(memory);
      const empty = memory.usedBytes;
      const bytes = bytesOf(length, 3);
      const value = reserve(db, length);
      for (let at = 0; !value.isWhole; ) {
        if (at % 2 === 0) {
          at += value.write(bytes, at, Math.min(length, at + 99_999));
        } else {
          const window = value.window(50_000);
          window.set(bytes.subarray(at, at + window.length));
          value.advance(window.length);
          at += window.length;
        }
      }
      setLargeString(db, KEY, 0, 3, value, NO_EXPIRY);
      value.free();
      const entry = db.find(KEY, 0, 3);
      assert.equal(Buffer.compare(stringBytes(db, entry), bytes), 0);
      assert.equal(db.keyspace.largeValues.reservedBytes, 0);
      const used = memory.usedBytes;
      setString(db, KEY, 0, 3, bytes, 0, length, NO_EXPIRY);
      assert.equal(memory.usedBytes, used, 'as SET lays it out');
      db.delete(KEY, 0, 3);
      assert.equal(memory.usedBytes, empty);
    });
  }
}

test('a value takes the place of one of any kind, and keeps or gets an expiry', () => {
  for (const before of ['5', 'short', 'x'.repeat(300), 'x'.repeat(5000)]) {
    for (const oldMs of [NO_EXPIRY, NOW_MS + 1000]) {
      for (const newMs of [NO_EXPIRY, KEEP_EXPIRY, NOW_MS + 5000]) {
        const db = newDatabase(new Memory({ isChecked: true }));
        setString(db, KEY, 0, 3, latin1(before), 0, before.length, oldMs);
        const value = reserve(db, 50_000);
        value.write(bytesOf(50_000, 9), 0, 50_000);
        setLargeString(db, KEY, 0, 3, value, newMs);
        const entry = db.find(KEY, 0, 3);
        assert.equal(Buffer.compare(stringBytes(db, entry), bytesOf(50_000, 9)), 0);
        assert.equal(db.entries.expiry(entry), newMs === KEEP_EXPIRY ? oldMs : newMs);
        assert.equal(db.contents.expires, db.entries.expiry(entry) === 0 ? 0 : 1);
        assert.equal(db.encodingOf(entry), 'raw');
        appendString(db, entry, KEY, 0, 3, latin1('more'), 0, 4);
        assert.equal(stringBytes(db, db.find(KEY, 0, 3)).length, 50_004);
      }
    }
  }
});

test('one that nobody takes is freed once, however often that is asked', () => {
  const memory = new Memory();
  const db = newDatabase(memory);
  const empty = memory.usedBytes;
  const value = reserve(db, 100_000);
  assert(memory.usedBytes > empty);
  value.free();
  value.free();
  assert.equal(memory.usedBytes, empty);
  assert.equal(db.keyspace.largeValues.reservedBytes, 0);
});

test('all together are bounded', () => {
  const db = newDatabase(new Memory());
  const { largeValues } = db.keyspace;
  const half = LARGE_VALUES_BYTES_MAX / 4;
  const values = [1, 2, 3, 4].map(() => largeValues.reserve(half));
  assert(values.every((value) => value !== null));
  assert.equal(largeValues.reserve(40_000), null);
  values[0]?.free();
  assert(largeValues.reserve(40_000) !== null);
});

test('views frozen before, during and after its arrival copy no page of it', () => {
  for (const length of [200_000, 70_000_000]) {
    const memory = new Memory({ isChecked: true });
    const db = newDatabase(memory);
    const bytes = bytesOf(length, 1);
    // Pages that lie in the first view and are freed during it must be kept for that view.
    setString(db, latin1('old'), 0, 3, bytes, 0, 200_000, NO_EXPIRY);
    memory.freeze();
    db.delete(latin1('old'), 0, 3);
    const value = reserve(db, length);
    value.write(bytes, 0, 100_000);
    memory.checkBarrier();
    memory.thaw();
    memory.freeze();
    const { shadowBytes } = memory;
    value.write(bytes, 100_000, length);
    assert.equal(memory.shadowBytes, shadowBytes);
    setLargeString(db, KEY, 0, 3, value, NO_EXPIRY);
    appendString(db, db.find(KEY, 0, 3), KEY, 0, 3, bytes, 0, 10);
    memory.checkBarrier();
    memory.thaw();
    memory.freeze();
    const entry = db.find(KEY, 0, 3);
    appendString(db, entry, KEY, 0, 3, bytes, 0, 10);
    memory.checkBarrier();
    memory.thaw();
    assert.equal(stringBytes(db, db.find(KEY, 0, 3)).length, length + 20);
  }
});
