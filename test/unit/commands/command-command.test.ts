/*
 * COMMAND over rows made for the test: the shape of its replies in both protocols, its filters, and
 * how key specifications find keys.
 */

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { CommandRow, KeySpec } from '../../../src/commands/command.js';
import { commandCommands } from '../../../src/commands/command-command.js';
import { legacyKeys } from '../../../src/commands/command-docs.js';
import { findKeys } from '../../../src/commands/command-keys.js';
import * as errors from '../../../src/commands/server-errors.js';
import { request } from './requests.js';
import { ServerFixture } from './server-fixture.js';

function row(name: string, rest: Partial<CommandRow>): CommandRow {
  return {
    name,
    arity: -1,
    flags: [],
    group: 'generic',
    since: '1.0.0',
    summary: 'It is.',
    run: () => {},
    ...rest,
  };
}

function range(index: number, lastKey: number, step: number, limit = 0): KeySpec {
  return { flags: ['RW', 'ACCESS'], begin: { index }, find: { lastKey, step, limit } };
}

const data: readonly CommandRow[] = [
  row('one', { arity: 3, flags: ['write', 'denyoom', 'fast'], keys: [range(1, 0, 1)] }),
  row('pairs', { arity: -3, keys: [range(1, -1, 2)], categories: ['@keyspace'] }),
  row('none', { arity: -2, flags: ['may_replicate', 'pubsub'] }),
  {
    name: 'box',
    arity: -2,
    flags: [],
    group: 'connection',
    since: '1.0.0',
    summary: 'It is.',
    subcommands: [row('box|open', { arity: 3, keys: [range(2, 0, 1)] })],
  },
];

let server: ServerFixture;

beforeEach(() => {
  server = new ServerFixture([commandCommands, data]);
});

