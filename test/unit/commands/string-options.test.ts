/*
 * Which options of SET and GETEX go together.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SYNTAX_ERROR } from '../../../src/commands/errors.js';
import { parseStringOptions, StringOptions } from '../../../src/commands/string-options.js';
import { request } from './requests.js';

function parseSet(words: string): StringOptions | string {
  const options = new StringOptions();
  const args = request('set', 'k', 'v', ...words.split(' ').filter((word) => word !== ''));
  return parseStringOptions(args, options, 'set') ?? options;
}

function parseGetex(words: string): StringOptions | string {
  const options = new StringOptions();
  const args = request('getex', 'k', ...words.split(' ').filter((word) => word !== ''));
  return parseStringOptions(args, options, 'getex') ?? options;
}

test('SET takes a condition, GET and one way to expire, in any order and case', () => {
  for (const words of ['nx get ex 10', 'EX 10 Get NX', 'gEt Nx eX 10']) {
    const options = parseSet(words);
    assert.ok(typeof options !== 'string', words);
    assert.deepEqual(
      [options.isNx, options.isXx, options.isGet, options.keepsTtl, options.form],
      [true, false, true, false, 'ex'],
    );
  }
});

test('a repeated way to expire counts the last time', () => {
  const options = parseSet('px 1 px 2');
  assert.ok(typeof options !== 'string');
  assert.equal(options.timeIndex, 6);
});

test('options that exclude each other, lack a value or do not exist are syntax errors', () => {
  const wrong = [
    'nx xx',
    'ex',
    'ex 1 px 2',
    'keepttl ex 1',
    'ex 1 keepttl',
    'persist',
    'no',
    'ex 1 ex',
  ];
  for (const words of wrong) assert.equal(parseSet(words), SYNTAX_ERROR, words);
  const wrongGetex = [
    'nx',
    'get',
    'keepttl',
    'ex 1 persist',
    'persist px 1',
    'exat',
    'ex 1 pxat 2',
  ];
  for (const words of wrongGetex) assert.equal(parseGetex(words), SYNTAX_ERROR, words);
});

test('a scratch object forgets the request before', () => {
  const options = new StringOptions();
  parseStringOptions(request('set', 'k', 'v', 'XX', 'GET', 'KEEPTTL'), options, 'set');
  parseStringOptions(request('getex', 'k', 'PERSIST'), options, 'getex');
  assert.deepEqual(
    [options.isXx, options.isGet, options.keepsTtl, options.persists, options.form],
    [false, false, false, true, 'none'],
  );
});
