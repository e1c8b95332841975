/*
 * A keyspace made for a test, and its contents as plain records, so that data sets can be compared
 * with what a file held or a copy kept. No test in here.
 */

import type { KeyspaceEvents } from '../../../src/keyspace/events.js';
import { Keyspace } from '../../../src/keyspace/keyspace.js';
import { setString, stringBytes } from '../../../src/keyspace/string-value.js';
import { Memory } from '../../../src/memory/memory.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';

/** `database key` to `expiresAtMs value`; all latin1. */
export type PlainData = Map<string, string>;

export const SILENT: KeyspaceEvents = {
  wantsModified: false,
  onExpired: () => {},
  onModified: () => {},
  onReplaced: () => {},
};

export function makeKeyspace(options: { nowMs: number; memory?: Memory }): {
  memory: Memory;
  keyspace: Keyspace;
} {
  const memory = options.memory ?? new Memory();
  const keyspace = new Keyspace({
    memory,
    databases: 16,
    hashSeed: Uint8Array.from({ length: 16 }, (_, at) => at + 1),
    events: { ...SILENT },
    random: Math.random,
  });
  keyspace.nowMs = options.nowMs;
  return { memory, keyspace };
}

export function put(
  keyspace: Keyspace,
  item: { database?: number; key: string; value: string; expiresAtMs?: number },
): void {
  const key = latin1(item.key);
  const value = latin1(item.value);
  const db = keyspace.databases[item.database ?? 0];
  setString(db, key, 0, key.length, value, 0, value.length, item.expiresAtMs ?? 0);
}

export function contentsOf(keyspace: Keyspace): PlainData {
  const data: PlainData = new Map();
  for (const db of keyspace.databases) {
    db.forEach((entry) => {
      const key = latin1Text(db.keyBytes(entry));
      const value = latin1Text(stringBytes(db, entry));
      data.set(`${db.index} ${key}`, `${db.expiresAt(entry)} ${value}`);
    });
  }
  return data;
}
