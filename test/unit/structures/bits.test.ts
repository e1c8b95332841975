/* Rows of bits and bit fields against a model that goes bit by bit. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  fitBig,
  fitNumber,
  NUMBER_BITS_MAX,
  type Overflow,
  readBits,
  signedNumber,
  unsignedNumber,
  writeBits,
} from '../../../src/structures/bit-fields.js';
import {
  type BitOperation,
  combineBits,
  countBits,
  findBit,
  invertBits,
} from '../../../src/structures/bits.js';

const NUM_RUNS = process.env.TANDEM_LONG === '1' ? 5000 : 500;

/** Mostly all zeros or all ones, so that long searches occur. */
const byte = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  { weight: 6, arbitrary: fc.constant(255) },
  { weight: 1, arbitrary: fc.nat(255) },
);
const row = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 120 }),
  fc.array(byte, { minLength: 1, maxLength: 120 }).map((bytes) => Uint8Array.from(bytes)),
  fc.tuple(byte, fc.integer({ min: 1, max: 120 })).map(([b, n]) => new Uint8Array(n).fill(b)),
);

function bitAt(bytes: Uint8Array, offset: number): number {
  return (bytes[offset >>> 3] >>> (7 - (offset & 7))) & 1;
}

/** The row at byte `base` of a buffer of ones, with both views of it. */
function placed(bytes: Uint8Array, base: number): { u8: Uint8Array; words: Int32Array } {
  const u8 = new Uint8Array(160).fill(255);
  u8.set(bytes, base);
  return { u8, words: new Int32Array(u8.buffer) };
}

test('bits are counted and found as one by one, wherever the row lies', () => {
  fc.assert(
    fc.property(row, fc.nat(12), fc.nat(), fc.nat(), (bytes, base, a, b) => {
      const bits = bytes.length * 8;
      const from = a % bits;
      const to = from + 1 + (b % (bits - from));
      const { u8, words } = placed(bytes, base);
      let ones = 0;
      const first = [-1, -1];
      for (let i = to - 1; i >= from; i--) {
        first[bitAt(bytes, i)] = i;
        ones += bitAt(bytes, i);
      }
      assert.equal(countBits(u8, words, base, from, to), ones);
      for (const bit of [0, 1]) assert.equal(findBit(u8, words, base, bit, from, to), first[bit]);
    }),
    { numRuns: NUM_RUNS },
  );
});

test('counting goes on over more words than one go takes', () => {
  const u8 = new Uint8Array(9 * 1024 * 1024 + 5).fill(255);
  const words = new Int32Array(u8.buffer, 0, u8.length >>> 2);
  const bits = u8.length * 8;
  assert.equal(countBits(u8, words, 0, 0, bits), bits);
  assert.equal(countBits(u8, words, 0, 3, bits - 3), bits - 6);
  assert.equal(findBit(u8, words, 0, 0, 0, bits), -1);
  u8[u8.length - 7] = 0xef;
  assert.equal(findBit(u8, words, 0, 0, 5, bits), bits - 7 * 8 + 3);
});

test('AND, OR and XOR with a row that is as long or shorter, NOT', () => {
  const combine: Record<BitOperation, (a: number, b: number) => number> = {
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
  };
  const operation = fc.constantFrom<BitOperation>('and', 'or', 'xor');
  fc.assert(
    fc.property(operation, row, row, fc.nat(4), (name, first, second, at) => {
      const [longer, shorter] = first.length < second.length ? [second, first] : [first, second];
      const target = new Int32Array(31);
      const bytes = new Uint8Array(target.buffer);
      bytes.set(longer);
      const { words } = placed(shorter, at * 4);
      combineBits(name, target, longer.length, words, at, shorter.length);
      const expected = longer.map((each, i) => combine[name](each, shorter[i] ?? 0));
      assert.deepEqual(bytes.subarray(0, longer.length), expected);
      invertBits(target, longer.length);
      assert.deepEqual(
        bytes.subarray(0, longer.length),
        expected.map((each) => ~each),
      );
    }),
    { numRuns: NUM_RUNS },
  );
});

test('a field is read and written as bit by bit, and its neighbours stay', () => {
  const bits = fc.integer({ min: 1, max: NUMBER_BITS_MAX });
  const bytes = fc.uint8Array({ minLength: 9, maxLength: 9 });
  fc.assert(
    fc.property(bytes, fc.nat(7), bits, fc.bigInt(0n, 2n ** 64n), (before, offset, width, n) => {
      let value = 0n;
      for (let i = 0; i < width; i++) value = value * 2n + BigInt(bitAt(before, offset + i));
      assert.equal(readBits(before, offset, width), Number(value));
      const signed = signedNumber(Number(value), width);
      assert.equal(BigInt(signed), BigInt.asIntN(width, value));
      assert.equal(unsignedNumber(signed, width), Number(value));
      const after = before.slice();
      const written = BigInt.asUintN(width, n);
      writeBits(after, offset, width, Number(written));
      assert.equal(readBits(after, offset, width), Number(written));
      for (let i = 0; i < 72; i++) {
        if (i >= offset && i < offset + width) continue;
        assert.equal(bitAt(after, i), bitAt(before, i));
      }
    }),
    { numRuns: NUM_RUNS },
  );
});

/** In whole numbers of any size: wrapped into the range, cut to it, or nothing. */
function fit(value: bigint, isSigned: boolean, bits: number, overflow: Overflow): bigint | null {
  const range = 2n ** BigInt(bits);
  const min = isSigned ? -range / 2n : 0n;
  const max = min + range - 1n;
  if (value >= min && value <= max) return value;
  if (overflow === 'fail') return null;
  if (overflow === 'sat') return value > max ? max : min;
  return ((((value - min) % range) + range) % range) + min;
}

test('a value that does not fit its field wraps, stops at the limit or fails', () => {
  const overflow = fc.constantFrom<Overflow>('wrap', 'sat', 'fail');
  const type = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 64 }));
  const nearLimits = fc
    .tuple(fc.integer({ min: 0, max: 65 }), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([power, by, isNegative]) => {
      const near = 2n ** BigInt(power) + BigInt(by);
      return isNegative ? -near : near;
    });
  fc.assert(
    fc.property(nearLimits, type, overflow, (value, [isSigned, bits], how) => {
      const expected = fit(value, isSigned, bits, how);
      assert.equal(fitBig(value, isSigned, bits, how), expected);
      const isSafe = Number.isSafeInteger(Number(value));
      if (!isSafe || bits > NUMBER_BITS_MAX) return;
      const number = fitNumber(Number(value), isSigned, bits, how);
      assert.equal(Number.isNaN(number) ? null : BigInt(number), expected);
    }),
    { numRuns: NUM_RUNS * 4 },
  );
});
