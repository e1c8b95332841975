/*
 * The notation of arguments in rows: each of its forms, and that every row of the server uses it
 * rightly.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commandFamilies } from '../../../src/commands/command-families.js';
import { type ArgumentDocs, parseSyntax } from '../../../src/commands/command-syntax.js';

function argument(name: string, rest: Partial<ArgumentDocs> = {}): ArgumentDocs {
  return { name, type: 'string', displayText: name, flags: [], ...rest };
}

function word(token: string, rest: Partial<ArgumentDocs> = {}): ArgumentDocs {
  return argument(token.toLowerCase(), { type: 'pure-token', token, ...rest });
}

describe('command syntax', () => {
  test('arguments have a type, a shown text and a version', () => {
    assert.deepEqual(parseSyntax('a b:integer c:pattern"text" d@7.0.0 e@-2.8.12'), [
      argument('a'),
      argument('b', { type: 'integer' }),
      argument('c', { type: 'pattern', displayText: 'text' }),
      argument('d', { since: '7.0.0' }),
      argument('e', { deprecatedSince: '2.8.12' }),
    ]);
  });

  test('a word stands alone or before an argument', () => {
    assert.deepEqual(parseSyntax('[NX] [EX seconds:integer] sorting=ALPHA rest LIB-NAME lib'), [
      word('NX', { flags: ['optional'] }),
      argument('seconds', { type: 'integer', token: 'EX', flags: ['optional'] }),
      argument('sorting', { type: 'pure-token', token: 'ALPHA' }),
      argument('rest'),
      argument('lib', { token: 'LIB-NAME' }),
    ]);
  });

  test('alternatives and blocks nest, and keys count up', () => {
    assert.deepEqual(parseSyntax('args(pair{key:key value}... | NO@1.0.0) other:key'), [
      {
        name: 'args',
        type: 'oneof',
        flags: [],
        arguments: [
          {
            name: 'pair',
            type: 'block',
            flags: ['multiple'],
            arguments: [argument('key', { type: 'key', keySpecIndex: 0 }), argument('value')],
          },
          word('NO', { since: '1.0.0' }),
        ],
      },
      argument('other', { type: 'key', keySpecIndex: 1 }),
    ]);
  });

  test('repetition follows an argument, or the brackets around it', () => {
    assert.deepEqual(parseSyntax('a... [b]... [PREFIX c]...*'), [
      argument('a', { flags: ['multiple'] }),
      argument('b', { flags: ['optional', 'multiple'] }),
      argument('c', { token: 'PREFIX', flags: ['optional', 'multiple', 'multiple_token'] }),
    ]);
  });

  test('what cannot be read is a bug', () => {
    for (const syntax of ['a)', '[a', 'a(b', '[]', 'a{b']) {
      assert.throws(() => parseSyntax(syntax), assert.AssertionError);
    }
  });

  test('every row of the server can be read', () => {
    for (const row of commandFamilies.flat()) {
      for (const { syntax } of [row, ...(row.subcommands ?? [])]) {
        if (syntax !== undefined) assert.ok(parseSyntax(syntax).length > 0);
      }
    }
  });
});
