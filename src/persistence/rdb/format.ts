/*
 * The numbers of the RDB format and what they mean: opcodes, value types with the names that error
 * texts use, string and length encodings. Nothing here has behaviour. When you add a value type
 * that the reader understands, take its line out of UNSUPPORTED_TYPES. Pure.
 *
 *   file    = "REDIS" <4 digits> { aux | function | database } EOF <crc64, 8 bytes LE>
 *   entry   = [EXPIRETIME_MS <8 LE> | EXPIRETIME <4 LE>] [IDLE <length>] [FREQ <1>]
 *             <type> <key> <value>
 */

/** Version that we write: what Redis 7.0 and later load. */
export const RDB_VERSION_WRITTEN = 10;
/** Newest version that is read; 12 (Redis 7.4) as long as the contents are ours to read. */
export const RDB_VERSION_READ_MAX = 12;
/** Newest version in the footer of a payload for RESTORE: Redis 7.2's own. */
export const DUMP_VERSION_READ_MAX = 11;
/** From this version on a checksum follows the end. */
export const RDB_VERSION_CHECKSUM = 5;

export const HEADER_BYTES = 9;
export const CHECKSUM_BYTES = 8;

export const OPCODE_SLOT_INFO = 244;
export const OPCODE_FUNCTION2 = 245;
export const OPCODE_FUNCTION_PRE_GA = 246;
export const OPCODE_MODULE_AUX = 247;
export const OPCODE_IDLE = 248;
export const OPCODE_FREQ = 249;
export const OPCODE_AUX = 250;
export const OPCODE_RESIZEDB = 251;
export const OPCODE_EXPIRETIME_MS = 252;
export const OPCODE_EXPIRETIME = 253;
export const OPCODE_SELECTDB = 254;
export const OPCODE_EOF = 255;

export const TYPE_STRING = 0;

/** First two bits of a length. */
export const LENGTH_6_BITS = 0;
export const LENGTH_14_BITS = 1;
export const LENGTH_ENCODED = 3;
/** Whole first bytes. */
export const LENGTH_32_BITS = 0x80;
export const LENGTH_64_BITS = 0x81;

/** Low six bits after LENGTH_ENCODED. */
export const ENCODING_INT8 = 0;
export const ENCODING_INT16 = 1;
export const ENCODING_INT32 = 2;
export const ENCODING_LZF = 3;

/** Items of module data. */
export const MODULE_EOF = 0;
export const MODULE_SINT = 1;
export const MODULE_UINT = 2;
export const MODULE_FLOAT = 3;
export const MODULE_DOUBLE = 4;
export const MODULE_STRING = 5;

/** Value types that exist but cannot be read yet, and what to call them. */
export const UNSUPPORTED_TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'list'],
  [2, 'set'],
  [3, 'zset'],
  [4, 'hash'],
  [5, 'zset'],
  [6, 'module (pre-release)'],
  [7, 'module'],
  [9, 'hash (zipmap)'],
  [10, 'list (ziplist)'],
  [11, 'set (intset)'],
  [12, 'zset (ziplist)'],
  [13, 'hash (ziplist)'],
  [14, 'list (quicklist)'],
  [15, 'stream'],
  [16, 'hash (listpack)'],
  [17, 'zset (listpack)'],
  [18, 'list (quicklist)'],
  [19, 'stream'],
  [20, 'set (listpack)'],
  [21, 'stream'],
  [22, 'hash (field expiry)'],
  [23, 'hash (listpack, field expiry)'],
  [24, 'hash (field expiry)'],
  [25, 'hash (listpack, field expiry)'],
]);

/** Nine letters and a version, as module ids hold them. */
const MODULE_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * The name in a 64-bit module id: nine letters of six bits from the top, then a ten-bit version.
 */
export function moduleName(high: number, low: number): string {
  const id = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  let name = '';
  for (let letter = 0; letter < 9; letter += 1) {
    name += MODULE_LETTERS[Number((id >> BigInt(58 - 6 * letter)) & 63n)];
  }
  return name;
}
