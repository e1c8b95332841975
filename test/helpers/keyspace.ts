/*
 * A keyspace for tests, in which nothing is left to chance: a fixed seed for hashes and draws, a
 * clock that stands at NOW_MS. A test names what matters to it.
 */

import type { Database } from '../../src/keyspace/database.js';
import type { KeyspaceEvents } from '../../src/keyspace/events.js';
import { Keyspace, type KeyspaceOptions } from '../../src/keyspace/keyspace.js';
import { Memory } from '../../src/memory/memory.js';
import { seededRandom } from './random.js';

export const NOW_MS = 1_700_000_000_000;

const silence: KeyspaceEvents = {
  wantsModified: false,
  onModified: () => {},
  onExpired: () => {},
  onReplaced: () => {},
};

export function newKeyspace({
  events = {},
  ...options
}: Partial<Omit<KeyspaceOptions, 'events'>> & { events?: Partial<KeyspaceEvents> } = {}): Keyspace {
  return new Keyspace({
    memory: new Memory(),
    databases: 2,
    hashSeed: new Uint8Array(16),
    random: seededRandom(1),
    nowMs: NOW_MS,
    events: { ...silence, ...events },
    ...options,
  });
}

/** The one database of a new keyspace. */
export function newDatabase(memory = new Memory()): Database {
  return newKeyspace({ memory, databases: 1 }).database(0);
}
