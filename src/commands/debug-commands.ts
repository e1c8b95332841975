/*
 * DEBUG: what tests need to look inside and to make rare things happen, with Redis's own
 * subcommands and replies. Dispatch lets it through only where enable-debug-command says so. One
 * row: Redis lists no subcommands here either.
 */

import { NO_CONFIG_FILE, rewriteFile } from '../config/rewrite-file.js';
import { setString } from '../keyspace/string-value.js';
import { STRING_BYTES_MAX } from '../limits.js';
import type { Arguments } from '../resp/arguments.js';
import { latin1 } from '../structures/bytes.js';
import { type Context, defineCommands } from './command.js';
import { dataSetDigest, NO_DIGEST, stringDigest } from './debug-digest.js';
import { describeObject, stringValueAt } from './debug-object.js';
import { replyOfType } from './debug-protocol.js';
import { reload } from './debug-reload.js';
import { crashAndRecover, restart } from './debug-restart.js';
import * as switches from './debug-switches.js';
import { notOfKind, stringLengths, tableStats } from './debug-tables.js';
import { NO_SUCH_KEY, STRING_TOO_LONG } from './errors.js';
import { type IntegerRange, readInteger, replyHelp, wordArgument } from './server-arguments.js';
import * as errors from './server-errors.js';

export const debugCommands = defineCommands([
  {
    name: 'debug',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    group: 'server',
    since: '1.0.0',
    summary: 'Looks inside the server, for tests.',
    complexity: 'Depends on the subcommand',
    docFlags: ['syscmd'],
    run: debug,
  },
]);

interface Subcommand {
  /** Arguments with `DEBUG` and the subcommand: as few, as many. */
  readonly counts: readonly [least: number, most: number];
  readonly run: (ctx: Context, args: Arguments) => void;
}

const ANY = Number.POSITIVE_INFINITY;

const subcommands = new Map<string, Subcommand>([
  ['assert', { counts: [2, ANY], run: crashByAssertion }],
  ['change-repl-id', { counts: [2, 2], run: changeReplid }],
  ['config-rewrite-force-all', { counts: [2, 2], run: rewriteConfig }],
  ['crash-and-recover', { counts: [2, ANY], run: crashAndRecover }],
  [
    'digest',
    { counts: [2, 2], run: (ctx) => ctx.reply.simple(dataSetDigest(ctx.keyspace.memory)) },
  ],
  ['digest-value', { counts: [2, ANY], run: digestValue }],
  ['error', { counts: [3, 3], run: switches.replyError }],
  ['help', { counts: [2, 2], run: (ctx, args) => replyHelp(ctx, args, help) }],
  ['htstats', { counts: [3, ANY], run: tableStats }],
  ['htstats-key', { counts: [3, ANY], run: notOfKind(errors.NO_HASH_TABLE) }],
  ['listpack', { counts: [3, 3], run: notOfKind(errors.NO_LISTPACK) }],
  ['log', { counts: [3, 3], run: log }],
  ['object', { counts: [3, 3], run: object }],
  [
    'oom',
    { counts: [2, ANY], run: (ctx) => ctx.services.server.crash.outOfMemory(2n ** 63n - 1n) },
  ],
  ['panic', { counts: [2, ANY], run: crashByPanic }],
  ['pause-cron', { counts: [3, 3], run: switches.pauseCron }],
  ['populate', { counts: [3, 5], run: populate }],
  ['protocol', { counts: [3, 3], run: protocol }],
  ['quicklist', { counts: [3, 4], run: notOfKind(errors.NO_QUICKLIST) }],
  ['quicklist-packed-threshold', { counts: [3, 3], run: switches.packedThreshold }],
  ['reload', { counts: [2, ANY], run: reload }],
  ['replicate', { counts: [3, ANY], run: replicate }],
  ['replybuffer', { counts: [4, 4], run: switches.replyBuffer }],
  ['restart', { counts: [2, ANY], run: restart }],
  [
    'segfault',
    { counts: [2, ANY], run: (ctx) => ctx.services.server.crash.crashedBySignal('SIGSEGV') },
  ],
  ['sdslen', { counts: [3, 3], run: stringLengths }],
  ['set-active-expire', { counts: [3, 3], run: setActiveExpire }],
  ['set-disable-deny-scripts', { counts: [3, 3], run: switches.acceptAnything }],
  ['set-skip-checksum-validation', { counts: [3, 3], run: switches.skipChecksums }],
  ['sleep', { counts: [3, 3], run: sleep }],
]);

