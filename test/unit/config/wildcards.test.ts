/*
 * File names for patterns, held against those that the shell finds for the same pattern.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { expandWildcards } from '../../../src/config/wildcards.js';

const names = ['a.conf', 'b.conf', 'B.conf', '.hidden.conf', 'x y.conf', '[z].conf', 'c+d', 'ab'];
const patterns = [
  ...['*', '*.conf', '?.conf', '[ab].conf', '[!a].conf', '[a-c]*', '.*conf', 'sub/*', '*/a*'],
  ...['none*', '\\[z].conf', '[[]z*', '[]a]*', 'sub*/../?.conf', 'c+?', 'a[b', 's*b/*.c?nf'],
];

test('the same files as the shell finds, in the order of their bytes', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-glob-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'sub'));
  for (const name of names) {
    writeFileSync(join(folder, name), '');
    writeFileSync(join(folder, 'sub', name), '');
  }
  const before = process.cwd();
  t.after(() => process.chdir(before));
  process.chdir(folder);
  for (const pattern of [...patterns, ...patterns.map((each) => `${folder}/${each}`)]) {
    // Only what exists: a pattern without a match stays as it is in the shell. Blanks are not
    // split.
    const print = `if [ -e "$f" ]; then printf '%s\\n' "$f"; fi`;
    const script = `IFS=; for f in ${pattern}; do ${print}; done`;
    const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } } as const;
    const { stdout } = spawnSync('sh', ['-c', script], options);
    const theirs = stdout.split('\n').filter((line) => !/(^|\/)\.\.?$/.test(line) && line !== '');
    assert.deepEqual(expandWildcards(pattern), theirs, pattern);
  }
});
