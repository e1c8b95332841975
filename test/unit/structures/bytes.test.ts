/* Byte helpers and glob patterns against plain models. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compareBytes,
  copyBytes,
  equalBytes,
  equalsIgnoreCase,
  latin1,
  latin1Text,
} from '../../../src/structures/bytes.js';
import { matchesGlob } from '../../../src/structures/glob.js';

const bytes = fc.uint8Array({ maxLength: 300 });

test('latin1Text is the inverse of latin1, also beyond one chunk', () => {
  const long = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 7) & 0xff);
  assert.deepEqual(latin1(latin1Text(long)), long);
  assert.equal(latin1Text(latin1('abcdef'), 1, 4), 'bcd');
});

test('comparing and copying ranges agree with Buffer', () => {
  fc.assert(
    fc.property(bytes, bytes, fc.nat(10), (a, b, shift) => {
      const target = new Uint8Array(b.length + shift);
      copyBytes(b, 0, b.length, target, shift);
      assert.deepEqual(target.subarray(shift), b);
      const order = compareBytes(a, 0, a.length, target, shift, target.length);
      assert.equal(Math.sign(order), Buffer.compare(a, b));
      const isEqual = a.length === b.length && equalBytes(a, 0, target, shift, a.length);
      assert.equal(isEqual, Buffer.compare(a, b) === 0);
    }),
  );
});

test('tokens are recognised whatever their case', () => {
  assert.equal(equalsIgnoreCase(latin1('xKeepTTL'), 1, 8, latin1('keepttl')), true);
  assert.equal(equalsIgnoreCase(latin1('keepttl'), 0, 6, latin1('keepttl')), false);
  assert.equal(equalsIgnoreCase(latin1('@'), 0, 1, latin1('`')), false);
});

function matches(pattern: string, text: string, ignoreCase = false): boolean {
  const textBytes = latin1(`#${text}#`);
  return matchesGlob(latin1(pattern), textBytes, 1, textBytes.length - 1, ignoreCase);
}

test('glob corners are as in Redis', () => {
  const rows: [pattern: string, text: string, matches: boolean][] = [
    ['*', '', false],
    ['', '', true],
    ['', 'a', false],
    ['*', 'a', true],
    ['a*', 'a', true],
    ['a**', 'a', true],
    ['**a', 'bca', true],
    ['h?llo', 'hello', true],
    ['h?llo', 'hllo', false],
    ['h[ae]llo', 'hallo', true],
    ['h[^e]llo', 'hello', false],
    ['h[^e]llo', 'hbllo', true],
    ['h[a-b]llo', 'hbllo', true],
    ['h[b-a]llo', 'hallo', true],
    ['[a', 'a', true],
    ['[a-', 'a', true],
    ['[a-', '-', true],
    ['[', '[', false],
    ['[^', 'x', true],
    ['[]a]', ']a]', false],
    ['[\\]]', ']', true],
    ['[\\', '\\', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['\\', '\\', true],
    ['a\\', 'a\\', true],
    ['*?', 'a', true],
    ['a*b*c', 'aXbXbXc', true],
    ['a*b*c', 'aXbXbX', false],
    ['[\x01-\xff]', '\x80', false],
    ['[\x80-\xff]', '\x90', true],
  ];
  for (const [pattern, text, expected] of rows) {
    assert.equal(matches(pattern, text), expected, `${pattern} against ${text}`);
  }
  assert.equal(matches('H[A-C]LLO*', 'hbllo', true), true);
  assert.equal(matches('[\\A]', 'a', true), false);
});

test('patterns of stars take a time bounded by the product of the lengths', () => {
  const started = process.hrtime.bigint();
  assert.equal(matches(`${'a*'.repeat(50)}b`, 'a'.repeat(20_000)), false);
  assert.ok(process.hrtime.bigint() - started < 2_000_000_000n);
});

test('glob agrees with a recursive matcher on random short patterns', () => {
  const alphabet = fc.constantFrom('a', 'b', 'c', '*', '?', '[', ']', '^', '-', '\\');
  const pattern = fc.array(alphabet, { maxLength: 10 }).map((parts) => parts.join(''));
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '-', ']'), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (p, t) => {
      assert.equal(matches(p, t.join('')), recursiveMatch(p, t.join('')));
    }),
    { numRuns: 3000 },
  );
});

/** The textbook definition over strings; exponential, for short ones only. */
function recursiveMatch(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*') {
    for (let i = 0; i <= text.length; i++) {
      if (recursiveMatch(pattern.slice(1), text.slice(i))) return true;
    }
    return false;
  }
  if (text === '') return false;
  const [element, rest] = splitElement(pattern);
  return element(text[0]) && recursiveMatch(rest, text.slice(1));
}

function splitElement(pattern: string): [(c: string) => boolean, string] {
  if (pattern[0] === '?') return [() => true, pattern.slice(1)];
  if (pattern[0] === '\\' && pattern.length > 1) {
    return [(c) => c === pattern[1], pattern.slice(2)];
  }
  if (pattern[0] !== '[') return [(c) => c === pattern[0], pattern.slice(1)];
  let i = 1;
  const isNegated = pattern[i] === '^';
  if (isNegated) i++;
  const tests: ((c: string) => boolean)[] = [];
  while (i < pattern.length) {
    const first = pattern[i];
    if (first === '\\' && i + 1 < pattern.length) {
      const escaped = pattern[i + 1];
      tests.push((c) => c === escaped);
      i += 2;
    } else if (first === ']') {
      break;
    } else if (pattern[i + 1] === '-' && i + 2 < pattern.length) {
      const [low, high] = [first, pattern[i + 2]].sort();
      tests.push((c) => c >= low && c <= high);
      i += 3;
    } else {
      tests.push((c) => c === first);
      i++;
    }
  }
  return [(c) => tests.some((takes) => takes(c)) !== isNegated, pattern.slice(i + 1)];
}
