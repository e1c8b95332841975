/*
 * conf/tandem.conf against the directive table: it loads, it changes nothing, and it shows every
 * directive once, those without effect in their own section.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Config } from '../../../src/config/config.js';
import { ConfigReader } from '../../../src/config/config-reader.js';
import { directives, directivesByName } from '../../../src/config/directives.js';
import { splitWords } from '../../../src/structures/words.js';
import { repositoryRoot } from '../../helpers/repository.js';

const sample = readFileSync(join(repositoryRoot, 'conf', 'tandem.conf'), 'utf8');
const [obeyed, kept] = sample.split('# Accepted, and without effect\n');

/** First words of directive lines, and of lines like `#replicaof host port` that only show one. */
function namesIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^#?[a-z]/.test(line));
  return lines.map((line) => splitWords(line.replace(/^#/, ''))?.[0] ?? line);
}

test('the sample configuration loads and leaves every directive at its default', () => {
  const config = new Config();
  const files = {
    readFile: () => assert.fail('it includes nothing'),
    expand: () => [],
    changeFolder: () => null,
    currentFolder: () => '.',
  };
  new ConfigReader({ config, files }).readText(Buffer.from(sample).toString('latin1'));
  assert.deepEqual(config.get(['*']), new Config().get(['*']));
});

test('every directive that does something is explained, every other one is listed', () => {
  for (const { name, apply, isHidden } of directives) {
    const isShown = namesIn(obeyed).includes(name);
    const isListed = namesIn(kept).includes(name);
    assert.equal(isShown, apply !== 'kept' && isHidden !== true, name);
    assert.equal(isListed, apply === 'kept' && isHidden !== true, name);
  }
});

test('no directive comes twice, except for limits of several classes', () => {
  const names = [...namesIn(obeyed), ...namesIn(kept)];
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  assert.deepEqual([...new Set(twice)], ['client-output-buffer-limit']);
});

test('nothing is named that is no directive, and newer names are used', () => {
  for (const name of namesIn(sample)) {
    if (name !== 'include') assert.equal(directivesByName.get(name)?.name, name);
  }
});

test('every directive that does something has words above it', () => {
  const lines = obeyed.split('\n');
  lines.forEach((line, index) => {
    if (!/^#?[a-z]/.test(line) || line.startsWith('client-output-buffer-limit')) return;
    assert.match(lines[index - 1], /^#( |$)/, line);
  });
});

test('lines of the sample configuration have at most 80 columns', () => {
  const wide = sample.split('\n').filter((line) => line.length > 80);
  assert.deepEqual(wide, []);
});
