/*
 * RESTORE and the memory it takes: a long compressed value is expanded in a block that no key owns
 * yet, and that block must not stay behind when no key takes it.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crc64 } from '../../../src/persistence/rdb/crc64.js';
import { DumpWriter } from '../../../src/persistence/rdb/dump-payload.js';
import { latin1 } from '../../../src/structures/bytes.js';
import { NOW_MS } from '../../helpers/keyspace.js';
import { RequestPath } from '../../helpers/request-path.js';
import { type Argument, encodeRequest } from '../../helpers/resp-client.js';

const KEY = latin1('k');
const LENGTH = 1_000_000;
const payload = new DumpWriter(true).write(new Uint8Array(LENGTH).fill(7));

function run(path: RequestPath, ...args: Argument[]): void {
  path.execute(Uint8Array.from(encodeRequest(args)));
}

function restore(path: RequestPath, ttl: string, bytes: Uint8Array, ...options: string[]): void {
  run(path, 'RESTORE', 'k', ttl, bytes, ...options);
}

function newPath(): RequestPath {
  return new RequestPath({
    hasReplicas: false,
    clock: { wallMs: () => NOW_MS, monotonicMs: () => 0 },
  });
}

/** With a sum that is right and a last reference that is not. */
function corrupt(): Uint8Array {
  const bytes = payload.slice();
  bytes.fill(0xff, bytes.length - 14, bytes.length - 10);
  const crc = new Crc64();
  crc.update(bytes, 0, bytes.length - 8);
  crc.writeTo(bytes, bytes.length - 8);
  return bytes;
}

test('RESTORE: the block of a long value belongs to its key, and goes with it', () => {
  const path = newPath();
  restore(path, '0', payload);
  const db = path.keyspace.database(0);
  assert.equal(db.entries.valueLength(db.peek(KEY, 0, 1)), LENGTH);
  assert.equal(path.keyspace.largeValues.reservedBytes, 0);
  run(path, 'DEL', 'k');
  assert.ok(path.memory.usedBytes < LENGTH);
});

test('RESTORE: no block stays behind a value that is corrupt or comes too late', () => {
  const path = newPath();
  const empty = path.memory.usedBytes;
  restore(path, '0', corrupt());
  assert.equal(path.memory.usedBytes, empty);
  restore(path, '1', payload, 'ABSTTL');
  assert.equal(path.memory.usedBytes, empty);
  assert.equal(path.keyspace.largeValues.reservedBytes, 0);
  assert.equal(path.keyspace.database(0).size, 0);
});

test('RESTORE: a corrupt value deletes nothing under REPLACE', () => {
  const path = newPath();
  run(path, 'SET', 'k', 'kept');
  restore(path, '0', corrupt(), 'REPLACE');
  restore(path, '1', corrupt(), 'REPLACE', 'ABSTTL');
  assert.notEqual(path.keyspace.database(0).peek(KEY, 0, 1), 0);
});
