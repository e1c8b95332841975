/*
 * The RDB reader against random damage: whatever the bytes and however they are cut, it ends, in an
 * end or in an error inside the file, and what it holds never grows far beyond what it was fed.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { entry, readRdb, writeRdb } from '../unit/persistence/rdb/rdb-bytes.js';

const numRuns = process.env.TANDEM_LONG === '1' ? 200_000 : 3000;

const base = writeRdb(
  [
    entry('text', 'hello'),
    entry('77', '123456', { expiresAtMs: 1_900_000_000_000 }),
    entry('packed', 'abcabcabc'.repeat(20), { idleSeconds: 5 }),
    entry('third', 'z'.repeat(90), { database: 15, frequency: 3 }),
  ],
  { aux: [['redis-ver', '7.2.4']] },
);

/** Bytes that mean something at many places of the format. */
const telling = fc.oneof(
  fc.constantFrom(0, 0x3f, 0x40, 0x80, 0x81, 0xc0, 0xc3, 244, 245, 247, 250, 251, 252, 254, 255),
  fc.nat(255),
);

/** What reading a few hundred bytes may take, a thousand times less than a length can claim. */
const HELD_BYTES_MAX = 1024 * 1024;

function check(bytes: Uint8Array, cut: number, checksum: boolean): void {
  const heldBefore = process.memoryUsage().arrayBuffers;
  const { error, offset } = readRdb(bytes, { nextCut: () => cut, checksum });
  const heldBytes = process.memoryUsage().arrayBuffers - heldBefore;
  assert.ok(heldBytes <= HELD_BYTES_MAX, `${heldBytes} bytes held for ${bytes.length}`);
  const place = error === null ? offset : error.offset;
  assert.ok(place >= 0 && place <= bytes.length, `${place} of ${bytes.length}`);
}

test('a sound file with bytes overwritten, removed and inserted', () => {
  const edit = fc.record({
    at: fc.nat(base.length - 1),
    remove: fc.nat(4),
    insert: fc.array(telling, { maxLength: 6 }),
  });
  fc.assert(
    fc.property(
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 400 }),
      fc.boolean(),
      (edits, cut, checksum) => {
        let bytes = [...base];
        for (const { at, remove, insert } of edits) {
          bytes = [...bytes.slice(0, at), ...insert, ...bytes.slice(at + remove)];
        }
        check(Uint8Array.from(bytes), cut, checksum);
      },
    ),
    { numRuns },
  );
});

test('noise behind a sound header', () => {
  fc.assert(
    fc.property(
      fc.array(telling, { maxLength: 120 }),
      fc.integer({ min: 1, max: 50 }),
      (body, cut) => {
        check(Uint8Array.from([...base.subarray(0, 9), ...body]), cut, false);
      },
    ),
    { numRuns },
  );
});
