/*
 * How often each command uses a key, told by the counter that every use raises by one when
 * lfu-log-factor is 0, against redis-server: hits, writes over a value, options that look twice,
 * and what leaves a counter alone.
 */

import { DumpWriter } from '../../src/persistence/rdb/dump-payload.js';
import { latin1 } from '../../src/structures/bytes.js';
import { type OracleLine, oracleSuite } from './harness.js';

const text = new DumpWriter(false).write(latin1('a value'));
const number = new DumpWriter(false).write(latin1('12'));

/** Commands on the text at `k`, on keys that are there beside it, and on none. */
const ON_TEXT = [
  ...['TOUCH k', 'TOUCH k k k', 'EXISTS k', 'EXISTS k k', 'TYPE k', 'TTL k', 'PTTL k'],
  ...['EXPIRETIME k', 'PEXPIRETIME k', 'OBJECT ENCODING k', 'OBJECT REFCOUNT k', 'OBJECT FREQ k'],
  ...['OBJECT IDLETIME k', 'MEMORY USAGE none', 'DUMP none', 'DEBUG DIGEST-VALUE k', 'KEYS *'],
  ...['SCAN 0 COUNT 100', 'SCAN 0 COUNT 100 TYPE string', 'RANDOMKEY', 'DBSIZE', 'INFO keyspace'],
  ...['GET k', 'MGET k', 'MGET k k', 'STRLEN k', 'GETRANGE k 0 1', 'SUBSTR k 0 1', 'GETBIT k 0'],
  ...['GETEX k', 'GETEX k EX 100', 'GETEX k PERSIST', 'GETSET k longer-than-it-was', 'GETSET k v'],
  ...['LCS k k', 'BITCOUNT k', 'BITPOS k 1', 'BITFIELD k GET u8 0', 'BITFIELD_RO k GET u8 0'],
  ...['BITFIELD k SET u8 0 1', 'BITFIELD k SET u8 100 1', 'BITOP NOT c k', 'BITOP NOT k k'],
  ...['BITOP AND k k k', 'SETBIT k 0 1', 'SETBIT k 1000 1', 'APPEND k x', 'SETRANGE k 0 x'],
  ...['SETRANGE k 100 x', 'SET k v', 'SET k 5', 'SET k other12', 'SET k a-value-that-is-longer'],
  ...[
    'SET k v XX',
    'SET k v NX',
    'SET k v GET',
    'SET k v NX GET',
    'SET k v XX GET',
    'SET k v EX 9',
  ],
  ...['SET k v KEEPTTL', 'SETNX k v', 'SETEX k 9 v', 'PSETEX k 9000 v', 'MSET k v', 'MSET k v k w'],
  ...['MSETNX k v', 'MSETNX c v k v', 'EXPIRE k 100', 'EXPIRE k 100 NX', 'EXPIRE k 100 XX'],
  ...['EXPIRE k 100 GT', 'PEXPIREAT k 99999999999999', 'PERSIST k', 'COPY k c', 'COPY k c REPLACE'],
  ...['COPY k k', 'RENAME k k', 'MOVE k 0', 'INCR k', 'INCRBYFLOAT k 1'],
  ...['DECRBY k 2', 'GETDEL missing', 'WATCH k', 'UNWATCH', 'COMMAND GETKEYS GET k'],
  ...['RESTORE k 0 x', 'OBJECT FREQ missing', 'EXISTS'],
];

/** On the number 12 at `k`. */
const ON_NUMBER = [
  ...['INCR k', 'INCRBY k 1000000', 'DECR k', 'DECRBY k 3', 'INCRBYFLOAT k 0.25', 'APPEND k 1'],
  ...['GET k', 'SET k 13', 'SET k text', 'STRLEN k', 'GETRANGE k 0 0', 'SETRANGE k 0 x'],
  ...['SETBIT k 0 1', 'BITCOUNT k', 'OBJECT ENCODING k', 'EXPIRE k 10', 'GETSET k 7'],
];

/** The key is another one afterwards, or has gone and come again; where it is, `k` is again. */
const MADE_ANEW = [
  ['DEL k', 'SET k v'],
  ['GETDEL k', 'APPEND k v'],
  ['UNLINK k', 'INCR k'],
  ['RESTORE k 0 PAYLOAD REPLACE'],
  ['SET c v', 'COPY c k REPLACE'],
  ['SET c v', 'TOUCH c c c', 'COPY c k REPLACE'],
  ['EXPIRE k -1', 'SETRANGE k 0 v'],
  ['FLUSHALL', 'MSET k v'],
  ['FLUSHALL', 'SETBIT k 1 1'],
  ['FLUSHALL', 'BITFIELD k INCRBY u8 0 1'],
  ['FLUSHALL', 'SET c v', 'BITOP NOT k c'],
  ['FLUSHALL', 'INCRBYFLOAT k 1'],
  ['FLUSHALL', 'SETNX k v'],
  ['FLUSHALL', 'MSETNX k v'],
  ['FLUSHALL', 'SETEX k 10 v'],
  ['FLUSHALL', 'GETSET k v'],
  ['FLUSHALL', 'SET k v GET'],
];

/** Whose value moves; since 7.2 it counts as new. */
const MOVED = [
  ['RENAME k c', 'OBJECT FREQ c'],
  ['RENAMENX k c', 'OBJECT FREQ c'],
  ['SET c v', 'TOUCH c c c', 'RENAME k c', 'OBJECT FREQ c'],
];

const LOW = 20;

function restored(payload: Uint8Array): OracleLine[] {
  return [{ run: ['RESTORE', 'k', '0', payload, 'REPLACE', 'FREQ', String(LOW)] }];
}

function counted(run: string, payload: Uint8Array): OracleLine[] {
  return [
    { run: 'DEL c' },
    ...restored(payload),
    { run, equal: 'sameSorted' },
    { run: 'OBJECT FREQ k' },
    { run: 'OBJECT FREQ c' },
    { run: 'UNWATCH' },
  ];
}

function inOrder(runs: readonly string[]): OracleLine[] {
  return runs.map((run) =>
    run.includes('PAYLOAD')
      ? { run: run.split(' ').map((word) => (word === 'PAYLOAD' ? text : word)) }
      : { run },
  );
}

const factorZero = ['--lfu-log-factor', '0', '--lfu-decay-time', '0'];

for (const policy of ['allkeys-lfu', 'volatile-lfu']) {
  oracleSuite(
    `counters of use under ${policy}`,
    [
      {
        name: 'each command uses a key as often as in Redis',
        lines: ON_TEXT.flatMap((run) => counted(run, text)),
      },
      {
        name: 'and a key that holds a number',
        lines: ON_NUMBER.flatMap((run) => counted(run, number)),
      },
      {
        name: 'a key that is made has the start',
        lines: MADE_ANEW.flatMap((runs) => [
          ...restored(text),
          ...inOrder(runs),
          { run: 'OBJECT FREQ k' },
          { run: 'DEL k c', equal: 'same' },
        ]),
      },
      {
        name: 'a key under a new name has the start',
        lines: MOVED.flatMap((runs) => [
          ...restored(text),
          ...runs.map(
            (run): OracleLine =>
              run.startsWith('OBJECT') ? { run, since: '7.2', expect: '(integer) 5' } : { run },
          ),
          { run: 'DEL k c' },
        ]),
      },
    ],
    { args: ['--maxmemory', '100mb', '--maxmemory-policy', policy, ...factorZero] },
  );
}
