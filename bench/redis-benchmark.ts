/*
 * One round of redis-benchmark against a server, and what the server spent on it.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { ServerProcess } from '../test/helpers/server-process.js';
import { processorTime } from './process-figures.js';

export interface Round {
  readonly words: readonly string[];
  readonly clients: number;
  readonly pipeline: number;
  readonly keys: number;
  readonly requests: number;
}

export interface RoundFigures {
  /** Processor time of the server for each request, µs. */
  readonly cost: number;
  /** Requests a second. */
  readonly rate: number;
}

export async function runRound(server: ServerProcess, round: Round): Promise<RoundFigures> {
  const { words, clients, pipeline, keys, requests } = round;
  const before = processorTime(server.pid);
  const child = spawn('redis-benchmark', [
    ...['-p', String(server.port), '-c', String(clients), '-P', String(pipeline), '--csv'],
    ...['-n', String(requests), '-r', String(keys), ...words],
  ]);
  const [output, status] = await Promise.all([
    text(child.stdout),
    new Promise((resolve) => child.once('close', resolve)),
  ]);
  assert.equal(status, 0, 'redis-benchmark failed');
  const cost = (processorTime(server.pid) - before) / requests;
  const rate = Number(/","([\d.]+)"/.exec(output.split('\n')[1] ?? '')?.[1]);
  assert(rate > 0, `redis-benchmark said ${output}`);
  return { cost, rate };
}
