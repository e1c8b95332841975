/*
 * Tandem and redis-server get the same random commands; each reply and the final data must be
 * equal. FUZZ_SEED repeats a run; TANDEM_LONG=1 makes the budget larger.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertEqualDigests } from '../helpers/digest.js';
import { Random, seeds } from '../helpers/random.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import { quote, type Reply, render } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { waitFor } from '../helpers/wait-for.js';
import { findDifference } from '../oracle/equality.js';
import { startCandidate } from '../oracle/harness.js';
import { type RandomCommand, randomCommand } from './random-commands.js';

const isLong = process.env.TANDEM_LONG === '1';
const RUNS = isLong ? 40 : 4;
const COMMANDS_PER_RUN = isLong ? 25_000 : 2_500;
/** Requests in one write: more than one so that batches are exercised too. */
const BATCH_MAX = 64;
/** Replies that hold times may differ by this much, in ms. */
const TIME_TOLERANCE_MS = 5000;

interface Pair {
  tandem: RespClient;
  redis: RespClient;
}

describe('differential fuzzer', { skip: skipWithoutRedis }, () => {
  let servers: ServerProcess[] = [];
  before(async () => {
    servers = await Promise.all([startCandidate(), startRedis()]);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });
  for (const [run, seed] of seeds(RUNS).entries()) {
    const protocol = run % 2 === 0 ? 3 : 2;
    test(`FUZZ_SEED=${seed}: replies and final data are equal (RESP${protocol})`, async () => {
      const [tandem, redis] = await Promise.all(servers.map((one) => one.connect({ protocol })));
      await compareRun({ tandem, redis }, new Random(seed));
      tandem.close();
      redis.close();
    });
  }
});

async function compareRun(pair: Pair, random: Random): Promise<void> {
  await Promise.all([pair.tandem.call('FLUSHALL'), pair.redis.call('FLUSHALL')]);
  const history: RandomCommand[] = [];
  while (history.length < COMMANDS_PER_RUN) {
    const batch = makeBatch(random);
    const requests = batch.map((command) => command.args);
    const [actual, expected] = await Promise.all([
      pair.tandem.typedPipeline(requests),
      pair.redis.typedPipeline(requests),
    ]);
    for (const [i, command] of batch.entries()) {
      history.push(command);
      const reason = compareReplies(command, expected[i], actual[i]);
      if (reason !== null)
        fail({ reason, history, expected: expected[i], actual: actual[i], random });
    }
  }
  // Keys past their time count until each server has deleted them, at its own pace.
  await waitFor('equal digests', async () => {
    await assertEqualDigests(pair.tandem, pair.redis);
    return true;
  });
}

/** Some commands, now and then inside a transaction. */
function makeBatch(random: Random): RandomCommand[] {
  const commands = Array.from({ length: random.integer(1, BATCH_MAX) }, () =>
    randomCommand(random),
  );
  if (random.chance(0.8)) return commands;
  const bracket = (name: string): RandomCommand => ({ args: [name], comparison: 'approx' });
  const body = commands
    .slice(0, 8)
    .filter((one) => one.comparison !== 'sameType' && one.comparison !== 'sameSorted');
  return [bracket('MULTI'), ...body, bracket(random.chance(0.8) ? 'EXEC' : 'DISCARD')];
}

function compareReplies(command: RandomCommand, expected: Reply, actual: Reply): string | null {
  const { comparison } = command;
  if (comparison === 'sameType') return expected.type === actual.type ? null : 'is of another type';
  // A queued command answers QUEUED, whatever it is.
  if (expected.type === 'simple' || expected.type === 'error') {
    return findDifference(expected, actual, { equal: 'same', tolerance: 0 });
  }
  if (comparison === 'sameSorted') return compareSorted(command, expected, actual);
  const equal = comparison === 'approx' ? 'approx' : 'same';
  return findDifference(expected, actual, { equal, tolerance: TIME_TOLERANCE_MS });
}

function compareSorted(command: RandomCommand, expected: Reply, actual: Reply): string | null {
  const options = { equal: 'sameSorted', tolerance: 0 } as const;
  if (command.args[0] !== 'SCAN') return findDifference(expected, actual, options);
  if (!('items' in expected) || !('items' in actual)) return 'is no scan reply';
  return findDifference(expected.items[1], actual.items[1], options);
}

function fail(failure: {
  reason: string;
  history: readonly RandomCommand[];
  expected: Reply;
  actual: Reply;
  random: Random;
}): never {
  const { reason, history, expected, actual, random } = failure;
  const shown = ({ args }: RandomCommand): string =>
    args.map((arg) => quote(arg).slice(0, 200)).join(' ');
  const last = history[history.length - 1];
  const related = history.filter(
    ({ args }) =>
      /^(MULTI|EXEC|SELECT|SWAPDB|FLUSH)/.test(args[0]) || args.slice(1).includes(last.args[1]),
  );
  assert.fail(
    `FUZZ_SEED=${random.seed}, command ${history.length}: the reply ${reason}\n` +
      `  ${shown(last)}\n  expected ${render(expected).slice(0, 500)}\n` +
      `  got      ${render(actual).slice(0, 500)}\nbefore it, on its key:\n  ` +
      related.slice(-25).map(shown).join('\n  '),
  );
}
