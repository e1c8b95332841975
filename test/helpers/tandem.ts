/*
 * Our own server as a child process: `node bin/tandem-server` of this tree. When the tests run from
 * another build than dist/ (a private outDir), launch.ts starts that build in the same way.
 */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryRoot } from './repository.js';
import { type Program, type ServerOptions, ServerProcess } from './server-process.js';

/** The folder of the build that runs these tests, e.g. `<root>/dist`. */
export const buildRoot: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export const tandemExecutable: string = join(repositoryRoot, 'bin', 'tandem-server');

/** Arguments for node that start the build under test. */
export function tandemArguments(args: readonly string[]): string[] {
  if (buildRoot === join(repositoryRoot, 'dist')) return [tandemExecutable, ...args];
  return [join(buildRoot, 'test', 'helpers', 'launch.js'), ...args];
}

const program: Program = {
  name: 'tandem',
  command: process.execPath,
  argumentsFor: ({ port, dir }) =>
    tandemArguments([
      ...['--port', String(port), '--save', '', '--dir', dir, '--bind', '127.0.0.1'],
      ...['--enable-debug-command', 'yes', '--repl-diskless-sync-delay', '0'],
    ]),
};

/** Starts Tandem with the same settings as startRedis. */
export function startTandem(options: ServerOptions = {}): Promise<ServerProcess> {
  return ServerProcess.start(program, options);
}
