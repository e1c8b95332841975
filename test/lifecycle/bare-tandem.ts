/*
 * The server started with nothing but the arguments of the test: for its command line, its files
 * and starts that fail.
 */

import { spawn } from 'node:child_process';
import { type Program, type ServerOptions, ServerProcess } from '../helpers/server-process.js';
import { tandemArguments } from '../helpers/tandem.js';
import { within } from '../helpers/wait-for.js';

const program: Program = {
  name: 'tandem',
  command: process.execPath,
  argumentsFor: () => tandemArguments([]),
};

/**
 * Starts it with `args` alone, which must agree with `port`. Without waiting for readiness where
 * `waitUntilReady` is false.
 */
export function startBare(
  options: ServerOptions & { args: readonly string[] },
): Promise<ServerProcess> {
  return ServerProcess.start(program, options);
}

export interface Ending {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs it to its end: for starts that are refused. */
export async function runToEnd(
  args: readonly string[],
  options: { input?: string; cwd?: string; timeoutMs?: number } = {},
): Promise<Ending> {
  const { input = '', cwd, timeoutMs = 15_000 } = options;
  const child = spawn(process.execPath, tandemArguments(args), cwd === undefined ? {} : { cwd });
  const ending: Ending = { status: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    ending.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    ending.stderr += chunk.toString();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const closed = new Promise<void>((resolve) => {
    child.once('close', (status) => {
      ending.status = status;
      resolve();
    });
  });
  try {
    await within(`tandem ${args.join(' ')} to end`, closed, timeoutMs);
  } finally {
    child.kill('SIGKILL');
  }
  return ending;
}
