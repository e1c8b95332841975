/*
 * HELP of every container of subcommands: the same frame around all, and a line for each subcommand
 * that there is.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandFamilies } from '../../../src/commands/command-families.js';
import { ServerFixture } from './server-fixture.js';

const containers = commandFamilies
  .flat()
  .filter(({ subcommands }) => subcommands?.some(({ name }) => name.endsWith('|help')));

test('there are containers with HELP', () => {
  assert(containers.length > 5);
});

for (const { name, subcommands = [] } of containers) {
  const container = name.toUpperCase();
  test(`${container} HELP: frame and subcommands`, () => {
    const lines = new ServerFixture(commandFamilies).run(container, 'HELP').split('\r\n');
    const texts = lines.filter((line) => line.startsWith('+')).map((line) => line.slice(1));
    const [count] = lines;
    assert.equal(count, `*${texts.length}`);
    assert.equal(texts[0], `${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
    assert.deepEqual(texts.slice(-2), ['HELP', '    Prints these lines.']);
    const named = new Set(texts.slice(1).map((text) => text.split(' ')[0]?.toLowerCase()));
    for (const subcommand of subcommands) {
      const word = subcommand.name.split('|')[1] ?? '';
      assert(named.has(word), `${container} HELP names ${word}`);
    }
  });
}
