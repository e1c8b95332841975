/*
 * DEBUG, against redis-server: above all its digests, by which data sets are compared everywhere.
 */

import { oracleSuite } from './harness.js';

const types = [
  ...['string', 'integer', 'double', 'bignum', 'null', 'array', 'set', 'map', 'attrib', 'push'],
  ...['verbatim', 'true', 'false', 'nonsense'],
];

oracleSuite('debug', [
  {
    name: 'digests of keys, values, databases and expiries',
    lines: [
      'DEBUG DIGEST',
      'SET k v',
      'DEBUG DIGEST',
      'SET n 12345',
      'SET long "012345678901234567890123456789012345678901234567890123456789"',
      'SET "binary\\x00\\xff" "\\x00\\r\\n"',
      'SET empty ""',
      'SET "" value',
      'DEBUG DIGEST',
      'EXPIRE k 1000',
      'DEBUG DIGEST',
      'PERSIST k',
      'DEBUG DIGEST',
      'SELECT 3',
      'SET k v EX 100',
      'APPEND s abc',
      'INCRBYFLOAT f 0.5',
      'DEBUG DIGEST',
      'SWAPDB 0 3',
      'DEBUG DIGEST',
      'DEBUG DIGEST-VALUE k missing f',
      'DEBUG DIGEST-VALUE',
      'FLUSHALL',
      'DEBUG DIGEST',
    ],
  },
  {
    name: 'POPULATE',
    lines: [
      'DEBUG POPULATE 100',
      'DBSIZE',
      'DEBUG DIGEST',
      'SET key:0 mine',
      'DEBUG POPULATE 50 key 3',
      'DEBUG POPULATE 50 wide 70',
      'GET key:0',
      'GET wide:7',
      'DEBUG DIGEST',
      'DEBUG POPULATE -1',
      'DEBUG POPULATE x',
      'DEBUG POPULATE 1 k -1',
      'DEBUG POPULATE 1 k 1 1',
    ],
  },
  {
    name: 'RELOAD',
    lines: [
      'DEBUG POPULATE 1000 r 30',
      'SET k v EX 1000',
      'SET n 123',
      'DEBUG RELOAD',
      'DBSIZE',
      'DEBUG DIGEST',
      'SET n 124',
      'DEBUG RELOAD NOSAVE',
      'GET n',
      'SET more v',
      'SET n 124',
      'DEBUG RELOAD NOSAVE NOFLUSH MERGE',
      'GET more',
      'GET n',
      'DEBUG RELOAD nonsense',
      'DEBUG DIGEST',
    ],
  },
  {
    name: 'PROTOCOL',
    lines: types.map((type) => `DEBUG PROTOCOL ${type}`),
  },
  {
    name: 'the others',
    lines: [
      'DEBUG SLEEP 0',
      'DEBUG SLEEP 0.01',
      'DEBUG SLEEP',
      'DEBUG SET-ACTIVE-EXPIRE 0',
      'SET k v PX 1',
      'DEBUG SET-ACTIVE-EXPIRE 1',
      { run: 'DBSIZE', until: '(integer) 0' },
      'DEBUG LOG hello',
      'DEBUG CHANGE-REPL-ID',
      'DEBUG OBJECT missing',
      'DEBUG OBJECT',
      'DEBUG nonsense',
      'DEBUG',
    ],
  },
]);