describe('COMMAND', () => {
  test('COUNT counts the top level only', () => {
    assert.equal(server.run('COMMAND', 'COUNT'), ':5\r\n');
    assert.match(server.run('COMMAND'), /^\*5\r\n/);
  });

  test('INFO describes a command in ten fields, in RESP2 and in RESP3', () => {
    assert.equal(
      server.run('COMMAND', 'INFO', 'ONE'),
      '*1\r\n*10\r\n$3\r\none\r\n:3\r\n*3\r\n+write\r\n+denyoom\r\n+fast\r\n:1\r\n:1\r\n:1\r\n' +
        '*2\r\n+@write\r\n+@fast\r\n*0\r\n*1\r\n*6\r\n$5\r\nflags\r\n*2\r\n+RW\r\n+access\r\n' +
        '$12\r\nbegin_search\r\n*4\r\n$4\r\ntype\r\n$5\r\nindex\r\n$4\r\nspec\r\n' +
        '*2\r\n$5\r\nindex\r\n:1\r\n$9\r\nfind_keys\r\n*4\r\n$4\r\ntype\r\n$5\r\nrange\r\n' +
        '$4\r\nspec\r\n*6\r\n$7\r\nlastkey\r\n:0\r\n$7\r\nkeystep\r\n:1\r\n' +
        '$5\r\nlimit\r\n:0\r\n*0\r\n',
    );
    server.client.protocol = 3;
    const reply = server.run('COMMAND', 'INFO', 'box', 'nope');
    assert.match(
      reply,
      /^\*2\r\n\*10\r\n\$3\r\nbox\r\n:-2\r\n~0\r\n:0\r\n:0\r\n:0\r\n~1\r\n\+@slow/,
    );
    assert.match(reply, /\*1\r\n\*10\r\n\$8\r\nbox\|open\r\n:3/);
    assert.ok(reply.endsWith('~0\r\n_\r\n'));
  });

  test('a flag of our own is not shown', () => {
    assert.match(
      server.run('COMMAND', 'INFO', 'none'),
      /:-2\r\n\*1\r\n\+pubsub\r\n.*\*2\r\n\+@pubsub\r\n\+@slow\r\n/s,
    );
  });

  test('DOCS leaves unknown names out, and holds subcommands', () => {
    server.client.protocol = 3;
    assert.equal(
      server.run('COMMAND', 'DOCS', 'nope', 'box'),
      '%1\r\n$3\r\nbox\r\n%4\r\n$7\r\nsummary\r\n$6\r\nIt is.\r\n$5\r\nsince\r\n$5\r\n1.0.0\r\n' +
        '$5\r\ngroup\r\n$10\r\nconnection\r\n$11\r\nsubcommands\r\n%1\r\n$8\r\nbox|open\r\n' +
        '%3\r\n$7\r\nsummary\r\n$6\r\nIt is.\r\n$5\r\nsince\r\n$5\r\n1.0.0\r\n$5\r\ngroup\r\n' +
        '$7\r\ngeneric\r\n',
    );
  });

  test('DOCS tells the arguments', () => {
    const reply = server.run('COMMAND', 'DOCS', 'command|docs');
    assert.match(
      reply,
      /arguments\r\n\*1\r\n\*8\r\n\$4\r\nname\r\n\$12\r\ncommand-name\r\n\$4\r\ntype\r\n/,
    );
    assert.match(reply, /flags\r\n\*2\r\n\+optional\r\n\+multiple\r\n/);
  });

  test('LIST filters by pattern and by category, and knows no modules', () => {
    assert.equal(
      server.run('COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'B?X*'),
      '*2\r\n$3\r\nbox\r\n$8\r\nbox|open\r\n',
    );
    assert.equal(
      server.run('COMMAND', 'LIST', 'filterby', 'aclcat', 'KEYSPACE'),
      '*1\r\n$5\r\npairs\r\n',
    );
    assert.equal(server.run('COMMAND', 'LIST', 'FILTERBY', 'ACLCAT', 'nope'), '*0\r\n');
    assert.equal(server.run('COMMAND', 'LIST', 'FILTERBY', 'MODULE', 'm'), '*0\r\n');
    assert.equal(server.run('COMMAND', 'LIST', 'FILTERBY', 'x', 'm'), '-ERR syntax error\r\n');
    assert.equal(server.run('COMMAND', 'LIST', 'FILTERBY', 'PATTERN'), '-ERR syntax error\r\n');
    assert.match(server.run('COMMAND', 'LIST'), /^\*13\r\n/);
  });

  test('GETKEYS answers the keys of a request', () => {
    assert.equal(
      server.run('COMMAND', 'GETKEYS', 'pairs', 'a', '1', 'b', '2'),
      '*2\r\n$1\r\na\r\n$1\r\nb\r\n',
    );
    assert.equal(server.run('COMMAND', 'GETKEYS', 'box', 'open', 'k'), '*1\r\n$1\r\nk\r\n');
    assert.equal(
      server.run('COMMAND', 'GETKEYSANDFLAGS', 'one', 'k', 'v'),
      '*1\r\n*2\r\n$1\r\nk\r\n*2\r\n+RW\r\n+access\r\n',
    );
  });

  test('GETKEYS refuses what has no keys or the wrong arguments', () => {
    const refused: [string[], string][] = [
      [['nope'], errors.INVALID_COMMAND],
      [['box|open', 'x'], errors.INVALID_COMMAND],
      [['none', 'x'], errors.NO_KEY_ARGUMENTS],
      [['one', 'x'], errors.INVALID_ARGUMENT_COUNT],
    ];
    for (const [words, error] of refused) {
      assert.equal(server.run('COMMAND', 'GETKEYS', ...words), `-${error}\r\n`);
    }
  });
});

describe('key specifications', () => {
  const keysOf = (spec: KeySpec, ...words: string[]) =>
    findKeys([spec], request(...words), 0)?.map(({ index }) => index) ?? null;

  test('a limit takes only that part of the rest', () => {
    assert.deepEqual(keysOf(range(1, -1, 1, 2), 'x', 'a', 'b', '0', '0'), [1, 2]);
  });

  test('keys are counted by an argument', () => {
    const spec: KeySpec = {
      flags: ['RO'],
      begin: { index: 1 },
      find: { keyNumberIndex: 0, firstKey: 1, step: 1 },
    };
    assert.deepEqual(keysOf(spec, 'x', '2', 'a', 'b', 'c'), [2, 3]);
    assert.equal(keysOf(spec, 'x', '4', 'a', 'b', 'c'), null);
    assert.equal(keysOf(spec, 'x', 'many', 'a'), null);
  });

  test('a keyword is looked for from either end', () => {
    const find = { lastKey: 0, step: 1, limit: 0 };
    const forward: KeySpec = { flags: [], begin: { keyword: 'STORE', startFrom: 1 }, find };
    const backward: KeySpec = { flags: [], begin: { keyword: 'STORE', startFrom: -2 }, find };
    assert.deepEqual(keysOf(forward, 'x', 'store', 'a', 'STORE', 'b'), [2]);
    assert.deepEqual(keysOf(backward, 'x', 'store', 'a', 'STORE', 'b'), [4]);
    assert.deepEqual(keysOf(forward, 'x', 'a'), []);
  });

  test('the legacy range spans specifications that follow each other', () => {
    assert.deepEqual(legacyKeys([range(1, 0, 1), range(2, 0, 1)]), [1, 2, 1]);
    assert.deepEqual(legacyKeys([range(2, -1, 2)]), [2, -1, 2]);
    assert.deepEqual(legacyKeys(undefined), [0, 0, 0]);
  });
});
