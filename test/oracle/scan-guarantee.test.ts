/*
 * SCAN's promise on the wire: a key that is there from the first call to the last is seen, whatever
 * comes and goes meanwhile; a key that never was is never seen. Held by the server alone.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seeds } from '../helpers/random.js';
import type { RespClient } from '../helpers/resp-client.js';
import { startCandidate } from './harness.js';

const LASTING = 3000;
/** Keys that come and go between two calls: the table grows and shrinks by a multiple meanwhile. */
const CHURN_MAX = 3000;

for (const seed of seeds(2)) {
  test(`FUZZ_SEED=${seed}: SCAN sees every lasting key while others come and go`, async () => {
    const server = await startCandidate();
    try {
      const client = await server.connect();
      await scanUnderChurn(client, new Random(seed));
    } finally {
      await server.stop();
    }
  });
}

async function scanUnderChurn(client: RespClient, random: Random): Promise<void> {
  const lasting = Array.from({ length: LASTING }, (_, i) => `lasting:${i}`);
  await client.pipeline(lasting.map((key) => ['SET', key, 'v']));
  const seen = new Set<string>();
  let passing = 0;
  let cursor = '0';
  let calls = 0;
  do {
    const reply = await client.call('SCAN', cursor, 'COUNT', String(random.integer(1, 200)));
    assert.ok(Array.isArray(reply));
    cursor = String(reply[0]);
    for (const key of reply[1] as string[]) seen.add(key);
    passing = await churn(client, random, passing);
    assert.ok(++calls < LASTING * 20, 'the scan must end');
  } while (cursor !== '0');
  for (const key of lasting) assert.ok(seen.has(key), `${key} was not seen`);
  for (const key of seen) assert.match(key, /^(?:lasting|passing):\d+$/);
}

/** Grows the table by a burst, or takes the last burst away. */
async function churn(client: RespClient, random: Random, passing: number): Promise<number> {
  if (random.chance(0.9)) return passing;
  const burst = passing > 0 ? 0 : random.integer(1, CHURN_MAX);
  const requests = Array.from({ length: Math.max(burst, passing) }, (_, i) =>
    burst > 0 ? ['SET', `passing:${i}`, 'v'] : ['DEL', `passing:${i}`],
  );
  await client.pipeline(requests);
  return burst;
}
