/*
 * The reply writer: the bytes of each type in both protocols, and that long, early flushed,
 * deferred and pieced-together replies come out whole and in order whatever the sink does with the
 * buffers.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { REPLY_BUFFER_BYTES } from '../../../src/limits.js';
import { type ReplySink, ReplyWriter } from '../../../src/resp/reply-writer.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';

/** Keeps a copy of everything. `keepsBuffers`: behaves like a socket that has not written yet. */
class Collector implements ReplySink {
  readonly chunks: Uint8Array[] = [];
  readonly #keepsBuffers: boolean;

  constructor(keepsBuffers = false) {
    this.#keepsBuffers = keepsBuffers;
  }

  take(buffer: Uint8Array, length: number): Uint8Array {
    this.chunks.push(this.#keepsBuffers ? buffer.subarray(0, length) : buffer.slice(0, length));
    return this.#keepsBuffers ? new Uint8Array(REPLY_BUFFER_BYTES) : buffer;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }
}

function written(version: 2 | 3, write: (reply: ReplyWriter) => void): string {
  const sink = new Collector();
  const reply = new ReplyWriter();
  reply.begin(sink, version);
  write(reply);
  reply.finish();
  return sink.text;
}

const types: [what: string, resp2: string, resp3: string, write: (reply: ReplyWriter) => void][] = [
  ['ok', '+OK\r\n', '+OK\r\n', (r) => r.ok()],
  ['pong', '+PONG\r\n', '+PONG\r\n', (r) => r.pong()],
  ['queued', '+QUEUED\r\n', '+QUEUED\r\n', (r) => r.queued()],
  ['simple', '+string\r\n', '+string\r\n', (r) => r.simple('string')],
  ['error', '-ERR no\r\n', '-ERR no\r\n', (r) => r.error('ERR no')],
  ['error of two lines', "-ERR 'a  b'\r\n", "-ERR 'a  b'\r\n", (r) => r.error("ERR 'a\r\nb'")],
  ['integer', ':0\r\n', ':0\r\n', (r) => r.integer(0)],
  ['negative integer', ':-1\r\n', ':-1\r\n', (r) => r.integer(-1)],
  ['safe integer', ':9007199254740991\r\n', ':9007199254740991\r\n', (r) => r.integer(2 ** 53 - 1)],
  [
    'big integer',
    `:${2n ** 63n - 1n}\r\n`,
    `:${2n ** 63n - 1n}\r\n`,
    (r) => r.bigInteger(2n ** 63n - 1n),
  ],
  ['bulk', '$2\r\nbc\r\n', '$2\r\nbc\r\n', (r) => r.bulk(latin1('abcd'), 1, 3)],
  ['empty bulk', '$0\r\n\r\n', '$0\r\n\r\n', (r) => r.emptyBulk()],
  ['bulk of an integer', '$3\r\n-42\r\n', '$3\r\n-42\r\n', (r) => r.bulkInteger(-42)],
  ['UTF-8 bulk', '$2\r\n\xc3\xa9\r\n', '$2\r\n\xc3\xa9\r\n', (r) => r.bulkText('é')],
  ['latin1 bulk', '$1\r\n\xe9\r\n', '$1\r\n\xe9\r\n', (r) => r.bulkLatin1('é')],
  ['null', '$-1\r\n', '_\r\n', (r) => r.null()],
  ['null array', '*-1\r\n', '_\r\n', (r) => r.nullArray()],
  ['array', '*12\r\n', '*12\r\n', (r) => r.array(12)],
  ['empty array', '*0\r\n', '*0\r\n', (r) => r.emptyArray()],
  ['map', '*4\r\n', '%2\r\n', (r) => r.map(2)],
  ['set', '*2\r\n', '~2\r\n', (r) => r.set(2)],
  ['push', '*2\r\n', '>2\r\n', (r) => r.push(2)],
  ['double', '$3\r\n1.5\r\n', ',1.5\r\n', (r) => r.double(1.5)],
  ['infinite double', '$4\r\n-inf\r\n', ',-inf\r\n', (r) => r.double(Number.NEGATIVE_INFINITY)],
  ['true', ':1\r\n', '#t\r\n', (r) => r.boolean(true)],
  ['false', ':0\r\n', '#f\r\n', (r) => r.boolean(false)],
  ['big number', '$3\r\n123\r\n', '(123\r\n', (r) => r.bigNumber('123')],
  ['verbatim', '$2\r\n\xc3\xa9\r\n', '=6\r\ntxt:\xc3\xa9\r\n', (r) => r.verbatim('txt', 'é')],
  [
    'attribute',
    '',
    '|1\r\n+OK\r\n:1\r\n',
    (r) => {
      if (!r.attribute(1)) return;
      r.ok();
      r.integer(1);
    },
  ],
];
for (const [what, resp2, resp3, write] of types) {
  test(`${what} in RESP2 and RESP3`, () => {
    assert.equal(written(2, write), resp2);
    assert.equal(written(3, write), resp3);
  });
}

test('deferred sizes may nest, and what they hold may outgrow the buffer', () => {
  const long = 'x'.repeat(100_000);
  const text = written(3, (reply) => {
    reply.ok();
    const outer = reply.deferred();
    const inner = reply.deferred();
    reply.bulkLatin1(long);
    reply.endDeferred(inner, 'map', 1);
    reply.integer(1);
    reply.endDeferred(outer, 'array', 1234567);
    reply.ok();
  });
  assert.equal(text, `+OK\r\n*1234567\r\n%1\r\n$100000\r\n${long}\r\n:1\r\n+OK\r\n`);
});

test('errors are counted, kept and reported', () => {
  const reply = new ReplyWriter();
  const seen: string[] = [];
  reply.onError = (text) => seen.push(text);
  reply.begin(new Collector(), 2);
  reply.error('WRONGTYPE x');
  reply.finish();
  assert.deepEqual([reply.errorCount, reply.lastError, seen], [1, 'WRONGTYPE x', ['WRONGTYPE x']]);
});

test('a batch that fits is handed over once', () => {
  const sink = new Collector();
  const reply = new ReplyWriter();
  reply.begin(sink, 2);
  for (let i = 0; i < 1000; i++) reply.ok();
  reply.finish();
  assert.equal(sink.chunks.length, 1);
  reply.begin(sink, 2);
  reply.finish();
  assert.equal(sink.chunks.length, 1, 'and an empty one not at all');
});

test('after one huge reply that is filled in the ordinary buffer is used again', () => {
  const reply = new ReplyWriter();
  const ordinary = reply.buffer;
  const sink = new Collector();
  reply.begin(sink, 2);
  const at = reply.bulkToFill(1_000_000);
  reply.buffer.fill(0x61, at, at + 1_000_000);
  reply.finish();
  assert.equal(sink.text, `$1000000\r\n${'a'.repeat(1_000_000)}\r\n`);
  assert.equal(reply.buffer, ordinary);
});

test('pinned bytes are handed on, or copied where that cannot be', () => {
  const value = latin1('v'.repeat(50_000));
  const expected = `+OK\r\n$50000\r\n${'v'.repeat(50_000)}\r\n`;
  for (const isDeferred of [false, true]) {
    for (const canPin of [false, true]) {
      const sink = new Collector();
      let given = 0;
      let handed = 0;
      const takePinned: ReplySink['takePinned'] = (buffer, length, pinned) => {
        handed++;
        sink.take(buffer, length);
        sink.take(pinned.bytes, pinned.bytes.length);
        pinned.onWritten();
        return buffer;
      };
      const take = (buffer: Uint8Array, length: number) => sink.take(buffer, length);
      const reply = new ReplyWriter();
      reply.begin(canPin ? { take, takePinned } : { take }, 2);
      const mark = isDeferred ? reply.deferred() : 0;
      reply.ok();
      reply.bulkHeader(50_000);
      reply.pinned({ bytes: value, onWritten: () => given++ });
      reply.bulkEnd();
      if (isDeferred) reply.endDeferred(mark, 'array', 2);
      reply.finish();
      assert.equal(sink.text, (isDeferred ? '*2\r\n' : '') + expected);
      assert.deepEqual([given, handed], [1, canPin && !isDeferred ? 1 : 0]);
    }
  }
});

test('a long value is copied when it leaves with one write and nothing waits before it', () => {
  const take = (buffer: Uint8Array): Uint8Array => buffer;
  const reply = new ReplyWriter();
  for (let batch = 0; batch < 2; batch++) {
    reply.begin({ take, takePinned: take }, 2);
    reply.bulkHeader(65_536);
    assert.equal(reply.mayCopy(65_536), true, 'first of its batch');
    assert.equal(reply.mayCopy(REPLY_BUFFER_BYTES), false);
    reply.pinned({ bytes: new Uint8Array(65_536), onWritten: () => {} });
    reply.bulkEnd();
    assert.equal(reply.mayCopy(40_000), false, 'it would be copied again behind the other');
    reply.finish();
  }
});

test('whatever is written comes out in order, whether the sink keeps buffers or not', () => {
  const length = fc.oneof(fc.nat(200), fc.integer({ min: 60_000, max: 200_000 }));
  const step = fc.tuple(fc.constantFrom('bulk', 'raw', 'fill', 'room', 'line', 'deferred'), length);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.boolean(), (steps, keepsBuffers) => {
      const sink = new Collector(keepsBuffers);
      const reply = new ReplyWriter();
      reply.begin(sink, 2);
      let expected = '';
      for (const [i, [kind, n]] of steps.entries()) {
        const char = String.fromCharCode(0x61 + i);
        const text = char.repeat(n);
        expected += writeStep(reply, kind, text);
      }
      reply.finish();
      assert(Buffer.from(expected, 'latin1').equals(sink.bytes));
    }),
    { numRuns: 40 },
  );
});

