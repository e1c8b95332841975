/* Payloads of DUMP: what is written is read again, and nothing else is. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DUMP_FOOTER_BYTES,
  DumpWriter,
  decompressDumped,
  frameOfLongDump,
  isDumpIntact,
  locateDumped,
} from '../../../../src/persistence/rdb/dump-payload.js';
import { latin1, latin1Text } from '../../../../src/structures/bytes.js';

function read(payload: Uint8Array): string | null {
  const slot = locateDumped(payload, 0, payload.length);
  if (slot === null || !slot.decode(payload)) return null;
  return latin1Text(slot.bytes, slot.bytesStart, slot.bytesEnd);
}

const VALUES = ['', '7', '-129', '70000', 'text', 'x'.repeat(64), 'abc'.repeat(7000)];

test('a written payload is intact and holds the value', () => {
  for (const compress of [true, false]) {
    const writer = new DumpWriter(compress);
    for (const value of VALUES) {
      const payload = writer.write(latin1(value));
      assert.ok(isDumpIntact(payload, 0, payload.length), value);
      assert.equal(read(payload), value);
    }
  }
});

test("the payload of 'hello' is Redis 7.0's, byte for byte", () => {
  const payload = new DumpWriter(true).write(latin1('hello'));
  assert.equal(Buffer.from(payload).toString('hex'), '000568656c6c6f0a006372df766534200a');
});

test('the frame of a long value is that of the payload written at once', () => {
  const value = latin1('no copy '.repeat(20_000));
  const { head, footer } = frameOfLongDump(value);
  const whole = new DumpWriter(false).write(value);
  assert.deepEqual(Buffer.concat([head, value, footer]), Buffer.from(whole));
});

test('no byte may be changed, none be missing', () => {
  const payload = new DumpWriter(true).write(latin1('a value'.repeat(9)));
  for (const i of payload.keys()) {
    const changed = payload.slice();
    changed[i] ^= 0x10;
    assert.equal(isDumpIntact(changed, 0, changed.length), false, `byte ${i}`);
    assert.equal(isDumpIntact(payload, 0, i), false, `cut at ${i}`);
  }
});

test('where the sum is no matter, the version still is', () => {
  const payload = new DumpWriter(true).write(latin1('a value'));
  const end = payload.length;
  payload[end - 1] ^= 1;
  assert.equal(isDumpIntact(payload, 0, end), false);
  assert.equal(isDumpIntact(payload, 0, end, true), true);
  payload[end - DUMP_FOOTER_BYTES] = 99;
  assert.equal(isDumpIntact(payload, 0, end, true), false);
  assert.equal(isDumpIntact(payload, 0, DUMP_FOOTER_BYTES - 1, true), false);
});

test('a payload is read where it lies, and a cut one never past its end', () => {
  const payload = new DumpWriter(false).write(latin1('a value of some length'));
  const buffer = new Uint8Array(payload.length + 20).fill(0xff);
  buffer.set(payload, 10);
  assert.ok(isDumpIntact(buffer, 10, 10 + payload.length));
  assert.ok(locateDumped(buffer, 10, 10 + payload.length));
  for (let end = 10; end < 10 + payload.length - DUMP_FOOTER_BYTES; end++) {
    assert.equal(locateDumped(buffer, 10, end), null);
  }
});

test('a compressed length that the bytes cannot bear out is refused at once', () => {
  // 512 MB out of four bytes.
  const body = [0, 0xc3, 4, 0x80, 0x20, 0, 0, 0, 0, 97, 0xe0, 0];
  const claim = Uint8Array.from([...body, ...new Uint8Array(DUMP_FOOTER_BYTES)]);
  assert.equal(locateDumped(claim, 0, claim.length), null);
});

test('a compressed value is decompressed where it shall lie, or refused', () => {
  const value = 'abcdefgh'.repeat(9000);
  const payload = new DumpWriter(true).write(latin1(value));
  const slot = locateDumped(payload, 0, payload.length);
  assert.ok(slot !== null && slot.kind === 'lzf');
  const target = new Uint8Array(slot.length);
  assert.ok(decompressDumped(slot, payload, target));
  assert.equal(latin1Text(target), value);
  payload[slot.end - 2] ^= 0xff;
  assert.equal(decompressDumped(slot, payload, target), false);
});
