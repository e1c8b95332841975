/*
 * Every error text that a client may read, once, shared by code and tests (STYLE 19). Texts are
 * Redis 7.2's own, with their prefix word and without the leading `-`; clients match on them.
 * Texts that only one command family needs stand in that family's block.
 */

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
export function unknownCommand(name: string, args: string): string {
  return `ERR unknown command '${name}', with args beginning with: ${args}`;
}

export function unknownSubcommand(sub: string, container: string): string {
  return `ERR unknown subcommand '${sub}'. Try ${container} HELP.`;
}

export const NO_AUTH = 'NOAUTH Authentication required.';
export const EXEC_ABORT = 'EXECABORT Transaction discarded because of previous errors.';
export const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
export const NO_REPLICAS = 'NOREPLICAS Not enough good replicas to write.';
export const READ_ONLY = "READONLY You can't write against a read only replica.";
export const MASTER_DOWN =
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
export const LOADING = 'LOADING Redis is loading the dataset in memory';
export const MISCONF_SAVE =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. " +
  'Commands that may modify the data set are disabled, because this instance is configured to report ' +
  'errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the ' +
  'Redis logs for details about the RDB error.';
export const NOT_IN_MULTI = 'ERR Command not allowed inside a transaction';

// Transactions
export const NESTED_MULTI = 'ERR MULTI calls can not be nested';
export const EXEC_WITHOUT_MULTI = 'ERR EXEC without MULTI';
export const DISCARD_WITHOUT_MULTI = 'ERR DISCARD without MULTI';
export const WATCH_IN_MULTI = 'ERR WATCH inside MULTI is not allowed';

// Connections
export const MAX_CLIENTS = 'ERR max number of clients reached';
