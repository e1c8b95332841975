/*
 * Tandem and redis-server run the same random programs by two connections each; every reply, every
 * message and the final data must be equal, also those of a Tandem and of a redis-server that are
 * replicas of this Tandem. A program that fails is made short and shown as lines for a table of
 * test/oracle. FUZZ_SEED repeats a run; TANDEM_LONG=1 makes the budget larger.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Random, seeds } from '../helpers/random.js';
import { redisVersion, skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { startTandem } from '../helpers/tandem.js';
import { startCandidate } from '../oracle/harness.js';
import { compareFinalState } from './final-state.js';
import { countRequests, type Program, type Step, showSteps } from './program.js';
import { type Difference, ProgramRunner, type Sides } from './program-runner.js';
import { ProgramSide } from './program-side.js';
import { randomProgram } from './random-program.js';
import { shrink } from './shrink.js';

const isLong = process.env.TANDEM_LONG === '1';
const RUNS = isLong ? 60 : 4;
const PROGRAMS_PER_RUN = isLong ? 50 : 5;
const REQUESTS_PER_PROGRAM = 500;
const SHRINK_MS = isLong ? 120_000 : 60_000;

describe('differential fuzzer', { skip: skipWithoutRedis }, () => {
  let servers: ServerProcess[] = [];
  let sides: Sides;
  let replicas: RespClient[] = [];

  before(async () => {
    const [tandem, redis] = await Promise.all([startCandidate(), startRedis()]);
    servers = [tandem, redis];
    const args = ['--replicaof', `127.0.0.1 ${tandem.port}`, '--replica-read-only', 'yes'];
    const followers = await Promise.all([startTandem({ args }), startRedis({ args })]);
    servers.push(...followers);
    replicas = await Promise.all(followers.map((server) => server.connect()));
    sides = { tandem: await ProgramSide.of(tandem), redis: await ProgramSide.of(redis) };
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  async function run(program: Program): Promise<Difference | null> {
    const runner = new ProgramRunner(sides, program);
    try {
      const difference = await runner.run();
      if (difference !== null) return difference;
      const final = await compareFinalState(sides, replicas);
      return final === null ? null : { ...final, step: program.steps.length };
    } catch (error) {
      const log = servers.map(({ name, log, isRunning }) =>
        isRunning ? '' : `${name} has ended: ${log.slice(-2000)}`,
      );
      const reason = `${(error as Error).message} ${log.join('')}`;
      return { reason, step: runner.step, expected: 'an answer', actual: 'none' };
    }
  }

  async function failShortened(seed: number, program: Program, difference: Difference) {
    let last = difference;
    const fails = async (steps: readonly Step[]): Promise<boolean> => {
      const shorter = await run({ ...program, steps });
      if (shorter !== null) last = shorter;
      return shorter !== null;
    };
    const upTo = program.steps.slice(0, difference.step + 1);
    let steps: readonly Step[] = (await fails(upTo)) ? upTo : program.steps;
    steps = await shrink(steps, { fails, timeoutMs: SHRINK_MS });
    const single = steps.flatMap(splitStep);
    if (await fails(single)) steps = await shrink(single, { fails, timeoutMs: SHRINK_MS });
    const protocols = Object.entries(program.protocols).map(([name, one]) => `${name} RESP${one}`);
    assert.fail(
      `FUZZ_SEED=${seed}, redis-server ${redisVersion}, ${protocols.join(', ')}: ${last.reason}\n` +
        `  expected ${last.expected}\n  got      ${last.actual}\n` +
        `after these lines (first seen after ${countRequests(upTo)}):\n${showSteps(steps)}`,
    );
  }

  for (const seed of seeds(RUNS)) {
    test(`FUZZ_SEED=${seed}: replies, messages and data are equal`, async () => {
      const random = new Random(seed);
      for (let i = 0; i < PROGRAMS_PER_RUN; i++) {
        const program = randomProgram(random, REQUESTS_PER_PROGRAM);
        const difference = await run(program);
        if (difference !== null) await failShortened(seed, program, difference);
      }
    });
  }
});

/** One step for each request, where that does not change what is waited for. */
function splitStep(step: Step): Step[] {
  if (step.answers !== undefined || step.isDeferred || step.requests.length < 2) return [step];
  return step.requests.map((one) => ({ by: step.by, requests: [one] }));
}
