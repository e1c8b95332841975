/*
 * The process that follows this one, for DEBUG RESTART and CRASH-AND-RECOVER: the same program with
 * the same arguments, from the folder in which this one was started. Where Node can replace a
 * process (from 22.15 on) it keeps the pid, as in Redis; before that it is a new one, and this one
 * ends.
 */

import { spawn } from 'node:child_process';

/** Newer than the types of the oldest Node that we run on. */
type Execve = (file: string, args: readonly string[]) => void;

/** The folder in which this process was started; `dir` changes the present one. */
export const startedIn = process.cwd();

/** Waits, then starts it. This process must end right after. */
export function startSuccessor(delayMs: number): void {
  if (delayMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
  const args = [...process.execArgv, ...process.argv.slice(1)];
  process.chdir(startedIn);
  const { execve } = process as { execve?: Execve };
  if (execve !== undefined) execve(process.execPath, [process.argv0, ...args]);
  else spawn(process.execPath, args, { stdio: 'inherit' }).unref();
}
