/*
 * The request decoder: what it finds, what it refuses and with which words, and that neither
 * depends on how the bytes are cut up. Cut anywhere means anywhere: at every point, and byte by
 * byte, with the bytes moved to another place in between, as a session moves them.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Arguments } from '../../../src/resp/arguments.js';
import {
  type Decoded,
  INCOMPLETE,
  MALFORMED,
  NOTHING,
  REQUEST,
  RequestDecoder,
} from '../../../src/resp/request-decoder.js';
import { latin1 } from '../../../src/structures/bytes.js';

interface Options {
  isAuthenticated?: boolean;
  bulkBytesMax?: number;
}

/**
 * What comes out of a stream: requests as their arguments, `error: …`, `rest: n` for what is left.
 */
type Outcome = string[] | string;

/** Decodes `pieces` as they come, moving what is left before each further piece. */
function decode(pieces: readonly Uint8Array[], options: Options = {}): Outcome[] {
  const decoder = new RequestDecoder();
  Object.assign(decoder, options);
  const args = new Arguments();
  const outcomes: Outcome[] = [];
  let rest = new Uint8Array(0);
  for (const [number, piece] of pieces.entries()) {
    // Stale bytes before and behind must not matter, nor where the bytes lie.
    const offset = (number * 7) % 13;
    const buffer = new Uint8Array(offset + rest.length + piece.length + 5).fill(0x0a);
    buffer.set(rest, offset);
    buffer.set(piece, offset + rest.length);
    const end = offset + rest.length + piece.length;
    let position = offset;
    let decoded: Decoded = NOTHING;
    while (position < end) {
      decoded = decoder.next(buffer, position, end, args);
      if (decoded === INCOMPLETE || decoded === MALFORMED) break;
      if (decoded === REQUEST) outcomes.push(texts(args));
      assert(decoder.position > position);
      position = decoder.position;
    }
    if (decoded === MALFORMED) return [...outcomes, `error: ${decoder.error.reply}`];
    rest = buffer.slice(position, end);
  }
  if (rest.length > 0) outcomes.push(`rest: ${rest.length}`);
  return outcomes;
}

function texts(args: Arguments): string[] {
  return Array.from({ length: args.count }, (_, i) => args.text(i));
}

