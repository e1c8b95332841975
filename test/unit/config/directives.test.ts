/*
 * The directive table as a whole: every row is consistent in itself, and the defaults are those of
 * Redis 7.2 except where we say so.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Config } from '../../../src/config/config.js';
import { directives, directivesByName } from '../../../src/config/directives.js';
import { splitWords } from '../../../src/structures/words.js';
import { repositoryRoot } from '../../helpers/repository.js';

test('no name and no alias occurs twice', () => {
  const names = directives.flatMap(({ name, alias }) => (alias ? [name, alias] : [name]));
  assert.equal(new Set(names).size, names.length);
  assert.equal(directivesByName.size, names.length);
});

test('every default is accepted by its own type and shown unchanged', () => {
  for (const { name, type, initial, refuse } of directives) {
    const text = type.format(initial);
    if (name === 'replicaof') continue; // No words mean no primary only as a default.
    const parsed = type.takesWords ? type.parse(splitWords(text) ?? [], initial) : type.parse(text);
    assert.deepEqual(parsed, { value: initial, text }, name);
    assert.equal(refuse?.(initial) ?? null, null, name);
  }
});

test('names are lower case, prose is whole sentences', () => {
  for (const { name, prose } of directives) {
    assert.match(name, /^[a-z][a-z_-]*$/);
    assert.match(prose, /^[A-Z`$].*\.$/, name);
  }
});

test('every row whose change needs a hook can be changed', () => {
  for (const { name, apply, mutable } of directives) {
    if (apply === 'hook') assert.notEqual(mutable, 'no', name);
    if (apply === 'start') assert.equal(mutable, 'no', name);
  }
});

/** Finds what the sources read of the configuration. */
function usage(): (name: string) => boolean {
  const folder = join(repositoryRoot, 'src');
  const text = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts') && !name.includes('directives'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  return (name) =>
    text.includes(`'${name}'`) ||
    text.includes(`values.${name}`) ||
    new RegExp(`\\{[^}]*\\b${name}\\b[^}]*\\} = [^;]*values`).test(text);
}

test('what a row calls kept is obeyed nowhere', () => {
  // Refused but for one value; and a policy that nothing evicts by: it names the access bits only.
  const known = ['appendonly', 'tls-port', 'maxmemory-policy'];
  const isUsed = usage();
  const obeyed = directives.filter(({ name, apply }) => apply === 'kept' && isUsed(name));
  assert.deepEqual(
    obeyed.map(({ name }) => name).filter((name) => !known.includes(name)),
    [],
  );
});

test('what a row says it has an effect on is there: its name occurs in the sources', () => {
  const isUsed = usage();
  const idle = directives.filter(({ name, apply }) => apply !== 'kept' && !isUsed(name));
  // The remedy: say `kept` in the row until a part obeys it, and show it so in conf/tandem.conf.
  assert.deepEqual(
    idle.map(({ name }) => name),
    [],
  );
});

test('a fresh configuration reports nothing that is without effect', () => {
  assert.deepEqual(new Config().ineffective(), []);
});

test('what is obeyed in part is reported, with what is left undone', () => {
  const rows = directives.filter(({ gap }) => gap !== undefined);
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['maxmemory-policy'],
  );
});

test('unobeyed settings are reported by name', () => {
  const config = new Config();
  assert.equal(config.load('maxmemory-policy', ['allkeys-lru']), null);
  assert.equal(config.load('maxmemory', ['1gb']), null);
  assert.deepEqual(config.ineffective(), ['maxmemory-policy']);
});
