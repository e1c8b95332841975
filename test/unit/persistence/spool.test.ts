/*
 * The spool: readers at their own pace get exactly what the writer wrote, while it writes and
 * after; its file lives as long as somebody needs it.
 */

import assert from 'node:assert/strict';
import { fstatSync, mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { openUnnamed, Spool } from '../../../src/persistence/spool.js';
import type { TransferReader } from '../../../src/persistence/transfer.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tandem-spool-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function open(onUnused: () => void = () => {}): Spool {
  return new Spool(openUnnamed(dir, 'spool').descriptor, onUnused);
}

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
}

async function readAll(reader: TransferReader, size: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  const target = new Uint8Array(size);
  for (let position = 0; ; ) {
    const count = await reader.read(position, target);
    if (count === 'end') return Buffer.concat(parts);
    parts.push(Buffer.from(target.subarray(0, count)));
    position += count;
  }
}

test('readers of all speeds get the bytes that were written', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 4 }),
      async (chunks, sizes) => {
        const spool = open();
        const reads = sizes.map(async (size) => {
          const reader = spool.openReader();
          const bytes = await readAll(reader, size);
          reader.close();
          return bytes;
        });
        let written = 0;
        for (const chunk of chunks) {
          written += writeSync(spool.descriptor, chunk);
          spool.advance(written);
          await new Promise(setImmediate);
        }
        spool.finish({ ok: true });
        for (const bytes of await Promise.all(reads)) {
          assert.deepEqual(bytes, Buffer.concat(chunks));
        }
        spool.release();
        assert.ok(!isOpen(spool.descriptor));
      },
    ),
    { numRuns: 40 },
  );
});

test('its file has no name from the start', () => {
  const spool = open();
  assert.deepEqual(readdirSync(dir), []);
  spool.finish({ ok: true });
  spool.release();
});

test('a folder that cannot be written to is replaced by the one for temporary files', () => {
  const { descriptor, path } = openUnnamed(join(dir, 'missing'), 'tandem-spool-test');
  assert.ok(path.startsWith(tmpdir()));
  assert.ok(isOpen(descriptor));
  const spool = new Spool(descriptor, () => {});
  spool.finish({ ok: true });
  spool.release();
});

test('a failed snapshot rejects those who wait and those who come', async () => {
  const spool = open();
  const early = spool.openReader();
  const waiting = early.read(0, new Uint8Array(8));
  spool.finish({ ok: false, error: 'No space left on device' });
  await assert.rejects(waiting, /No space left/);
  const late = spool.openReader();
  await assert.rejects(late.read(0, new Uint8Array(8)), /No space left/);
  early.close();
  late.close();
  spool.release();
  assert.ok(!isOpen(spool.descriptor));
});

test('it is unused once released and left by the last reader, closed once ended', async () => {
  let unused = 0;
  const spool = open(() => {
    unused += 1;
  });
  const first = spool.openReader();
  const second = spool.openReader();
  first.close();
  first.close();
  spool.release();
  assert.equal(unused, 0);
  const pending = second.read(0, new Uint8Array(8));
  second.close();
  await assert.rejects(pending);
  assert.equal(unused, 1);
  assert.ok(isOpen(spool.descriptor));
  spool.finish({ ok: true });
  assert.ok(!isOpen(spool.descriptor));
});

test('closing in the middle of a read keeps the descriptor until the read is done', async () => {
  const spool = open();
  writeSync(spool.descriptor, Buffer.from('tandem'));
  spool.advance(6);
  spool.finish({ ok: true });
  const reader = spool.openReader();
  const pending = reader.read(0, new Uint8Array(8));
  reader.close();
  spool.release();
  assert.equal(await pending, 6);
  assert.ok(!isOpen(spool.descriptor));
});
