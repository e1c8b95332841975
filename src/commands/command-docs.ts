/*
 * COMMAND INFO's and COMMAND DOCS' description of one command, written from its row in the shape of
 * Redis 7.2. Must not know which commands exist.
 */

import type { ReplyWriter } from '../resp/reply-writer.js';
import type { CommandFlag, KeySpec } from './command.js';
import { categoriesOf } from './command-categories.js';
import { type ArgumentDocs, parseSyntax } from './command-syntax.js';
import type { Command } from './command-table.js';

/** In the order in which Redis lists them; may_replicate is not shown. */
const SHOWN_FLAGS: readonly CommandFlag[] = [
  'write',
  'readonly',
  'denyoom',
  'admin',
  'pubsub',
  'noscript',
  'blocking',
  'loading',
  'stale',
  'skip_monitor',
  'skip_slowlog',
  'asking',
  'fast',
  'no_auth',
  'no_async_loading',
  'no_multi',
  'movablekeys',
  'allow_busy',
];

/** What a key is used for, as Redis spells and orders it. */
const KEY_FLAGS = [
  'RO',
  'RW',
  'OW',
  'RM',
  'access',
  'update',
  'insert',
  'delete',
  'not_key',
  'incomplete',
  'variable_flags',
];

/** The ten fields of COMMAND INFO. */
export function writeInfo(reply: ReplyWriter, command: Command): void {
  const [first, last, step] = legacyKeys(command.row.keys);
  reply.array(10);
  reply.bulkLatin1(command.name);
  reply.integer(command.arity);
  writeWords(
    reply,
    SHOWN_FLAGS.filter((flag) => command.has(flag)),
  );
  reply.integer(first);
  reply.integer(last);
  reply.integer(step);
  writeWords(reply, categoriesOf(command));
  const tips = command.row.tips ?? [];
  reply.set(tips.length);
  for (const tip of tips) reply.bulkLatin1(tip);
  const keys = command.row.keys ?? [];
  reply.set(keys.length);
  for (const spec of keys) writeKeySpec(reply, spec);
  const { subcommands } = command;
  if (subcommands.length === 0) return reply.set(0);
  reply.array(subcommands.length);
  for (const sub of subcommands) writeInfo(reply, sub);
}

function writeWords(reply: ReplyWriter, words: readonly string[]): void {
  reply.set(words.length);
  for (const word of words) reply.simple(word);
}

/** First and last key and the step between, as clients before key specifications want them: ranges
 * that begin at an index, together. */
export function legacyKeys(specs: readonly KeySpec[] | undefined): [number, number, number] {
  let range: [number, number, number] = [0, 0, 0];
  for (const { begin, find } of specs ?? []) {
    if (!('index' in begin) || !('lastKey' in find)) continue;
    const last = find.lastKey >= 0 ? begin.index + find.lastKey : find.lastKey;
    // A second range that does not follow at once leaves the first one alone.
    if (range[0] === 0) range = [begin.index, last, find.step];
    else if (begin.index === range[1] + 1 && find.step === range[2]) range[1] = last;
  }
  return range;
}

/** The flags of a key as COMMAND shows them. */
export function keyFlags(flags: readonly string[]): string[] {
  const wanted = new Set(flags.map((flag) => flag.toLowerCase()));
  return KEY_FLAGS.filter((flag) => wanted.has(flag.toLowerCase()));
}

function writeKeySpec(reply: ReplyWriter, spec: KeySpec): void {
  const { begin, find, notes } = spec;
  reply.map(notes === undefined ? 3 : 4);
  if (notes !== undefined) {
    reply.bulkLatin1('notes');
    reply.bulkText(notes);
  }
  reply.bulkLatin1('flags');
  writeWords(reply, keyFlags(spec.flags));
  reply.bulkLatin1('begin_search');
  if ('index' in begin) writeTyped(reply, 'index', [['index', begin.index]]);
  else {
    writeTyped(reply, 'keyword', [
      ['keyword', begin.keyword],
      ['startfrom', begin.startFrom],
    ]);
  }
  reply.bulkLatin1('find_keys');
  if ('lastKey' in find) {
    writeTyped(reply, 'range', [
      ['lastkey', find.lastKey],
      ['keystep', find.step],
      ['limit', find.limit],
    ]);
  } else {
    writeTyped(reply, 'keynum', [
      ['keynumidx', find.keyNumberIndex],
      ['firstkey', find.firstKey],
      ['keystep', find.step],
    ]);
  }
}

