/*
 * Every error text that a client may read, once, shared by code and tests (STYLE 19). Texts are
 * Redis 7.2's own, with their prefix word and without the leading `-`; clients match on them.
 * Texts that only one command family needs stand in that family's block.
 */

import type { Arguments } from '../resp/arguments.js';
import { latin1Text, textUntilZero } from '../structures/bytes.js';

// Any command
export const SYNTAX_ERROR = 'ERR syntax error';
export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
export const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
export const NOT_A_FLOAT = 'ERR value is not a valid float';
export const NO_SUCH_KEY = 'ERR no such key';

export function wrongArity(name: string): string {
  return `ERR wrong number of arguments for '${name}' command`;
}

export function invalidExpire(name: string): string {
  return `ERR invalid expire time in '${name}' command`;
}

// The gates of dispatch, in the order in which they stand there
/** Longest part of a request that an error message repeats. */
const ECHOED_BYTES_MAX = 128;

/** For a request whose first argument names no command. */
export function unknownCommandOf(args: Arguments): string {
  let list = '';
  for (let i = 1; i < args.count && list.length < ECHOED_BYTES_MAX; i++) {
    const end = Math.min(args.end[i], args.start[i] + ECHOED_BYTES_MAX - list.length);
    list += `'${textUntilZero(latin1Text(args.buffer, args.start[i], end))}' `;
  }
  const name = textUntilZero(args.text(0).slice(0, ECHOED_BYTES_MAX));
  return `ERR unknown command '${name}', with args beginning with: ${list}`;
}

/** For a request whose container exists and whose subcommand does not. */
export function unknownSubcommandOf(args: Arguments): string {
  const name = args.text(0).slice(0, ECHOED_BYTES_MAX).toUpperCase();
  const sub = textUntilZero(args.text(1).slice(0, ECHOED_BYTES_MAX));
  return `ERR unknown subcommand '${sub}'. Try ${name} HELP.`;
}

export function protectedCommand(name: string, directive: string): string {
  return (
    `ERR ${name} command not allowed. If the ${directive} option is set to "local", you can ` +
    'run it ' +
    'from a local connection, otherwise you need to set this option in the configuration ' +
    'file, and ' +
    'then restart the server.'
  );
}

export const NO_AUTH = 'NOAUTH Authentication required.';
export const EXEC_ABORT = 'EXECABORT Transaction discarded because of previous errors.';
export const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
export const NO_REPLICAS = 'NOREPLICAS Not enough good replicas to write.';
export const READ_ONLY = "READONLY You can't write against a read only replica.";

export function subscriberOnly(name: string): string {
  return (
    `ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET ` +
    'are allowed in this context'
  );
}

export const MASTER_DOWN =
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
export const LOADING = 'LOADING Redis is loading the dataset in memory';
export const MISCONF_SAVE =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist " +
  'to disk. ' +
  'Commands that may modify the data set are disabled, because this instance is configured ' +
  'to report ' +
  'errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). ' +
  'Please check the ' +
  'Redis logs for details about the RDB error.';
export const NOT_IN_MULTI = 'ERR Command not allowed inside a transaction';

export const REPLICA_CLIENT = "ERR Replica can't interact with the keyspace";
/** CLIENT UNBLOCK with ERROR. */
export const UNBLOCKED = 'UNBLOCKED client unblocked via CLIENT UNBLOCK';
/** The last reply of a client whose wait only a primary could end. */
export const FORCED_UNBLOCK =
  'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)';

// Transactions
export function execAborted(error: string): string {
  return `EXECABORT Transaction discarded because of: ${error.replace(/^ERR /, '')}`;
}

export const NESTED_MULTI = 'ERR MULTI calls can not be nested';
export const EXEC_WITHOUT_MULTI = 'ERR EXEC without MULTI';
export const DISCARD_WITHOUT_MULTI = 'ERR DISCARD without MULTI';
export const WATCH_IN_MULTI = 'ERR WATCH inside MULTI is not allowed';
export const TOO_MANY_WATCHES = 'ERR too many keys are watched';

// Connections
export const MAX_CLIENTS = 'ERR max number of clients reached';

