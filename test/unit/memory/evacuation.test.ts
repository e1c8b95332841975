/*
 * Giving memory back: after most blocks are gone at random, what is left moves together, and the
 * system gets the rest. Blocks carry the index of their owner, as entries carry their key.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { planEvacuation } from '../../../src/memory/evacuation-plan.js';
import { Memory, type Ref } from '../../../src/memory/memory.js';
import { randomFrom } from './random.js';

const MIB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Owners of blocks: index → reference; each block holds its index and a check of it. */
class Owners {
  readonly refs: Int32Array;
  moved = 0;
  readonly #memory: Memory;
  readonly #random = randomFrom(99);

  constructor(memory: Memory, count: number) {
    this.#memory = memory;
    this.refs = new Int32Array(count);
    for (let i = 0; i < count; i++) this.#place(i, 40 + (this.#random() % 100));
  }

  /** Frees all but about `keep` (0 to 1) of them. */
  thin(keep: number): void {
    for (let i = 0; i < this.refs.length; i++) {
      if (this.refs[i] === 0 || this.#random() % 1000 < keep * 1000) continue;
      this.#memory.free(this.refs[i]);
      this.refs[i] = 0;
    }
  }

  readonly relocate = (ref: Ref): boolean => {
    const memory = this.#memory;
    const index = memory.int32(ref, 0);
    if (this.refs[index] !== ref) return false;
    const bytes = memory.blockBytes(ref);
    const target = memory.allocate(bytes);
    memory.beginWrite(target, 0, bytes);
    memory.copyBlock(ref, 0, target, 0, bytes);
    this.refs[index] = target;
    memory.free(ref);
    this.moved++;
    return true;
  };

  check(): void {
    for (let i = 0; i < this.refs.length; i++) {
      if (this.refs[i] === 0) continue;
      assert.equal(this.#memory.int32(this.refs[i], 0), i);
      assert.equal(this.#memory.int32(this.refs[i], 36), ~i);
    }
  }

  #place(index: number, bytes: number): void {
    const ref = this.#memory.allocate(bytes);
    this.#memory.beginWrite(ref, 0, bytes);
    this.#memory.setInt32(ref, 0, index);
    this.#memory.setInt32(ref, 36, ~index);
    this.refs[index] = ref;
  }
}

let nowMs = 0;

/** Ticks until nothing is due any more, on a clock that runs ahead by itself. */
function settle(memory: Memory): number {
  let ticks = 0;
  for (let quiet = 0; quiet < 20; ticks++) {
    nowMs += 2000;
    quiet = memory.tick(1, () => (nowMs += 0.05)) ? 0 : quiet + 1;
    assert(ticks < 100_000);
  }
  return ticks;
}

function rssBytes(): number {
  return process.memoryUsage.rss();
}

test('after 95 % of the blocks are freed, resident memory falls close to what is used', () => {
  const memory = new Memory({ firstArena: 254, collectGarbage });
  const rssBefore = rssBytes();
  const owners = new Owners(memory, 2_000_000);
  assert(memory.residentBytes > 180 * MIB);
  assert(memory.residentBytes < memory.usedBytes * 1.05, 'little is lost while it grows');
  memory.relocate = owners.relocate;
  owners.thin(0.05);
  const usedBytes = memory.usedBytes;
  settle(memory);
  assert.equal(memory.usedBytes, usedBytes);
  owners.check();
  const limit = usedBytes * 1.25 + 10 * MIB;
  assert(memory.residentBytes < limit, `${memory.residentBytes} of ${usedBytes} bytes`);
  assert(owners.moved < 150_000, `${owners.moved} moves`);
  // Buffers are swept by a thread of V8's.
  const deadline = performance.now() + 10_000;
  while (rssBytes() - rssBefore > limit + 40 * MIB && performance.now() < deadline) {
    collectGarbage();
  }
  assert(rssBytes() - rssBefore < limit + 40 * MIB, `${(rssBytes() - rssBefore) / MIB} MiB`);
});

test('the arena that was looked at last is let go like any other', () => {
  const windows: ArrayBufferLike[] = [];
  const memory: Memory = new Memory({ collectGarbage: () => windows.push(memory.u8.buffer) });
  const owners = new Owners(memory, 1_000_000);
  const last = owners.refs[owners.refs.length - 1];
  owners.thin(0);
  memory.locate(last);
  const { buffer } = memory.u8;
  settle(memory);
  memory.locate(last);
  assert.equal(memory.u8.length, 0, 'it was dropped');
  assert(windows.at(-1) !== buffer, 'nothing holds it');
});

test('one sparse arena is emptied too, and memory can grow again afterwards', () => {
  const memory = new Memory({ collectGarbage });
  const owners = new Owners(memory, 400_000);
  memory.relocate = owners.relocate;
  for (let round = 0; round < 3; round++) {
    owners.thin(0.03);
    settle(memory);
    owners.check();
    assert(memory.residentBytes < memory.usedBytes * 1.25 + 10 * MIB);
    const more = new Owners(memory, 300_000);
    more.thin(0);
  }
});

test('a purge gives back what is kept in reserve otherwise', () => {
  const memory = new Memory({ collectGarbage });
  const owners = new Owners(memory, 100_000);
  memory.relocate = owners.relocate;
  owners.thin(0.3);
  settle(memory);
  const before = memory.residentBytes;
  assert(before - memory.usedBytes > 5 * MIB, 'too little to be worth moving');
  memory.purge();
  settle(memory);
  owners.check();
  assert(memory.residentBytes < memory.usedBytes + 1.5 * MIB, `${memory.residentBytes / MIB} MiB`);
  const after = memory.residentBytes;
  owners.thin(0.9);
  settle(memory);
  assert.equal(memory.residentBytes, after, 'once');
});

test('without owners only empty arenas are given back', () => {
  const memory = new Memory({ collectGarbage });
  const owners = new Owners(memory, 1_500_000);
  const before = memory.residentBytes;
  owners.thin(0.02);
  settle(memory);
  assert.equal(memory.residentBytes, before);
  owners.check();
  owners.thin(0);
  settle(memory);
  assert(memory.residentBytes < 9 * MIB, `${memory.residentBytes / MIB} MiB`);
});

test('blocks that nobody moves let their arena be used again after a while', () => {
  const memory = new Memory({ bytesMax: 2 * 64 * MIB });
  const owners = new Owners(memory, 400_000);
  owners.thin(0.1);
  memory.relocate = () => false;
  settle(memory);
  owners.check();
  assert(!memory.isEvacuating);
  memory.free(memory.allocate(20 * MIB));
});

test('a block that cannot be moved is tried now and then, not all the time', () => {
  const memory = new Memory({ bytesMax: 4 * 64 * MIB });
  const owners = new Owners(memory, 1_000_000);
  owners.thin(0.05);
  // One that stays in each of the arenas.
  const stuck = new Set([
    owners.refs.find((ref) => ref !== 0),
    owners.refs.findLast((r) => r !== 0),
  ]);
  let tries = 0;
  memory.relocate = (ref) => {
    if (!stuck.has(ref)) return owners.relocate(ref);
    tries++;
    return false;
  };
  const startMs = nowMs;
  let busyMs = 0;
  let tickAtMs = nowMs;
  // As the server does it: at once while there is more to do, else with the next tick.
  while (nowMs < startMs + 25_000 && busyMs < 1000) {
    const stepMs = nowMs;
    const isMoreDue = memory.tick(1, () => (nowMs += 0.001));
    busyMs += nowMs - stepMs;
    if (isMoreDue) continue;
    tickAtMs = Math.max(tickAtMs + 100, nowMs);
    nowMs = tickAtMs;
  }
  assert(memory.isEvacuating && owners.moved > 10_000);
  assert(tries > 10 && tries <= 2 * 251, `${tries} tries`);
  assert(busyMs < 1000, `busy for ${busyMs.toFixed(0)} ms of 25 s`);
  owners.check();
});

test('when the address space is used up an arena that is being emptied is used again', () => {
  const memory = new Memory({ bytesMax: 2 * 64 * MIB });
  const owners = new Owners(memory, 400_000);
  owners.thin(0.1);
  memory.relocate = () => false;
  memory.tick(1, () => (nowMs += 2000));
  assert(memory.isEvacuating && memory.wantsMove(owners.refs.find((ref) => ref !== 0) ?? 0));
  const refs: Ref[] = [];
  for (let i = 0; i < 20; i++) refs.push(memory.allocate(MIB));
  assert(!memory.isEvacuating);
  for (const ref of refs) memory.free(ref);
  owners.check();
});

test('a large block takes the numbers of empty arenas at once', () => {
  const memory = new Memory({ bytesMax: 4 * 64 * MIB });
  const refs = [1, 2, 3].map(() => memory.allocate(60 * MIB));
  for (const ref of refs) memory.free(ref);
  memory.free(memory.allocate(190 * MIB));
});

test('an arena that was emptied is used again before memory grows', () => {
  const memory = new Memory();
  const refs = Array.from({ length: 6 }, () => memory.allocate(60 * MIB));
  for (const ref of refs) memory.free(ref);
  memory.tick(1, () => (nowMs += 2000));
  const before = memory.residentBytes;
  for (let i = 0; i < 6; i++) memory.allocate(60 * MIB);
  assert.equal(memory.residentBytes, before + 60 * MIB, 'one was gone already');
});

test('shadow pages are kept for the next view, and given back after a while', () => {
  let collections = 0;
  const memory = new Memory({ collectGarbage: () => collections++ });
  const ref = memory.allocate(20 * MIB);
  for (let view = 0; view < 2; view++) {
    memory.freeze();
    memory.tick(100, () => 0);
    assert(memory.shadowResidentBytes >= 4 * MIB, 'made ready ahead');
    memory.beginWrite(ref, 0, 20 * MIB);
    assert.equal(memory.shadowBytes, 20 * MIB);
    memory.thaw();
    assert.equal(memory.shadowBytes, 0);
    assert.equal(memory.shadowResidentBytes, 20 * MIB);
  }
  settle(memory);
  assert.equal(memory.shadowResidentBytes, 0);
  assert.equal(collections, 1);
});

test('overwriting a large value again and again does not pile up garbage', () => {
  let collections = 0;
  const memory = new Memory({ collectGarbage: () => collections++ });
  let ref = memory.allocate(70 * MIB);
  for (let i = 0; i < 10; i++) {
    const next = memory.allocate(70 * MIB);
    memory.free(ref);
    ref = next;
  }
  assert.equal(collections, 9);
});

test('nothing moves while a view is frozen', () => {
  const memory = new Memory({ isChecked: true });
  const owners = new Owners(memory, 400_000);
  owners.thin(0.02);
  memory.relocate = owners.relocate;
  memory.freeze();
  settle(memory);
  assert.equal(owners.moved, 0);
  memory.checkBarrier();
  memory.thaw();
  settle(memory);
  assert(owners.moved > 0);
  owners.check();
});

test('a plan takes the sparsest arenas, as few as needed, and no dense ones', () => {
  const use = (used: number) => ({ usedBytes: used * MIB, touchedBytes: 64 * MIB });
  assert.deepEqual(planEvacuation([]), []);
  assert.deepEqual(planEvacuation([use(60), use(58), use(61)]), []);
  assert.deepEqual(planEvacuation([use(60), use(2), use(61)]), [use(2)]);
  assert.deepEqual(planEvacuation([use(50), use(50), use(50), use(50)]), []);
  assert.deepEqual(planEvacuation([use(10), use(5), use(60)]), [use(5), use(10)]);
  assert.deepEqual(planEvacuation([{ usedBytes: 0, touchedBytes: 4 * MIB }]), []);
});
