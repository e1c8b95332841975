/*
 * Long replies on their way out: sent from where they lie, in slices, together with what stands
 * around them, in order, and given back exactly once whatever the socket does.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GATHERED_BYTES_MAX, REPLY_BUFFER_BYTES } from '../../../src/limits.js';
import { OutputBuffer, ReplyBufferPool } from '../../../src/net/output-buffer.js';
import { FakeTarget } from './fake-target.js';

function newOutput(target: FakeTarget): OutputBuffer {
  const pool = new ReplyBufferPool();
  return new OutputBuffer({ target, pool, onSent: () => {}, onReady: () => {} });
}

function pinnedOf(bytes: Uint8Array, onWritten: () => void = () => {}) {
  return { bytes, onWritten };
}

test('what stands around a value leaves with it in one write', () => {
  for (const length of [32 * 1024, 64 * 1024, 1024 * 1024]) {
    const target = new FakeTarget();
    const output = newOutput(target);
    const buffer = new Uint8Array(REPLY_BUFFER_BYTES).fill(1);
    let calls = 0;
    const value = pinnedOf(new Uint8Array(length).fill(2), () => calls++);
    assert.equal(output.takePinned(buffer, 10, value), buffer);
    output.take(buffer, 2);
    output.flush();
    assert.deepEqual(target.writes, [length + 12]);
    assert.equal(Buffer.concat(target.taken).length, length + 12);
    assert.equal(calls, 1);
    assert.deepEqual([output.pendingBytes, output.heldBytes, output.chunkCount], [0, 0, 0]);
  }
});

test('a value of many MB leaves in slices, and is given back after the last of them', () => {
  const target = new FakeTarget();
  const output = newOutput(target);
  const value = new Uint8Array(10_000_000).fill(2);
  let calls = 0;
  output.takePinned(new Uint8Array(REPLY_BUFFER_BYTES), 10, {
    bytes: value,
    onWritten: () => calls++,
  });
  while (output.canFlush) {
    assert.equal(calls, 0);
    assert.equal(output.heldBytes, output.pendingBytes);
    output.flush();
  }
  assert.equal(calls, 1);
  assert(Math.max(...target.writes) <= GATHERED_BYTES_MAX + 10);
});

test('whatever the socket does, all bytes leave once, in order, and pins end once', () => {
  const step = fc.tuple(
    fc.constantFrom('take', 'append', 'pinned', 'value', 'flush', 'drain', 'close'),
    fc.oneof(fc.integer({ min: 1, max: REPLY_BUFFER_BYTES }), fc.integer({ min: 1, max: 3e6 })),
    fc.nat(2000),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, isSlow) => {
      const target = new FakeTarget();
      if (isSlow) target.room = 100_000;
      const output = newOutput(target);
      let buffer = new Uint8Array(REPLY_BUFFER_BYTES);
      const expected: Buffer[] = [];
      const calls: number[] = [];
      let isClosed = false;
      const give = (bytes: Uint8Array) => {
        const index = calls.push(0) - 1;
        if (!isClosed) expected.push(Buffer.from(bytes));
        return pinnedOf(bytes, () => {
          calls[index]++;
          bytes.fill(255);
        });
      };
      for (const [i, [kind, bytes, head]] of steps.entries()) {
        const length = Math.min(bytes, REPLY_BUFFER_BYTES);
        buffer.fill(i);
        if (kind === 'take') {
          if (!isClosed) expected.push(Buffer.alloc(length, i));
          buffer = output.take(buffer, length) as typeof buffer;
        } else if (kind === 'append') {
          if (!isClosed) expected.push(Buffer.alloc(length, i));
          output.append(buffer, 0, length);
        } else if (kind === 'value') {
          if (!isClosed) expected.push(Buffer.alloc(head, i));
          const value = give(new Uint8Array(bytes).fill(i + 100));
          buffer = output.takePinned(buffer, head, value) as typeof buffer;
        } else if (kind === 'pinned') {
          const { bytes: piece, onWritten } = give(new Uint8Array(bytes).fill(i + 100));
          output.appendPinned(piece, onWritten);
        } else if (kind === 'flush') output.flush();
        else if (kind === 'drain') target.drain(bytes);
        else if (i > 30 && !isClosed) {
          isClosed = true;
          output.close();
        }
      }
      if (!isClosed) {
        target.drain(Number.POSITIVE_INFINITY);
        while (output.canFlush) output.flush();
        assert(Buffer.concat(target.taken).equals(Buffer.concat(expected)));
        assert.deepEqual([output.pendingBytes, output.heldBytes], [0, 0]);
      }
      output.release();
      // Those that came after the close are given back in a microtask.
      queueMicrotask(() => assert(calls.every((count) => count === 1)));
    }),
    { numRuns: 150 },
  );
});

test('after the end every value is given back exactly once', async () => {
  const target = new FakeTarget();
  target.room = 500_000;
  const output = newOutput(target);
  const calls: number[] = [];
  const buffer = new Uint8Array(REPLY_BUFFER_BYTES);
  for (let i = 0; i < 20; i++) {
    calls.push(0);
    output.takePinned(buffer, 10, { bytes: new Uint8Array(300_000), onWritten: () => calls[i]++ });
  }
  assert(calls.includes(0));
  output.close();
  calls.push(0);
  output.takePinned(buffer, 10, { bytes: new Uint8Array(10), onWritten: () => calls[20]++ });
  output.release();
  await Promise.resolve();
  assert.deepEqual(calls, new Array(21).fill(1));
});
