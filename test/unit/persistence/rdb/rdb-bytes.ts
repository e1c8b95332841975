/*
 * Helpers of the RDB tests: data sets as plain records, written by our writer or put together byte
 * by byte, and read back with any cut of the input. No test in here.
 */

import type { RdbError } from '../../../../src/persistence/rdb/read-error.js';
import { RdbReader } from '../../../../src/persistence/rdb/reader.js';
import { RdbWriter } from '../../../../src/persistence/rdb/writer.js';
import { latin1 } from '../../../../src/structures/bytes.js';

export interface PlainEntry {
  readonly database: number;
  readonly key: string;
  readonly value: string;
  readonly expiresAtMs: number;
  readonly idleSeconds: number;
  readonly frequency: number;
}

export interface Contents {
  readonly entries: PlainEntry[];
  readonly auxiliary: [string, string][];
  readonly events: string[];
  readonly error: RdbError | null;
  /** Absolute offset after the last thing read. */
  readonly offset: number;
  readonly checksum: string;
}

export function entry(key: string, value: string, more: Partial<PlainEntry> = {}): PlainEntry {
  return { database: 0, key, value, expiresAtMs: -1, idleSeconds: -1, frequency: -1, ...more };
}

export interface WriteOptions {
  readonly compress?: boolean;
  readonly checksum?: boolean;
  readonly aux?: readonly (readonly [string, string | number])[];
}

/** An RDB of the entries (ordered by database), by our writer. Strings are latin1. */
export function writeRdb(entries: readonly PlainEntry[], options: WriteOptions = {}): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new RdbWriter({
    sink: (bytes, start, end) => chunks.push(bytes.slice(start, end)),
    compress: options.compress ?? true,
    checksum: options.checksum ?? true,
    chunkBytes: 64 * 1024,
  });
  writer.begin(options.aux ?? []);
  let database = -1;
  for (const item of entries) {
    if (item.database !== database) {
      database = item.database;
      writer.selectDatabase(database, 1, 0);
    }
    const key = latin1(item.key);
    const value = latin1(item.value);
    writer.beginEntry(key, 0, key.length, item.expiresAtMs, item.idleSeconds, item.frequency);
    writer.string(value, 0, value.length);
  }
  writer.end();
  return Buffer.concat(chunks);
}

/** Reads `bytes` cut into pieces whose sizes `nextCut` gives (whole when it is absent). */
export function readRdb(
  bytes: Uint8Array,
  options: { nextCut?: () => number; databases?: number; checksum?: boolean } = {},
): Contents {
  const reader = new RdbReader({
    databases: options.databases ?? 16,
    checksum: options.checksum ?? true,
  });
  const entries: PlainEntry[] = [];
  const auxiliary: [string, string][] = [];
  const events: string[] = [];
  let fed = 0;
  let long = '';
  for (;;) {
    const event = reader.next();
    if (event !== 'more') events.push(event);
    if (event === 'more') {
      if (fed === bytes.length) return finish(reader.cut());
      const count = Math.min(bytes.length - fed, options.nextCut?.() ?? bytes.length);
      reader.feed(bytes, fed, fed + count);
      fed += count;
    } else if (event === 'auxiliary') {
      auxiliary.push([text(reader.key), text(reader.value)]);
    } else if (event === 'entry') {
      entries.push(current(reader, text(reader.value)));
    } else if (event === 'long-entry') {
      long = '';
    } else if (event === 'piece') {
      long += text(reader.value);
      if (long.length === reader.valueLength) entries.push(current(reader, long));
    } else if (event === 'end' || event === 'error') {
      return finish(reader.error);
    }
  }

  function finish(error: RdbError | null): Contents {
    const { offset, checksum } = reader;
    return { entries, auxiliary, events, error, offset, checksum };
  }
}

function current(reader: RdbReader, value: string): PlainEntry {
  return {
    database: reader.database,
    key: text(reader.key),
    value,
    expiresAtMs: reader.expiresAtMs,
    idleSeconds: reader.idleSeconds,
    frequency: reader.frequency,
  };
}

function text(slot: { bytes: Uint8Array; bytesStart: number; bytesEnd: number }): string {
  return Buffer.from(slot.bytes.subarray(slot.bytesStart, slot.bytesEnd)).toString('latin1');
}

/** An RDB body between a header and an end without a checksum. */
export function rawRdb(version: string, ...body: (number[] | string)[]): Uint8Array {
  const parts = body.map((part) => (typeof part === 'string' ? latin1(part) : part));
  const end = Number(version) >= 5 ? [0xff, 0, 0, 0, 0, 0, 0, 0, 0] : [0xff];
  return Uint8Array.from([...latin1(`REDIS${version}`), ...parts.flatMap((p) => [...p]), ...end]);
}