/** Log line, not a reply: the peer speaks HTTP. */
export function securityAttack(address: string): string {
  return (
    'Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: ' +
    'commands to ' +
    'Redis. This is likely due to an attacker attempting to use Cross Protocol Scripting to ' +
    `compromise your Redis instance. Connection from ${address} aborted.`
  );
}

// Strings
export const STRING_TOO_LONG = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';
export const OFFSET_OUT_OF_RANGE = 'ERR offset is out of range';
export const INCREMENT_WOULD_OVERFLOW = 'ERR increment or decrement would overflow';
export const DECREMENT_WOULD_OVERFLOW = 'ERR decrement would overflow';
export const INCREMENT_NOT_FINITE = 'ERR increment would produce NaN or Infinity';
export const LCS_NEEDS_STRINGS = 'ERR The specified keys must contain string values';
export const LCS_LENGTH_AND_INDEXES =
  'ERR If you want both the length and indexes, please just use IDX.';
export const LCS_TOO_LARGE =
  'ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len';

// Bitmaps
export const BIT_OFFSET_OUT_OF_RANGE = 'ERR bit offset is not an integer or out of range';
export const BIT_OUT_OF_RANGE = 'ERR bit is not an integer or out of range';
export const BIT_MUST_BE_1_OR_0 = 'ERR The bit argument must be 1 or 0.';
export const BITOP_NOT_TAKES_ONE_KEY = 'ERR BITOP NOT must be called with a single source key.';
export const INVALID_FIELD_TYPE =
  'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but ' +
  'i64 is.';
export const INVALID_OVERFLOW_TYPE = 'ERR Invalid OVERFLOW type specified';
export const BITFIELD_RO_ONLY_GETS = 'ERR BITFIELD_RO only supports the GET subcommand';

// Keys
export const INVALID_CURSOR = 'ERR invalid cursor';
export const EXPIRE_NX_AND_OTHERS =
  'ERR NX and XX, GT or LT options at the same time are not compatible';
export const EXPIRE_GT_AND_LT = 'ERR GT and LT options at the same time are not compatible';
export const INVALID_FIRST_DB_INDEX = 'ERR invalid first DB index';
export const INVALID_SECOND_DB_INDEX = 'ERR invalid second DB index';
export const DB_INDEX_OUT_OF_RANGE = 'ERR DB index is out of range';
export const SAME_OBJECT = 'ERR source and destination objects are the same';
export const BUSY_KEY = 'BUSYKEY Target key name already exists.';
export const INVALID_TTL = 'ERR Invalid TTL value, must be >= 0';
export const INVALID_IDLE_TIME = 'ERR Invalid IDLETIME value, must be >= 0';
export const INVALID_FREQUENCY = 'ERR Invalid FREQ value, must be >= 0 and <= 255';
export const BAD_DUMP = 'ERR DUMP payload version or checksum are wrong';
export const BAD_DATA_FORMAT = 'ERR Bad data format';
export const IDLE_TIME_NOT_TRACKED =
  'ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when ' +
  'switching ' +
  'between policies at runtime LRU and LFU data will take some time to adjust.';
export const FREQUENCY_NOT_TRACKED =
  'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note ' +
  'that when ' +
  'switching between policies at runtime LRU and LFU data will take some time to adjust.';

export function unsupportedOption(option: string): string {
  return `ERR Unsupported option ${textUntilZero(option)}`;
}

/** Those of Redis's ready-made replies that begin with `ERR`. */
const READY_MADE: ReadonlySet<string> = new Set([SYNTAX_ERROR, NO_SUCH_KEY, SAME_OBJECT]);

/** Most bytes of an error text that go into the log. */
const LOGGED_CHARACTERS_MAX = 4096;

/**
 * An error as Redis's log quotes it: as it was handed over there. The general `ERR` was left to
 * whoever writes replies; ready-made replies and other prefix words came with the `-` of the wire.
 */
export function loggedError(error: string): string {
  const isBare = error.startsWith('ERR ') && !READY_MADE.has(error);
  const text = isBare ? error.slice('ERR '.length) : `-${error}`;
  return text.slice(0, LOGGED_CHARACTERS_MAX).replace(/[\r\n]/g, ' ');
}
