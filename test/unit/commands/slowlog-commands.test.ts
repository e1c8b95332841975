/* SLOWLOG's replies, what is shown of arguments, and which of them the rows call secret. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commandFamilies } from '../../../src/commands/command-families.js';
import { CommandTable } from '../../../src/commands/command-table.js';
import { shownArguments } from '../../../src/commands/slow-commands.js';
import { slowlogCommands } from '../../../src/commands/slowlog-commands.js';
import { request } from './requests.js';
import { ServerFixture } from './server-fixture.js';

describe('SLOWLOG', () => {
  const server = new ServerFixture([slowlogCommands]);
  server.slowLog.configure({ thresholdMicroseconds: 0, entriesMax: 20 });
  const client = { address: '[::1]:5', clientName: 'me' };
  for (let i = 0; i < 12; i++) {
    server.slowLog.add({ atSeconds: 1700, microseconds: i, words: ['get', '\xff'], ...client });
  }

  test('GET shows ten entries, or as many as asked for, or all', () => {
    assert.equal(
      server.run('SLOWLOG', 'GET', '1'),
      '*1\r\n*6\r\n:11\r\n:1700\r\n:11\r\n*2\r\n$3\r\nget\r\n$1\r\n\xff\r\n' +
        '$7\r\n[::1]:5\r\n$2\r\nme\r\n',
    );
    const counts = [
      ...['', '*10'],
      ...['0', '*0', '5', '*5', '-1', '*12', '12', '*12', '9223372036854775807', '*12'],
    ];
    for (let i = 0; i < counts.length; i += 2) {
      const reply = server.run('SLOWLOG', 'GET', ...(counts[i] === '' ? [] : [counts[i] ?? '']));
      assert.equal(reply.split('\r\n')[0], counts[i + 1]);
    }
  });

  test('LEN counts, RESET empties', () => {
    assert.equal(server.run('SLOWLOG', 'LEN'), ':12\r\n');
    assert.equal(server.run('SLOWLOG', 'RESET'), '+OK\r\n');
    assert.equal(server.run('SLOWLOG', 'LEN'), ':0\r\n');
    assert.equal(server.run('SLOWLOG', 'GET'), '*0\r\n');
  });
});

test('secrets: passwords of AUTH, HELLO and CONFIG SET, also where the request is wrong', () => {
  const table = new CommandTable(commandFamilies);
  const cases: readonly [string, number[]][] = [
    ['AUTH p', [1]],
    ['AUTH u p', [1, 2]],
    ['AUTH u p x', [1, 2, 3]],
    ['HELLO 3 SETNAME n auth u p', [5, 6]],
    ['HELLO x AUTH u p', [3, 4]],
    ['CONFIG SET RequirePass p timeout 5 masterauth q masteruser u nosuch x', [3, 7, 9]],
    ['CONFIG SET requirepass p timeout', [3]],
    ['CONFIG SET timeout requirepass', []],
  ];
  for (const [line, expected] of cases) {
    const args = request(...line.split(' '));
    assert.deepEqual(table.lookup(args)?.row.secrets?.(args), expected, line);
  }
});

describe('arguments shown', () => {
  test('32 are shown whole, of more the last place says how many', () => {
    const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));
    assert.deepEqual(shownArguments(request(...numbers(32)), []), numbers(32));
    assert.deepEqual(shownArguments(request(...numbers(33)), []), [
      ...numbers(31),
      '... (2 more arguments)',
    ]);
    assert.equal(shownArguments(request(...numbers(500)), [])[31], '... (469 more arguments)');
  });

  test('128 bytes are shown whole, of more the end says how many', () => {
    assert.deepEqual(shownArguments(request('a', 'x'.repeat(128)), []), ['a', 'x'.repeat(128)]);
    assert.deepEqual(shownArguments(request('a', 'x'.repeat(130)), []), [
      'a',
      `${'x'.repeat(128)}... (2 more bytes)`,
    ]);
  });

  test('secrets are not', () => {
    assert.deepEqual(shownArguments(request('auth', 'u', 'p'.repeat(200)), [1, 2]), [
      'auth',
      '(redacted)',
      '(redacted)',
    ]);
  });
});
