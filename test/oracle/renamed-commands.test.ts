/*
 * rename-command beside redis-server: which names are known then, what error texts call a command
 * by, and what COMMAND says of it.
 */

import { oracleSuite } from './harness.js';

const renamed = [
  ['debug', 'dbg'],
  ['slowlog', 'Slow'],
  ['pubsub', 'ps'],
  ['strlen', ''],
  ['append', 'Set-More'],
];

const tables = [
  {
    name: 'the new name only is known, in any case',
    lines: ['APPEND a b', 'Set-More a b', 'set-more a', 'STRLEN a', 'DEBUG SLEEP 0', 'DBG SLEEP 0'],
  },
  {
    name: 'errors name a container as it was called',
    lines: ['dbg SLEEP', 'slow NONSENSE', 'SLOW GET 1 2', 'Ps CHANNELS a b', 'ps', 'dbg'],
  },
  {
    name: 'inside MULTI',
    lines: ['MULTI', 'set-more a b', 'EXEC', 'MULTI', 'APPEND a b', 'EXEC', 'GET a'],
  },
  {
    name: 'COMMAND finds it by the new name and calls it by the old one',
    lines: [
      'COMMAND GETKEYS set-more a b',
      'COMMAND GETKEYS append a b',
      'COMMAND INFO append strlen',
      'COMMAND INFO SET-MORE',
      'COMMAND LIST FILTERBY PATTERN set-m*',
      'COMMAND LIST FILTERBY PATTERN appen*',
      'COMMAND LIST FILTERBY PATTERN strle*',
    ],
  },
];

oracleSuite('commands under other names', tables, {
  args: renamed.flatMap(([name, other]) => ['--rename-command', name, other]),
});