function debug(ctx: Context, args: Arguments): void {
  const found = subcommands.get(wordArgument(args, 1));
  if (found === undefined || args.count < found.counts[0] || args.count > found.counts[1]) {
    return ctx.reply.error(errors.badSubcommand(args));
  }
  found.run(ctx, args);
}

function crashByAssertion(ctx: Context, args: Arguments): void {
  const { client } = ctx;
  const lines = [
    '=== ASSERTION FAILED CLIENT CONTEXT ===',
    `client->conn = fd=${client.connection.descriptor}`,
    `client->argc = ${args.count}`,
  ];
  ctx.services.server.crash.assertionFailed(new Error('1 == 2'), lines);
}

function crashByPanic(ctx: Context): void {
  const seconds = Math.floor(ctx.services.clock.wallMs() / 1000);
  ctx.services.server.crash.panic(`DEBUG PANIC called at Unix time ${seconds}`);
}

function changeReplid(ctx: Context): void {
  ctx.services.log.notice('Changing replication IDs after receiving change-repl-id');
  ctx.services.replication.changeReplid();
  ctx.reply.ok();
}

/** CONFIG REWRITE with a line for every directive, so that a test can read them all back. */
function rewriteConfig(ctx: Context): void {
  const { config, log } = ctx.services;
  if (config.file === '') return ctx.reply.error(NO_CONFIG_FILE);
  const failure = rewriteFile({ config, log, isForced: true });
  if (failure !== null) {
    return ctx.reply.error(`ERR CONFIG-REWRITE-FORCE-ALL failed: ${failure}`);
  }
  ctx.reply.ok();
}

function digestValue(ctx: Context, args: Arguments): void {
  ctx.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    const entry = ctx.db.peekAny(args.buffer, args.start[i], args.end[i]);
    if (entry === 0) {
      ctx.reply.simple(NO_DIGEST);
    } else {
      const hasExpiry = ctx.db.expiresAt(entry) !== -1;
      ctx.reply.simple(stringDigest(stringValueAt(ctx, entry), hasExpiry));
    }
  }
}

function log(ctx: Context, args: Arguments): void {
  ctx.services.log.warning(`DEBUG LOG: ${args.text(2)}`);
  ctx.reply.ok();
}

function object(ctx: Context, args: Arguments): void {
  const entry = ctx.db.peekAny(args.buffer, args.start[2], args.end[2]);
  if (entry === 0) return ctx.reply.error(NO_SUCH_KEY);
  ctx.reply.simple(describeObject(ctx, entry));
}

const POSITIVE: IntegerRange = { min: 0, max: Number.MAX_SAFE_INTEGER, error: errors.NOT_POSITIVE };

/** Like Redis's, neither propagated nor counted as a change. Keys that are there stay as they are.
 */
function populate(ctx: Context, args: Arguments): void {
  const count = readPositive(ctx, args, 2);
  if (count === null) return;
  const size = args.count === 5 ? readPositive(ctx, args, 4) : 0;
  if (size === null) return;
  if (size > STRING_BYTES_MAX) return ctx.reply.error(STRING_TOO_LONG);
  const prefix = args.count >= 4 ? args.text(3) : 'key';
  const sized = new Uint8Array(size);
  for (let i = 0; i < count; i++) {
    const key = latin1(`${prefix}:${i}`);
    if (ctx.db.lookupWrite(key, 0, key.length) !== 0) continue;
    let value = latin1(`value:${i}`);
    if (size > 0) {
      sized.set(value.subarray(0, Math.min(value.length, size)));
      value = sized;
    }
    setString(ctx.db, key, 0, key.length, value, 0, value.length, 0);
  }
  ctx.reply.ok();
}

function readPositive(ctx: Context, args: Arguments, index: number): number | null {
  return readInteger(ctx, { args, index, range: POSITIVE });
}

function protocol(ctx: Context, args: Arguments): void {
  const { client, services } = ctx;
  const own = { subscriber: client, isAmidReply: ctx.isInTransaction };
  replyOfType(ctx.reply, wordArgument(args, 2), (push) => services.pubsub.hold(own, push));
}

