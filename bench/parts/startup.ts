/*
 * Start-up from an RDB file: from the start of the process to the first answer from the whole data
 * set. All load the same file, which redis-server has written.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bench, compare, type Figures, sleep } from '../bench.js';
import type { Contender } from '../contenders.js';
import { fill } from '../fill.js';

const KEYS = 5_000_000;
const POLL_MS = 5;

export async function startup(bench: Bench): Promise<void> {
  const keys = bench.keys(KEYS);
  const dir = mkdtempSync(join(tmpdir(), 'bench-startup-'));
  const [redis] = bench.contenders;
  try {
    const writer = await redis?.start({ dir });
    if (writer === undefined) return;
    await fill(writer, keys);
    const client = await writer.connect({ replyTimeoutMs: 120_000 });
    await client.call('SAVE');
    await writer.stop();
    await compare(bench, {
      part: 'start-up',
      what: `an RDB of ${keys} keys`,
      units: { loaded: 's' },
      contenders: bench.contenders,
      measure: (contender) => load(contender, dir, keys),
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function load(contender: Contender, dir: string, keys: number): Promise<Figures> {
  const startMs = performance.now();
  const server = await contender.start({ dir });
  const client = await server.connect();
  while ((await client.call('DBSIZE')) !== keys) await sleep(POLL_MS);
  const loaded = (performance.now() - startMs) / 1000;
  await server.stop();
  return { loaded };
}
