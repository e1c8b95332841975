/*
 * How many clients the process's limit of open files leaves room for. Each client takes a
 * descriptor; files, the snapshot's worker and the link to the primary need some too, and must not
 * find that clients took them all. Node raises the soft limit to the hard one when it starts.
 */

import { readFileSync } from 'node:fs';
import { RESERVED_DESCRIPTORS } from '../limits.js';

export interface ClientsRoom {
  /** What may be connected at once: `wanted`, or fewer. Below 1 the server cannot start. */
  readonly clientsMax: number;
  /** Log lines that say why it is fewer. */
  readonly notices: readonly string[];
}

/** `filesMax`: the limit of open files, `null` where it is not known. */
export function roomForClients(wanted: number, filesMax: number | null): ClientsRoom {
  const needed = wanted + RESERVED_DESCRIPTORS;
  if (filesMax === null || filesMax >= needed) return { clientsMax: wanted, notices: [] };
  const clientsMax = filesMax - RESERVED_DESCRIPTORS;
  if (clientsMax < 1) {
    const text =
      `Your current 'ulimit -n' of ${filesMax} is not enough for the server to start. ` +
      `Please increase your open file limit to at least ${needed}. Exiting.`;
    return { clientsMax, notices: [text] };
  }
  return {
    clientsMax,
    notices: [
      `You requested maxclients of ${wanted} requiring at least ${needed} max file descriptors.`,
      // Node has no call for it, and has raised the limit as far as it may go.
      `Server can't set maximum open files to ${needed} because of OS error: ` +
        'Function not implemented.',
      `Current maximum open files is ${filesMax}. maxclients has been reduced to ${clientsMax} ` +
        `to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.`,
    ],
  };
}

/** The soft limit of open files; `null` where the system has no such file, or it has none. */
export function openFilesMax(): number | null {
  try {
    return parseOpenFilesMax(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    // Not Linux: descriptors that run out are then found when they do.
    return null;
  }
}

/** Reads the text of /proc/self/limits. */
export function parseOpenFilesMax(text: string): number | null {
  const soft = /^Max open files +(\d+) /m.exec(text)?.[1];
  return soft === undefined ? null : Number(soft);
}
