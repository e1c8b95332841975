/*
 * DEBUG OBJECT's line about one value. Its length in a file is found by writing it, with the same
 * code that saves it. Must not know how values are laid out.
 */

import { stringBytes } from '../keyspace/string-read.js';
import type { Ref } from '../memory/memory.js';
import { RdbWriter } from '../persistence/rdb/writer.js';
import type { Context } from './command.js';

/** The bytes of the string that lives at `entry`. */
export function stringValueAt(ctx: Context, entry: Ref): Uint8Array {
  return stringBytes(ctx.db, entry);
}

/** Bytes in a unit of a Ref: its place in the address space of the data. */
const REF_BYTES = 8;

export function describeObject(ctx: Context, entry: Ref): string {
  const { db } = ctx;
  const value = stringValueAt(ctx, entry);
  const address = ((entry >>> 0) * REF_BYTES).toString(16);
  const { rdbcompression } = ctx.services.config.values;
  return (
    `Value at:0x${address} refcount:1 encoding:${db.encodingOf(entry)} ` +
    `serializedlength:${savedLength(value, rdbcompression)} lru:${db.accessBits(entry)} ` +
    `lru_seconds_idle:${db.idleSeconds(entry)}`
  );
}

function savedLength(value: Uint8Array, compress: boolean): number {
  let length = 0;
  const sink = (_bytes: Uint8Array, start: number, end: number): void => {
    length += end - start;
  };
  const writer = new RdbWriter({ sink, compress, checksum: false, chunkBytes: 4096 });
  writer.string(value, 0, value.length);
  writer.flush();
  return length;
}
