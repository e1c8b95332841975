/*
 * The command line as configuration lines. What a real redis-server makes of the same arguments is
 * asked in load-config-oracle.test.ts; here are the lines themselves.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCommandLine } from '../../../src/config/command-line.js';

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly file?: string;
  readonly stdin?: boolean;
  readonly lines: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'nothing', args: [], lines: [''] },
  { name: 'a file alone', args: ['a.conf'], file: 'a.conf', lines: [''] },
  {
    name: 'options with one and several values',
    args: ['--port', '7000', '--save', '900', '1'],
    lines: ['port "7000" ', 'save "900" "1" '],
  },
  {
    name: 'name and value in one argument',
    args: ['--port 7000', '--loglevel', 'debug'],
    lines: ['port 7000 ', 'loglevel "debug" '],
  },
  {
    name: 'a value that begins with dashes',
    args: ['--requirepass', '--x', '--port', '1'],
    lines: ['requirepass "--x" ', 'port "1" '],
  },
  {
    name: 'a bare --save before an option and at the end',
    args: ['--save', '--port', '1', '--save'],
    lines: ['save ""', 'port "1" ', 'save ""'],
  },
  { name: 'an empty value', args: ['--save', ''], lines: ['save "" '] },
  {
    name: 'standard input first, last and not in between',
    args: ['-', '--port', '1', '-', '--tcp-backlog', '2', '-'],
    stdin: true,
    lines: ['port "1" "-" ', 'tcp-backlog "2" '],
  },
  {
    name: 'a file, values without a name of their own, standard input',
    args: ['a.conf', 'loglevel', 'verbose', '-'],
    file: 'a.conf',
    stdin: true,
    lines: ['"loglevel" "verbose" '],
  },
  {
    name: 'a repeated include',
    args: ['--include', 'a', '--include', 'b'],
    lines: ['include "a" ', 'include "b" '],
  },
];

for (const { name, args, file = null, stdin = false, lines } of cases) {
  test(`command line: ${name}`, () => {
    assert.deepEqual(readCommandLine(args), {
      file,
      readsStandardInput: stdin,
      lines: lines.join('\n'),
    });
  });
}
