/*
 * Errors of the operating system in the words of its C library, whatever libuv calls them.
 */

import assert from 'node:assert/strict';
import { readFileSync, rmdirSync } from 'node:fs';
import { test } from 'node:test';
import { isSystemError, systemErrorText } from '../../../src/structures/system-error.js';

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  assert.fail('nothing was thrown');
}

test('what the system refuses is told in its words, without call and path', () => {
  const texts = [
    [() => readFileSync('/no/such/file'), 'No such file or directory'],
    [() => readFileSync('/'), 'Is a directory'],
    [() => readFileSync('/dev/null/file'), 'Not a directory'],
    [() => readFileSync(`/${'x'.repeat(300)}`), 'File name too long'],
    [() => rmdirSync('/'), 'Device or resource busy'],
  ] as const;
  for (const [action, text] of texts) assert.equal(systemErrorText(thrownBy(action)), text);
});

test('a code is enough', () => {
  const texts = {
    EADDRINUSE: 'Address already in use',
    ECONNRESET: 'Connection reset by peer',
    EHOSTUNREACH: 'No route to host',
    EMFILE: 'Too many open files',
    ENOSPC: 'No space left on device',
    ENOTFOUND: 'Name or service not known',
    EPIPE: 'Broken pipe',
    ETIMEDOUT: 'Connection timed out',
  };
  for (const [code, text] of Object.entries(texts)) assert.equal(systemErrorText({ code }), text);
});

test('anything else speaks for itself', () => {
  assert.equal(systemErrorText(new Error('worker is gone')), 'worker is gone');
  assert.equal(systemErrorText('a string'), 'a string');
  assert.equal(systemErrorText({ code: 'EODD', message: 'odd' }), 'odd');
});

test('an error is recognised by its name', () => {
  const error = thrownBy(() => readFileSync('/no/such/file'));
  assert.equal(isSystemError(error, 'ENOENT'), true);
  assert.equal(isSystemError(error, 'EACCES'), false);
  assert.equal(isSystemError(null, 'ENOENT'), false);
});
