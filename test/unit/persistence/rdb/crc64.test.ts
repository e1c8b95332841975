/*
 * The checksum of RDB files: its published check value, and that neither the cut of the input nor
 * the way of writing the sum down changes it.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Crc64, checksumHexAt } from '../../../../src/persistence/rdb/crc64.js';
import { latin1 } from '../../../../src/structures/bytes.js';

function sumOf(bytes: Uint8Array): string {
  const crc = new Crc64();
  crc.update(bytes, 0, bytes.length);
  return crc.toHex();
}

/** Bit by bit, straight from the definition. */
function slowSum(bytes: Uint8Array): string {
  let sum = 0n;
  for (const byte of bytes) {
    sum ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) {
      sum = (sum & 1n) === 1n ? (sum >> 1n) ^ 0x95ac9329ac4bc9b5n : sum >> 1n;
    }
  }
  return sum.toString(16).padStart(16, '0');
}

test('123456789 has the published check value', () => {
  assert.equal(sumOf(latin1('123456789')), 'e9c6d914c4b8d9ca');
});

test('the sum equals the bitwise definition', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.equal(sumOf(bytes), slowSum(bytes));
    }),
  );
});

test('a sum taken in parts equals the sum of the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(), (bytes, first, second) => {
      const cuts = [first % (bytes.length + 1), second % (bytes.length + 1)].sort((a, b) => a - b);
      const crc = new Crc64();
      crc.update(bytes, 0, cuts[0]);
      crc.update(bytes, cuts[0], cuts[1]);
      crc.update(bytes, cuts[1], bytes.length);
      assert.equal(crc.toHex(), sumOf(bytes));
    }),
  );
});

test('a written sum reads back and is recognised', () => {
  const crc = new Crc64();
  crc.update(latin1('tandem'), 0, 6);
  const bytes = new Uint8Array(10);
  crc.writeTo(bytes, 1);
  assert.equal(checksumHexAt(bytes, 1), crc.toHex());
  assert.ok(crc.isAt(bytes, 1));
  bytes[8] ^= 1;
  assert.ok(!crc.isAt(bytes, 1));
});
