/*
 * LZF: what is compressed comes back, output never passes its bounds, and hostile input is refused
 * with a place inside it.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decompressLzf, LzfCompressor } from '../../../../src/persistence/rdb/lzf.js';

/** Repetitive and random stretches mixed, so that matches of all lengths and offsets occur. */
const text = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 400 }))
        .map(([unit, times]) =>
          Uint8Array.from({ length: times }, (_, at) => unit[at % unit.length]),
        ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

const GUARD = 0xa5;

test('what was compressed comes back, from any position of either buffer', () => {
  const compressor = new LzfCompressor();
  fc.assert(
    fc.property(text, fc.nat(20), (bytes, shift) => {
      const source = new Uint8Array(bytes.length + 2 * shift).fill(7);
      source.set(bytes, shift);
      const target = new Uint8Array(2 * bytes.length + 64).fill(GUARD);
      const end = compressor.compress(
        source,
        shift,
        shift + bytes.length,
        target,
        shift,
        target.length - 1,
      );
      assert.ok(end >= shift);
      assert.equal(target[target.length - 1], GUARD);
      const back = new Uint8Array(bytes.length + shift + 1).fill(GUARD);
      const wrong = decompressLzf(target, shift, end, back, shift, shift + bytes.length);
      assert.equal(wrong, -1);
      assert.deepEqual(back.subarray(shift, shift + bytes.length), bytes);
      assert.equal(back[back.length - 1], GUARD);
    }),
    { numRuns: 300 },
  );
});

test('compression that does not fit gives 0 and never writes past its limit', () => {
  const compressor = new LzfCompressor();
  fc.assert(
    fc.property(text, fc.nat(600), (bytes, limit) => {
      const target = new Uint8Array(limit + 64).fill(GUARD);
      const end = compressor.compress(bytes, 0, bytes.length, target, 0, limit);
      assert.ok(end <= limit);
      assert.ok(target.subarray(limit).every((byte) => byte === GUARD));
    }),
    { numRuns: 300 },
  );
});

test('a megabyte of one byte shrinks 80-fold, of noise does not fit', () => {
  const compressor = new LzfCompressor();
  const target = new Uint8Array(1 << 20);
  const same = new Uint8Array(1 << 20).fill(0x61);
  const end = compressor.compress(same, 0, same.length, target, 0, same.length - 4);
  assert.ok(end > 0 && end < same.length / 80, `${end}`);
  let state = 1;
  const noise = same.map(() => {
    state = Math.imul(state, 1103515245) + 12345;
    return state >>> 16;
  });
  assert.equal(compressor.compress(noise, 0, noise.length, target, 0, noise.length - 4), 0);
});

test('hostile input is refused at a place inside it, and writes nothing outside the target', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(300), (bytes, length) => {
      const target = new Uint8Array(length + 16).fill(GUARD);
      const wrong = decompressLzf(bytes, 0, bytes.length, target, 8, 8 + length);
      assert.ok(wrong >= -1 && wrong <= bytes.length);
      assert.ok(target.subarray(0, 8).every((byte) => byte === GUARD));
      assert.ok(target.subarray(8 + length).every((byte) => byte === GUARD));
    }),
    { numRuns: 2000 },
  );
});

test('a reference before the start, cuts and a short result are refused', () => {
  const target = new Uint8Array(64);
  const refuse = (input: number[], length: number) =>
    decompressLzf(Uint8Array.from(input), 0, input.length, target, 0, length);
  assert.equal(refuse([0, 0x61, 0x20, 1], 4), 2);
  assert.equal(refuse([3, 0x61], 4), 0);
  assert.equal(refuse([0, 0x61, 0xe0, 0], 20), 2);
  assert.equal(refuse([0, 0x61], 2), 2);
  assert.equal(refuse([0, 0x61], 1), -1);
});
