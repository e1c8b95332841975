/*
 * `npm run bench`: this server and a real redis-server side by side, in turns, in one run. Prints a
 * table of medians, spreads and ratios; see bench/README.md for how to read it.
 *
 *   npm run bench -- [--quick] [--rounds 5] [--json <file>] [--against <folder of another build>]
 *     [part …]
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.js';
import { contenders, machine } from './contenders.js';
import { commands } from './parts/commands.js';
import { fullSync } from './parts/full-sync.js';
import { latency } from './parts/latency.js';
import { memory } from './parts/memory.js';
import { saves } from './parts/saves.js';
import { startup } from './parts/startup.js';
import { stops } from './parts/stops.js';
import { stream } from './parts/stream.js';
import { Report } from './report.js';

/** In this order. */
const PARTS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  commands,
  latency,
  memory,
  stops,
  startup,
  saves,
  'full-sync': fullSync,
  stream,
};
const ROUNDS = 5;
/** The shortest run that gives a median. */
const QUICK_ROUNDS = 3;
const QUICK_SCALE = 0.02;
const KEYS_MIN = 1000;

// So that the servers end with it: an exit kills them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    json: { type: 'string' },
    against: { type: 'string' },
    scale: { type: 'string' },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(PARTS);
const unknown = names.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  process.stderr.write(
    `No part ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}\n`,
  );
  process.exit(1);
}

const isQuick = options.quick;
const scale = Number(options.scale ?? (isQuick ? QUICK_SCALE : 1));
const all = contenders(options.against);
const report = new Report(
  all.map(({ name }) => name),
  machine(),
  (text) => process.stdout.write(text),
);
const bench: Bench = {
  contenders: all,
  report,
  rounds: Number(options.rounds ?? (isQuick ? QUICK_ROUNDS : ROUNDS)),
  isQuick,
  keys: (full) => Math.max(Math.min(full, KEYS_MIN), Math.round(full * scale)),
  ms: (full) => Math.round(full * Math.sqrt(scale)),
  requests: (full) => Math.round(full * Math.cbrt(scale)),
};
for (const name of names) await PARTS[name]?.(bench);
if (options.json !== undefined) writeFileSync(options.json, report.toJson());
