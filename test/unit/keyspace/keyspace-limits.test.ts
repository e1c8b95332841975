/* What must not degrade: floods of chosen keys, mass deletes, large flushes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Keyspace } from '../../../src/keyspace/keyspace.js';
import { stringBytes } from '../../../src/keyspace/string-read.js';
import { NO_EXPIRY, setString } from '../../../src/keyspace/string-value.js';
import { EVACUATION_SLACK_BYTES } from '../../../src/limits.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';
import { writeInteger } from '../../../src/structures/integers.js';
import { KeyedHash } from '../../../src/structures/siphash.js';
import { newKeyspace } from '../../helpers/keyspace.js';
import { ownTimeMs } from '../../helpers/own-time.js';
import { seededRandom } from '../../helpers/random.js';
import { checkWalk, type ModelDatabase } from './keyspace-model.js';

const isLong = process.env.TANDEM_LONG === '1';

const key = new Uint8Array(32);

function put(keyspace: Keyspace, n: number): void {
  const end = writeInteger(n, key, 0);
  setString(keyspace.database(0), key, 0, end, key, 0, end, NO_EXPIRY);
}

function remove(keyspace: Keyspace, n: number): boolean {
  return keyspace.database(0).delete(key, 0, writeInteger(n, key, 0));
}

/** Numbers whose keys fall into one bucket under the given seed, up to 2^12 buckets. */
function collidingUnder(seed: Uint8Array, count: number): number[] {
  const hash = new KeyedHash(seed);
  const found: number[] = [];
  for (let n = 0; found.length < count; n++) {
    if ((hash.hash(key, 0, writeInteger(n, key, 0)) & 0xfff) === 0) found.push(n);
  }
  return found;
}

test('a flood of keys chosen for one seed is harmless under another', () => {
  const known = new Uint8Array(8).fill(1);
  const chosen = collidingUnder(known, 1000);
  const unlucky = newKeyspace({ hashSeed: known });
  const lucky = newKeyspace({ hashSeed: new Uint8Array(8).fill(2) });
  for (const n of chosen) {
    put(unlucky, n);
    put(lucky, n);
  }
  // Under the known seed all lie in one long chain of overflow buckets; under another few do.
  const perKey = (keyspace: Keyspace): number => keyspace.database(0).contents.dict.longestChain();
  assert.ok(perKey(unlucky) > 50, `${perKey(unlucky)}`);
  assert.ok(perKey(lucky) <= 3, `${perKey(lucky)}`);
});

test('growth stops nobody: no batch of inserts stands out, however many keys there are', () => {
  const keyspace = newKeyspace({ hashSeed: new Uint8Array(8).fill(5) });
  const count = isLong ? 10_000_000 : 500_000;
  const batch = 1024;
  // Uncompiled code is slow: that is the start of a process, not growth.
  const warmUp = 100 * batch;
  const long: string[] = [];
  for (let n = 0; n < count; n += batch) {
    const startMs = ownTimeMs();
    for (let i = 0; i < batch; i++) put(keyspace, n + i);
    const spentMs = ownTimeMs() - startMs;
    if (n >= warmUp && spentMs > 10) long.push(`${spentMs.toFixed(1)} ms at ${n}`);
  }
  // A growing table that is copied would show at each doubling; the machine itself now and then.
  assert.ok(long.length <= 3, long.join(', '));
});

test('95 % deleted at random: the dict shrinks and memory is given back', () => {
  const keyspace = newKeyspace({ hashSeed: new Uint8Array(8).fill(9) });
  const { memory } = keyspace;
  const empty = memory.usedBytes;
  const count = isLong ? 3_000_000 : 300_000;
  for (let n = 0; n < count; n++) put(keyspace, n);
  const full = memory.usedBytes - empty;
  const random = seededRandom(4);
  const kept: ModelDatabase = new Map();
  for (let n = 0; n < count; n++) {
    if (random() < 0.95) {
      assert.ok(remove(keyspace, n));
    } else {
      const encoding = 'int' as const;
      kept.set(String(n), { value: String(n), encoding, expiresAtMs: -1 });
    }
  }
  const used = memory.usedBytes - empty;
  // The dict keeps up to twice the buckets for each key that it had when it was full.
  assert.ok(used / kept.size < (full / count) * 1.3, `${used / kept.size} bytes a key`);
  let nowMs = 0;
  for (let i = 0; i < 20_000; i++) {
    nowMs += 10;
    memory.tick(1, () => {
      nowMs += 0.01;
      return nowMs;
    });
  }
  // Moved or not, everything is still there.
  checkWalk(memory, [kept, new Map()]);
  for (const name of [...kept.keys()].slice(0, 1000)) {
    const bytes = latin1(name);
    const entry = keyspace.database(0).peek(bytes, 0, bytes.length);
    assert.equal(latin1Text(stringBytes(keyspace.database(0), entry)), name);
  }
  // Nothing pins an arena: what is held is what is used, a share of it, and a slack.
  const held = used * 1.2 + EVACUATION_SLACK_BYTES;
  assert.ok(memory.residentBytes < held, `${memory.residentBytes} for ${used}`);
  for (const name of kept.keys()) assert.ok(remove(keyspace, Number(name)));
  assert.equal(memory.usedBytes, empty);
});

test('a flush is over at once; the background frees in slices and counts what it freed', () => {
  const keyspace = newKeyspace({ hashSeed: new Uint8Array(8) });
  const empty = keyspace.memory.usedBytes;
  for (let n = 0; n < 50_000; n++) put(keyspace, n);
  assert.equal(keyspace.flush('all'), 50_000);
  assert.equal(keyspace.size, 0);
  assert.equal(keyspace.lazyFreePending, 50_000);
  put(keyspace, 1);
  let slices = 0;
  let looks = 0;
  while (keyspace.backgroundSlice(1, () => ++looks / 10)) slices++;
  assert.ok(slices > 50, `${slices} slices`);
  assert.equal(keyspace.lazyFreePending, 0);
  assert.equal(keyspace.lazyFreedObjects, 50_000);
  assert.ok(remove(keyspace, 1));
  assert.equal(keyspace.memory.usedBytes, empty);
});
