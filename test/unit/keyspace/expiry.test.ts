/* The timing wheel against its times, expiry modes, and bursts of expiries in bounded slices. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Database } from '../../../src/keyspace/database.js';
import { EXPIRY_NONE } from '../../../src/keyspace/entry.js';
import {
  ExpiryWheel,
  WHEEL_BUSY,
  WHEEL_DUE,
  WHEEL_IDLE,
} from '../../../src/keyspace/expiry-wheel.js';
import type { ExpiryMode, Keyspace } from '../../../src/keyspace/keyspace.js';
import { setString } from '../../../src/keyspace/string-value.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';
import { writeInteger } from '../../../src/structures/integers.js';
import { newKeyspace, NOW_MS as START_MS } from '../../helpers/keyspace.js';
import { seededRandom } from '../../helpers/random.js';

const DAY_MS = 86_400_000;
const isLong = process.env.TANDEM_LONG === '1';

/** With the names of keys that have expired. */
function newRecordedKeyspace(): { keyspace: Keyspace; expired: string[] } {
  const expired: string[] = [];
  const keyspace = newKeyspace({
    hashSeed: new Uint8Array(16).fill(3),
    events: {
      onExpired: (_database, key, start, end) => {
        expired.push(latin1Text(key, start, end));
      },
    },
  });
  return { keyspace, expired };
}

function set(keyspace: Keyspace, name: string, expiresAtMs: number): void {
  const key = latin1(name);
  const { databases } = keyspace;
  setString(databases[0], key, 0, key.length, key, 0, key.length, expiresAtMs);
}

test('every item fires at its time, within one tick, and not before', () => {
  const delay = fc.oneof(fc.nat(100), fc.nat(20_000), fc.nat(DAY_MS), fc.nat(1000 * DAY_MS));
  const step = fc.oneof(fc.nat(50), fc.nat(10_000), fc.nat(DAY_MS), fc.nat(30 * DAY_MS));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(delay, { maxLength: 20 }), step)), (rounds) => {
      const wheel = new ExpiryWheel(START_MS);
      const pending = new Map<number, number>();
      let nowMs = START_MS;
      let next = 1;
      for (const [delays, stepMs] of rounds) {
        for (const delayMs of delays) {
          wheel.add(next, nowMs + delayMs);
          pending.set(next++, nowMs + delayMs);
        }
        assert.equal(wheel.items, pending.size);
        nowMs += stepMs;
        let state = wheel.poll(nowMs);
        for (; state !== WHEEL_IDLE; state = wheel.poll(nowMs)) {
          if (state === WHEEL_BUSY) continue;
          const atMs = pending.get(wheel.dueHash);
          assert.ok(atMs !== undefined && atMs <= nowMs, 'fired too early');
          pending.delete(wheel.dueHash);
        }
        for (const atMs of pending.values()) assert.ok(atMs > nowMs - 33, 'fired too late');
      }
    }),
    { numRuns: isLong ? 500 : 20 },
  );
});

test('times beyond the reach of the wheel are looked at when it gets there, no sooner', () => {
  const wheel = new ExpiryWheel(START_MS);
  wheel.add(7, START_MS + 5000 * DAY_MS);
  assert.equal(wheel.poll(START_MS + 1000), WHEEL_IDLE);
  // Nobody has polled for most of a year: that is no reason to spin.
  let polls = 1;
  while (wheel.poll(START_MS + 300 * DAY_MS) !== WHEEL_IDLE) polls++;
  assert.ok(polls < 10, `${polls} polls`);
  assert.equal(wheel.isWorn, true);
});

test('when the clock goes back nothing fires and nothing spins', () => {
  const wheel = new ExpiryWheel(START_MS);
  wheel.add(1, START_MS + 1000);
  while (wheel.poll(START_MS + 10_000) !== WHEEL_IDLE);
  wheel.add(2, START_MS + 5000);
  assert.equal(wheel.poll(START_MS + 2000), WHEEL_IDLE);
  assert.equal(wheel.poll(START_MS + 10_032), WHEEL_DUE);
});

