/*
 * Words of configuration lines: the quoting rules, and that quoting and splitting are inverses.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoteText } from '../../../src/structures/quoted-text.js';
import { splitWords } from '../../../src/structures/words.js';

const lines: readonly (readonly [line: string, words: readonly string[] | null])[] = [
  ['', []],
  [' \t\v\f', []],
  ['save 900 1', ['save', '900', '1']],
  ['  port\t7000\r', ['port', '7000']],
  ['a "b c" d', ['a', 'b c', 'd']],
  ["a 'b c' d", ['a', 'b c', 'd']],
  ['""', ['']],
  ["''", ['']],
  ['a"b c"', ['ab c']],
  [`"\\n\\r\\t\\b\\a\\\\\\"\\q"`, ['\n\r\t\b\x07\\"q']],
  ['"\\x41\\xff\\xZZ"', ['A\xffxZZ']],
  [`'it\\'s \\n'`, ["it's \\n"]],
  ['"open', null],
  ["'open", null],
  ['"a"b', null],
  ["'a'b", null],
  ['"a\\"', null],
  ['a\vb', ['a\vb']],
  ['é \x80', ['é', '\x80']],
];

for (const [line, words] of lines) {
  test(`words of ${JSON.stringify(line)} are ${JSON.stringify(words)}`, () => {
    assert.deepEqual(splitWords(line), words);
  });
}

test('a quoted word is read back as it was, whatever its bytes', () => {
  const word = fc.array(fc.integer({ min: 0, max: 255 })).map((bytes) => {
    return String.fromCharCode(...bytes);
  });
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const line = words.map(quoteText).join(' ');
      assert.match(line, /^[ -~]*$/);
      assert.deepEqual(splitWords(line), words);
    }),
  );
});
