/*
 * The rows against what redis-server 7.2.4 says of the same commands (COMMAND INFO and DOCS, read
 * off a running server) in redis-7.2.4-commands.tsv, and the list of the commands that are missing:
 * a command of Redis either has a row that describes it as Redis does, or stands in that list.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { KeySpec } from '../../../src/commands/command.js';
import { categoriesOf } from '../../../src/commands/command-categories.js';
import { keyFlags, legacyKeys } from '../../../src/commands/command-docs.js';
import { commandFamilies } from '../../../src/commands/command-families.js';
import { type ArgumentDocs, parseSyntax } from '../../../src/commands/command-syntax.js';
import { type Command, CommandTable } from '../../../src/commands/command-table.js';
import { repositoryRoot } from '../../helpers/repository.js';
import { type ArgumentFacts, factLine, type KeySpecFacts } from './command-fact-line.js';
import { missingCommands } from './missing-commands.js';

const file = join(repositoryRoot, 'test', 'unit', 'commands', 'redis-7.2.4-commands.tsv');
const HEAD_LINES = 2;

/** The lines of the file by the command's name. */
const facts: ReadonlyMap<string, string> = new Map(
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(HEAD_LINES)
    .map((line) => [line.slice(0, line.indexOf('\t')), line]),
);

const table = new CommandTable(commandFamilies);
const missing = Object.values(missingCommands).flat();

/** The row as the file would have it. may_replicate is a flag that Redis does not show. */
function lineOf(command: Command): string {
  const { row } = command;
  return factLine({
    ...row,
    flags: row.flags.filter((flag) => flag !== 'may_replicate'),
    keys: legacyKeys(row.keys),
    categories: categoriesOf(command),
    tips: row.tips ?? [],
    keySpecs: (row.keys ?? []).map(describedKeySpec),
    arguments: row.syntax === undefined ? [] : parseSyntax(row.syntax).map(describedArgument),
  });
}

function describedKeySpec({ begin, find, flags }: KeySpec): KeySpecFacts {
  return {
    flags: keyFlags(flags),
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
            spec: { keynumidx: find.keyNumberIndex, firstkey: find.firstKey, keystep: find.step },
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
    flags: docs.flags,
    ...(docs.arguments === undefined ? {} : { arguments: docs.arguments.map(describedArgument) }),
  };
}

describe('rows against redis-server 7.2.4', () => {
  for (const command of table.all) {
    test(`${command.name} is described as Redis describes it`, () => {
      assert.equal(lineOf(command), facts.get(command.name));
    });
  }
});

describe('commands of redis-server 7.2.4', () => {
  test('there are all of them in the file', () => {
    assert.equal(facts.size, 370);
  });

  test('what is missing is missing: who adds a command takes it off the list', () => {
    assert.deepEqual(
      missing.filter((name) => table.byName(name) !== null),
      [],
    );
  });

  test('what is neither there nor on the list is forgotten', () => {
    const known = new Set(missing);
    assert.deepEqual(
      [...facts.keys()].filter((name) => table.byName(name) === null && !known.has(name)),
      [],
    );
  });

  test('the list has names of Redis only, each once', () => {
    assert.deepEqual(
      missing.filter((name, index) => !facts.has(name) || missing.indexOf(name) !== index),
      [],
    );
  });
});