test('after the clock was set back by an hour keys still go in their time', () => {
  const { keyspace, expired } = newRecordedKeyspace();
  const tick = (nowMs: number): void => {
    keyspace.nowMs = nowMs;
    while (keyspace.backgroundSlice(1, () => 0));
    while (keyspace.expireSlice(1, () => 0));
  };
  set(keyspace, 'past', START_MS + 3_600_000);
  set(keyspace, 'future', START_MS + 4_000_000);
  tick(START_MS + 3_601_000);
  assert.deepEqual(expired, ['past']);
  tick(START_MS + 1000);
  set(keyspace, 'new', START_MS + 2000);
  tick(START_MS + 1500);
  assert.deepEqual(expired, ['past']);
  tick(START_MS + 2100);
  assert.deepEqual(expired, ['past', 'new']);
  tick(START_MS + 4_000_100);
  assert.deepEqual(expired, ['past', 'new', 'future']);
});

test('a key past its time: deleted on a primary, hidden on a replica, alive for the stream', () => {
  const rows: [mode: ExpiryMode, found: boolean, isKept: boolean, events: number][] = [
    ['primary', false, false, 1],
    ['replica', false, true, 0],
    ['paused', false, true, 0],
    ['stream', true, true, 0],
  ];
  for (const [mode, found, isKept, events] of rows) {
    const { keyspace, expired } = newRecordedKeyspace();
    const db = keyspace.databases[0];
    set(keyspace, 'a', START_MS + 10);
    const key = latin1('a');
    keyspace.expiryMode = mode;
    keyspace.nowMs = START_MS + 10;
    assert.notEqual(db.lookupRead(key, 0, 1), 0, 'at its very millisecond it is alive');
    keyspace.nowMs = START_MS + 11;
    assert.equal(db.peek(key, 0, 1) !== 0, found);
    assert.equal(db.lookupRead(key, 0, 1) !== 0, found, mode);
    assert.equal(db.size, isKept ? 1 : 0);
    assert.equal(expired.length, events);
    assert.equal(keyspace.keyspaceHits, found ? 2 : 1);
    assert.equal(keyspace.keyspaceMisses, found ? 0 : 1);
    while (keyspace.expireSlice(1, () => performance.now()));
    assert.equal(db.size, isKept ? 1 : 0);
    if (mode !== 'replica') continue;
    // Promoted: what waited goes now.
    keyspace.expiryMode = 'primary';
    keyspace.nowMs += 1000;
    while (keyspace.expireSlice(1, () => performance.now()));
    assert.deepEqual(expired, ['a']);
  }
});

test('a replica deletes in their time the keys to which its own clients gave an expiry', () => {
  const { keyspace, expired } = newRecordedKeyspace();
  const slice = (): void => {
    assert.equal(
      keyspace.expireSlice(1, () => performance.now()),
      false,
    );
  };
  keyspace.expiryMode = 'stream';
  set(keyspace, 'theirs', START_MS + 10);
  set(keyspace, 'written', START_MS + 10);
  set(keyspace, 'kept', EXPIRY_NONE);
  keyspace.expiryMode = 'replica';
  set(keyspace, 'mine', START_MS + 10);
  set(keyspace, 'later', START_MS + 10);
  set(keyspace, 'later', START_MS + 50);
  set(keyspace, 'freed', START_MS + 10);
  const db = keyspace.databases[0];
  assert.ok(db.setExpiresAt(latin1('kept'), 0, 4, START_MS + 20));
  assert.ok(db.persist(latin1('freed'), 0, 5));
  assert.ok(db.setExpiresAt(latin1('written'), 0, 7, START_MS + 20));
  assert.equal(keyspace.ownExpiries, 5);
  slice();
  assert.deepEqual(expired, []);
  assert.equal(db.contents.ownExpiries.size, 4, 'the freed one is forgotten');
  keyspace.nowMs = START_MS + 11;
  keyspace.expiryMode = 'paused';
  slice();
  assert.deepEqual(expired, [], 'nothing while paused');
  keyspace.expiryMode = 'replica';
  slice();
  assert.deepEqual(expired, ['mine']);
  keyspace.nowMs = START_MS + 51;
  slice();
  assert.deepEqual([...expired].sort(), ['kept', 'later', 'mine', 'written']);
  assert.equal(db.size, 2, "the primary's key waits for its DEL");
  slice();
  assert.equal(db.contents.ownExpiries.size, 0);
  // Promoted: the wheel has what is left, and the other list is dropped.
  set(keyspace, 'mine', START_MS + 60);
  keyspace.expiryMode = 'primary';
  slice();
  assert.equal(db.contents.ownExpiries.size, 0);
  assert.equal(expired.length, 5);
});

