/*
 * What the operating system knows of this process, read when INFO asks: memory, CPU time, the
 * machine. The one file of INFO that asks the system; the sections take its answer as a parameter.
 */

import { readFileSync } from 'node:fs';
import { machine, release, type as systemName, totalmem } from 'node:os';

export interface ProcessFigures {
  /** `Linux 6.1.0 x86_64`. */
  readonly system: string;
  readonly residentBytes: number;
  readonly totalSystemBytes: number;
  /** CPU time of all threads, in µs. */
  readonly userMicroseconds: number;
  readonly systemMicroseconds: number;
  /** CPU time of the main thread, in µs; that of all where the system does not tell. */
  readonly mainUserMicroseconds: number;
  readonly mainSystemMicroseconds: number;
}

/** Ticks of /proc's CPU times are hundredths of a second on every Linux we run on. */
const TICK_MICROSECONDS = 10_000;

/** Positions of utime and stime behind the command's name in /proc/…/stat. */
const USER_TICKS_FIELD = 11;

export function readProcessFigures(): ProcessFigures {
  const usage = process.resourceUsage();
  const main = mainThreadTicks();
  return {
    system: `${systemName()} ${release()} ${machine()}`,
    residentBytes: process.memoryUsage.rss(),
    totalSystemBytes: totalmem(),
    userMicroseconds: usage.userCPUTime,
    systemMicroseconds: usage.systemCPUTime,
    mainUserMicroseconds: main ? main.user * TICK_MICROSECONDS : usage.userCPUTime,
    mainSystemMicroseconds: main ? main.system * TICK_MICROSECONDS : usage.systemCPUTime,
  };
}

function mainThreadTicks(): { user: number; system: number } | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The name, in parentheses, may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const user = Number(fields[USER_TICKS_FIELD]);
  const system = Number(fields[USER_TICKS_FIELD + 1]);
  return Number.isFinite(user) && Number.isFinite(system) ? { user, system } : null;
}
