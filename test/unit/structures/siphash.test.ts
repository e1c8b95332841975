/*
 * The hash against a slow one written from the paper with BigInts, which in turn is held against
 * the published vectors of HalfSipHash-2-4.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyedHash } from '../../../src/structures/siphash.js';

const MASK = 0xffffffffn;

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (32n - by))) & MASK;
}

function word(bytes: Uint8Array, at: number): bigint {
  let value = 0n;
  for (let i = 3; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]);
  return value;
}

function slowHash(seed: Uint8Array, bytes: Uint8Array, rounds: [number, number]): number {
  const k0 = word(seed, 0);
  const k1 = word(seed, 4);
  const v = [k0, k1, 0x6c796765n ^ k0, 0x74656462n ^ k1];
  const mix = (times: number): void => {
    for (let i = 0; i < times; i++) {
      v[0] = (v[0] + v[1]) & MASK;
      v[1] = rotate(v[1], 5n) ^ v[0];
      v[0] = rotate(v[0], 16n);
      v[2] = (v[2] + v[3]) & MASK;
      v[3] = rotate(v[3], 8n) ^ v[2];
      v[0] = (v[0] + v[3]) & MASK;
      v[3] = rotate(v[3], 7n) ^ v[0];
      v[2] = (v[2] + v[1]) & MASK;
      v[1] = rotate(v[1], 13n) ^ v[2];
      v[2] = rotate(v[2], 16n);
    }
  };
  const padded = new Uint8Array((bytes.length & ~3) + 4);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 0xff;
  for (let at = 0; at < padded.length; at += 4) {
    const m = word(padded, at);
    v[3] ^= m;
    mix(rounds[0]);
    v[0] ^= m;
  }
  v[2] ^= 0xffn;
  mix(rounds[1]);
  return Number(BigInt.asIntN(32, v[1] ^ v[3]));
}

test('the slow hash gives the published vectors of HalfSipHash-2-4', () => {
  const seed = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]);
  const expected = [
    [0xa9, 0x35, 0x9f, 0x5b],
    [0x27, 0x47, 0x5a, 0xb8],
    [0xfa, 0x62, 0xa6, 0x03],
  ];
  expected.forEach((vector, length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i);
    const value = Number(word(Uint8Array.from(vector), 0));
    assert.equal(slowHash(seed, bytes, [2, 4]) >>> 0, value);
  });
});

test('the fast hash equals the slow one for every length, content and seed', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      fc.uint8Array({ maxLength: 70 }),
      fc.nat(5),
      (seed, bytes, shift) => {
        const shifted = new Uint8Array(bytes.length + shift);
        shifted.set(bytes, shift);
        const fast = new KeyedHash(seed).hash(shifted, shift, shifted.length);
        assert.equal(fast, slowHash(seed, bytes, [1, 3]));
      },
    ),
    { numRuns: 500 },
  );
});
