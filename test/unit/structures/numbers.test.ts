/* Integers, doubles and long doubles as text. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';
import { formatDouble } from '../../../src/structures/doubles.js';
import {
  INT64_BIG,
  INT64_INVALID,
  INT64_MAX,
  INT64_MIN,
  INT64_SAFE,
  Int64Result,
  integerLength,
  parseInt64,
  writeInteger,
} from '../../../src/structures/integers.js';
import {
  addLongDoubles,
  formatLongDouble,
  longDoubleFromInteger,
  parseLongDouble,
} from '../../../src/structures/long-double.js';

function parse(text: string): Int64Result {
  const result = new Int64Result();
  const bytes = latin1(`9${text}9`);
  parseInt64(bytes, 1, bytes.length - 1, result);
  return result;
}

test('every signed 64-bit integer is read from its canonical text', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: INT64_MIN, max: INT64_MAX }), (n) => {
      const result = parse(n.toString());
      assert.equal(result.toBigInt(), n);
      const isSafe = n <= 2n ** 53n - 1n && n >= -(2n ** 53n - 1n);
      assert.equal(result.kind, isSafe ? INT64_SAFE : INT64_BIG);
    }),
    { numRuns: 1000, examples: [[INT64_MIN], [INT64_MAX], [2n ** 53n], [2n ** 53n - 1n], [0n]] },
  );
});

test('anything but the canonical form is no integer', () => {
  const rows = ['', '-', '+1', '01', '-0', '00', ' 1', '1 ', '1.0', '1e3', '0x1', 'a', '-01'];
  rows.push('9223372036854775808', '-9223372036854775809', '99999999999999999999', '1'.repeat(30));
  for (const text of rows) assert.equal(parse(text).kind, INT64_INVALID, text);
});

test('safe integers are written as String writes them', () => {
  const target = new Uint8Array(32);
  fc.assert(
    fc.property(fc.maxSafeInteger(), (n) => {
      assert.equal(integerLength(n), String(n).length);
      const end = writeInteger(n, target, 3);
      assert.equal(latin1Text(target, 3, end), String(n));
    }),
    { examples: [[0], [-1], [9], [10], [2 ** 31], [-(2 ** 31)], [Number.MAX_SAFE_INTEGER]] },
  );
});

test('doubles are written as Redis 7.2 writes them', () => {
  const rows: [number, string][] = [
    [0, '0'],
    [-0, '-0'],
    [3, '3'],
    [-1.5, '-1.5'],
    [0.1, '0.1'],
    [1e20, '1e+20'],
    [1e21, '1e+21'],
    [1.5e300, '1.5e+300'],
    [1e-7, '1e-7'],
    [0.000012, '0.000012'],
    [123456.789, '123456.789'],
    [2 ** 53, '9007199254740992'],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NEGATIVE_INFINITY, '-inf'],
    [Number.NaN, 'nan'],
  ];
  for (const [n, text] of rows) assert.equal(formatDouble(n), text);
});

test('a written double reads back as itself', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
      assert.ok(Object.is(Number(formatDouble(n)), n));
    }),
  );
});

function sum(a: string, b: string): string | null {
  const left = parseLongDouble(latin1(a), 0, a.length);
  const right = parseLongDouble(latin1(b), 0, b.length);
  assert.ok(left && right, `${a} ${b}`);
  const total = addLongDoubles(left, right);
  return total && formatLongDouble(total);
}

test('long doubles add and print as on a real redis-server', () => {
  // Replies of redis-server 7.0.15 on x86-64 to SET k a; INCRBYFLOAT k b.
  const rows: [string, string, string][] = [
    ['10.50', '0.1', '10.6'],
    ['5.0e3', '2.0e2', '5200'],
    ['3', '-3', '0'],
    ['0.1', '0.2', '0.3'],
    ['1', '1e-17', '1.00000000000000001'],
    ['1', '1e-18', '1'],
    ['-1e-18', '0', '0'],
    ['0x10', '0x1p-1', '16.5'],
    ['1e20', '1', '100000000000000000000'],
    ['9007199254740993', '1', '9007199254740994'],
    ['18446744073709551615', '1', '18446744073709551616'],
    ['.5', '5.', '5.5'],
  ];
  for (const [a, b, expected] of rows) assert.equal(sum(a, b), expected, `${a} + ${b}`);
  assert.equal(sum('inf', '-inf'), null);
  assert.equal(sum('inf', '1'), 'inf');
  assert.equal(formatLongDouble(longDoubleFromInteger(INT64_MIN)), '-9223372036854775808');
});

test('text that strtold would not take whole is refused', () => {
  const rows = [
    '',
    ' 1',
    '1 ',
    '.',
    '-',
    'e5',
    '1e',
    '0x',
    'nan',
    '1,5',
    '--1',
    '1e5000',
    '1e-6000',
  ];
  for (const text of rows) {
    assert.equal(parseLongDouble(latin1(text), 0, text.length), null, text);
  }
});