/** Writes `text` one way or another; returns the bytes it should make. */
function writeStep(reply: ReplyWriter, kind: string, text: string): string {
  const bytes = latin1(text);
  const asBulk = `$${bytes.length}\r\n${text}\r\n`;
  switch (kind) {
    case 'raw':
      reply.raw(bytes, 0, bytes.length);
      return text;
    case 'line':
      reply.simple(text);
      return `+${text}\r\n`;
    case 'fill': {
      const at = reply.bulkToFill(bytes.length);
      reply.buffer.set(bytes, at);
      return asBulk;
    }
    case 'room': {
      reply.bulkHeader(bytes.length);
      for (let from = 0; from < bytes.length; ) {
        const count = reply.room(bytes.length - from);
        reply.buffer.set(bytes.subarray(from, from + count), reply.position);
        reply.advance(count);
        from += count;
      }
      reply.bulkEnd();
      return asBulk;
    }
    case 'deferred': {
      const mark = reply.deferred();
      reply.bulk(bytes, 0, bytes.length);
      reply.endDeferred(mark, 'array', 1);
      return `*1\r\n${asBulk}`;
    }
    default:
      reply.bulk(bytes, 0, bytes.length);
      return `$${bytes.length}\r\n${latin1Text(bytes)}\r\n`;
  }
}
