/*
 * Our own two flags, and that everything else reaches the configuration untouched.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments } from '../../../src/cli.js';

const versions = { tandem: '1.2.3', redis: '7.2.4', node: '20.0.0' };

for (const flag of ['-v', '--version']) {
  test(`${flag} prints one line from which scripts can read v=`, () => {
    assert.deepEqual(readArguments([flag], versions), {
      kind: 'print',
      text: 'Tandem server v=7.2.4 tandem=1.2.3 node=20.0.0 bits=64\n',
    });
  });
}

for (const flag of ['-h', '--help']) {
  test(`${flag} explains files, standard input and directives`, () => {
    const request = readArguments([flag, '--port', '1'], versions);
    assert.equal(request.kind, 'print');
    assert.match(request.text, /^Usage: tandem-server \[\/path\/to\/tandem\.conf\] \[-\]/);
    assert.match(request.text, /--replicaof 127\.0\.0\.1 6379/);
  });
}

for (const args of [
  [],
  ['--requirepass', '-v'],
  ['a.conf', '--help'],
  ['-'],
  ['--', 'a'],
  ['--port', '1', '--save', '', '--bind', '127.0.0.1', '-::1'],
  ['-vx'],
]) {
  test(`passed on as they are: ${JSON.stringify(args)}`, () => {
    assert.deepEqual(readArguments(args, versions), { kind: 'start', args });
  });
}
