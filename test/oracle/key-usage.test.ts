/*
 * How keys have been used and how they are stored, against redis-server: what counts as a use, what
 * OBJECT says of keys past their time, and how counters of use go on.
 */

import { DumpWriter } from '../../src/persistence/rdb/dump-payload.js';
import { latin1 } from '../../src/structures/bytes.js';
import { type OracleLine, oracleSuite } from './harness.js';

const payload = new DumpWriter(false).write(latin1('a value'));

const unused: OracleLine = { run: ['RESTORE', 'k', '0', payload, 'IDLETIME', '500', 'REPLACE'] };
const idle: OracleLine = { run: 'OBJECT IDLETIME k', equal: 'approx', tolerance: 5 };

/** Which of them leave a key as unused as it was, the answer says. */
const LOOKS = [
  ...['TOUCH k', 'TOUCH missing k', 'EXISTS k', 'TYPE k', 'TTL k', 'PTTL k', 'EXPIRETIME k'],
  ...['PEXPIRETIME k', 'OBJECT ENCODING k', 'OBJECT REFCOUNT k', 'OBJECT FREQ k', 'KEYS *'],
  ...['GET k', 'MGET k', 'STRLEN k', 'GETRANGE k 0 1', 'GETBIT k 0', 'BITCOUNT k', 'COPY k c'],
  ...['PERSIST k', 'EXPIRE k 1000', 'APPEND k x', 'SETBIT k 0 1', 'SCAN 0 COUNT 100', 'MOVE k x'],
  ...['RENAMENX k c', 'COPY k k', 'SETNX k v', 'SET k v XX', 'EXPIRE k 10 GT', 'COPY c k'],
];

oracleSuite('use of keys', [
  {
    name: 'what counts as a use of a key',
    lines: LOOKS.flatMap((run) => [unused, { run, equal: 'sameSorted' }, idle]),
  },
  {
    name: 'OBJECT, TOUCH and EXPIRETIME of keys past their time, and of none',
    lines: [
      'DEBUG SET-ACTIVE-EXPIRE 0',
      ...['OBJECT ENCODING', 'OBJECT REFCOUNT', 'OBJECT IDLETIME', 'OBJECT FREQ', 'TOUCH']
        .concat(['EXPIRETIME', 'PEXPIRETIME', 'DUMP'])
        .flatMap((name) => ['SET k v PX 1', 'DEBUG SLEEP 0.005', `${name} k`, 'DBSIZE']),
      'DEBUG SET-ACTIVE-EXPIRE 1',
    ],
  },
  {
    name: 'EXPIRETIME and PEXPIRETIME: rounding, and arguments',
    lines: [
      'SET k v PXAT 33177117420499',
      'EXPIRETIME k',
      'PEXPIRETIME k',
      'SET k v PXAT 33177117420500',
      'EXPIRETIME k',
      'PEXPIRETIME k',
      'EXPIRETIME',
      'EXPIRETIME k k',
      'PEXPIRETIME',
      'PEXPIRETIME k k',
      'TOUCH',
      'TOUCH k k missing k',
    ],
  },
  {
    name: 'OBJECT: encodings that changes leave behind',
    lines: [
      'SET k 5',
      ...['INCR k', 'INCRBYFLOAT k 0.5', 'APPEND k 1', 'SET k 10001', 'DECR k', 'SETRANGE k 0 9']
        .concat(['GETSET k 12', 'APPEND k ""', 'GETDEL k', 'SETBIT k 1 1', 'SETEX k 100 text'])
        .concat(['INCRBY k 1', 'MSET k 99', 'BITFIELD k SET u8 0 50', 'RENAME k l', 'COPY l k'])
        .flatMap((run) => [run, 'OBJECT ENCODING k', 'OBJECT ENCODING l']),
    ],
  },
]);

oracleSuite(
  'use of keys under LFU',
  [
    {
      name: 'counters below their start rise with each use, and new keys have the start',
      lines: [
        { run: ['RESTORE', 'k', '0', payload, 'FREQ', '0'] },
        'OBJECT FREQ k',
        'TOUCH k k k',
        'OBJECT FREQ k',
        'TYPE k',
        'EXISTS k',
        'TTL k',
        'OBJECT FREQ k',
        'GET k',
        'OBJECT FREQ k',
        'COPY k c',
        'OBJECT FREQ c',
        'OBJECT FREQ k',
        'MOVE k 1',
        'SELECT 1',
        'OBJECT IDLETIME k',
        'OBJECT ENCODING k',
        { run: 'OBJECT FREQ k', since: '7.2', expect: '(integer) 5' },
        'SET n 5',
        'COPY n m',
        'OBJECT REFCOUNT n',
        'OBJECT REFCOUNT m',
      ],
    },
  ],
  { args: ['--maxmemory-policy', 'allkeys-lfu', '--maxmemory', '100mb'] },
);
