/*
 * A keyspace made for a test, and its contents as plain records, so that data sets can be compared
 * with what a file held or a copy kept. No test in here.
 */

import type { Keyspace } from '../../../src/keyspace/keyspace.js';
import { stringBytes } from '../../../src/keyspace/string-read.js';
import { setString } from '../../../src/keyspace/string-value.js';
import type { Memory } from '../../../src/memory/memory.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';
import { newKeyspace } from '../../helpers/keyspace.js';

/** `database key` to `expiresAtMs value`; all latin1. */
export type PlainData = Map<string, string>;

export function makeKeyspace(options: { nowMs: number; memory?: Memory }): {
  memory: Memory;
  keyspace: Keyspace;
} {
  const keyspace = newKeyspace({ databases: 16, ...options });
  return { memory: keyspace.memory, keyspace };
}

export function put(
  keyspace: Keyspace,
  item: { database?: number; key: string; value: string; expiresAtMs?: number },
): void {
  const key = latin1(item.key);
  const value = latin1(item.value);
  const db = keyspace.database(item.database ?? 0);
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