type Pairs = readonly (readonly [string, string | number])[];

/** `{type, spec: {…}}` */
function writeTyped(reply: ReplyWriter, type: string, spec: Pairs): void {
  reply.map(2);
  reply.bulkLatin1('type');
  reply.bulkLatin1(type);
  reply.bulkLatin1('spec');
  reply.map(spec.length);
  for (const [name, value] of spec) {
    reply.bulkLatin1(name);
    if (typeof value === 'number') reply.integer(value);
    else reply.bulkLatin1(value);
  }
}

/** One command of COMMAND DOCS. */
export function writeDocs(reply: ReplyWriter, command: Command): void {
  const { row, subcommands } = command;
  const texts: [string, string | undefined][] = [
    ['summary', row.summary],
    ['since', row.since],
    ['group', row.group],
    ['complexity', row.complexity],
  ];
  const later: [string, string | undefined][] = [
    ['deprecated_since', row.deprecatedSince],
    ['replaced_by', row.replacedBy],
  ];
  const isTold = ([, text]: [string, string | undefined]) => text !== undefined;
  const more = [row.docFlags, row.syntax].filter((part) => part !== undefined).length;
  const parts = texts.filter(isTold).length + later.filter(isTold).length + more;
  reply.map(parts + (subcommands.length > 0 ? 1 : 0));
  writeTexts(reply, texts);
  if (row.docFlags !== undefined) {
    reply.bulkLatin1('doc_flags');
    writeWords(reply, row.docFlags);
  }
  writeTexts(reply, later);
  if (row.syntax !== undefined) {
    reply.bulkLatin1('arguments');
    writeArguments(reply, parseSyntax(row.syntax));
  }
  if (subcommands.length === 0) return;
  reply.bulkLatin1('subcommands');
  reply.map(subcommands.length);
  for (const sub of subcommands) {
    reply.bulkLatin1(sub.name);
    writeDocs(reply, sub);
  }
}

function writeTexts(reply: ReplyWriter, texts: readonly [string, string | undefined][]): void {
  for (const [name, text] of texts) {
    if (text === undefined) continue;
    reply.bulkLatin1(name);
    reply.bulkText(text);
  }
}

function writeArguments(reply: ReplyWriter, list: readonly ArgumentDocs[]): void {
  reply.array(list.length);
  for (const argument of list) {
    const { displayText, keySpecIndex, token, since, deprecatedSince, flags } = argument;
    const texts: [string, string | undefined][] = [
      ['token', token],
      ['since', since],
      ['deprecated_since', deprecatedSince],
    ];
    const optional = [displayText, keySpecIndex, argument.arguments];
    const told = optional.filter((part) => part !== undefined).length;
    const words = texts.filter(([, text]) => text !== undefined).length;
    reply.map(2 + told + words + (flags.length > 0 ? 1 : 0));
    writeTexts(reply, [
      ['name', argument.name],
      ['type', argument.type],
      ['display_text', displayText],
    ]);
    if (keySpecIndex !== undefined) {
      reply.bulkLatin1('key_spec_index');
      reply.integer(keySpecIndex);
    }
    writeTexts(reply, texts);
    if (flags.length > 0) {
      reply.bulkLatin1('flags');
      writeWords(reply, flags);
    }
    if (argument.arguments !== undefined) {
      reply.bulkLatin1('arguments');
      writeArguments(reply, argument.arguments);
    }
  }
}
