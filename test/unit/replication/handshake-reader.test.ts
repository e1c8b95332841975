/*
 * The handshake's replies: one line each, however it arrives, and nothing taken of what follows.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HANDSHAKE_LINE_BYTES_MAX } from '../../../src/limits.js';
import { HandshakeReader } from '../../../src/replication/handshake-reader.js';
import { latin1 } from '../../../src/structures/bytes.js';

function next(text: string, reader = new HandshakeReader()) {
  const bytes = latin1(text);
  return reader.next(bytes, 0, bytes.length);
}

test('takes one line and leaves what follows it', () => {
  const read = next('+CONTINUE abc\r\n*1\r\n$4\r\nPING\r\n');
  assert.deepEqual(read, { kind: 'reply', line: '+CONTINUE abc', position: 15 });
});

test('an error comes with its dash', () => {
  assert.deepEqual(next('-NOAUTH Authentication required.\r\n'), {
    kind: 'reply',
    line: '-NOAUTH Authentication required.',
    position: 34,
  });
});

test('an empty line is a sign of life', () => {
  assert.deepEqual(next('\n+PONG\r\n'), { kind: 'empty', position: 1 });
});

test('a line may come byte by byte', () => {
  const reader = new HandshakeReader();
  for (const byte of '+PONG\r') assert.equal(next(byte, reader).kind, 'incomplete');
  assert.deepEqual(next('\n', reader), { kind: 'reply', line: '+PONG', position: 1 });
});

test('an integer reply is no line of a handshake, nor is anything longer than a line', () => {
  for (const text of [':1\r\n', '$3\r\nabc\r\n', '*2\r\n', 'HTTP/1.1 200 OK\r\n']) {
    assert.equal(next(text).kind, 'malformed', text);
  }
});

test('a line without an end is given up', () => {
  assert.equal(next('+'.repeat(HANDSHAKE_LINE_BYTES_MAX + 1)).kind, 'malformed');
});
