/*
 * Patterns made to keep a matcher busy for ever: many stars that each could be retried, classes
 * that never end. The work must be bounded by pattern length times name length.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem } from '../helpers/tandem.js';
import { mainThreadMs } from './prober.js';

const STARS = 1500;
/** Processor time for all of them together; one alone could take longer than anybody lives. */
const CPU_MS_MAX = 2000;

const patterns = [
  `${'a*'.repeat(STARS)}b`,
  `${'*'.repeat(STARS)}b`,
  `${'*?'.repeat(STARS)}b`,
  `${'*[a-z]'.repeat(STARS)}b`,
  `${'*\\a'.repeat(STARS)}b`,
  `*[^ -~${'[a'.repeat(STARS)}`,
];

function isEmpty(reply: unknown): boolean {
  return Array.isArray(reply) && reply.length === 0;
}

test('1,500 stars in the pattern of KEYS and SCAN stop nobody', async (t) => {
  const server = await untilTestEnds(startTandem());
  const client = await server.connect();
  for (let i = 0; i < 3; i++) await client.call('SET', 'a'.repeat(4000 + i), 'v');
  const startMs = mainThreadMs(server.pid);
  for (const pattern of patterns) {
    const what = `${pattern.slice(0, 12)}…`;
    assert.ok(isEmpty(await client.call('KEYS', pattern)), what);
    const scanned = await client.call('SCAN', '0', 'MATCH', pattern);
    assert.ok(Array.isArray(scanned) && isEmpty(scanned[1]), what);
    assert.ok(isEmpty(await client.call('CONFIG', 'GET', pattern)), what);
  }
  const spentMs = mainThreadMs(server.pid) - startMs;
  t.diagnostic(`${spentMs.toFixed(0)} ms for ${patterns.length} patterns`);
  assert.ok(!(spentMs > CPU_MS_MAX), `${spentMs.toFixed(0)} ms of processor time`);
});
