/*
 * Every command and subcommand of the table stands in some oracle test: a row without one would be
 * a command of which nobody knows that it answers as Redis does.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandFamilies } from '../../src/commands/command-families.js';
import { CommandTable } from '../../src/commands/command-table.js';
import { repositoryRoot } from '../helpers/repository.js';

/** Their texts are ours, see docs/DIFFERENCES.md. */
const isOurOwn = (name: string): boolean => name.endsWith('|help');

test('every command is put to a real redis-server', () => {
  const folder = join(repositoryRoot, 'test', 'oracle');
  const text = readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
    .toLowerCase();
  // The head of a command line in quotes, or its first words as arguments of a call. A connection's
  // name of one letter may stand before it.
  const isAsked = (words: readonly string[]): boolean => {
    const line = words.map(escape).join(' ');
    const call = words.map((word) => `'${escaped(word)}'`).join(', ');
    return new RegExp(`['"\`](?:\\w\\?? )?${line}(?![\\w-])|${call}`).test(text);
  };
  const missing = new CommandTable(commandFamilies, []).all
    .map(({ name }) => name)
    .filter((name) => !isOurOwn(name) && !isAsked(name.split('|')));
  assert.deepEqual(missing, [], 'add lines for them to a table of test/oracle');
});

function escaped(word: string): string {
  return word.replace(/[-/\\^$*+?.()|[\]{}]/g, '\\$&');
}
