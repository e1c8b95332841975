/*
 * The oracle: a real redis-server, from `ORACLE=<path>` or from PATH. Tests that need it skip with
 * a line that says so where it is missing, and fail instead under REQUIRE_REDIS=1.
 */

import { spawnSync } from 'node:child_process';
import { type Program, type ServerOptions, ServerProcess } from './server-process.js';

const command = process.env.ORACLE || 'redis-server';

function readVersion(): string | null {
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return /v=(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1] ?? null;
}

/** `7.0.15`, or null when there is no redis-server. */
export const redisVersion: string | null = readVersion();

/**
 * For `test(name, { skip: skipWithoutRedis }, …)`: false when redis-server is there or is required
 * (the test then fails at start), else the reason for skipping.
 */
export const skipWithoutRedis: string | false =
  redisVersion !== null || process.env.REQUIRE_REDIS === '1'
    ? false
    : `skipped: no ${command} found (REQUIRE_REDIS=1 makes this a failure)`;

const program: Program = {
  name: 'redis',
  command,
  argumentsFor: ({ port, dir }) => [
    ...['--port', String(port), '--save', '', '--dir', dir, '--bind', '127.0.0.1'],
    ...['--enable-debug-command', 'yes', '--repl-diskless-sync-delay', '0'],
  ],
};

/** Starts a redis-server: no save points, DEBUG allowed, full syncs without the usual delay. */
export function startRedis(options: ServerOptions = {}): Promise<ServerProcess> {
  return ServerProcess.start(program, options);
}

/** True when version `a` is not older than `b`, both like `7.2` or `7.0.15`. */
export function isVersionAtLeast(a: string, b: string): boolean {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < right.length; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
