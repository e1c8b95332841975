/*
 * WAITAOF and LOLWUT against redis-server: errors, time-outs, what no replica and no log make of
 * it.
 */

import * as errors from '../../src/commands/server-errors.js';
import { oracleSuite } from './harness.js';

const RANGE = 'ERR value is out of range, value must between 0 and 1';
const INTEGER = 'ERR value is not an integer or out of range';
const NEGATIVE = 'ERR timeout is negative';
const ARITY = "ERR wrong number of arguments for 'waitaof' command";
const NOTHING = '[(integer) 0, (integer) 0]';

/** 7.0 does not know the command. */
function sinceNow(run: string, expect: string) {
  return { run, since: '7.2', expect } as const;
}

oracleSuite('WAITAOF and LOLWUT', [
  {
    name: 'WAITAOF without a log',
    lines: [
      sinceNow('WAITAOF 0 0 0', NOTHING),
      sinceNow('WAITAOF 1 0 0', `-${errors.WAITAOF_WITHOUT_LOG}`),
      sinceNow('WAITAOF 1 0 -1', `-${NEGATIVE}`),
      sinceNow('WAITAOF 2 0 0', `-${RANGE}`),
      sinceNow('WAITAOF -1 0 0', `-${RANGE}`),
      sinceNow('WAITAOF x 0 0', `-${INTEGER}`),
      sinceNow('WAITAOF 0 -1 0', `-${errors.NOT_POSITIVE}`),
      sinceNow('WAITAOF 0 x 0', `-${errors.NOT_POSITIVE}`),
      sinceNow('WAITAOF 0 1 -1', `-${NEGATIVE}`),
      sinceNow('WAITAOF 0 1 1.5', '-ERR timeout is not an integer or out of range'),
      sinceNow('WAITAOF 0 1 9223372036854775807', '-ERR timeout is out of range'),
      sinceNow('WAITAOF 0 0', `-${ARITY}`),
      sinceNow('WAITAOF 0 0 0 0', `-${ARITY}`),
      'SET k v',
      sinceNow('WAITAOF 0 0 0', NOTHING),
      sinceNow('WAITAOF 0 1 20', NOTHING),
    ],
  },
  {
    name: 'WAITAOF inside MULTI answers at once',
    lines: [
      'MULTI',
      'SET k v',
      sinceNow('WAITAOF 0 1 0', '+QUEUED'),
      sinceNow('WAITAOF 1 1 0', '+QUEUED'),
      sinceNow('EXEC', `[+OK, ${NOTHING}, -${errors.WAITAOF_WITHOUT_LOG}]`),
      // An older oracle is still inside MULTI.
      'RESET',
    ],
  },
  {
    name: 'WAITAOF on a replica, after its arguments',
    lines: [
      'REPLICAOF 127.0.0.1 1',
      sinceNow('WAITAOF 0 0 0', `-${errors.WAITAOF_ON_REPLICA}`),
      sinceNow('WAITAOF 1 0 0', `-${errors.WAITAOF_ON_REPLICA}`),
      sinceNow('WAITAOF 2 0 0', `-${RANGE}`),
      'REPLICAOF NO ONE',
    ],
  },
  {
    name: 'LOLWUT: what it refuses, and the version',
    lines: [
      { run: 'LOLWUT', equal: 'approx' },
      { run: 'LOLWUT VERSION', equal: 'approx' },
      { run: 'LOLWUT VERSION 7 x', equal: 'approx' },
      { run: 'LOLWUT VERSION -1', equal: 'approx' },
      { run: 'LOLWUT x y z', equal: 'approx' },
      'LOLWUT VERSION x',
      'LOLWUT VERSION 5 x',
      'LOLWUT VERSION 5 1 x',
      'LOLWUT VERSION 5 1 1 x',
      'LOLWUT VERSION 6 x',
      'LOLWUT VERSION 6 1 x',
    ],
  },
]);
