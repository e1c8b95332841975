/* Strings: encodings as Redis reports them, in place changes, growth, values of every size. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Database } from '../../../src/keyspace/database.js';
import {
  copyString,
  readInteger,
  stringByte,
  stringBytes,
  stringLength,
} from '../../../src/keyspace/string-read.js';
import {
  appendString,
  fillString,
  KEEP_EXPIRY,
  NO_EXPIRY,
  prepareString,
  setBigInteger,
  setInteger,
  setString,
  setStringRange,
  setText,
} from '../../../src/keyspace/string-value.js';
import { copyKey, moveKey } from '../../../src/keyspace/whole-key.js';
import { Memory } from '../../../src/memory/memory.js';
import { OutOfMemoryError } from '../../../src/memory/out-of-memory-error.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';
import { INT64_MIN, Int64Result } from '../../../src/structures/integers.js';
import { newDatabase, newKeyspace } from '../../helpers/keyspace.js';

const KEY = latin1('key');

function set(db: Database, text: string, expiresAtMs = NO_EXPIRY): void {
  setString(db, KEY, 0, 3, latin1(text), 0, text.length, expiresAtMs);
}

function get(db: Database): string {
  return latin1Text(stringBytes(db, db.peek(KEY, 0, 3)));
}

function encoding(db: Database): string {
  return db.encodingOf(db.peek(KEY, 0, 3));
}

test('SET stores int, embstr and raw where Redis does', () => {
  const rows: [string, string][] = [
    ['0', 'int'],
    ['-1', 'int'],
    ['9223372036854775807', 'int'],
    ['9223372036854775808', 'embstr'],
    ['-9223372036854775808', 'int'],
    ['01', 'embstr'],
    ['', 'embstr'],
    ['1.5', 'embstr'],
    ['a'.repeat(44), 'embstr'],
    ['a'.repeat(45), 'raw'],
    ['a'.repeat(600), 'raw'],
  ];
  const db = newDatabase();
  for (const [value, expected] of rows) {
    set(db, value);
    assert.equal(encoding(db), expected, value);
    assert.equal(get(db), value);
  }
  setText(db, KEY, 0, 3, latin1('12'), 0, 2, NO_EXPIRY);
  assert.equal(encoding(db), 'embstr');
});

test('APPEND and SETRANGE make raw, integers stay int and stay in place', () => {
  const db = newDatabase();
  set(db, '12');
  appendString(db, db.lookupWrite(KEY, 0, 3), KEY, 0, 3, latin1('3'), 0, 1);
  assert.deepEqual([encoding(db), get(db)], ['raw', '123']);
  const result = new Int64Result();
  readInteger(db, db.lookupWrite(KEY, 0, 3), result);
  assert.equal(result.number, 123);
  const entry = db.lookupWrite(KEY, 0, 3);
  setInteger(db, entry, KEY, 0, 3, 124);
  assert.deepEqual([encoding(db), get(db)], ['int', '124']);
  assert.equal(db.lookupWrite(KEY, 0, 3), entry, 'in place');
  setStringRange(db, entry, KEY, 0, 3, 1, latin1('9'), 0, 1);
  assert.deepEqual([encoding(db), get(db)], ['raw', '194']);
  setBigInteger(db, db.lookupWrite(KEY, 0, 3), KEY, 0, 3, INT64_MIN);
  assert.deepEqual([encoding(db), get(db)], ['int', '-9223372036854775808']);
});

test('a value of the same size class is overwritten where it is, with or without an expiry', () => {
  const db = newDatabase();
  const at = db.keyspace.nowMs + 1000;
  for (const length of [10, 100, 400, 600, 5000, 100_000]) {
    set(db, 'a'.repeat(length), at);
    const entry = db.peek(KEY, 0, 3);
    const used = db.memory.usedBytes;
    set(db, 'b'.repeat(length), NO_EXPIRY);
    assert.equal(db.expires, 0);
    set(db, 'c'.repeat(length), at);
    set(db, 'd'.repeat(length), KEEP_EXPIRY);
    assert.equal(db.peek(KEY, 0, 3), entry);
    assert.equal(db.expiresAt(entry), at);
    assert.equal(db.memory.usedBytes, used);
    assert.equal(get(db), 'd'.repeat(length));
  }
});

test('a value that shrinks gives its memory back', () => {
  const db = newDatabase();
  set(db, 'x');
  const used = db.memory.usedBytes;
  for (const length of [100, 1000, 1_000_000]) {
    set(db, 'a'.repeat(length));
    assert.ok(db.memoryUsage(db.peek(KEY, 0, 3)) >= length);
    set(db, 'x');
    assert.equal(db.memory.usedBytes, used);
  }
});

test('appending byte by byte copies rarely', () => {
  const db = newDatabase();
  const byte = latin1('z');
  let moves = 0;
  let block = 0;
  for (let i = 0; i < 20_000; i++) {
    const entry = db.lookupWrite(KEY, 0, 3);
    assert.equal(appendString(db, entry, KEY, 0, 3, byte, 0, 1), i + 1);
    const now = db.peek(KEY, 0, 3);
    const place = stringLength(db, now) > 600 ? db.memory.int32(now, 12) : now;
    if (place !== block) moves++;
    block = place;
  }
  assert.ok(moves < 60, `${moves} moves`);
  assert.equal(get(db), 'z'.repeat(20_000));
});

test('a long value is loaded in pieces and read in parts', () => {
  const db = newDatabase();
  const length = 300_000;
  const whole = Uint8Array.from({ length }, (_, i) => (i * 31) & 0xff);
  prepareString(db, KEY, 0, 3, length, db.keyspace.nowMs + 5);
  for (let at = 0; at < length; at += 70_000) {
    fillString(db, KEY, 0, 3, at, whole, at, Math.min(length, at + 70_000));
  }
  const entry = db.peek(KEY, 0, 3);
  assert.deepEqual(stringBytes(db, entry), whole);
  assert.equal(stringByte(db, entry, 299_999), whole[299_999]);
  const part = new Uint8Array(12);
  copyString(db, entry, 1000, 1010, part, 1);
  assert.deepEqual(part.subarray(1, 11), whole.subarray(1000, 1010));
});

test('out of memory, a change fails whole', () => {
  const memory = new Memory();
  const keyspace = newKeyspace({ memory });
  const db = keyspace.database(0);
  const { allocate } = memory;
  let allocationsLeft = Number.POSITIVE_INFINITY;
  memory.allocate = (bytes) => {
    if (allocationsLeft-- <= 0) throw new OutOfMemoryError(bytes);
    return allocate.call(memory, bytes);
  };
  const other = latin1('other');
  const long = latin1('b'.repeat(2000));
  const place = { db, key: KEY, start: 0, end: 3 };
  const second = keyspace.database(1);
  const acts: (() => void)[] = [
    () => setString(db, KEY, 0, 3, long, 0, 2000, db.keyspace.nowMs + 9),
    () => setString(db, other, 0, 5, long, 0, 2000, NO_EXPIRY),
    () => appendString(db, db.lookupWrite(KEY, 0, 3), KEY, 0, 3, long, 0, 2000),
    () => appendString(db, db.lookupWrite(KEY, 0, 3), KEY, 0, 3, long, 0, 300),
    () => setStringRange(db, db.lookupWrite(other, 0, 5), other, 0, 5, 1000, long, 0, 9),
    () => setStringRange(db, db.lookupWrite(KEY, 0, 3), KEY, 0, 3, 1000, long, 0, 9),
    () => db.rename(KEY, 0, 3, latin1('k'.repeat(99)), 0, 99),
    () => copyKey(place, { db, key: other, start: 0, end: 5 }),
    () => moveKey(place, second),
    () => db.setExpiresAt(KEY, 0, 3, db.keyspace.nowMs + 1),
  ];
  for (const act of acts) {
    for (let allowed = 0; allowed < 2; allowed++) {
      set(db, 'a'.repeat(93));
      const used = memory.usedBytes;
      allocationsLeft = allowed;
      try {
        act();
        assert.ok(allowed > 0);
        allocationsLeft = Number.POSITIVE_INFINITY;
        break;
      } catch (error) {
        assert.ok(error instanceof OutOfMemoryError, String(error));
      }
      allocationsLeft = Number.POSITIVE_INFINITY;
      assert.equal(get(db), 'a'.repeat(93), String(act));
      assert.equal(db.expires, 0);
      assert.equal(memory.usedBytes, used, String(act));
    }
    db.keyspace.flush('all');
    while (db.keyspace.backgroundSlice(10, () => 0));
  }
});

test('a value of 512 MB is set, read and deleted', {
  skip: process.env.TANDEM_LONG !== '1',
}, () => {
  const db = newDatabase();
  const empty = db.memory.usedBytes;
  const value = new Uint8Array(512 * 1024 * 1024).fill(7);
  value[value.length - 1] = 9;
  setString(db, KEY, 0, 3, value, 0, value.length, NO_EXPIRY);
  const entry = db.peek(KEY, 0, 3);
  assert.equal(stringLength(db, entry), value.length);
  assert.equal(stringByte(db, entry, value.length - 1), 9);
  db.delete(KEY, 0, 3);
  assert.equal(db.memory.usedBytes, empty);
});
