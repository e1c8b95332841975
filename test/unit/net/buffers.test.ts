/*
 * Input and output buffers by themselves, against models: what goes in comes out, once and in
 * order, and memory stays in proportion to it.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ANNOUNCED_BYTES_TRUSTED,
  READ_BUFFER_BYTES,
  REPLY_BUFFER_BYTES,
} from '../../../src/limits.js';
import { capacityFor, InputBuffer, InputBufferPool } from '../../../src/net/input-buffer.js';
import { OutputBuffer, ReplyBufferPool } from '../../../src/net/output-buffer.js';
import { limitFor, OutputPatience } from '../../../src/net/output-limit.js';
import { FakeServer } from './fake-server.js';
import { FakeTarget } from './fake-target.js';

test('input: random appends and consumptions keep exactly what is not consumed', () => {
  const step = fc.tuple(
    fc.integer({ min: 1, max: 70_000 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const input = new InputBuffer(new InputBufferPool());
      let model = Buffer.alloc(0);
      let peak = 0;
      for (const [i, [count, part]] of steps.entries()) {
        const bytes = new Uint8Array(count).fill(i);
        assert(input.append(bytes, 0, count, 0));
        model = Buffer.concat([model, bytes]);
        peak = Math.max(peak, model.length);
        const consumed = Math.floor(model.length * part);
        input.consumeTo(input.start + consumed);
        model = model.subarray(consumed);
        assert(model.equals(input.bytes.subarray(input.start, input.end)));
        if (model.length === 0) peak = 0;
        assert(input.bytes.length <= Math.max(2 * READ_BUFFER_BYTES, 2 * peak));
      }
    }),
    { numRuns: 50 },
  );
});

test('input: an announced bulk is copied a few times at most, and believed only by and by', () => {
  assert(capacityFor(100, 512 * 1024 ** 2) <= ANNOUNCED_BYTES_TRUSTED);
  const input = new InputBuffer(new InputBufferPool());
  const piece = new Uint8Array(READ_BUFFER_BYTES);
  const announced = 64 * 1024 ** 2;
  let buffers = 0;
  let { bytes } = input;
  while (input.length < announced) {
    input.append(piece, 0, piece.length, announced);
    if (input.bytes === bytes) continue;
    buffers++;
    bytes = input.bytes;
    assert(bytes.length <= Math.max(ANNOUNCED_BYTES_TRUSTED, 8 * input.length) + READ_BUFFER_BYTES);
  }
  assert(buffers <= 5);
  assert(bytes.length <= announced + READ_BUFFER_BYTES);
});

test('input: the beginning of a short request holds little more than it will be', () => {
  for (const announced of [30, 500, 3000]) {
    const input = new InputBuffer(new InputBufferPool());
    assert(input.append(new Uint8Array(20), 0, 20, announced));
    assert(input.freeBytes <= Math.max(1024, 2 * announced), `${input.freeBytes} bytes`);
    assert(input.append(new Uint8Array(READ_BUFFER_BYTES), 0, READ_BUFFER_BYTES, announced));
    assert.equal(input.length, READ_BUFFER_BYTES + 20);
  }
});

function newOutput(target: FakeTarget) {
  const counts = { sent: 0 };
  const output = new OutputBuffer({
    target,
    pool: new ReplyBufferPool(),
    onSent: (bytes) => {
      counts.sent += bytes;
    },
    onReady: () => {},
  });
  return { output, counts };
}

test('output: a fast reader costs no copy and keeps no buffer', () => {
  const target = new FakeTarget();
  const { output } = newOutput(target);
  const buffer = new Uint8Array(REPLY_BUFFER_BYTES);
  assert.equal(output.take(buffer, 100), buffer);
  assert.deepEqual([output.pendingBytes, output.heldBytes, output.chunkCount], [0, 0, 0]);
});

test('output: whatever the socket does, all bytes leave once, in order, unchanged', () => {
  const step = fc.tuple(
    fc.constantFrom('take', 'append', 'pin', 'flush', 'drain', 'slow', 'fast'),
    fc.integer({ min: 1, max: REPLY_BUFFER_BYTES }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const target = new FakeTarget();
      const { output, counts } = newOutput(target);
      let buffer = new Uint8Array(REPLY_BUFFER_BYTES);
      const expected: Buffer[] = [];
      let pins = 0;
      for (const [i, [kind, length]] of steps.entries()) {
        if (kind === 'take') {
          buffer.fill(i, 0, length);
          expected.push(Buffer.alloc(length, i));
          buffer = output.take(buffer, length) as typeof buffer;
        } else if (kind === 'append' || kind === 'pin') {
          const bytes = new Uint8Array(length).fill(i);
          expected.push(Buffer.alloc(length, i));
          if (kind === 'append') {
            output.append(bytes, 0, length);
            bytes.fill(255);
          } else {
            pins++;
            output.appendPinned(bytes, () => {
              pins--;
              bytes.fill(255);
            });
          }
        } else if (kind === 'flush') output.flush();
        else if (kind === 'drain') target.drain(target.writableLength);
        else if (kind === 'slow') target.room = length % 1000;
        else target.room = Number.POSITIVE_INFINITY;
      }
      target.drain(Number.POSITIVE_INFINITY);
      while (output.canFlush) output.flush();
      assert(Buffer.concat(target.taken).equals(Buffer.concat(expected)));
      assert.equal(counts.sent, Buffer.concat(expected).length);
      assert.deepEqual([output.pendingBytes, output.heldBytes, pins], [0, 0, 0]);
    }),
    { numRuns: 100 },
  );
});

test('output: what the kernel takes at once goes past the stream, the rest through it', () => {
  const target = new FakeTarget();
  const { output, counts } = newOutput(target);
  const buffer = new Uint8Array(REPLY_BUFFER_BYTES).fill(1);
  target.room = 30;
  const next = output.take(buffer, 100);
  assert.notEqual(next, buffer, 'the socket reads on from it');
  assert.deepEqual([output.pendingBytes, counts.sent, target.writes[0]], [70, 30, 30]);
  // In order: nothing goes past what waits.
  output.take(next, 50);
  target.drain(10);
  assert.deepEqual([output.pendingBytes, target.taken.length > 1], [120, true]);
  target.drain(Number.POSITIVE_INFINITY);
  while (output.canFlush) output.flush();
  assert.deepEqual([output.pendingBytes, output.heldBytes, counts.sent], [0, 0, 150]);

  let isWritten = false;
  target.room = 5;
  output.appendPinned(new Uint8Array(8).fill(2), () => {
    isWritten = true;
  });
  output.flush();
  assert.deepEqual([output.pendingBytes, isWritten], [3, false]);
  target.drain(3);
  assert.deepEqual([output.pendingBytes, output.heldBytes, isWritten], [0, 0, true]);
});

test('output: callbacks come in order, also when one of them sends more', () => {
  const target = new FakeTarget();
  const { output } = newOutput(target);
  const calls: number[] = [];
  const send = (n: number, then?: () => void): void => {
    output.appendPinned(new Uint8Array(10).fill(n), () => {
      calls.push(n);
      then?.();
    });
  };
  send(1, () => {
    send(3);
    output.flush();
  });
  send(2);
  while (output.canFlush) output.flush();
  assert.deepEqual(calls, [1, 2, 3]);
});

test('output: many small replies to a slow reader share chunks', () => {
  const target = new FakeTarget();
  target.room = 0;
  const { output } = newOutput(target);
  let buffer: Uint8Array = new Uint8Array(REPLY_BUFFER_BYTES);
  for (let i = 0; i < 3000; i++) buffer = output.take(buffer, 7);
  assert.equal(output.pendingBytes, 21_000);
  assert(output.heldBytes <= REPLY_BUFFER_BYTES + 2 * 16 * 1024);
  assert.equal(target.writes.length, 1);
});

/** A clock that stands still. */
function at(ms: number): { monotonicMs(): number } {
  return { monotonicMs: () => ms };
}

