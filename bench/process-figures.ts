/*
 * What Linux says of a process: processor time of all its threads, and resident memory, that of its
 * children too, since a forked child's copied pages belong to what a snapshot costs.
 */

import { readdirSync, readFileSync } from 'node:fs';

const MEMORY_PERIOD_MS = 100;

/**
 * Processor time of the threads that there are, user and system, in µs. To be compared over times
 * in which no thread ends: what an ended one has used is not in it. (`stat` has that too, but
 * counts in hundredths of a second.)
 */
export function processorTime(pid: number): number {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const [used] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ');
    nanoseconds += Number(used);
  }
  return nanoseconds / 1000;
}

/** Resident bytes of the process and its children; what they share counts once. */
export function residentBytes(pid: number): number {
  let bytes = 0;
  for (const one of [pid, ...childrenOf(pid)]) {
    try {
      const rollup = readFileSync(`/proc/${one}/smaps_rollup`, 'latin1');
      bytes += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
    } catch {
      // A child may have ended between the two looks.
    }
  }
  return bytes;
}

function childrenOf(pid: number): number[] {
  const children: number[] = [];
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      const list = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1');
      children.push(...list.split(' ').filter(Boolean).map(Number));
    } catch {
      // So may a thread.
    }
  }
  return children;
}

/** Looks at a process's memory ten times a second until it is stopped. */
export class MemoryPeak {
  #bytes: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#bytes = residentBytes(pid);
    this.#timer = setInterval(() => {
      this.#bytes = Math.max(this.#bytes, residentBytes(pid));
    }, MEMORY_PERIOD_MS);
  }

  stop(): number {
    clearInterval(this.#timer);
    return this.#bytes;
  }
}
