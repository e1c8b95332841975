/*
 * A full sync's payload in both forms: found whole however reads cut it, and not a byte further.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HANDSHAKE_LINE_BYTES_MAX } from '../../../src/limits.js';
import { PayloadReader } from '../../../src/replication/payload-reader.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';

const MARK = `${'ab'.repeat(19)}ba`;

/** Feeds `text` in the pieces given by `cuts`; returns what came out and what was left alone. */
function read(text: string, cuts: readonly number[] = []) {
  const bytes = latin1(text);
  let payload = '';
  const reader = new PayloadReader((chunk, start, end) => {
    payload += latin1Text(chunk, start, end);
  });
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let consumed = 0;
  for (const end of [...ends, bytes.length]) {
    if (end < consumed) continue;
    consumed = reader.push(bytes, consumed, end);
    if (consumed < end) break;
  }
  return { reader, payload, rest: text.slice(consumed) };
}

test('a payload with a length ends exactly after it', () => {
  const { reader, payload, rest } = read('$5\r\nHELLO*1\r\n$4\r\nPING\r\n');
  assert.deepEqual(reader.header, { kind: 'length', length: 5 });
  assert.equal(payload, 'HELLO');
  assert.equal(rest, '*1\r\n$4\r\nPING\r\n');
  assert(reader.isFinished);
});

test('an empty payload is finished with its header', () => {
  const { reader, rest } = read('$0\r\nX');
  assert(reader.isFinished);
  assert.equal(rest, 'X');
});

test('empty lines before the header are signs of life', () => {
  const { payload } = read('\n\n\r\n\n$2\r\nOK');
  assert.equal(payload, 'OK');
});

test('an error instead of a payload is told', () => {
  const { reader } = read('-ERR no\r\n');
  assert.deepEqual(reader.header, { kind: 'error', text: 'ERR no' });
});

for (const line of ['+OK', '$-1', '$1x', '$EOF:short', '$99999999999999999999', '*1']) {
  test(`\`${line}\` is no payload`, () => {
    const { reader } = read(`${line}\r\n`);
    assert.deepEqual(reader.header, { kind: 'malformed', text: line });
  });
}

test('a header without an end is given up', () => {
  const { reader } = read('$'.repeat(HANDSHAKE_LINE_BYTES_MAX + 10));
  assert.equal(reader.header?.kind, 'malformed');
});

test('a payload that holds most of its mark again and again is read whole', () => {
  const body = `${MARK.slice(0, 39)}${MARK.slice(1)}${'ab'.repeat(3)}x${MARK.slice(0, 20)}`;
  for (let cut = 0; cut < 200; cut++) {
    const { payload, rest, reader } = read(`$EOF:${MARK}\r\n${body}${MARK}rest`, [cut, cut + 7]);
    assert(reader.isFinished);
    assert.equal(payload + rest, `${body}rest`, `cut at ${cut}`);
  }
});

test('however reads cut it, the payload and what follows come out unchanged', () => {
  // Two letters only, so that beginnings of the mark are everywhere.
  const body = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 300 });
  const cuts = fc.array(fc.nat(500), { maxLength: 40 });
  fc.assert(
    fc.property(body, cuts, fc.boolean(), (text, at, hasMark) => {
      const end = text.indexOf(MARK);
      const clean = end === -1 ? text : text.slice(0, end);
      const first = `${clean}${MARK}`.indexOf(MARK);
      const wire = hasMark ? `$EOF:${MARK}\r\n${clean}${MARK}ab` : `$${clean.length}\r\n${clean}ab`;
      const { payload, rest, reader } = read(wire, at);
      assert(reader.isFinished);
      assert.equal(payload, hasMark ? clean.slice(0, first) : clean);
      if (!hasMark) assert.equal(rest, 'ab');
      assert.equal(reader.receivedBytes, payload.length);
    }),
    { numRuns: 500 },
  );
});
