/*
 * The oracle harness: tables of command lines that run in the same order on Tandem and on a real
 * redis-server, once in RESP2 and once in RESP3, every reply compared with a named strength (STYLE
 * 26).
 *
 * `ORACLE=<path>` chooses the redis-server. A line marked `since: '7.2'` carries the reply to
 * expect, for oracles older than that. `CANDIDATE=<path to a redis-server>` puts a redis-server in
 * Tandem's place: with an oracle of 7.0 and a candidate of 7.2 the tables themselves are put to the
 * test.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  isVersionAtLeast,
  redisVersion,
  skipWithoutRedis,
  startRedis,
} from '../helpers/redis-server.js';
import type { Argument, RespClient } from '../helpers/resp-client.js';
import { quote, type Reply, render } from '../helpers/resp-reply.js';
import { type ServerOptions, ServerProcess } from '../helpers/server-process.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';
import { splitCommandLine } from './command-line.js';
import { type Equality, findDifference } from './equality.js';

export interface OracleLine {
  /** A command line (see splitCommandLine) or its arguments. */
  run: string | readonly Argument[];
  /** Default `same`. */
  equal?: Equality;
  /** For `approx`: default 1000, a second in ms. */
  tolerance?: number;
  /** The first Redis version that answers so; older oracles are not asked, `expect` decides. */
  since?: '7.2';
  /** The reply as `render` shows it in RESP2 (`(nil)` also stands for RESP3's null). */
  expect?: string;
  /** Name of the connection that sends it, default `a`. */
  by?: string;
  /** Repeated on each server until the reply renders so (RESP2 notation), 10 s at most. */
  until?: string;
}

export interface OracleTable {
  /** A fact or coordinates. */
  name: string;
  lines: readonly (string | OracleLine)[];
  /** Default both. */
  protocols?: readonly (2 | 3)[];
}

export interface OracleOptions {
  /** Further arguments for both servers. */
  args?: readonly string[];
}

/** Tandem, or what stands in for it. */
export function startCandidate(options: ServerOptions = {}): Promise<ServerProcess> {
  const command = process.env.CANDIDATE;
  if (!command) return startTandem(options);
  const program = {
    name: 'candidate',
    command,
    argumentsFor: ({ port, dir }: { port: number; dir: string }) => [
      ...['--port', String(port), '--save', '', '--dir', dir, '--bind', '127.0.0.1'],
      ...['--enable-debug-command', 'yes', '--repl-diskless-sync-delay', '0'],
    ],
  };
  return ServerProcess.start(program, options);
}

/** Registers a suite: one test for each table and protocol, all on one pair of servers. */
export function oracleSuite(
  name: string,
  tables: readonly OracleTable[],
  options: OracleOptions = {},
): void {
  describe(`oracle: ${name}`, { skip: skipWithoutRedis }, () => {
    let tandem: ServerProcess;
    let redis: ServerProcess;
    before(async () => {
      const args = options.args ?? [];
      [tandem, redis] = await Promise.all([startCandidate({ args }), startRedis({ args })]);
    });
    after(async () => {
      await Promise.all([tandem?.stop(), redis?.stop()]);
    });
    for (const table of tables) {
      for (const protocol of table.protocols ?? ([2, 3] as const)) {
        test(`${table.name} (RESP${protocol})`, async () => {
          await runTable({ table, protocol, tandem, redis });
        });
      }
    }
  });
}

interface TableRun {
  table: OracleTable;
  protocol: 2 | 3;
  tandem: ServerProcess;
  redis: ServerProcess;
}

async function runTable(run: TableRun): Promise<void> {
  const { table, protocol } = run;
  const connections = new Map<string, { tandem: RespClient; redis: RespClient }>();
  const connectionFor = async (name: string) => {
    const known = connections.get(name);
    if (known) return known;
    const tandem = await run.tandem.connect({ protocol });
    const redis = await run.redis.connect({ protocol });
    const pair = { tandem, redis };
    connections.set(name, pair);
    return pair;
  };
  const differences: string[] = [];
  try {
    const first = await connectionFor('a');
    await Promise.all([first.tandem.call('FLUSHALL'), first.redis.call('FLUSHALL')]);
    for (const [index, entry] of table.lines.entries()) {
      const line = typeof entry === 'string' ? { run: entry } : entry;
      const pair = await connectionFor(line.by ?? 'a');
      const difference = await runLine(line, pair, protocol);
      if (difference !== null) differences.push(describeLine(index, line, difference));
    }
  } finally {
    for (const { tandem, redis } of connections.values()) {
      tandem.close();
      redis.close();
    }
  }
  assert.ok(
    differences.length === 0,
    `${differences.length} of ${table.lines.length} lines differ from redis-server ` +
      `${redisVersion} in RESP${protocol}:\n${differences.join('\n')}`,
  );
}

async function runLine(
  line: OracleLine,
  pair: { tandem: RespClient; redis: RespClient },
  protocol: 2 | 3,
): Promise<string | null> {
  const args = typeof line.run === 'string' ? splitCommandLine(line.run) : line.run;
  const expect = line.expect === undefined ? null : inProtocol(line.expect, protocol);
  const until = line.until === undefined ? null : inProtocol(line.until, protocol);
  if (until !== null) {
    await waitFor('tandem', async () => render(await pair.tandem.typed(...args)) === until);
    await waitFor('redis', async () => render(await pair.redis.typed(...args)) === until);
    return null;
  }
  const asksOracle = line.since === undefined || isVersionAtLeast(redisVersion ?? '0', line.since);
  const [actual, expected] = await Promise.all([
    pair.tandem.typed(...args),
    asksOracle ? pair.redis.typed(...args) : null,
  ]);
  assert(expected !== null || expect !== null, `a line since ${line.since} needs expect`);
  const { equal = 'same', tolerance = 1000 } = line;
  if (expected !== null) {
    const reason = findDifference(expected, actual, { equal, tolerance });
    if (reason !== null) return show(reason, render(expected), actual);
  }
  if (expect !== null && render(actual) !== expect)
    return show('is not as expected', expect, actual);
  return null;
}

function inProtocol(rendered: string, protocol: 2 | 3): string {
  return protocol === 2 ? rendered : rendered.replaceAll('(nil)', '(null)');
}

function show(reason: string, expected: string, actual: Reply): string {
  const limit = 600;
  return (
    `${reason}\n      expected ${expected.slice(0, limit)}\n      got      ` +
    `${render(actual).slice(0, limit)}`
  );
}

function describeLine(index: number, line: OracleLine, difference: string): string {
  const shown =
    typeof line.run === 'string'
      ? line.run
      : line.run
          .map((arg) =>
            quote(arg instanceof Uint8Array ? Buffer.from(arg).toString('latin1') : String(arg)),
          )
          .join(' ');
  const by = line.by === undefined ? '' : ` [by ${line.by}]`;
  return `  line ${index + 1}: ${shown.slice(0, 300)}${by}\n    ${difference}`;
}
