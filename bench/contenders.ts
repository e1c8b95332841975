/*
 * The servers that are compared: Debian's redis-server, this build, and perhaps another build of
 * this repository. All with the same settings.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { info } from '../test/helpers/info.js';
import { redisVersion, startRedis } from '../test/helpers/redis-server.js';
import { type ServerOptions, ServerProcess } from '../test/helpers/server-process.js';
import { startTandem } from '../test/helpers/tandem.js';

export interface Contender {
  readonly name: string;
  start(options?: ServerOptions): Promise<ServerProcess>;
}

/** `against`: the folder of another build, with its package.json beside it. */
export function contenders(against: string | undefined): readonly Contender[] {
  const all: Contender[] = [
    { name: 'redis', start: startRedis },
    { name: 'tandem', start: startTandem },
  ];
  if (against !== undefined)
    all.push({ name: 'other', start: (options) => other(against, options) });
  return all;
}

function other(build: string, options: ServerOptions = {}): Promise<ServerProcess> {
  const program = {
    name: 'other',
    command: process.execPath,
    argumentsFor: ({ port, dir }: { port: number; dir: string }) => [
      ...[join(build, 'test/helpers/launch.js'), '--port', String(port), '--save', ''],
      ...['--dir', dir, '--bind', '127.0.0.1', '--enable-debug-command', 'yes'],
      ...['--repl-diskless-sync-delay', '0'],
    ],
  };
  return ServerProcess.start(program, options);
}

/** What the figures were measured on, for the head of the report. */
export function machine(): Readonly<Record<string, string>> {
  const [first] = cpus();
  const root = new URL('../..', import.meta.url);
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    version: string;
  };
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cpus().length} × ${first?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: execFileSync('uname', ['-sr'], { encoding: 'utf8' }).trim(),
    node: process.version,
    tandem: version,
    'redis-server': redisVersion ?? 'missing',
  };
}

/** Runs one of them, alone, from start to stop. */
export async function using<T>(
  contender: Contender,
  options: ServerOptions,
  run: (server: ServerProcess) => Promise<T>,
): Promise<T> {
  const server = await contender.start(options);
  try {
    return await run(server);
  } finally {
    await server.stop();
  }
}

/** A field of INFO as a number. */
export async function infoNumber(server: ServerProcess, field: string): Promise<number> {
  const client = await server.connect();
  try {
    return Number((await info(client, 'all'))[field]);
  } finally {
    client.close();
  }
}
