/*
 * Whole data sets compared by DEBUG DIGEST: equal digests mean equal keys, values and databases
 * (expiry is included as "has one", not its time).
 */

import assert from 'node:assert/strict';
import { info } from './info.js';
import type { RespClient } from './resp-client.js';
import { waitFor } from './wait-for.js';

export async function digest(client: RespClient): Promise<string> {
  const reply = await client.call('DEBUG', 'DIGEST');
  assert.equal(typeof reply, 'string', `DEBUG DIGEST answered ${String(reply)}`);
  return reply as string;
}

/** All servers hold the same data now. */
export async function assertEqualDigests(...clients: RespClient[]): Promise<void> {
  const digests = await Promise.all(clients.map(digest));
  for (const other of digests) assert.equal(other, digests[0], 'data sets differ');
}

/** The replica has applied everything that its primary has streamed, and their data are equal. */
export async function waitUntilInSync(
  primary: RespClient,
  replica: RespClient,
  timeoutMs = 20_000,
): Promise<void> {
  await waitFor(
    'replica to catch up with its primary',
    async () => {
      const theirs = await info(replica, 'replication');
      if (theirs.master_link_status !== 'up') return false;
      const ours = await info(primary, 'replication');
      return ours.master_repl_offset === theirs.slave_repl_offset;
    },
    { timeoutMs, everyMs: 20 },
  );
  await assertEqualDigests(primary, replica);
}
