/* What writes of bits send to replicas, against what redis-server sends for the same line. */

import { streamSuite } from './stream-harness.js';

streamSuite('bitmaps', [
  {
    name: 'SETBIT: verbatim when a bit or the length has changed',
    lines: [
      'SETBIT k 7 0',
      'SETBIT k 7 0',
      'SETBIT k 7 1',
      'setbit k 7 1',
      'SETBIT k 8 0',
      'SETBIT k x 0',
      'SETBIT k 0 2',
      'SET n 12',
      'SETBIT n 0 0',
      'SETBIT n 0 1',
      'GETBIT k 7',
    ],
  },
  {
    name: 'BITFIELD: verbatim when a field or the length has changed, never for reads',
    lines: [
      'BITFIELD k GET u8 0',
      'BITFIELD k',
      'BITFIELD k OVERFLOW SAT',
      'BITFIELD_RO k GET u8 0',
      'BITFIELD k SET u8 0 0',
      'BITFIELD k SET u8 0 0',
      'BITFIELD k SET u8 0 5 GET u8 0',
      'BITFIELD k SET u8 0 5',
      'bitfield k INCRBY u8 0 0',
      'BITFIELD k INCRBY u8 0 1 INCRBY u8 0 -1',
      'BITFIELD k OVERFLOW FAIL INCRBY u8 0 1000',
      'BITFIELD k OVERFLOW SAT INCRBY u8 0 1000',
      'BITFIELD k OVERFLOW SAT INCRBY u8 0 1000',
      'BITFIELD k SET u64 0 5',
      'BITFIELD_RO k SET u8 0 5',
    ],
  },
  {
    name: 'BITOP: verbatim, also when it only deletes',
    lines: [
      'SET a abc',
      'BITOP OR d a none',
      'BITOP OR d a none',
      'bitop NOT d a',
      'BITOP AND d none',
      'BITOP AND d none',
      'BITOP NOT d a b',
      'BITCOUNT a',
      'BITPOS a 1',
    ],
  },
  {
    name: 'what is past its time is deleted first',
    lines: [
      'DEBUG SET-ACTIVE-EXPIRE 0',
      'SET a abc',
      'SET k v PX 1',
      'SET d v PX 1',
      'SET s v PX 1',
      'DEBUG SLEEP 0.01',
      'SETBIT k 0 0',
      'BITOP OR d a s',
      'DEBUG SET-ACTIVE-EXPIRE 1',
    ],
  },
]);
