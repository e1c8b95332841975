/*
 * OBJECT: how a value is stored and how it has been used. Encodings have Redis's names.
 */

import { readInteger } from '../keyspace/string-read.js';
import type { Ref } from '../memory/memory.js';
import type { Arguments } from '../resp/arguments.js';
import { INT64_SAFE, Int64Result } from '../structures/integers.js';
import {
  type CommandFlag,
  type Context,
  defineCommands,
  type KeySpec,
  keyRange,
} from './command.js';
import { FREQUENCY_NOT_TRACKED, IDLE_TIME_NOT_TRACKED } from './errors.js';
import { replyHelp } from './server-arguments.js';

/** Redis shares one object for each integer below this, and says so by this count. */
const SHARED_INTEGERS = 10_000;
const SHARED_REFERENCES = 2 ** 31 - 1;

const help = [
  'ENCODING <key>',
  '    How the value of the key is represented in memory.',
  'FREQ <key>',
  '    How often the key has been used lately, on a logarithmic scale.',
  'IDLETIME <key>',
  '    Seconds, roughly, since the key was last used.',
  'REFCOUNT <key>',
  '    How many references the value of the key has.',
];

/** The entry named by the request; 0 when it is missing, which has been answered. */
function lookup(ctx: Context, args: Arguments): Ref {
  const entry = ctx.db.lookupReadNoTouch(args.buffer, args.start[2], args.end[2]);
  if (entry === 0) ctx.reply.null();
  return entry;
}

function encoding(ctx: Context, args: Arguments): void {
  const entry = lookup(ctx, args);
  if (entry !== 0) ctx.reply.bulkLatin1(ctx.db.encodingOf(entry));
}

const integer = new Int64Result();

function refcount(ctx: Context, args: Arguments): void {
  const entry = lookup(ctx, args);
  if (entry === 0) return;
  let references = 1;
  if (ctx.db.encodingOf(entry) === 'int') {
    readInteger(ctx.db, entry, integer);
    const isShared =
      integer.kind === INT64_SAFE && integer.number >= 0 && integer.number < SHARED_INTEGERS;
    if (isShared && !needsOwnAccessBits(ctx)) references = SHARED_REFERENCES;
  }
  ctx.reply.integer(references);
}

/** Under a policy that looks at access bits Redis shares no integers: each key needs its own. */
function needsOwnAccessBits(ctx: Context): boolean {
  const { values } = ctx.services.config;
  return values.maxmemory > 0 && /lru|lfu/.test(values['maxmemory-policy']);
}

function idletime(ctx: Context, args: Arguments): void {
  const entry = lookup(ctx, args);
  if (entry === 0) return;
  if (ctx.keyspace.usesLfu) ctx.reply.error(IDLE_TIME_NOT_TRACKED);
  else ctx.reply.integer(ctx.db.idleSeconds(entry));
}

function freq(ctx: Context, args: Arguments): void {
  const entry = lookup(ctx, args);
  if (entry === 0) return;
  if (ctx.keyspace.usesLfu) ctx.reply.integer(ctx.db.frequency(entry));
  else ctx.reply.error(FREQUENCY_NOT_TRACKED);
}

const group = 'generic';
const categories = ['@keyspace'];
const flags: readonly CommandFlag[] = ['readonly'];
const tips = ['nondeterministic_output'];
const keys: readonly KeySpec[] = keyRange({ first: 2, last: 0, step: 1, flags: ['RO'] });

export const keyObjectCommands = defineCommands([
  {
    name: 'object',
    arity: -2,
    flags: [],
    group,
    since: '2.2.3',
    summary: 'Looks at how values are stored and used.',
    subcommands: [
      {
        name: 'object|encoding',
        arity: 3,
        flags,
        keys,
        group,
        since: '2.2.3',
        summary: 'Replies with the representation of a value.',
        categories,
        tips,
        syntax: 'key:key',
        run: encoding,
      },
      {
        name: 'object|freq',
        arity: 3,
        flags,
        keys,
        group,
        since: '4.0.0',
        summary: 'Replies with the access frequency of a key.',
        categories,
        tips,
        syntax: 'key:key',
        run: freq,
      },
      {
        name: 'object|help',
        arity: 2,
        flags: ['loading', 'stale'],
        group,
        since: '6.2.0',
        summary: 'Explains the subcommands.',
        categories,
        run: (ctx, args) => replyHelp(ctx, args, help),
      },
      {
        name: 'object|idletime',
        arity: 3,
        flags,
        keys,
        group,
        since: '2.2.3',
        summary: 'Replies with the time since a key was last used.',
        categories,
        tips,
        syntax: 'key:key',
        run: idletime,
      },
      {
        name: 'object|refcount',
        arity: 3,
        flags,
        keys,
        group,
        since: '2.2.3',
        summary: 'Replies with the number of references to a value.',
        categories,
        tips,
        syntax: 'key:key',
        run: refcount,
      },
    ],
  },
]);
