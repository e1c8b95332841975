/*
 * The rows against what a redis-server 7.2.4 says of the same commands (COMMAND INFO and DOCS, read
 * off a running server). The facts lie beside the repository, not in it: without them this skips.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { KeySpec } from '../../../src/commands/command.js';
import { categoriesOf } from '../../../src/commands/command-categories.js';
import { keyFlags, legacyKeys } from '../../../src/commands/command-docs.js';
import { commandFamilies } from '../../../src/commands/command-families.js';
import { type ArgumentDocs, parseSyntax } from '../../../src/commands/command-syntax.js';
import { type Command, CommandTable } from '../../../src/commands/command-table.js';
import { repositoryRoot } from '../../helpers/repository.js';

const factsFile = join(repositoryRoot, '..', 'shared', 'facts-7.2.4', 'commands.json');
const skip = existsSync(factsFile) ? false : `${factsFile} is not here`;

interface KeySpecFacts {
  flags: string[];
  notes?: string;
  begin_search: { type: string; spec: Record<string, unknown> };
  find_keys: { type: string; spec: Record<string, unknown> };
}

interface ArgumentFacts {
  name: string;
  type: string;
  display_text?: string;
  key_spec_index?: number;
  token?: string;
  since?: string;
  deprecated_since?: string;
  flags?: string[];
  arguments?: ArgumentFacts[];
}

interface DocsFacts {
  since: string;
  group: string;
  docFlags?: string[];
  deprecatedSince?: string;
  replacedBy?: string;
  arguments?: ArgumentFacts[];
  subcommands?: Record<string, DocsFacts>;
}

interface CommandFacts {
  name: string;
  arity: number;
  flags: string[];
  firstKey: number;
  lastKey: number;
  step: number;
  categories: string[];
  tips: string[];
  keySpecs: KeySpecFacts[];
  subcommands: CommandFacts[];
  docs: DocsFacts;
}

const table = new CommandTable(commandFamilies);

function readFacts(): Map<string, { facts: CommandFacts; docs: DocsFacts }> {
  const all = JSON.parse(readFileSync(factsFile, 'utf8')) as CommandFacts[];
  const found = new Map<string, { facts: CommandFacts; docs: DocsFacts }>();
  for (const facts of all) {
    found.set(facts.name, { facts, docs: facts.docs });
    for (const sub of facts.subcommands) {
      const docs = facts.docs.subcommands?.[sub.name];
      assert.ok(docs, `docs of ${sub.name}`);
      found.set(sub.name, { facts: sub, docs });
    }
  }
  return found;
}

/** may_replicate is a flag that Redis does not show. */
function described(command: Command): unknown {
  const { row } = command;
  const [firstKey, lastKey, step] = legacyKeys(row.keys);
  return {
    arity: row.arity,
    flags: row.flags.filter((flag) => flag !== 'may_replicate').toSorted(),
    keys: [firstKey, lastKey, step],
    categories: categoriesOf(command).toSorted(),
    tips: (row.tips ?? []).toSorted(),
    keySpecs: (row.keys ?? []).map(describedKeySpec),
    since: row.since,
    group: row.group,
    ...(row.syntax === undefined
      ? {}
      : {
          docFlags: row.docFlags ?? [],
          deprecatedSince: row.deprecatedSince,
          replacedBy: row.replacedBy,
          arguments: parseSyntax(row.syntax).map(describedArgument),
        }),
  };
}

/** A row may leave the part for COMMAND DOCS out; one that has it must have it right. */
function expected(
  { facts, docs }: { facts: CommandFacts; docs: DocsFacts },
  hasDocs: boolean,
): unknown {
  return {
    arity: facts.arity,
    flags: facts.flags.toSorted(),
    keys: [facts.firstKey, facts.lastKey, facts.step],
    categories: facts.categories.toSorted(),
    tips: facts.tips.toSorted(),
    keySpecs: facts.keySpecs,
    since: docs.since,
    group: docs.group,
    ...(hasDocs
      ? {
          docFlags: docs.docFlags ?? [],
          deprecatedSince: docs.deprecatedSince,
          replacedBy: docs.replacedBy,
          arguments: docs.arguments,
        }
      : {}),
  };
}

function describedKeySpec(spec: KeySpec): KeySpecFacts {
  const { begin, find } = spec;
  return {
    ...(spec.notes === undefined ? {} : { notes: spec.notes }),
    flags: keyFlags(spec.flags),
    begin_search:
      'index' in begin
        ? { type: 'index', spec: { index: begin.index } }
        : { type: 'keyword', spec: { keyword: begin.keyword, startfrom: begin.startFrom } },
    find_keys:
      'lastKey' in find
        ? {
            type: 'range',
            spec: { lastkey: find.lastKey, keystep: find.step, limit: find.limit },
          }
        : {
            type: 'keynum',
            spec: {
              keynumidx: find.keyNumberIndex,
              firstkey: find.firstKey,
              keystep: find.step,
            },
          },
  };
}

function describedArgument(docs: ArgumentDocs): ArgumentFacts {
  return {
    name: docs.name,
    type: docs.type,
    ...(docs.displayText === undefined ? {} : { display_text: docs.displayText }),
    ...(docs.keySpecIndex === undefined ? {} : { key_spec_index: docs.keySpecIndex }),
    ...(docs.token === undefined ? {} : { token: docs.token }),
    ...(docs.since === undefined ? {} : { since: docs.since }),
    ...(docs.deprecatedSince === undefined ? {} : { deprecated_since: docs.deprecatedSince }),
    ...(docs.flags.length === 0 ? {} : { flags: docs.flags }),
    ...(docs.arguments === undefined ? {} : { arguments: docs.arguments.map(describedArgument) }),
  };
}

describe('rows against redis-server 7.2.4', { skip }, () => {
  for (const command of table.all) {
    test(`${command.name} is described as Redis describes it`, () => {
      const facts = readFacts().get(command.name);
      assert.ok(facts, `Redis has no ${command.name}`);
      assert.deepEqual(described(command), expected(facts, command.row.syntax !== undefined));
    });
  }
});
