/*
 * Replies that wait for the end of a turn: those of several clients side by side in one buffer, in
 * order with all else that each is sent, whatever its kernel takes of them, and never those of a
 * turn before.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TURN_REPLIES_BYTES, TURN_REPLY_BYTES_MAX } from '../../../src/limits.js';
import { OutputBuffer, ReplyBufferPool } from '../../../src/net/output-buffer.js';
import { TurnReplies } from '../../../src/net/turn-replies.js';
import { FakeTarget } from './fake-target.js';

class FakeClient {
  readonly target = new FakeTarget();
  readonly output: OutputBuffer;
  expected = '';
  readyCount = 0;

  constructor(turnReplies: TurnReplies) {
    this.output = new OutputBuffer({
      target: this.target,
      pool: new ReplyBufferPool(),
      turnReplies,
      onSent: () => {},
      onReady: () => {
        this.readyCount++;
      },
    });
  }

  /** Replies of a batch, from a buffer that is used again at once. */
  reply(text: string): void {
    const buffer = new Uint8Array(Math.max(text.length, 1));
    buffer.set(Buffer.from(text, 'latin1'));
    if (this.output.take(buffer, text.length) === buffer) buffer.fill(0x21);
    this.expected += text;
  }

  get received(): string {
    return Buffer.concat(this.target.taken).toString('latin1');
  }
}

test('short replies wait for the flush, and ask for it', () => {
  const client = new FakeClient(new TurnReplies());
  client.reply('+OK\r\n');
  assert.deepEqual(client.target.taken, []);
  assert.equal(client.readyCount, 1);
  assert.equal(client.output.pendingBytes, 5);
  assert.ok(client.output.isHeld && client.output.canFlush && !client.output.isEmpty);
  client.output.flush();
  assert.equal(client.received, '+OK\r\n');
  assert.deepEqual(client.target.writes, [5]);
  assert.ok(client.output.isEmpty && !client.output.isHeld);
});

test('long ones, and those for which the turn has no room, leave at once', () => {
  const turnReplies = new TurnReplies();
  const clients = Array.from({ length: 3 }, () => new FakeClient(turnReplies));
  const [first, second, third] = clients;
  assert(first && second && third);
  first.reply('a'.repeat(TURN_REPLY_BYTES_MAX + 1));
  assert.equal(first.received.length, TURN_REPLY_BYTES_MAX + 1);
  const scratch = new Uint8Array(TURN_REPLY_BYTES_MAX);
  while (turnReplies.hold(scratch, scratch.length) >= 0);
  second.reply('b'.repeat(TURN_REPLY_BYTES_MAX));
  assert.equal(second.received.length, TURN_REPLY_BYTES_MAX);
  turnReplies.clear();
  third.reply('c'.repeat(TURN_REPLY_BYTES_MAX));
  assert.equal(third.received, '');
  assert.ok(TURN_REPLIES_BYTES >= TURN_REPLY_BYTES_MAX);
});

test('who is closed is sent nothing of what waits', () => {
  const turnReplies = new TurnReplies();
  const client = new FakeClient(turnReplies);
  client.reply('+OK\r\n');
  client.output.close();
  client.output.flush();
  client.output.release();
  assert.equal(client.received, '');
  assert.ok(client.output.isEmpty);
});

test('each client reads all that it was sent, in order, however slow', () => {
  const step = fc.tuple(
    fc.nat(2),
    fc.constantFrom('reply', 'message', 'pinned', 'room', 'turn', 'turn'),
    fc.oneof(fc.nat(40), fc.integer({ min: 15_000, max: 18_000 })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const turnReplies = new TurnReplies();
      const clients = [0, 1, 2].map(() => new FakeClient(turnReplies));
      for (const { target } of clients) target.room = 10;
      let n = 0;
      const endTurn = (): void => {
        for (const { output } of clients) output.flush();
        turnReplies.clear();
      };
      for (const [who, what, length] of steps) {
        const client = clients[who];
        assert(client);
        const text = String.fromCharCode(0x61 + (n++ % 26)).repeat(length + 1);
        const bytes = Uint8Array.from(Buffer.from(text, 'latin1'));
        if (what === 'reply') {
          client.reply(text);
        } else if (what === 'message' || what === 'pinned') {
          if (what === 'message') client.output.appendShared(bytes);
          else client.output.appendPinned(bytes, () => {});
          client.expected += text;
        } else if (what === 'room') {
          client.target.drain(length);
        } else {
          endTurn();
        }
      }
      for (let i = 0; i < 100; i++) {
        endTurn();
        for (const { target } of clients) target.drain(100_000);
      }
      for (const client of clients) {
        assert.equal(client.received, client.expected);
        assert.ok(client.output.isEmpty);
        assert.equal(client.output.heldBytes, 0);
      }
    }),
  );
});
