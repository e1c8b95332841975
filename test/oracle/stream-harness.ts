/*
 * The oracle harness for what travels: the same command lines run on Tandem and on a real redis-
 * server, each with a fake replica attached, and the two streams are compared command by command,
 * SELECT, MULTI and EXEC included. Absolute times may differ by the time between the two runs.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FakeReplica } from '../helpers/fake-replica.js';
import { info } from '../helpers/info.js';
import {
  isVersionAtLeast,
  redisVersion,
  skipWithoutRedis,
  startRedis,
} from '../helpers/redis-server.js';
import { quote, render } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { waitFor } from '../helpers/wait-for.js';
import { splitCommandLine } from './command-line.js';
import { isApproximateText } from './equality.js';
import { startCandidate } from './harness.js';

export interface StreamTable {
  name: string;
  /** Command lines in order, one connection; one with `until` is repeated until it renders so. */
  lines: readonly (string | { readonly run: string; readonly until: string })[];
  /** The first Redis version that streams so; older oracles are not asked, `expect` decides. */
  since?: '7.2';
  /** The stream as command lines with every word in quotes. */
  expect?: readonly string[];
}

const END_KEY = 'end-of-table';
/** The two servers run a line within this time of each other. */
const CLOCK_TOLERANCE_MS = 3000;

/** Registers a suite: one test for each table, all on one pair of servers. */
export function streamSuite(name: string, tables: readonly StreamTable[]): void {
  describe(`oracle stream: ${name}`, { skip: skipWithoutRedis }, () => {
    let servers: ServerProcess[] = [];
    before(async () => {
      servers = await Promise.all([startCandidate(), startRedis()]);
    });
    after(async () => {
      await Promise.all(servers.map((server) => server.stop()));
    });
    for (const table of tables) {
      test(table.name, async () => {
        const asksOracle =
          table.since === undefined || isVersionAtLeast(redisVersion ?? '0', table.since);
        const asked = asksOracle ? servers : servers.slice(0, 1);
        const [tandem, redis] = await Promise.all(asked.map((one) => record(one, table)));
        if (redis) compare(redis, tandem);
        if (table.expect) compare([...table.expect, `"SET" "${END_KEY}" "1"`], tandem);
        assert.ok(redis || table.expect, `a table since ${table.since} needs expect`);
      });
    }
  });
}

/** The stream that the table's lines cause, one line of text for each command. */
async function record(server: ServerProcess, table: StreamTable): Promise<string[]> {
  const client = await server.connect();
  await client.call('FLUSHALL');
  const replica = await FakeReplica.connect({ port: server.port });
  try {
    // FLUSHALL calls a dump off, and its replicas with it, until the primary has seen its end.
    await waitFor('the end of the dump', async () => {
      return (await info(client, 'persistence')).rdb_bgsave_in_progress === '0';
    });
    for (const line of table.lines) {
      if (typeof line === 'string') {
        await client.call(...splitCommandLine(line));
      } else {
        const args = splitCommandLine(line.run);
        await waitFor(line.run, async () => render(await client.typed(...args)) === line.until);
      }
    }
    await client.call('SELECT', '0');
    await client.call('SET', END_KEY, '1');
    await replica.waitForCommand('the end of the table', (command) => command[1] === END_KEY);
    return replica.writes.map((command) => command.map(quote).join(' '));
  } finally {
    replica.close();
    client.close();
  }
}

function compare(expected: readonly string[], actual: readonly string[]): void {
  const isAlike =
    expected.length === actual.length &&
    expected.every((line, i) => isApproximateText(line, actual[i], CLOCK_TOLERANCE_MS));
  if (isAlike) return;
  assert.deepEqual(actual, expected, 'the streams differ');
}