test('an expiry extended again and again keeps one item, a dropped one is forgotten', () => {
  const { keyspace, expired } = newRecordedKeyspace();
  for (let i = 0; i < 100_000; i++) {
    keyspace.nowMs += 1;
    set(keyspace, 'session', keyspace.nowMs + 10_000);
  }
  const { contents } = keyspace.databases[0];
  assert.equal(contents.wheel?.items, 1);
  for (let i = 0; i < 100_000; i++) {
    set(keyspace, `k${i}`, keyspace.nowMs + 1_000_000);
    const key = latin1(`k${i}`);
    keyspace.databases[0].delete(key, 0, key.length);
    if (i % 1000 === 0) while (keyspace.backgroundSlice(1, () => performance.now()));
  }
  assert.ok((contents.wheel?.items ?? 0) < 3000, `${contents.wheel?.items} items`);
  assert.equal(expired.length, 0);
  keyspace.nowMs += 20_000;
  while (keyspace.expireSlice(1, () => performance.now()));
  assert.deepEqual(expired, ['session']);
});

test('a wheel is renewed while keys come and go, and no expiry is lost', () => {
  const { keyspace, expired } = newRecordedKeyspace();
  const random = seededRandom(5);
  let clockMs = 0;
  const tick = (): number => {
    clockMs += 1;
    return clockMs;
  };
  for (let i = 0; i < 5000; i++) set(keyspace, `kept${i}`, START_MS + 60_000);
  for (let i = 0; i < 60_000; i++) {
    const key = latin1(`gone${i % 7000}`);
    setString(keyspace.databases[0], key, 0, key.length, key, 0, 0, START_MS + 50_000 - i / 2);
    if (random() < 0.9) keyspace.databases[0].delete(key, 0, key.length);
    if (i % 10 === 0) keyspace.backgroundSlice(1, tick);
  }
  keyspace.nowMs = START_MS + 61_000;
  while (keyspace.expireSlice(1, tick));
  assert.equal(expired.filter((name) => name.startsWith('kept')).length, 5000);
  assert.equal(keyspace.size, 0);
});

/** Up to a million keys that expire within the sixth second; returns how many. */
function setManyOfOneSecond(db: Database): number {
  const count = isLong ? 1_000_000 : 200_000;
  const key = new Uint8Array(16);
  for (let i = 0; i < count; i++) {
    const end = writeInteger(i, key, 0);
    setString(db, key, 0, end, key, 0, end, START_MS + 5000 + (i % 1000));
  }
  return count;
}

test('a million keys that expire in one second: short slices, gone within seconds', () => {
  const { keyspace } = newRecordedKeyspace();
  const db = keyspace.database(0);
  const count = setManyOfOneSecond(db);
  assert.equal(db.expires, count);
  assert.equal(db.averageTtlMs, 5500);
  keyspace.nowMs = START_MS + 6100;
  // Each look at the clock counts as 0.1 ms: what is done between two looks is the longest overrun.
  let looks = 0;
  let before = 0;
  let longestRun = 0;
  const clock = (): number => {
    longestRun = Math.max(longestRun, keyspace.expiredKeys - before);
    before = keyspace.expiredKeys;
    return ++looks / 10;
  };
  const started = performance.now();
  let slices = 1;
  while (keyspace.expireSlice(2, clock)) slices++;
  assert.equal(db.size, 0);
  assert.equal(keyspace.expiredKeys, count);
  assert.equal(keyspace.expiredTimeCapReachedCount, slices - 1);
  // One at each step, seldom two of the same hash.
  assert.ok(longestRun <= 18, `${longestRun} keys between two looks at the clock`);
  assert.ok(slices > count / (21 * 16));
  assert.ok(performance.now() - started < 10_000);
});
