/*
 * The longest wait of a client that sends a PING each millisecond: while many keys are loaded, and
 * while a million expire in one second.
 */

import assert from 'node:assert/strict';
import type { ServerProcess } from '../../test/helpers/server-process.js';
import { type Bench, compare, type Figures, sleep } from '../bench.js';
import { using } from '../contenders.js';
import { fill, keyOf } from '../fill.js';
import { startPings } from '../load/load.js';

const LOADED_KEYS = 10_000_000;
const EXPIRING_KEYS = 1_000_000;
const EXPIRE_BATCH_KEYS = 1000;
/** For so long the expiries are set before the first comes. */
const EXPIRY_DELAY_MS = 20_000;
const EXPIRY_POLL_MS = 20;
/** What a batch takes is its client's choice: small ones. */
const LOAD_BATCH_KEYS = 100;
const UNITS = { 'longest wait': 'ms', 'p99.9': 'ms', took: 's' };

export async function stops(bench: Bench): Promise<void> {
  const part = 'stops';
  const loaded = bench.keys(LOADED_KEYS);
  const expiring = bench.keys(EXPIRING_KEYS);
  const cases: readonly (readonly [string, (server: ServerProcess) => Promise<Figures>])[] = [
    [
      `loading ${loaded} keys`,
      (server) => whilePinging(server, () => fill(server, loaded, 16, LOAD_BATCH_KEYS)),
    ],
    [`${expiring} keys expire in a second`, (server) => expire(bench, server, expiring)],
  ];
  for (const [what, measure] of cases) {
    await compare(bench, {
      part,
      what,
      units: UNITS,
      contenders: bench.contenders,
      measure: (contender) => using(contender, {}, measure),
    });
  }
}

async function whilePinging(server: ServerProcess, run: () => Promise<unknown>): Promise<Figures> {
  const pings = await startPings(server.port);
  const startMs = performance.now();
  await run();
  const took = (performance.now() - startMs) / 1000;
  await pings.stop();
  const { times } = pings;
  return { 'longest wait': times.quantile(1) / 1000, 'p99.9': times.quantile(0.999) / 1000, took };
}

async function expire(bench: Bench, server: ServerProcess, keys: number): Promise<Figures> {
  await fill(server, keys);
  const client = await server.connect();
  const atMs = Date.now() + bench.ms(EXPIRY_DELAY_MS);
  for (let from = 0; from < keys; from += EXPIRE_BATCH_KEYS) {
    const count = Math.min(EXPIRE_BATCH_KEYS, keys - from);
    const requests = Array.from({ length: count }, (_, i) => [
      'PEXPIREAT',
      keyOf(from + i),
      String(atMs + ((from + i) % 1000)),
    ]);
    const replies = await client.pipeline(requests);
    assert(
      replies.every((reply) => reply === 1),
      `PEXPIREAT said ${replies}`,
    );
  }
  await sleep(Math.max(0, atMs - Date.now()));
  return await whilePinging(server, async () => {
    while (Number(await client.call('DBSIZE')) > 0) await sleep(EXPIRY_POLL_MS);
  });
}