function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/** Checks that the cuts do not matter, and returns what comes out. */
function decodeAnyhow(text: string, options: Options = {}): Outcome[] {
  const bytes = latin1(text);
  const whole = decode([bytes], options);
  assert.deepEqual(decode(byteByByte(bytes), options), whole, 'byte by byte');
  for (let cut = 1; cut < bytes.length; cut++) {
    const halves = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assert.deepEqual(decode(halves, options), whole, `cut at ${cut}`);
  }
  return whole;
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

function multibulk(...parts: string[]): string {
  return `*${parts.length}\r\n${parts.map(bulk).join('')}`;
}

test('a pipeline of multibulk and inline requests, wherever it is cut', () => {
  const text = `${multibulk('SET', 'k', 'v\r\n*')}PING\r\n${multibulk('GET', '')}get  "a b"\n`;
  assert.deepEqual(decodeAnyhow(text), [
    ['SET', 'k', 'v\r\n*'],
    ['PING'],
    ['GET', ''],
    ['get', 'a b'],
  ]);
});

test('*0, *-1, any negative count and empty lines are nothing', () => {
  assert.deepEqual(decodeAnyhow('*0\r\n*-1\r\n*-99999999999\r\n\r\n\n  \t \r\nPING\r\n'), [
    ['PING'],
  ]);
});

const inlineRequests: [line: string, expected: string[]][] = [
  ['SET k v', ['SET', 'k', 'v']],
  ['  SET\tk   v  ', ['SET', 'k', 'v']],
  ['\v\fSET\v k\f', ['SET\v', 'k\f']],
  ['SET "a b" \'c d\'', ['SET', 'a b', 'c d']],
  ['SET "" \'\'', ['SET', '', '']],
  ['SET pre"mid dle" x', ['SET', 'premid dle', 'x']],
  ['SET "\\x00\\xfF\\n\\r\\t\\b\\a\\"\\\\\\q"', ['SET', '\x00\xff\n\r\t\b\x07"\\q']],
  ['SET "\\xg0\\x1"', ['SET', 'xg0x1']],
  ["SET 'it\\'s' 'a\\nb\\c'", ['SET', "it's", 'a\\nb\\c']],
  ['SET \\x41 a\\ b', ['SET', '\\x41', 'a\\', 'b']],
  ['SET \xe9', ['SET', '\xe9']],
  ['PING\r', ['PING']],
  ['$3', ['$3']],
];
for (const [line, expected] of inlineRequests) {
  test(`inline ${JSON.stringify(line)}`, () => {
    assert.deepEqual(decodeAnyhow(`${line}\r\n`), [expected]);
    assert.deepEqual(decodeAnyhow(`${line}\n`), [expected]);
  });
}

const HUGE = '9'.repeat(25);
const malformed: [what: string, bytes: string, error: string, options?: Options][] = [
  ['an open double quote', 'SET "a\r\n', 'unbalanced quotes in request'],
  ['an open single quote', "SET 'a\r\n", 'unbalanced quotes in request'],
  ['a quote closed within a word', 'SET "a"b\r\n', 'unbalanced quotes in request'],
  ['a backslash before the end', 'SET "a\\\r\n', 'unbalanced quotes in request'],
  ['a count that is no number', '*x\r\n', 'invalid multibulk length'],
  ['no count', '*\r\n', 'invalid multibulk length'],
  ['a count with a zero before it', '*01\r\n', 'invalid multibulk length'],
  ['a count with a plus', '*+1\r\n', 'invalid multibulk length'],
  ['a count beyond 31 bits', '*2147483648\r\n', 'invalid multibulk length'],
  ['a count beyond 64 bits', `*${HUGE}\r\n`, 'invalid multibulk length'],
  ['a length that is no number', '*1\r\n$x\r\n', 'invalid bulk length'],
  ['no length', '*1\r\n$\r\n', 'invalid bulk length'],
  ['a negative length', '*1\r\n$-1\r\n', 'invalid bulk length'],
  ['a length with a zero before it', '*1\r\n$01\r\n', 'invalid bulk length'],
  ['a length beyond the limit', '*1\r\n$536870913\r\n', 'invalid bulk length'],
  ['a length beyond a lower limit', '*1\r\n$11\r\n', 'invalid bulk length', { bulkBytesMax: 10 }],
  ['a length beyond 64 bits', `*1\r\n$${HUGE}\r\n`, 'invalid bulk length'],
  ['another byte than $', '*1\r\nPING\r\n', "expected '$', got 'P'"],
  ['a count within', '*2\r\n$1\r\na\r\n*1\r\n', "expected '$', got '*'"],
  ['a carriage return for $', '*1\r\n\r\n', "expected '$', got '\r'"],
  ['11 arguments', '*11\r\n', 'unauthenticated multibulk length', { isAuthenticated: false }],
  ['16385 bytes', '*1\r\n$16385\r\n', 'unauthenticated bulk length', { isAuthenticated: false }],
];
for (const [what, bytes, error, options] of malformed) {
  test(`refused: ${what}`, () => {
    const outcome = decodeAnyhow(`PING\r\n${bytes}`, options);
    assert.deepEqual(outcome, [['PING'], `error: ERR Protocol error: ${error}`]);
  });
}

test('before AUTH ten arguments of 16384 bytes are let in', () => {
  const big = 'x'.repeat(16384);
  const text = multibulk('AUTH', ...Array.from({ length: 8 }, () => 'a'), big);
  const outcome = decode([latin1(text)], { isAuthenticated: false });
  assert.deepEqual(outcome[0].at(-1), big);
});

test('lines may be 64 KiB long and no longer, however they arrive', () => {
  const limit = 64 * 1024;
  for (const [head, error] of [
    ['', 'too big inline request'],
    ['*1\r\n', 'too big bulk count string'],
  ]) {
    const lead = head === '' ? 'a' : '$';
    const fits = latin1(head + lead.padEnd(limit, 'a'));
    assert.deepEqual(decode([fits]), [`rest: ${fits.length}`]);
    const tooLong = latin1(`${head}${lead.padEnd(limit + 1, 'a')}\r\n`);
    const expected = [`error: ERR Protocol error: ${error}`];
    assert.deepEqual(decode([tooLong]), expected);
    assert.deepEqual(decode([tooLong.subarray(0, limit), tooLong.subarray(limit)]), expected);
  }
  const count = latin1(`*${'1'.repeat(limit)}`);
  assert.deepEqual(decode([count]), ['error: ERR Protocol error: too big mbulk count string']);
  const line = `SET ${'v'.repeat(limit - 4)}`;
  assert.equal(decode([latin1(`${line}\n`)])[0].length, 2);
});

test('a carriage return as the 64 KiB-and-first byte of a line still ends it', () => {
  const line = latin1(`*1\r\n$${'1'.repeat(64 * 1024 - 1)}\r\n`);
  const expected = ['error: ERR Protocol error: invalid bulk length'];
  assert.deepEqual(decode([line]), expected);
  assert.deepEqual(
    decode([line.subarray(0, line.length - 1), line.subarray(line.length - 1)]),
    expected,
  );
});

test('as in Redis a zero byte hides the end of a line until the line is too long', () => {
  assert.deepEqual(decodeAnyhow('PI\0NG\r\nPING\r\n'), ['rest: 13']);
  assert.deepEqual(decodeAnyhow('*1\0\r\n'), ['rest: 5']);
  const long = latin1(`\0${'\r\n'.repeat(40_000)}`);
  assert.deepEqual(decode([long]), ['error: ERR Protocol error: too big inline request']);
});

test('as in Redis the bytes after a line feed or a bulk are not looked at', () => {
  assert.deepEqual(decodeAnyhow('*1\rX$4\rYPINGZZ'), [['PING']]);
});

function isCanonical(text: string): boolean {
  const bytes = latin1(text);
  const args = new Arguments();
  assert.equal(new RequestDecoder().next(bytes, 0, bytes.length, args), REQUEST);
  assert.deepEqual(
    [args.requestStart, args.buffer === bytes],
    [0, args.isCanonical || /^\*/.test(text)],
  );
  return args.isCanonical;
}

test('canonical is the one minimal form only', () => {
  assert.equal(isCanonical(multibulk('SET', 'k', 'v')), true);
  assert.equal(isCanonical('PING\r\n'), false);
  assert.equal(isCanonical('*1\rX$4\r\nPING\r\n'), false);
  assert.equal(isCanonical('*1\r\n$4\r\tPING\r\n'), false);
  assert.equal(isCanonical('*1\r\n$4\r\nPING\r\t'), false);
});

test('ranges cover the request, and the next one is canonical again', () => {
  const text = `*1\r\n$4\r\nPING\r\t${multibulk('SET', 'k', 'v')}`;
  const bytes = latin1(text);
  const args = new Arguments();
  const decoder = new RequestDecoder();
  decoder.next(bytes, 0, bytes.length, args);
  decoder.next(bytes, decoder.position, bytes.length, args);
  assert.deepEqual([args.requestStart, args.requestEnd], [14, bytes.length]);
  assert.equal(args.isCanonical, true);
  assert.equal(args.is(0, latin1('set')), true);
});

test('what is needed next is known while a bulk arrives', () => {
  const bytes = latin1('*2\r\n$3\r\nSET\r\n$1000\r\nabc');
  const decoder = new RequestDecoder();
  assert.equal(decoder.next(bytes, 0, bytes.length, new Arguments()), INCOMPLETE);
  assert.equal(decoder.neededBytes, bytes.length - 3 + 1002);
  assert.equal(decoder.parsedBytes, bytes.length - 3);
});

/** Decodes `bytes`, growing by `step` at a time within one buffer; returns the calls it took. */
function feedBySteps(bytes: Uint8Array, step: number): Arguments {
  const decoder = new RequestDecoder();
  const args = new Arguments();
  for (let end = Math.min(step, bytes.length); ; end = Math.min(bytes.length, end + step)) {
    const decoded = decoder.next(bytes, 0, end, args);
    if (decoded === REQUEST) return args;
    assert(decoded === INCOMPLETE && end < bytes.length);
  }
}

test('a million arguments and a 64 KiB line a few bytes at a time take linear time', () => {
  const count = 1_000_000;
  const bytes = latin1(`*${count}\r\n${'$1\r\nx\r\n'.repeat(count)}`);
  const startMs = performance.now();
  assert.equal(feedBySteps(bytes, 64).count, count);
  feedBySteps(latin1(`${'x'.repeat(60_000)}\r\n`), 1);
  // Quadratic, the first alone would look at 10^12 bytes.
  assert(performance.now() - startMs < 5000);
});

test('an announced count alone allocates next to nothing', () => {
  const args = new Arguments();
  const bytes = latin1('*60000000\r\n$1\r\nx\r\n');
  assert.equal(new RequestDecoder().next(bytes, 0, bytes.length, args), INCOMPLETE);
  assert(args.start.length <= 1024);
});

test('whatever is encoded is decoded, however it is cut', () => {
  const argument = fc.uint8Array({ maxLength: 40 }).map((bytes) => String.fromCharCode(...bytes));
  const request = fc.array(argument, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 6 }), fc.array(fc.nat(400)), (requests, cuts) => {
      const bytes = latin1(requests.map((parts) => multibulk(...parts)).join(''));
      const points = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort(
        (a, b) => a - b,
      );
      const pieces = [0, ...points].map((from, i) =>
        bytes.subarray(from, points[i] ?? bytes.length),
      );
      assert.deepEqual(decode(pieces), requests);
      assert.deepEqual(decode(byteByByte(bytes)), requests);
    }),
  );
});

test('hostile bytes never throw, and mean the same however they are cut', () => {
  const pieces = [
    '*',
    '$',
    '\r\n',
    '\r',
    '\n',
    '0',
    '1',
    '2',
    '-',
    ' ',
    '"',
    "'",
    '\\',
    '\\x4',
    'a',
    '\0',
    '\xff',
  ];
  const hostile = fc
    .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 40 })
    .map((list) => latin1(list.join('')));
  const runs = process.env.TANDEM_LONG === '1' ? 100_000 : 3_000;
  fc.assert(
    fc.property(hostile, fc.boolean(), (bytes, isAuthenticated) => {
      const whole = decode([bytes], { isAuthenticated });
      assert.deepEqual(decode(byteByByte(bytes), { isAuthenticated }), whole);
    }),
    { numRuns: runs },
  );
});
