/*
 * The RDB reader against what is in files: every encoding and opcode, any cut of the input, and
 * damage at every place, which must end in an error that says where.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { STRING_BYTES_MAX } from '../../../../src/limits.js';
import { BLOCK_BYTES_MAX } from '../../../../src/memory/layout.js';
import { entry, type PlainEntry, rawRdb, readRdb, writeRdb } from './rdb-bytes.js';

const anyText = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom(
    '',
    '-0',
    '+1',
    '007',
    '127',
    '128',
    '-129',
    '32768',
    '2147483648',
    '-2147483648',
  ),
  fc
    .tuple(fc.uint8Array({ maxLength: 4 }), fc.nat(3000))
    .map(([unit, times]) => Buffer.from(unit).toString('latin1').repeat(times)),
);

const anyEntry = fc.record(
  {
    database: fc.constant(0),
    key: anyText,
    value: anyText,
    expiresAtMs: fc.oneof(fc.constant(-1), fc.integer({ min: 1, max: 2 ** 45 })),
    idleSeconds: fc.oneof(fc.constant(-1), fc.nat()),
    frequency: fc.oneof(fc.constant(-1), fc.nat(255)),
  },
  { noNullPrototype: true },
);

const sample: PlainEntry[] = [
  entry('plain', 'value'),
  entry('1234', '-70000'),
  entry('soon', 'x'.repeat(300), { expiresAtMs: 1_900_000_000_123 }),
  entry('lru', 'abc', { idleSeconds: 77 }),
  entry('lfu', '\x00\xff\r\n', { frequency: 255 }),
  entry('other', '9'.repeat(30), { database: 3 }),
];

test('entries come back through the writer, whole or cut anywhere, compressed or not', () => {
  fc.assert(
    fc.property(
      fc.array(anyEntry, { maxLength: 12 }),
      fc.boolean(),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (entries, compress, cuts) => {
        const bytes = writeRdb(entries, { compress, aux: [['repl-offset', 12345678901]] });
        const whole = readRdb(bytes);
        assert.equal(whole.error, null);
        assert.deepEqual(whole.entries, entries);
        assert.deepEqual(whole.auxiliary, [['repl-offset', '12345678901']]);
        assert.equal(whole.offset, bytes.length);
        assert.equal(whole.checksum, 'ok');
        const inPieces = readRdb(bytes, { nextCut: () => cuts.next().value ?? 1 });
        assert.deepEqual(inPieces, whole);
      },
    ),
  );
});

test('fed byte by byte it gives the same', () => {
  const bytes = writeRdb(sample);
  assert.deepEqual(readRdb(bytes, { nextCut: () => 1 }), readRdb(bytes));
});

test('cut at every byte it is cut there, and never more', () => {
  const bytes = writeRdb(sample, { aux: [['redis-ver', '7.2.4']] });
  for (let length = 0; length < bytes.length; length += 1) {
    const { error } = readRdb(bytes.subarray(0, length), { nextCut: () => 7 });
    assert.deepEqual([error?.kind, error?.offset], ['cut', length]);
  }
});

test('each flipped bit is an error inside the file', () => {
  const bytes = writeRdb(sample, { aux: [['redis-ver', '7.2.4']] });
  for (let at = 0; at < bytes.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      bytes[at] ^= 1 << bit;
      const { error } = readRdb(bytes);
      assert.ok(error !== null, `byte ${at} bit ${bit}`);
      assert.ok(error.offset >= 0 && error.offset <= bytes.length);
      assert.ok(error.reason.length > 0);
      bytes[at] ^= 1 << bit;
    }
  }
});

test('a long string comes in pieces, whatever the cut', () => {
  const value = 'tandem!'.repeat(400_000);
  const entries = [entry('a', '1'), entry('big', value, { expiresAtMs: 5e12 }), entry('z', '2')];
  const bytes = writeRdb(entries, { compress: false });
  for (const cut of [bytes.length, 65_536, 1_000_003]) {
    const contents = readRdb(bytes, { nextCut: () => cut });
    assert.equal(contents.error, null);
    assert.deepEqual(contents.entries, entries);
    assert.ok(contents.events.includes('piece'));
  }
});

test('versions 1 to 12 are read, others refused', () => {
  for (let version = 1; version <= 12; version += 1) {
    const bytes = rawRdb(String(version).padStart(4, '0'), [0, 1], 'k', [1], 'v');
    const contents = readRdb(bytes);
    assert.equal(contents.error, null);
    assert.deepEqual(contents.entries, [entry('k', 'v')]);
    assert.equal(contents.checksum, 'absent');
    assert.equal(contents.offset, bytes.length);
  }
  for (const version of ['0000', '0013', '9999', '-001', ' 010', '10\x00x']) {
    const { error } = readRdb(rawRdb(version));
    assert.deepEqual([error?.kind, error?.offset], ['unsupported', 5]);
    assert.match(error?.reason ?? '', /^Can't handle RDB format version /);
  }
  assert.equal(readRdb(Buffer.from('REDIX0010')).error?.offset, 4);
});

test('every opcode is understood', () => {
  const bytes = rawRdb(
    '0012',
    [254, 3, 251, 2, 1],
    [253, 0x78, 0x56, 0x34, 0x12, 0, 1],
    'a',
    [0xc0, 0xff],
    [252, 1, 0, 0, 0, 1, 0, 0, 0, 248, 0x44, 0, 249, 9, 0, 1],
    'b',
    [0xc1, 0, 0x80],
    [244, 1, 2, 3, 0, 1],
    'c',
    [0xc2, 0, 0, 0, 0x80],
    [245, 7],
    '#!lua f',
    [247, 0x81, 0, 1, 2, 3, 4, 5, 6, 7, 2, 2, 1, 9, 2, 5, 3, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0],
    [5, 1, 65, 0],
    [0, 0xc3, 4, 4, 0],
    'd',
    [0x20, 0, 0xc3, 5, 6, 1],
    'xy',
    [0x40, 1],
  );
  const contents = readRdb(bytes);
  assert.equal(contents.error, null);
  const database = 3;
  assert.deepEqual(contents.entries, [
    entry('a', '-1', { database, expiresAtMs: 0x12345678 * 1000 }),
    entry('b', '-32768', { database, expiresAtMs: 2 ** 32 + 1, idleSeconds: 1024, frequency: 9 }),
    entry('c', '-2147483648', { database }),
    entry('dddd', 'xyxyxy', { database }),
  ]);
  assert.deepEqual(
    contents.events.filter((event) => event === 'function' || event === 'module'),
    ['function', 'module'],
  );
});

test('a value type that is not there yet names key, database and type', () => {
  const bytes = rawRdb('0010', [254, 2, 4, 5], "my'\x01\xff", [1, 1, 65, 1, 66]);
  const { error } = readRdb(bytes);
  assert.equal(error?.kind, 'unsupported');
  assert.equal(error?.offset, 11);
  assert.match(error?.reason ?? '', /^Key 'my\\x27\\x01\\xff' in DB 2 is of type hash /);
});

test('a string may be as long in a file as in memory', () => {
  const lengthOf = (bytes: number) => {
    const field = Buffer.alloc(5, 0x80);
    field.writeUInt32BE(bytes, 1);
    return [...field];
  };
  const longest = readRdb(rawRdb('0010', [0, 1, 65, ...lengthOf(STRING_BYTES_MAX)], 'begin'));
  assert.match(longest.error?.reason ?? '', /Unexpected EOF|truncated|ended/i);
  const tooLong = readRdb(rawRdb('0010', [0, 1, 65, ...lengthOf(STRING_BYTES_MAX + 1)], 'begin'));
  assert.match(tooLong.error?.reason ?? '', /longer than/);
  assert.ok(STRING_BYTES_MAX + 2 * 1024 * 1024 <= BLOCK_BYTES_MAX, 'with room to spare');
});

test('hostile fields are refused where they stand', () => {
  const huge = [0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
  const cases: [(number[] | string)[], number, RegExp][] = [
    [[[0, ...huge]], 10, /String of \d+ bytes is longer than/],
    [[[0, 1, 65, ...huge]], 12, /String of \d+ bytes is longer than/],
    [[[0, 0xc3, 1, ...huge]], 10, /longer than/],
    [[[0, 0xc3, 1, 0x80, 0x0f, 0, 0, 0]], 10, /Invalid LZF/],
    [[[0, 0xc4, 1]], 10, /Unknown RDB string encoding type 4/],
    [[[0, 0x82, 1]], 10, /Unknown length encoding 130/],
    [[[254, 16]], 9, /more than 16 databases/],
    [[[254, 0xc0]], 10, /Unknown length encoding 192/],
    [[[100, 1, 65, 1, 65]], 9, /Unknown RDB encoding type 100/],
    [[[8, 1, 65, 1, 65]], 9, /Unknown RDB encoding type 8/],
    [[[246, 1]], 9, /Pre-release function format/],
    [[[247, 1, 3, 1]], 11, /bad when_opcode/],
    [[[247, 1, 2, 1, 9]], 13, /Unknown opcode 9 in the data of module/],
    [[[0, 1, 65, 0xc3, 2, 4, 0x20, 0]], 15, /Invalid LZF/],
  ];
  for (const [body, offset, reason] of cases) {
    const { error } = readRdb(rawRdb('0010', ...body), { nextCut: () => 1 });
    assert.equal(error?.offset, offset, error?.reason);
    assert.match(error?.reason ?? '', reason);
  }
});

test('checksums: zeros mean none, a wrong one tells both, and rdbchecksum no looks at none', () => {
  const bytes = writeRdb(sample, { checksum: false });
  assert.equal(readRdb(bytes).checksum, 'absent');
  bytes[bytes.length - 1] = 1;
  const { error } = readRdb(bytes);
  assert.equal(error?.offset, bytes.length - 8);
  assert.match(error?.reason ?? '', /RDB CRC error: expected \(0100000000000000\) but got \(/);
  assert.equal(readRdb(bytes, { checksum: false }).checksum, 'unchecked');
});

test('bytes after the end are left alone', () => {
  const bytes = writeRdb(sample);
  const contents = readRdb(Buffer.concat([bytes, Buffer.from('*1\r\n$4\r\nPING\r\n')]));
  assert.equal(contents.error, null);
  assert.equal(contents.offset, bytes.length);
});