test('limits: hard at once, soft after its seconds; none for replicas, judged elsewhere', () => {
  const limit = { hardBytes: 100, softBytes: 50, softSeconds: 10 };
  const patience = new OutputPatience();
  assert.equal(patience.isExhausted(100, limit, at(0)), true);
  assert.equal(patience.isExhausted(60, limit, at(0)), false);
  assert.equal(patience.isExhausted(60, limit, at(10_000)), false);
  assert.equal(patience.isExhausted(60, limit, at(10_001)), true);
  assert.equal(patience.isExhausted(49, limit, at(10_002)), false);
  assert.equal(patience.isExhausted(60, limit, at(10_003)), false);
  assert.equal(patience.isExhausted(60, limit, at(20_003)), false);
  const { settings } = new FakeServer();
  settings.outputLimits.normal = limit;
  assert.equal(limitFor('replica', settings).hardBytes, 0);
  assert.equal(limitFor('primary', settings), settings.outputLimits.normal);
});

test('limits: no limit is still a bound', () => {
  const none = { hardBytes: 0, softBytes: 0, softSeconds: 0 };
  assert.equal(new OutputPatience().isExhausted(1024 ** 3 - 1, none, at(0)), false);
  assert.equal(new OutputPatience().isExhausted(1024 ** 3, none, at(0)), true);
});

test('output: a message that goes to many is copied for none; several leave in one piece', () => {
  const target = new FakeTarget();
  const { output } = newOutput(target);
  const message = new Uint8Array(1000).fill(1);
  output.appendShared(message);
  assert.deepEqual([output.heldBytes, output.chunkCount], [1000, 1]);
  output.flush();
  assert.equal(target.writes.length, 1);
  for (let i = 1; i <= 4; i++) output.appendShared(new Uint8Array(1000).fill(i));
  assert.deepEqual([output.pendingBytes, output.chunkCount], [4000, 1]);
  assert(output.heldBytes <= 4096);
  output.flush();
  assert.equal(target.writes.length, 2);
  assert.deepEqual(
    target.taken.map((bytes) => bytes.length),
    [1000, 4000],
  );
  assert.equal(output.heldBytes, 0);
});

test('output: random messages, replies and slow readers keep bytes and order', () => {
  const step = fc.record({
    length: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40_000 })),
    isMessage: fc.boolean(),
    becomesSlow: fc.boolean(),
    flushes: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const target = new FakeTarget();
      const { output, counts } = newOutput(target);
      const sent: Buffer[] = [];
      for (const [i, { length, isMessage, becomesSlow, flushes }] of steps.entries()) {
        if (becomesSlow) target.room = 0;
        else target.drain(Number.POSITIVE_INFINITY);
        const bytes = new Uint8Array(length).fill(i);
        sent.push(Buffer.from(bytes));
        if (isMessage) output.appendShared(bytes);
        else output.append(bytes, 0, length);
        if (flushes) output.flush();
        const total = sent.reduce((sum, each) => sum + each.length, 0);
        assert.equal(output.pendingBytes + counts.sent, total);
        assert(output.heldBytes >= output.pendingBytes);
      }
      target.drain(Number.POSITIVE_INFINITY);
      while (output.canFlush) output.flush();
      assert.deepEqual(Buffer.concat(target.taken), Buffer.concat(sent));
      assert.deepEqual([output.pendingBytes, output.heldBytes], [0, 0]);
    }),
    { numRuns: 200 },
  );
});
