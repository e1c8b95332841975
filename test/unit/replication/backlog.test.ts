/*
 * The backlog: what it keeps, what it gives back, and that a pinned byte never changes. At the end
 * a property test drives it beside a naive model, in which every byte follows from its offset.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BACKLOG_SPARE_BLOCKS_MAX } from '../../../src/limits.js';
import {
  Backlog,
  type BacklogBlock,
  BacklogSlice,
  blockBytesFor,
} from '../../../src/replication/backlog.js';

const KIB = 1024;
const isLong = process.env.TANDEM_LONG === '1';

/** Byte number n of the stream: never the same pattern in two blocks. */
function streamByte(n: number): number {
  return (n * 31 + (n >>> 8) * 17 + (n >>> 16)) & 0xff;
}

function streamBytes(from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = streamByte(from + i);
  return bytes;
}

/** Reads everything from `offset` to the end, block by block. */
function readAll(backlog: Backlog, offset: number): Uint8Array {
  const out = new Uint8Array(backlog.end - offset);
  const slice = new BacklogSlice();
  let at = offset;
  for (;;) {
    backlog.locate(at, Number.POSITIVE_INFINITY, slice);
    if (slice.block === null) return out;
    out.set(slice.block.bytes.subarray(slice.from, slice.from + slice.length), at - offset);
    at += slice.length;
  }
}

test('what was appended is read back from every offset', () => {
  const backlog = new Backlog({ sizeBytes: 64 * KIB, offset: 1000 });
  backlog.append(streamBytes(1000, 40_000), 0, 40_000);
  for (const offset of [1000, 1001, 17_383, 17_384, 17_385, 40_999, 41_000]) {
    const expected = streamBytes(offset, 41_000 - offset);
    assert.deepEqual(readAll(backlog, offset), expected);
  }
});

test('at least repl-backlog-size bytes stay, at most one block more once trimmed', () => {
  const sizeBytes = 256 * KIB;
  const backlog = new Backlog({ sizeBytes, offset: 0 });
  const run = streamBytes(0, 999);
  for (let i = 0; i < 5000; i++) backlog.append(run, 0, run.length);
  while (backlog.trim()) {}
  const held = backlog.end - backlog.start;
  assert(held >= sizeBytes);
  assert(held <= sizeBytes + blockBytesFor(sizeBytes));
});

test('nothing leaves that a replica still needs, and all of it once it does not', () => {
  const sizeBytes = 16 * KIB;
  const backlog = new Backlog({ sizeBytes, offset: 0 });
  backlog.holdFrom(100);
  const value = streamBytes(0, 8 * KIB * KIB);
  backlog.append(value, 0, value.length);
  assert(backlog.start <= 100);
  assert.deepEqual(readAll(backlog, 100), value.subarray(100));
  backlog.holdFrom(Number.POSITIVE_INFINITY);
  while (backlog.trim()) {}
  assert(backlog.end - backlog.start <= sizeBytes + blockBytesFor(sizeBytes));
  const spareBytes = BACKLOG_SPARE_BLOCKS_MAX * blockBytesFor(sizeBytes);
  assert(backlog.ringBytes <= sizeBytes + 2 * blockBytesFor(sizeBytes) + spareBytes);
});

test('without the replica that needed it a megabyte is gone at once, spares and all', () => {
  const sizeBytes = 16 * KIB;
  const backlog = new Backlog({ sizeBytes, offset: 0 });
  backlog.holdFrom(0);
  const run = streamBytes(0, 1000);
  for (let i = 0; i < 1100; i++) backlog.append(run, 0, run.length);
  const heldBytes = backlog.ringBytes;
  backlog.holdFrom(backlog.end);
  assert.equal(backlog.shrink(), false);
  assert(backlog.ringBytes <= sizeBytes + blockBytesFor(sizeBytes));
  assert(heldBytes - backlog.ringBytes > 1024 * KIB);
});

test('a pinned block that has left the ring is counted and never written to again', () => {
  const backlog = new Backlog({ sizeBytes: 16 * KIB, offset: 0 });
  const slice = new BacklogSlice();
  backlog.append(streamBytes(0, 100), 0, 100);
  backlog.locate(0, 100, slice);
  const { block } = slice;
  assert(block !== null);
  backlog.pin(block);
  backlog.append(streamBytes(100, 500 * KIB), 0, 500 * KIB);
  while (backlog.trim()) {}
  assert(backlog.start > 100);
  assert.equal(backlog.detachedBytes, block.bytes.length);
  assert.deepEqual(block.bytes.subarray(0, 100), streamBytes(0, 100));
  backlog.unpin(block);
  assert.equal(backlog.detachedBytes, 0);
});

test('in steady state blocks come round again instead of being allocated', () => {
  const backlog = new Backlog({ sizeBytes: 64 * KIB, offset: 0 });
  const seen = new Set<Uint8Array>();
  const slice = new BacklogSlice();
  const run = new Uint8Array(4 * KIB);
  for (let i = 0; i < 1000; i++) {
    backlog.append(run, 0, run.length);
    backlog.locate(backlog.end - 1, 1, slice);
    if (slice.block !== null) seen.add(slice.block.bytes);
  }
  assert(seen.size <= 8, `${seen.size} blocks for 4 MiB through a ring of 64 KiB`);
});

