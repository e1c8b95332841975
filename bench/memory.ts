/*
 * The hot functions of memory/ one by one, in ns each: allocate and free in several patterns, the
 * accessors, the barrier while a view is frozen, the reader of the view. `node
 * dist/bench/memory.js` prints a table. Ratios between two runs on one machine are what counts
 * (bench/README.md).
 */

import { FrozenReader } from '../src/memory/frozen-reader.js';
import { Memory, type Ref } from '../src/memory/memory.js';

const COUNT = 1_000_000;
const SIZES = Int32Array.from([40, 48, 56, 64, 72, 80]);

let sink = 0;
let state = 12345;
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 1;
}

function measure(name: string, count: number, run: () => void, reset: () => void = () => {}): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
    reset();
  }
  process.stdout.write(`${name.padEnd(46)}${((best * 1e6) / count).toFixed(1).padStart(8)} ns\n`);
}

const memory = new Memory();
const refs = new Int32Array(COUNT);

function allocateAll(): void {
  for (let i = 0; i < COUNT; i++) refs[i] = memory.allocate(SIZES[i % 6]);
}

function freeAll(): void {
  for (let i = 0; i < COUNT; i++) memory.free(refs[i]);
}

function shuffle(): void {
  for (let i = COUNT - 1; i > 0; i--) {
    const j = random() % (i + 1);
    const ref = refs[i];
    refs[i] = refs[j];
    refs[j] = ref;
  }
}

measure('allocate 40-80 bytes, one after the other', COUNT, allocateAll, freeAll);
allocateAll();
measure('free in order', COUNT, freeAll, allocateAll);
shuffle();
measure('free in random order', COUNT, freeAll, () => {
  allocateAll();
  shuffle();
});
const order = Int32Array.from({ length: COUNT }, () => random() % COUNT);
measure('free and allocate at random places', COUNT, () => {
  for (let i = 0; i < COUNT; i++) {
    const at = order[i];
    memory.free(refs[at]);
    refs[at] = memory.allocate(SIZES[i % 6]);
  }
});
measure('free and allocate in one place', COUNT, () => {
  for (let i = 0; i < COUNT; i++) {
    memory.free(refs[0]);
    refs[0] = memory.allocate(SIZES[i % 6]);
  }
});
measure('blockBytes, at random', COUNT, () => {
  for (let i = 0; i < COUNT; i++) sink += memory.blockBytes(refs[order[i]]);
});
measure('int32, one block', COUNT, () => {
  for (let i = 0; i < COUNT; i++) sink += memory.int32(refs[7], 4);
});
measure('int32, at random', COUNT, () => {
  for (let i = 0; i < COUNT; i++) sink += memory.int32(refs[order[i]], 4);
});
measure('locate and 4 words, one block', COUNT, () => {
  for (let i = 0; i < COUNT; i++) {
    memory.locate(refs[i & 7]);
    const { i32 } = memory;
    const word = memory.base >>> 2;
    sink += i32[word] + i32[word + 1] + i32[word + 2] + i32[word + 3];
  }
});
const bytes = new Uint8Array(64).fill(65);
measure('beginWrite and copyIn of 32 bytes, at random', COUNT, () => {
  for (let i = 0; i < COUNT; i++) {
    const ref: Ref = refs[order[i]];
    memory.beginWrite(ref, 0, 32);
    memory.copyIn(ref, 0, bytes, 0, 32);
  }
});
measure('equal, 16 bytes, at random', COUNT, () => {
  for (let i = 0; i < COUNT; i++) if (memory.equal(refs[order[i]], 0, bytes, 0, 16)) sink++;
});

const frozenAt = performance.now();
const view = memory.freeze();
const freezeMs = performance.now() - frozenAt;
const firstAt = performance.now();
for (let i = 0; i < COUNT; i++) memory.beginWrite(refs[i], 0, 8);
const firstMs = performance.now() - firstAt;
const pages = memory.shadowBytes / 4096;
process.stdout.write(`freeze ${freezeMs.toFixed(2)} ms; ${pages} pages preserved, `);
process.stdout.write(`${((firstMs * 1e6) / pages).toFixed(0)} ns each\n`);
measure('beginWrite of a page already preserved', COUNT, () => {
  for (let i = 0; i < COUNT; i++) memory.beginWrite(refs[order[i]], 0, 32);
});
const shadowed = new FrozenReader(view.message);
measure('frozen load of 64 bytes, from shadow pages', COUNT, () => {
  for (let i = 0; i < COUNT; i++) {
    shadowed.load(refs[order[i]], 0, 64);
    sink += shadowed.i32[shadowed.base >>> 2];
  }
});
const thawAt = performance.now();
memory.thaw();
process.stdout.write(`thaw ${(performance.now() - thawAt).toFixed(2)} ms\n`);
const reader = new FrozenReader(memory.freeze().message);
measure('frozen load of 64 bytes, from live pages', COUNT, () => {
  for (let i = 0; i < COUNT; i++) {
    reader.load(refs[order[i]], 0, 64);
    sink += reader.i32[reader.base >>> 2];
  }
});
memory.thaw();
if (sink === 0.5) process.stdout.write('\n');
