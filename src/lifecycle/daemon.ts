/*
 * The directive daemonize. Node cannot fork: the process that was started reads the configuration,
 * so that what is wrong with it is said and ends with status 1, then starts another one in a
 * session of its own with nothing on standard output, and exits with status 0 once that one has
 * read the configuration, too. Only its log file speaks from then on.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Config } from '../config/config.js';
import { startedIn } from './successor.js';

/** In the environment of the second process: that it is the daemon. */
const MARK = 'TANDEM_IS_DAEMON';

/** Redis's file for a daemon without the directive pidfile. */
const DAEMON_PID_FILE = '/var/run/redis.pid';

/** Whether this is the second process. */
export const isDaemon = takeMark();

/** In the second process: what only a daemon does, and the first process may go. */
export function settleAsDaemon(config: Config): void {
  if (config.values.pidfile === '') config.override('pidfile', DAEMON_PID_FILE);
  process.send?.('on my own', () => process.disconnect());
}

/**
 * Starts the second process; resolves to the status with which this one must end. `input` is what
 * was read from standard input: the second process must read it again.
 */
export async function startDaemon(input: string): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    cwd: startedIn,
    env: { ...process.env, [MARK]: '1' },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
  });
  // It may end before it has read everything.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input, 'latin1');
  const status = await outcome(child);
  if (child.connected) child.disconnect();
  child.unref();
  return status;
}

function outcome(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', () => resolve(0));
    child.once('exit', (status) => resolve(status ?? 1));
    child.once('error', () => resolve(1));
  });
}

function takeMark(): boolean {
  const isMarked = process.env[MARK] !== undefined;
  delete process.env[MARK];
  return isMarked;
}
