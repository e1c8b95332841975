/*
 * Data sets for measurements, written as fast as the server takes them: keys are `key:` and twelve
 * digits, as load/requests.ts and redis-benchmark draw them.
 */

import type { ServerProcess } from '../test/helpers/server-process.js';

const BATCH_KEYS = 1000;
/** Batches on their way. */
const BATCHES_OPEN = 8;

export function keyOf(n: number): string {
  return `key:${String(n).padStart(12, '0')}`;
}

/** Keys 0 to `keys` - 1; `valueBytes` may depend on the key. */
export async function fill(
  server: ServerProcess,
  keys: number,
  valueBytes: number | ((n: number) => number) = 16,
  batchKeys = BATCH_KEYS,
): Promise<void> {
  const bytesOf = typeof valueBytes === 'number' ? () => valueBytes : valueBytes;
  await inBatches(server, keys, batchKeys, (from, to) => {
    let batch = `*${1 + 2 * (to - from)}\r\n$4\r\nMSET\r\n`;
    for (let n = from; n < to; n++) {
      const bytes = bytesOf(n);
      batch += `$16\r\n${keyOf(n)}\r\n$${bytes}\r\n${'x'.repeat(bytes)}\r\n`;
    }
    return batch;
  });
}

/** Deletes the keys that `isGone` names. */
export async function thinOut(
  server: ServerProcess,
  keys: number,
  isGone: (n: number) => boolean,
): Promise<void> {
  await inBatches(server, keys, BATCH_KEYS, (from, to) => {
    const gone: string[] = [];
    for (let n = from; n < to; n++) if (isGone(n)) gone.push(`$16\r\n${keyOf(n)}\r\n`);
    if (gone.length === 0) return null;
    return `*${1 + gone.length}\r\n$3\r\nDEL\r\n${gone.join('')}`;
  });
}

async function inBatches(
  server: ServerProcess,
  keys: number,
  batchKeys: number,
  batchOf: (from: number, to: number) => string | null,
): Promise<void> {
  const client = await server.connect();
  const open: Promise<unknown>[] = [];
  for (let from = 0; from < keys; from += batchKeys) {
    const batch = batchOf(from, Math.min(keys, from + batchKeys));
    if (batch === null) continue;
    client.raw(batch);
    open.push(client.nextReply());
    if (open.length >= BATCHES_OPEN) await open.shift();
  }
  await Promise.all(open);
  client.close();
}