type Step =
  | { do: 'append'; length: number }
  | { do: 'resize'; sizeBytes: number }
  | { do: 'hold'; behind: number | null }
  | { do: 'pin'; behind: number }
  | { do: 'unpin'; which: number }
  | { do: 'trim'; blocks: number }
  | { do: 'read'; behind: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('append' as const), length: fc.nat(30_000) }),
  },
  fc.record({
    do: fc.constant('append' as const),
    length: fc.integer({ min: 100_000, max: 400_000 }),
  }),
  fc.record({
    do: fc.constant('resize' as const),
    sizeBytes: fc.constantFrom(0, 16 * KIB, 64 * KIB, 300 * KIB, 1024 * KIB),
  }),
  fc.record({ do: fc.constant('hold' as const), behind: fc.option(fc.nat(200_000)) }),
  fc.record({ do: fc.constant('pin' as const), behind: fc.nat(200_000) }),
  fc.record({ do: fc.constant('unpin' as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant('trim' as const), blocks: fc.integer({ min: 1, max: 100 }) }),
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('read' as const), behind: fc.nat(500_000) }),
  },
);

/** The naive model: offsets only, since every byte follows from its offset. */
class Model {
  readonly backlog: Backlog;
  sizeBytes: number;
  readonly begin: number;
  end: number;
  hold = Number.POSITIVE_INFINITY;
  readonly pins: { block: BacklogBlock; from: number; offset: number; length: number }[] = [];
  #startBefore: number;
  readonly #slice = new BacklogSlice();

  constructor(sizeBytes: number, begin: number) {
    this.sizeBytes = sizeBytes;
    this.begin = begin;
    this.end = begin;
    this.#startBefore = begin;
    this.backlog = new Backlog({ sizeBytes, offset: begin });
  }

  apply(one: Step): void {
    const { backlog } = this;
    switch (one.do) {
      case 'append':
        backlog.append(streamBytes(this.end, one.length), 0, one.length);
        this.end += one.length;
        break;
      case 'resize':
        this.sizeBytes = one.sizeBytes;
        backlog.resize(one.sizeBytes);
        break;
      case 'hold':
        this.hold =
          one.behind === null
            ? Number.POSITIVE_INFINITY
            : Math.max(backlog.start, this.end - one.behind);
        backlog.holdFrom(this.hold);
        break;
      case 'pin': {
        const offset = Math.max(backlog.start, this.end - one.behind);
        backlog.locate(offset, 5000, this.#slice);
        const { block, from, length } = this.#slice;
        if (block === null) break;
        backlog.pin(block);
        this.pins.push({ block, from, offset, length });
        break;
      }
      case 'unpin': {
        const [pin] = this.pins.splice(one.which, 1);
        if (pin) backlog.unpin(pin.block);
        break;
      }
      case 'trim':
        backlog.trim(one.blocks);
        break;
      case 'read': {
        const offset = Math.max(backlog.start, this.end - one.behind);
        assert.deepEqual(readAll(backlog, offset), streamBytes(offset, this.end - offset));
        break;
      }
    }
  }

  check(): void {
    const { backlog } = this;
    assert.equal(backlog.end, this.end);
    assert(backlog.start >= this.begin);
    assert(backlog.start <= Math.min(this.hold, this.end), 'held bytes have left');
    if (backlog.start > this.#startBefore) {
      assert(backlog.start <= this.end - this.sizeBytes, 'bytes within the size have left');
      this.#startBefore = backlog.start;
    }
    for (const { block, from, offset, length } of this.pins) {
      assert.deepEqual(
        block.bytes.subarray(from, from + length),
        streamBytes(offset, length),
        'a pinned byte has changed',
      );
    }
  }
}

test('the backlog agrees with a naive model under appends, holds, pins, trims and resizes', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(16 * KIB, 64 * KIB, 300 * KIB),
      fc.constantFrom(0, 5, 2 ** 31 - 1000, 2 ** 40),
      fc.array(step, { minLength: 1, maxLength: 60 }),
      (sizeBytes, begin, steps) => {
        const model = new Model(sizeBytes, begin);
        let largest = sizeBytes;
        for (const one of steps) {
          const heldBefore = model.backlog.end - model.backlog.start;
          model.apply(one);
          model.check();
          largest = Math.max(largest, model.sizeBytes);
          // A resize never loses what it need not lose.
          if (one.do === 'resize') {
            assert.equal(model.backlog.end - model.backlog.start, heldBefore);
          }
        }
        model.backlog.holdFrom(Number.POSITIVE_INFINITY);
        for (const { block } of model.pins) model.backlog.unpin(block);
        while (model.backlog.trim()) {}
        assert.equal(model.backlog.detachedBytes, 0);
        const held = model.backlog.end - model.backlog.start;
        assert(held <= model.sizeBytes + blockBytesFor(largest));
      },
    ),
    { numRuns: isLong ? 2000 : 60 },
  );
});
