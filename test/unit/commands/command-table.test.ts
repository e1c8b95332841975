/*
 * Which command a request names: whatever its case, subcommands and containers, and nothing else.
 * Rows are made up here; the real families are held against Redis by the facts and oracle tests.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CommandRow } from '../../../src/commands/command.js';
import { CommandTable } from '../../../src/commands/command-table.js';
import { Arguments } from '../../../src/resp/arguments.js';
import { latin1 } from '../../../src/structures/bytes.js';

function row(name: string, rest: Partial<CommandRow> = {}): CommandRow {
  return {
    name,
    arity: -1,
    flags: [],
    group: 'generic',
    since: '1.0.0',
    summary: '',
    run: () => {},
    ...rest,
  };
}

function request(...parts: string[]): Arguments {
  const args = new Arguments();
  args.buffer = latin1(parts.join(''));
  args.count = parts.length;
  args.reserve(parts.length);
  let at = 0;
  parts.forEach((part, i) => {
    args.start[i] = at;
    at += part.length;
    args.end[i] = at;
  });
  return args;
}

const table = new CommandTable([
  [row('get', { arity: 2 }), row('set', { arity: -3 })],
  [row('client', { arity: -2, subcommands: [row('client|id', { arity: 2 })] })],
]);

describe('command table', () => {
  test('a command is found whatever its case', () => {
    assert.equal(table.lookup(request('GeT', 'k'))?.name, 'get');
  });

  test('a subcommand is found, and an unknown one is not its container', () => {
    assert.equal(table.lookup(request('CLIENT', 'Id'))?.name, 'client|id');
    assert.equal(table.lookup(request('client', 'nope')), null);
    assert.equal(table.containerOf(request('client', 'nope'))?.name, 'client');
  });

  test('a container without a subcommand is found, so that its arity refuses it', () => {
    assert.equal(table.lookup(request('client'))?.accepts(1), false);
  });

  test('bytes that differ from a letter only in the case bit are another name', () => {
    // '[' and '{' differ in bit 0x20 just as letters do.
    const odd = new CommandTable([[row('a{')]]);
    assert.equal(odd.lookup(request('a[')), null);
    assert.equal(odd.lookup(request('A{'))?.name, 'a{');
  });

  test('no other name is found', () => {
    const known = new Set(['get', 'set', 'client']);
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 40 }), (name) => {
        fc.pre(!known.has(name.toLowerCase()));
        assert.equal(table.lookup(request(name, 'x')), null);
      }),
    );
  });

  test('two rows of one name are refused at start', () => {
    assert.throws(() => new CommandTable([[row('get')], [row('get')]]), /two rows/);
  });

  test('arity is exact when positive and a minimum when negative', () => {
    const get = table.byName('GET');
    const set = table.byName('set');
    assert.deepEqual(
      [1, 2, 3].map((n) => get?.accepts(n)),
      [false, true, false],
    );
    assert.deepEqual(
      [2, 3, 9].map((n) => set?.accepts(n)),
      [false, true, true],
    );
  });

  test('a renamed command has its new name only, one renamed to nothing has none', () => {
    const renamed = new CommandTable(
      [[row('get'), row('flushall')]],
      [
        { from: 'GET', to: 'Fetch' },
        { from: 'flushall', to: '' },
      ],
    );
    assert.equal(renamed.lookup(request('FETCH', 'k'))?.name, 'get');
    assert.equal(renamed.lookup(request('get', 'k')), null);
    assert.equal(renamed.lookup(request('flushall')), null);
  });

  test('what COMMAND counts and finds by name follows renames, subcommands with containers', () => {
    const box = row('box', { subcommands: [row('box|open')] });
    const renamed = new CommandTable(
      [[row('get'), box, row('flushall')]],
      [
        { from: 'box', to: 'Chest' },
        { from: 'flushall', to: '' },
      ],
    );
    const names = renamed.topLevel.map(({ name }) => name).toSorted();
    assert.deepEqual(names, ['box', 'get']);
    assert.equal(renamed.byName('chest|OPEN')?.name, 'box|open');
    for (const gone of ['box|open', 'flushall', 'get|x', 'chest|open|x', 'chest|']) {
      assert.equal(renamed.byName(gone), null, gone);
    }
  });

  test('a rename of what does not exist, or to what does, is refused', () => {
    const rename = (from: string, to: string) =>
      new CommandTable([[row('get'), row('set')]], [{ from, to }]);
    assert.throws(() => rename('nope', 'x'), { message: 'No such command in rename-command' });
    assert.throws(() => rename('get', 'set'), { message: 'Target command name already exists' });
  });
});
