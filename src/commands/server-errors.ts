/*
 * Error texts of the connection and server commands, once, shared by code and tests (STYLE 19):
 * Redis 7.2's own, with their prefix word and without the leading `-`. Texts that every command may
 * need stand in errors.ts.
 */

import type { Arguments } from '../resp/arguments.js';
import { textUntilZero } from '../structures/bytes.js';

// AUTH, HELLO, SELECT, RESET
export const AUTH_WITHOUT_PASSWORD =
  'ERR AUTH <password> called without any password configured for the default user. Are you sure ' +
  'your configuration is correct?';
export const WRONG_PASSWORD = 'WRONGPASS invalid username-password pair or user is disabled.';
export const HELLO_VERSION_NOT_AN_INTEGER =
  'ERR Protocol version is not an integer or out of range';
export const NO_PROTO = 'NOPROTO unsupported protocol version';
export const HELLO_UNAUTHENTICATED =
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO ' +
  '<proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP ' +
  'protocol version at the same time';
export const DATABASE_OUT_OF_RANGE = 'ERR DB index is out of range';
export const RESET_NOT_NORMAL = 'ERR can only reset normal client connections';

export function helloSyntax(option: string): string {
  return `ERR Syntax error in HELLO option '${textUntilZero(option)}'`;
}

// CLIENT
export const BAD_CLIENT_NAME =
  'ERR Client names cannot contain spaces, newlines or special characters.';
export const BAD_CLIENT_ID = 'ERR Invalid client ID';
export const CLIENT_ID_NOT_POSITIVE = 'ERR client-id should be greater than 0';
export const NO_SUCH_CLIENT = 'ERR No such client';
export const BAD_UNBLOCK_REASON = 'ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR';
export const BAD_PAUSE_MODE = 'ERR CLIENT PAUSE mode must be WRITE or ALL';

export function unknownClientType(type: string): string {
  return `ERR Unknown client type '${textUntilZero(type)}'`;
}

export function noSuchUser(user: string): string {
  return `ERR No such user '${textUntilZero(user)}'`;
}

export function unknownClientInfo(attribute: string): string {
  return `ERR Unrecognized option '${textUntilZero(attribute)}'`;
}

export function badClientInfo(attribute: string): string {
  return `ERR ${attribute} cannot contain spaces, newlines or special characters.`;
}

// Publish and subscribe; our own: Redis knows no bounds here
export const TOO_MANY_SUBSCRIPTIONS = 'ERR too many subscriptions';

// COMMAND
export const INVALID_COMMAND = 'ERR Invalid command specified';
export const NO_KEY_ARGUMENTS = 'ERR The command has no key arguments';
export const INVALID_ARGUMENT_COUNT = 'ERR Invalid number of arguments specified for command';
export const INVALID_ARGUMENTS = 'ERR Invalid arguments specified for command';

// SAVE, BGSAVE, SHUTDOWN
export const SAVE_FAILED = 'ERR';
export const ALREADY_SAVING = 'ERR Background save already in progress';
export const NO_SHUTDOWN = 'ERR No shutdown in progress.';
export const RESTART_FAILED = 'ERR failed to restart the server. Check server logs.';
export const SHUTDOWN_FAILED = 'ERR Errors trying to SHUTDOWN. Check logs.';

// LATENCY
export function noLatencySamples(event: string): string {
  return `ERR No samples available for event '${event}'`;
}

// MONITOR
export const MONITOR_NEEDS_REPLIES = "ERR MONITOR isn't allowed for DENY BLOCKING client";

// SLOWLOG
export const SLOWLOG_COUNT = 'ERR count should be greater than or equal to -1';

// Replication
export const BAD_PRIMARY_PORT = 'ERR Invalid master port';
export const REPLICA_MAY_NOT = 'ERR Command is not valid when client is a replica.';
export const WAIT_ON_REPLICA =
  'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a ' +
  'replica is configured to be writable (which is not the default) writes to replicas are just ' +
  'local and are not propagated.';
export const WAITAOF_ON_REPLICA =
  'ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas ' +
  'are just local and are not propagated.';
export const WAITAOF_WITHOUT_LOG =
  'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.';

// DEBUG
export const BAD_RELOAD_OPTION =
  'ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.';
export const RELOAD_FAILED = 'ERR Error trying to load the RDB dump, check server logs.';
export const NO_PUSH_IN_RESP2 = 'ERR RESP2 is not supported by this command';
export const BAD_PROTOCOL_TYPE =
  'ERR Wrong protocol type name. Please use one of the following: ' +
  'string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false';
export const NOT_POSITIVE = 'ERR value is out of range, must be positive';

export const NO_DATABASE = 'ERR Out of range database';
export const NO_HASH_TABLE =
  'ERR The value stored at the specified key is not represented using an hash table';
export const NO_LISTPACK = 'ERR Not a listpack encoded object.';
export const NO_QUICKLIST = 'ERR Not a quicklist encoded object.';
export const NOT_A_TEXT = 'ERR Not an sds encoded string.';
export const BAD_PACKED_THRESHOLD =
  'ERR argument must be a memory value bigger than 1 and smaller than 4gb';

/** For containers that sort out their subcommands themselves; they are called as the client did. */
export function badSubcommand(args: Arguments): string {
  const container = args.text(0).toUpperCase();
  const shown = textUntilZero(args.text(1).slice(0, 128));
  return (
    `ERR unknown subcommand or wrong number of arguments for '${shown}'. ` +
    `Try ${container} HELP.`
  );
}
