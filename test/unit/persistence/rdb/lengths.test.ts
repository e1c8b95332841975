/*
 * Lengths and doubles of the RDB format: round trips over their whole range, and the exact bytes of
 * the borders between the forms.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  readBinaryDouble,
  readTextDouble,
  textDoubleBytes,
  writeBinaryDouble,
} from '../../../../src/persistence/rdb/doubles.js';
import { LengthReader, writeLength } from '../../../../src/persistence/rdb/lengths.js';
import { latin1 } from '../../../../src/structures/bytes.js';

function written(length: number): Uint8Array {
  const bytes = new Uint8Array(9);
  return bytes.subarray(0, writeLength(length, bytes, 0));
}

test('every form begins and ends where Redis has it', () => {
  const forms: [number, string][] = [
    [0, '00'],
    [63, '3f'],
    [64, '4040'],
    [16383, '7fff'],
    [16384, '8000004000'],
    [0xffffffff, '80ffffffff'],
    [0x1_0000_0000, '810000000100000000'],
    [Number.MAX_SAFE_INTEGER, '81001fffffffffffff'],
  ];
  for (const [length, hex] of forms) {
    assert.equal(Buffer.from(written(length)).toString('hex'), hex);
  }
});

test('a length comes back, and is incomplete at every cut', () => {
  const reader = new LengthReader();
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 0, max: 52 }), (number, bits) => {
      const length = Math.floor(number / 2 ** bits);
      const bytes = written(length);
      for (let cut = 0; cut < bytes.length; cut += 1) {
        assert.equal(reader.read(bytes, 0, cut), 'incomplete');
      }
      assert.equal(reader.read(bytes, 0, bytes.length), 'length');
      assert.equal(reader.value, length);
      assert.equal(reader.next, bytes.length);
    }),
  );
});

test('first bytes 0x82 to 0xbf are no lengths, 0xc0 to 0xff are encodings', () => {
  const reader = new LengthReader();
  for (let first = 0x82; first < 0xc0; first += 1) {
    assert.equal(reader.read(Uint8Array.of(first), 0, 1), 'invalid');
  }
  for (let first = 0xc0; first <= 0xff; first += 1) {
    assert.equal(reader.read(Uint8Array.of(first), 0, 1), 'encoded');
    assert.equal(reader.value, first - 0xc0);
  }
});

test('doubles come back bit for bit', () => {
  const bytes = new Uint8Array(9);
  fc.assert(
    fc.property(fc.double(), (value) => {
      assert.equal(writeBinaryDouble(value, bytes, 1), 9);
      assert.ok(Object.is(readBinaryDouble(bytes, 1), value));
    }),
  );
});

test('old doubles: text, three special lengths, and what is no number', () => {
  const read = (text: string) => readTextDouble(Uint8Array.of(text.length, ...latin1(text)), 0);
  assert.equal(read('3.25'), 3.25);
  assert.equal(read('-1e+21'), -1e21);
  assert.equal(read('x1'), undefined);
  assert.equal(read(''), undefined);
  assert.equal(readTextDouble(Uint8Array.of(254), 0), Number.POSITIVE_INFINITY);
  assert.equal(readTextDouble(Uint8Array.of(255), 0), Number.NEGATIVE_INFINITY);
  assert.ok(Number.isNaN(readTextDouble(Uint8Array.of(253), 0)));
  assert.equal(textDoubleBytes(Uint8Array.of(255), 0), 1);
  assert.equal(textDoubleBytes(Uint8Array.of(4), 0), 5);
});