/** Puts any words into the stream as a command, known or not, without executing them. */
function replicate(ctx: Context, args: Arguments): void {
  const parts: Uint8Array[] = [];
  for (let i = 2; i < args.count; i++) parts.push(args.range(i));
  ctx.propagateAs(parts);
  ctx.reply.ok();
}

function setActiveExpire(ctx: Context, args: Arguments): void {
  ctx.services.server.isActiveExpiryEnabled = switches.flagArgument(args);
  ctx.reply.ok();
}

/** Longest sleep: what Atomics.wait takes without turning it into a wait for ever. */
const SLEEP_SECONDS_MAX = 2 ** 31;

/** Stops the whole server: that is what it is for. */
function sleep(ctx: Context, args: Arguments): void {
  const seconds = Number.parseFloat(args.text(2));
  if (seconds > 0) {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(cell, 0, 0, Math.min(seconds, SLEEP_SECONDS_MAX) * 1000);
  }
  ctx.reply.ok();
}

const help = [
  'ASSERT',
  '    Ends the server as a failed assertion would.',
  'CHANGE-REPL-ID',
  '    Takes a new replication id and forgets the former ones.',
  'CONFIG-REWRITE-FORCE-ALL',
  '    Writes every directive to the configuration file, also those at their default.',
  'CRASH-AND-RECOVER [<milliseconds>]',
  '    Ends the server without saving anything, and starts it anew after that delay.',
  'DIGEST',
  '    Answers a hash of the whole data set.',
  'DIGEST-VALUE <key> [<key> ...]',
  '    Answers a hash of the value of each key.',
  'ERROR <text>',
  '    Answers <text> as an error.',
  'HTSTATS <dbid> [full]',
  '    Tells how large the table of the keys of a database is.',
  'HTSTATS-KEY <key> [full]',
  '    The same of a value that is a table.',
  'LISTPACK <key>',
  '    Shows the packed list at <key>.',
  'LOG <message>',
  '    Writes <message> to the log.',
  'OBJECT <key>',
  '    Tells how the value at <key> is stored.',
  'OOM',
  '    Ends the server as if there were no memory left.',
  'PANIC',
  '    Ends the server as a bug of its own would.',
  'PAUSE-CRON <0|1>',
  '    Whether nothing is done by the clock.',
  'POPULATE <count> [<prefix>] [<size>]',
  '    Creates <count> string keys <prefix>:<n>, `key` being the default prefix, that are not',
  '    there yet. They do not travel to replicas.',
  'PROTOCOL <type>',
  '    Answers a value of that type of reply: string, integer, double, bignum, null, array, set,',
  '    map, attrib, push, verbatim, true, false.',
  'QUICKLIST <key> [<0|1>]',
  '    Shows the list at <key>.',
  'QUICKLIST-PACKED-THRESHOLD <size>',
  '    Accepted, and of no effect.',
  'RELOAD [option ...]',
  '    Saves the data set, and loads it again. Options:',
  '    * MERGE: keys of the file replace those that are there.',
  '    * NOFLUSH: what is there stays.',
  '    * NOSAVE: the file that exists is loaded.',
  'REPLICATE <command> [<arg> ...]',
  '    Sends the command to replicas without executing it here.',
  'REPLYBUFFER <PEAK-RESET-TIME <NEVER|RESET|milliseconds>|RESIZING <0|1>>',
  '    Accepted, and of no effect.',
  'RESTART [<milliseconds>]',
  '    Saves configuration and data, ends the server, and starts it anew after that delay.',
  'SDSLEN <key>',
  '    Tells the lengths of key and value, and of the blocks they lie in.',
  'SEGFAULT',
  '    Ends the server as a fault of memory would.',
  'SET-ACTIVE-EXPIRE <0|1>',
  '    Whether expired keys are looked for in the background.',
  'SET-DISABLE-DENY-SCRIPTS <0|1>',
  '    Accepted, and of no effect.',
  'SET-SKIP-CHECKSUM-VALIDATION <0|1>',
  '    Whether RDB files and what RESTORE is given are taken with wrong checksums.',
  'SLEEP <seconds>',
  '    Stops the server for that long. Decimals allowed.',
];
