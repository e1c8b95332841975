/*
 * The frozen view across threads: a worker walks it over and over while this thread inserts,
 * overwrites, deletes and re-uses as fast as it can. Also a view that is aborted, and a worker that
 * dies in the middle.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Memory, type Ref } from '../../../src/memory/memory.js';
import type { WalkOrder, WalkReport } from './frozen-view-worker.js';
import { fillFromSeed } from './memory-model.js';
import { randomFrom } from './random.js';

const LONG = process.env.TANDEM_LONG === '1';
const SLOTS = 1500;
const SIZES = [16, 48, 60, 200, 500, 513, 1000, 4095, 4096, 4097, 8192, 13_000, 33_000];
const SEED = Number(process.env.TANDEM_SEED ?? Date.now() & 0x7fffffff);

/** Blocks in slots of a directory block that hangs off the root, all of it in the memory. */
class Directory {
  readonly memory: Memory;
  readonly #random: () => number;
  readonly #ref: Ref;
  readonly #scratch = new Uint8Array(1 << 16);

  constructor(memory: Memory, seed: number) {
    this.memory = memory;
    this.#random = randomFrom(seed);
    this.#ref = memory.allocate(SLOTS * 12);
    memory.beginWrite(this.#ref, 0, SLOTS * 12);
    memory.fill(this.#ref, 0, SLOTS * 12, 0);
    memory.beginWrite(memory.root, 0, 8);
    memory.setInt32(memory.root, 0, this.#ref);
    memory.setInt32(memory.root, 4, SLOTS);
  }

  /** Fills, overwrites or empties a random slot. */
  step(): void {
    const slot = this.#random() % SLOTS;
    const ref = this.memory.int32(this.#ref, slot * 12);
    const kind = this.#random() % 3;
    if (ref === 0) this.#add(slot);
    else if (kind === 0) this.#write(slot, ref, this.memory.int32(this.#ref, slot * 12 + 4));
    else {
      this.memory.free(ref);
      this.#set(slot, 0, 0, 0);
      if (kind === 1) this.#add(slot);
    }
  }

  /** The same sum as the worker's over a walk. */
  digest(): number {
    let digest = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      const ref = this.memory.int32(this.#ref, slot * 12);
      const bytes = this.memory.int32(this.#ref, slot * 12 + 4);
      const seed = this.memory.int32(this.#ref, slot * 12 + 8);
      if (ref !== 0) digest = (Math.imul(digest, 31) + ref + Math.imul(bytes, 7) + seed) | 0;
    }
    return digest;
  }

  freeAll(): void {
    for (let slot = 0; slot < SLOTS; slot++) {
      const ref = this.memory.int32(this.#ref, slot * 12);
      if (ref !== 0) this.memory.free(ref);
    }
    this.memory.free(this.#ref);
  }

  #add(slot: number): void {
    const bytes = SIZES[this.#random() % SIZES.length] - (this.#random() % 3);
    this.#write(slot, this.memory.allocate(bytes), bytes);
  }

  #write(slot: number, ref: Ref, bytes: number): void {
    const seed = this.#random();
    fillFromSeed(this.#scratch, { bytes, seed });
    this.memory.beginWrite(ref, 0, bytes);
    this.memory.copyIn(ref, 0, this.#scratch, 0, bytes);
    this.#set(slot, ref, bytes, seed);
  }

  #set(slot: number, ref: Ref, bytes: number, seed: number): void {
    this.memory.beginWrite(this.#ref, slot * 12, 12);
    this.memory.setInt32(this.#ref, slot * 12, ref);
    this.memory.setInt32(this.#ref, slot * 12 + 4, bytes);
    this.memory.setInt32(this.#ref, slot * 12 + 8, seed);
  }
}

interface Walk {
  readonly control: Int32Array;
  readonly report: Promise<WalkReport>;
  readonly isBroken: boolean;
  abort(): void;
}

/** Passes that the worker has finished; fails the test when it takes too long or died. */
function passes(walk: Walk): number {
  assert(!walk.isBroken && performance.now() < deadline, 'the worker has stopped');
  return Atomics.load(walk.control, 0);
}

let deadline = 0;

function startWalk(memory: Memory, worker: Worker, isChase = false): Walk {
  deadline = performance.now() + 60_000;
  const control = new Int32Array(new SharedArrayBuffer(8));
  const view = memory.freeze();
  const order: WalkOrder = {
    view: view.message,
    control: control.buffer as SharedArrayBuffer,
    isChase,
  };
  const report = once(worker, 'message').then(([message]) => message as WalkReport);
  let isBroken = false;
  report.catch(() => {
    isBroken = true;
  });
  worker.postMessage(order, [...view.transferList]);
  return {
    control,
    report,
    get isBroken() {
      return isBroken;
    },
    abort: () => view.abort(),
  };
}

const workers: Worker[] = [];
function newWorker(): Worker {
  const worker = new Worker(new URL('./frozen-view-worker.js', import.meta.url));
  workers.push(worker);
  return worker;
}
after(async () => {
  for (const worker of workers) await worker.terminate();
});

test(`a worker sees the state of the freeze throughout, seed ${SEED}`, async () => {
  const memory = new Memory({ firstArena: 255, isChecked: true });
  const directory = new Directory(memory, SEED);
  const worker = newWorker();
  for (let step = 0; step < 4000; step++) directory.step();
  for (let view = 0; view < (LONG ? 200 : 8); view++) {
    const expected = directory.digest();
    const walk = startWalk(memory, worker);
    for (let steps = 0; steps < 3000 || passes(walk) < 3; ) {
      for (let i = 0; i < 50; i++) directory.step();
      steps += 50;
      await nextTurn();
    }
    Atomics.store(walk.control, 1, 1);
    const report = await walk.report;
    memory.checkBarrier();
    memory.thaw();
    assert.equal(report.wrong, 0, `view ${view}`);
    assert(report.blocks > 0);
    assert.deepEqual([...new Set(report.digests)], [expected], `view ${view}`);
  }
  directory.freeAll();
  assert.equal(memory.usedBytes, 0);
});

test('a page written at the very moment it is read is seen as it was', async () => {
  const slots = 3000;
  const bytes = 8192;
  const memory = new Memory();
  const directory = memory.allocate(slots * 12);
  memory.setInt32(memory.root, 0, directory);
  memory.setInt32(memory.root, 4, slots);
  const refs = Int32Array.from({ length: slots }, () => memory.allocate(bytes));
  const worker = newWorker();
  const block = new Uint8Array(bytes);
  const words = new Int32Array(block.buffer);
  for (let view = 0; view < (LONG ? 200 : 6); view++) {
    for (let slot = 0; slot < slots; slot++) {
      memory.setInt32(directory, slot * 12, refs[slot]);
      memory.setInt32(directory, slot * 12 + 4, bytes);
      memory.copyIn(refs[slot], 0, new Uint8Array(words.fill(slot).buffer), 0, bytes);
    }
    block.fill(0xff);
    const walk = startWalk(memory, worker, true);
    let written = 0;
    for (let at = 0; at < slots; at = passes(walk)) {
      // A little ahead of the reader, at a distance that changes.
      const end = Math.min(slots, at + (written % 3));
      for (written = Math.max(written, at); written < end; written++) {
        memory.beginWrite(refs[written], 0, bytes);
        memory.copyIn(refs[written], 0, block, 0, bytes);
      }
      if (written === at) written++;
    }
    assert.equal((await walk.report).wrong, 0, `view ${view}`);
    memory.thaw();
  }
});

test('an aborted view ends early, and the next one is whole', async () => {
  const memory = new Memory({ isChecked: true });
  const directory = new Directory(memory, SEED + 1);
  const worker = newWorker();
  for (let step = 0; step < 3000; step++) directory.step();
  for (let view = 0; view < 3; view++) {
    const walk = startWalk(memory, worker);
    while (passes(walk) < 1) {
      for (let i = 0; i < 20; i++) directory.step();
      await nextTurn();
    }
    walk.abort();
    const report = await walk.report;
    memory.thaw();
    assert(report.isAborted);
    assert.equal(report.wrong, 0);
    assert.equal(memory.shadowBytes, 0);
  }
  directory.freeAll();
  assert.equal(memory.usedBytes, 0);
});

test('a worker that dies leaves nothing behind once the view is thawed', async () => {
  const memory = new Memory({ isChecked: true });
  const directory = new Directory(memory, SEED + 2);
  for (let step = 0; step < 3000; step++) directory.step();
  const mortal = newWorker();
  const walk = startWalk(memory, mortal);
  while (passes(walk) < 1) {
    for (let i = 0; i < 20; i++) directory.step();
    await nextTurn();
  }
  await mortal.terminate();
  memory.checkBarrier();
  memory.thaw();
  assert.equal(memory.shadowBytes, 0);

  const expected = directory.digest();
  const next = startWalk(memory, newWorker());
  while (passes(next) < 2) {
    for (let i = 0; i < 50; i++) directory.step();
    await nextTurn();
  }
  Atomics.store(next.control, 1, 1);
  const report = await next.report;
  memory.thaw();
  assert.equal(report.wrong, 0);
  assert.deepEqual([...new Set(report.digests)], [expected]);
  directory.freeAll();
  assert.equal(memory.usedBytes, 0);
});
