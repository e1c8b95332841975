/*
 * The end of a process that crashed: by a signal, so that whoever started it sees which one, or by
 * an exit. The first process of a container is spared by the kernel when it sends a signal to
 * itself; abort() ends that one, too.
 */

import type { CrashEnd } from './crash-report.js';

export function endProcess(end: CrashEnd): void {
  if (end === 'exit') process.exit(1);
  process.removeAllListeners(end);
  process.kill(process.pid, end);
  process.abort();
}

/** Until somebody sends SIGCONT. */
export function stopProcess(): void {
  process.kill(process.pid, 'SIGSTOP');
}
