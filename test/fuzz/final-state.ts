/*
 * What must be equal when a program has ended: the data of both servers and of the replicas, their
 * number in each database, and every deadline.
 */

import { assertEqualDigests, digest } from '../helpers/digest.js';
import { info } from '../helpers/info.js';
import type { RespClient } from '../helpers/resp-client.js';
import { waitFor } from '../helpers/wait-for.js';
import type { Difference, Sides } from './program-runner.js';

/** Deadlines that were given as relative ones may differ by this much, in ms. */
const DEADLINE_TOLERANCE_MS = 5000;

const DATABASES = 16;

/** Null when all is equal. */
export async function compareFinalState(
  { tandem, redis }: Sides,
  replicas: readonly RespClient[],
): Promise<Omit<Difference, 'step'> | null> {
  const all = [tandem.control, redis.control, ...replicas];
  const state = async () => ({
    digests: await Promise.all(all.map(digest)),
    counts: await Promise.all(all.map(keyCounts)),
  });
  try {
    // Keys past their time count until each server has deleted them, at its own pace; the replicas
    // follow at theirs.
    await waitFor('equal digests', async () => {
      await assertEqualDigests(...all);
      const counts = await Promise.all(all.map(keyCounts));
      return counts.every((text) => text === counts[0]);
    });
  } catch (error) {
    const { digests, counts } = await state();
    const shown = digests.map((text, i) => `${text} ${counts[i]}`);
    const [actual, expected, ...others] = shown;
    const reason = `final data differ: ${(error as Error).message.slice(0, 200)}`;
    return { reason, expected, actual: [actual, ...others].join('\n           ') };
  }
  return await compareDeadlines([tandem.control, redis.control, ...replicas]);
}

async function keyCounts(client: RespClient): Promise<string> {
  const keyspace = Object.entries(await info(client, 'keyspace'));
  return keyspace.map(([name, text]) => `${name}:${text.replace(/,avg_ttl.*/, '')}`).join(' ');
}

async function compareDeadlines(
  clients: readonly RespClient[],
): Promise<Omit<Difference, 'step'> | null> {
  const all = await Promise.all(clients.map(deadlines));
  const [first, ...others] = all;
  for (const [key, deadline] of first) {
    for (const other of others) {
      const expected = other.get(key) ?? 0;
      if (Math.abs(expected - deadline) <= DEADLINE_TOLERANCE_MS) continue;
      const [left, right] = [expected, deadline].map((at) => `${key} ${at}`);
      return { reason: 'a deadline differs', expected: left, actual: right };
    }
  }
  return null;
}

async function deadlines(client: RespClient): Promise<Map<string, number>> {
  const result = new Map<string, number>();
  const used = Object.keys(await info(client, 'keyspace'));
  for (let database = 0; database < DATABASES; database++) {
    if (!used.includes(`db${database}`)) continue;
    await client.call('SELECT', database);
    const keys = (await client.call('KEYS', '*')) as string[];
    const times = await client.pipeline(keys.map((key) => ['PEXPIRETIME', key]));
    for (const [i, key] of keys.entries()) result.set(`${database}:${key}`, Number(times[i]));
  }
  await client.call('SELECT', 0);
  return result;
}
