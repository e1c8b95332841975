/*
 * What MEMORY DOCTOR and MEMORY MALLOC-STATS say, as text for people. The doctor looks at the same
 * signs as Redis's, with bounds that fit a process which carries an engine; the other lists the
 * arenas and the blocks of each size. Pure. Must not know commands.
 */

import type { AllocatorUse } from '../memory/memory-use.js';
import { humanBytes, ratioText } from './info-format.js';
import type { MemoryFigures } from './memory-figures.js';

const MIB = 1024 * 1024;
/** Below that, ratios say nothing. */
const USED_BYTES_MIN = 5 * MIB;
const PEAK_RATIO_MAX = 1.5;
const PAGES_RATIO_MAX = 1.5;
const PAGES_EXCESS_BYTES_MIN = 64 * MIB;
/** What code, heap and threads take in an ordinary process. */
const PROCESS_BYTES_USUAL = 256 * MIB;
const CLIENT_BYTES_MAX = 200 * 1024;
const REPLICA_BYTES_MAX = 10 * MIB;

/** The doctor's report. */
export function doctorReport(figures: MemoryFigures): string {
  if (figures.used < USED_BYTES_MIN) {
    return 'There is too little data here to tell anything from.\n';
  }
  const findings = [
    peakFinding(figures),
    pagesFinding(figures),
    processFinding(figures),
    clientsFinding(figures),
    replicasFinding(figures),
  ].filter((finding) => finding !== null);
  if (findings.length === 0) return 'Nothing is wrong with the use of memory.\n';
  const list = findings.map((text) => ` * ${text}\n`).join('\n');
  return `Looked at the use of memory, and found:\n\n${list}`;
}

function peakFinding({ used, peak }: MemoryFigures): string | null {
  if (peak <= used * PEAK_RATIO_MAX) return null;
  return (
    `Peak: ${humanBytes(peak)} were once in use, now it is ${humanBytes(used)}. Pages that are ` +
    'not needed are given back to the system step by step; MEMORY PURGE has all of them go.'
  );
}

function pagesFinding({ allocated, active }: MemoryFigures): string | null {
  const isHigh = active > allocated * PAGES_RATIO_MAX;
  if (!isHigh || active - allocated < PAGES_EXCESS_BYTES_MIN) return null;
  return (
    `Pages: the system holds ${humanBytes(active)} for blocks of ${humanBytes(allocated)}. After ` +
    'many deletions that is so for a while, since values have to be moved first; a save or a ' +
    'full sync that is under way puts it off. MEMORY PURGE hastens it.'
  );
}

function processFinding({ resident, active }: MemoryFigures): string | null {
  const excess = resident - active;
  if (excess < PROCESS_BYTES_USUAL || resident < active * PAGES_RATIO_MAX) return null;
  return (
    `Process: beside its pages the process takes ${humanBytes(excess)}. Buffers of clients and ` +
    'replicas, subscriptions and copies made for a save are part of that.'
  );
}

function clientsFinding({ clients, clientCount }: MemoryFigures): string | null {
  if (clientCount === 0 || clients / clientCount <= CLIENT_BYTES_MAX) return null;
  return (
    `Clients: on average one holds ${humanBytes(Math.round(clients / clientCount))}. CLIENT LIST ` +
    'tells which (tot-mem): one that reads its replies or messages too slowly, or that sends ' +
    'very long requests.'
  );
}

function replicasFinding({ replicas, replicaCount }: MemoryFigures): string | null {
  if (replicaCount === 0 || replicas <= REPLICA_BYTES_MAX) return null;
  return (
    `Replicas: ${humanBytes(replicas)} beyond the backlog's size wait to be sent. INFO ` +
    'replication tells which replica is behind.'
  );
}

/** What the allocator has, for MEMORY MALLOC-STATS. */
export function allocatorReport({ arenas, classes, pageBytes }: AllocatorUse): string {
  const lines = [`Pages of ${pageBytes} bytes, in ${arenas.length} arenas`, ''];
  lines.push(row(['arena', 'size', 'touched', 'in runs', 'in blocks', 'state']));
  for (const { number, bytes, touchedBytes, runBytes, usedBytes, state } of arenas) {
    const sizes = [bytes, touchedBytes, runBytes, usedBytes].map(String);
    lines.push(row([String(number), ...sizes, state]));
  }
  lines.push('', row(['block', 'blocks', 'runs', 'bytes', 'of runs']));
  for (const { blockBytes, blocks, runs, runBytes, usedBytes } of classes) {
    const name = blockBytes === 0 ? 'pages' : String(blockBytes);
    lines.push(
      row([name, String(blocks), String(runs), String(usedBytes), ratioText(usedBytes, runBytes)]),
    );
  }
  return `${lines.join('\n')}\n`;
}

const COLUMN = 12;

function row(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(COLUMN)).join('');
}
