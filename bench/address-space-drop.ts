/*
 * What giving arenas back costs the main thread (decision record 0001): the stop of the collection
 * itself, and that of a scavenge right after it, which has to wait until the system has taken the
 * buffers. Each row runs in a process of its own: `node dist/bench/address-space-drop.js`.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MIB = 1024 * 1024;
const ARENA_BYTES = 64 * MIB;

/** Held globally, so that nothing is collected before its time. */
const held: { heap: object[]; arenas: Uint8Array[] } = { heap: [], arenas: [] };

async function measure(arenas: number, heapMib: number): Promise<string> {
  for (let i = 0; i < heapMib * 7000; i++) held.heap.push({ index: i, text: `x${i}`, list: [i] });
  for (let i = 0; i < arenas; i++) {
    const u8 = new Uint8Array(new SharedArrayBuffer(ARENA_BYTES));
    for (let at = 0; at < u8.length; at += 4096) u8[at] = 1;
    held.arenas.push(u8);
  }
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  collect();
  collect();
  await pause(100);
  const stops: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) stops.push(entry.duration);
  });
  observer.observe({ entryTypes: ['gc'] });
  held.arenas.length = 0;
  collect();
  collect({ type: 'minor' });
  await pause(100);
  observer.disconnect();
  const [collectMs, scavengeMs] = stops;
  assert(collectMs !== undefined && scavengeMs !== undefined);
  const heap = Math.round(process.memoryUsage().heapUsed / MIB);
  const name = `${arenas} arenas, heap ${heap} MiB`.padEnd(28);
  return `${name}${collectMs.toFixed(1).padStart(10)}${scavengeMs.toFixed(1).padStart(12)}\n`;
}

const [arenas, heapMib = 0] = process.argv.slice(2).map(Number);
if (arenas === undefined) {
  process.stdout.write(
    `${'dropped at once'.padEnd(28)}${'collect ms'.padStart(10)}${'scavenge ms'.padStart(12)}\n`,
  );
  for (const heap of ['0', '10', '40']) {
    for (const count of ['0', '1', '2', '8']) {
      const file = fileURLToPath(import.meta.url);
      const child = spawnSync(process.execPath, [file, count, heap]);
      assert.equal(child.status, 0, String(child.stderr));
      process.stdout.write(String(child.stdout));
    }
  }
} else {
  process.stdout.write(await measure(arenas, heapMib));
}
