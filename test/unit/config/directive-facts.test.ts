/*
 * The directive table against the facts of redis-server 7.2.4 in redis-7.2.4.tsv: every directive
 * is there, with its older name, its kind, its bounds or words, its default, and who may change it
 * when. No server is needed for it; config-oracle.test.ts asks one for texts and errors.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { AnyDirective } from '../../../src/config/directive.js';
import { directives, directivesByName } from '../../../src/config/directives.js';
import { repositoryRoot } from '../../helpers/repository.js';

interface Fact {
  readonly name: string;
  readonly alias: string;
  readonly kind: string;
  readonly mutable: string;
  readonly flags: readonly string[];
  readonly min: string;
  readonly max: string;
  readonly words: string;
  readonly initial: string;
}

const file = join(repositoryRoot, 'test', 'unit', 'config', 'redis-7.2.4.tsv');

const facts: readonly Fact[] = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .slice(2)
  .map((line) => {
    const [name = '', alias = '', kind = '', mutable = '', flags = '', ...more] = line.split('\t');
    const [min = '', max = '', words = '', initial = ''] = more;
    return { name, alias, kind, mutable, flags: flags.split(' '), min, max, words, initial };
  });

/** Ours alone, or different on purpose; docs/DIFFERENCES.md names them. */
const extensions = ['log-format'];
const lowerMin = new Set(['repl-backlog-size']);
/** The passphrases of keys are secrets here too. */
const moreSensitive = new Set(['tls-key-file-pass', 'tls-client-key-file-pass']);

function rowOf({ name }: Fact): AnyDirective {
  const row = directivesByName.get(name);
  assert(row !== undefined, `${name} has no row`);
  assert.equal(row.name, name, 'is only an alias');
  return row;
}

function parse(row: AnyDirective, word: string): { text: string } | { error: string } {
  return row.type.takesWords ? row.type.parse(word.split(' '), row.initial) : row.type.parse(word);
}

test('there are facts, and none of our rows is without one but for extensions', () => {
  assert(facts.length > 180, String(facts.length));
  const known = new Set(facts.map(({ name }) => name));
  assert.deepEqual(
    directives.map(({ name }) => name).filter((name) => !known.has(name)),
    extensions,
  );
});

describe('every directive of redis-server 7.2.4', () => {
  for (const fact of facts) {
    test(fact.name, () => {
      const row = rowOf(fact);
      const { name, mutable, alias = '', type, initial } = row;
      assert.equal(alias, fact.alias);
      assert.equal(mutable, fact.mutable);
      assert.equal(type.format(initial), fact.initial);
      assert.equal(row.isHidden ?? false, fact.flags.includes('hidden'));
      assert.equal(row.isRefusedWhileLoading ?? false, fact.flags.includes('deny-loading'));
      const isSensitive = fact.flags.includes('sensitive') || moreSensitive.has(name);
      assert.equal(row.isSensitive ?? false, isSensitive);
      mustTakeItsKind(row, fact);
    });
  }
});

/** Takes what it must take, and shows its bounds or words in the error for what it must not. */
function mustTakeItsKind(row: AnyDirective, fact: Fact): void {
  if (fact.kind === 'switch') {
    assert.deepEqual(parse(row, 'yes'), { value: true, text: 'yes' });
    assert.deepEqual(parse(row, 'NO'), { value: false, text: 'no' });
    assert.deepEqual(parse(row, '1'), { error: "argument must be 'yes' or 'no'" });
  } else if (fact.kind === 'choice') {
    const words = fact.words.split(' ');
    for (const word of words) assert(!('error' in parse(row, word)), word);
    const error = `argument(s) must be one of the following: ${words.join(', ')}`;
    assert.deepEqual(parse(row, 'nosuch'), { error });
  } else if (fact.kind === 'number' || fact.kind === 'memory' || fact.kind === 'octal') {
    mustKeepBounds(row, fact);
  } else if (fact.kind === 'percent') {
    assert.deepEqual(parse(row, '101%'), {
      error: 'percentage argument must be less or equal to 100',
    });
  } else if (fact.kind === 'text') {
    assert.equal(typeof row.initial, 'string');
  } else {
    assert.equal(fact.kind, 'special');
  }
}

function mustKeepBounds(row: AnyDirective, { kind, min, max, name }: Fact): void {
  const [least, most] = [BigInt(min), BigInt(max)];
  const base = kind === 'octal' ? 8 : 10;
  for (const bound of [least, most]) {
    const parsed = parse(row, bound.toString(base));
    assert(!('error' in parsed), `${bound} is refused`);
    // hz and the backlog's size are raised or lowered silently, in Redis as well.
    const isClamped = name === 'hz' || name === 'repl-backlog-size';
    if (!isClamped) assert.equal(parsed.text, bound.toString(base));
  }
  const isMemory = kind === 'memory';
  if (least > 0n || !isMemory) {
    const isLower = lowerMin.has(name);
    assert.equal('error' in parse(row, (least - 1n).toString(base)), !isLower, 'below');
  }
  // A size that does not fit into 64 bits wraps: the next that is refused is elsewhere.
  const isWidest = most >= 2n ** 63n - 1n;
  if (!isMemory || !isWidest) {
    assert('error' in parse(row, (most + 1n).toString(base)), 'above');
  }
  assert.equal('error' in parse(row, '3mb'), !isMemory, 'units');
}
