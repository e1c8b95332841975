/*
 * The figures behind docs/decisions/0001-address-space.md: what an access, growth and giving back
 * cost in arenas of several sizes and in one region (a shared WebAssembly.Memory that grows in
 * place). Prints a table; each row runs in a process of its own, since optimised code remembers
 * what it has seen. Run it as `node dist/bench/address-space.js`.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from './median.js';

const MIB = 1024 * 1024;
const TOTAL_BYTES = 1024 * MIB;

interface Region {
  u8s: Uint8Array[];
  i32s: Int32Array[];
}

// The part of WebAssembly.Memory that is used here: @types/node declares no WebAssembly.
interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}
declare const WebAssembly: {
  Memory: new (options: { initial: number; maximum: number; shared: true }) => WasmMemory;
};

/** Arenas of 2^shift bytes; the access splits the reference as memory/ would. */
class Arenas {
  readonly u8s: Uint8Array[] = [];
  readonly i32s: Int32Array[] = [];
  readonly #arenaShift: number;
  readonly #mask: number;

  constructor(shift: number) {
    this.#arenaShift = shift - 3;
    this.#mask = 2 ** (shift - 3) - 1;
  }

  sum(ref: number): number {
    const arena = ref >>> this.#arenaShift;
    const word = (ref & this.#mask) << 1;
    // Unchecked, as memory/ reads its tables.
    const i32 = this.i32s[arena] as Int32Array;
    const u8 = this.u8s[arena] as Uint8Array;
    return i32[word] + i32[word + 1] + u8[(word << 2) + 9];
  }
}

/** One region: no split, byte indices run beyond 2^31. */
class OneRegion {
  u8: Uint8Array = new Uint8Array(0);
  i32: Int32Array = new Int32Array(0);

  sum(ref: number): number {
    const word = (ref >>> 0) * 2;
    return this.i32[word] + this.i32[word + 1] + this.u8[word * 4 + 9];
  }
}

function rssMib(): number {
  return Math.round(process.memoryUsage.rss() / MIB);
}

function nsEach(count: number, run: (count: number) => number): string {
  run(count / 10);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    sink += run(count);
    best = Math.min(best, performance.now() - start);
  }
  return ((best * 1e6) / count).toFixed(2);
}

let sink = 0;

/** References in an Int32Array: near ones (in the cache) and ones from all over the region. */
function references(spanBytes: number): Int32Array {
  const refs = new Int32Array(1 << 16);
  let seed = 12345;
  for (let i = 0; i < refs.length; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    refs[i] = Math.floor((seed / 0x7fffffff) * (spanBytes / 8 - 8));
  }
  return refs;
}

function measureAccess(
  sum: (refs: Int32Array, count: number) => number,
): [near: string, far: string] {
  const near = references(MIB);
  const far = references(TOTAL_BYTES);
  return [nsEach(4e6, (count) => sum(near, count)), nsEach(4e6, (count) => sum(far, count))];
}

/** Longest and median time of one growth step, in ms. */
function describeSteps(stepsMs: number[]): string {
  return `${median(stepsMs).toFixed(3)} / ${Math.max(...stepsMs).toFixed(2)}`;
}

function touch(u8: Uint8Array): void {
  for (let at = 0; at < u8.length; at += 4096) u8[at] = 1;
}

function measureArenas(shift: number): string[] {
  const memory = new Arenas(shift);
  const bytes = 2 ** shift;
  const stepsMs: number[] = [];
  for (let held = 0; held < TOTAL_BYTES; held += bytes) {
    const start = performance.now();
    const buffer = new SharedArrayBuffer(bytes);
    memory.u8s.push(new Uint8Array(buffer));
    memory.i32s.push(new Int32Array(buffer));
    stepsMs.push(performance.now() - start);
  }
  const idleMib = rssMib();
  for (const u8 of memory.u8s) touch(u8);
  const [near, far] = measureAccess((refs, count) => {
    let total = 0;
    for (let i = 0; i < count; i++) total = (total + memory.sum(refs[i & 0xffff])) | 0;
    return total;
  });
  const fullMib = rssMib();
  return [near, far, describeSteps(stepsMs), `${idleMib} / ${fullMib}`, giveBack(memory)];
}

/** Drops 15 of 16 parts (or what comes nearest) and collects. */
function giveBack(memory: Region): string {
  const kept = Math.ceil(memory.u8s.length / 16);
  memory.u8s.length = kept;
  memory.i32s.length = kept;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const start = performance.now();
  collect();
  const stopMs = performance.now() - start;
  // The buffers themselves are swept by another thread.
  while (rssMib() > 900 && performance.now() - start < 2000) collect();
  return `${rssMib()} MiB, ${stopMs.toFixed(1)} ms`;
}

function measureRegion(): string[] {
  const memory = new OneRegion();
  const wasm = new WebAssembly.Memory({ initial: 1024, maximum: 65536, shared: true });
  const stepsMs: number[] = [];
  for (let held = 64 * MIB; ; held += 64 * MIB) {
    const start = performance.now();
    memory.u8 = new Uint8Array(wasm.buffer);
    memory.i32 = new Int32Array(wasm.buffer);
    if (held >= TOTAL_BYTES) break;
    wasm.grow(1024);
    stepsMs.push(performance.now() - start);
  }
  const idleMib = rssMib();
  touch(memory.u8);
  const [near, far] = measureAccess((refs, count) => {
    let total = 0;
    for (let i = 0; i < count; i++) total = (total + memory.sum(refs[i & 0xffff])) | 0;
    return total;
  });
  return [near, far, describeSteps(stepsMs), `${idleMib} / ${rssMib()}`, 'never shrinks'];
}

const rows = new Map<string, () => string[]>(
  Object.entries({
    'arenas of 16 MiB': () => measureArenas(24),
    'arenas of 64 MiB': () => measureArenas(26),
    'arenas of 256 MiB': () => measureArenas(28),
    'arenas of 1 GiB': () => measureArenas(30),
    'one region (WebAssembly)': measureRegion,
  }),
);

const row = process.argv[2];
if (row === undefined) {
  const heads = ['ns near', 'ns far', 'ms growth median / max', 'MiB idle / full', 'given back'];
  process.stdout.write(`${'on 1 GiB'.padEnd(26)}${heads.map((h) => h.padEnd(24)).join('')}\n`);
  for (const name of rows.keys()) {
    const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name]);
    assert.equal(child.status, 0, String(child.stderr));
    process.stdout.write(String(child.stdout));
  }
} else {
  const measureRow = rows.get(row);
  assert(measureRow !== undefined, `no row ${row}`);
  const cells = measureRow();
  process.stdout.write(`${row.padEnd(26)}${cells.map((cell) => cell.padEnd(24)).join('')}\n`);
  if (sink === 0.5) process.stdout.write('\n');
}
