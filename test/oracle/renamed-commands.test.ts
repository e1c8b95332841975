/*
 * rename-command beside redis-server: which names are known then, what error texts call a command
 * by, and what COMMAND says of it.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import { untilTestEnds } from '../helpers/started.js';
import { oracleSuite, startCandidate } from './harness.js';

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

const args = renamed.flatMap(([name, other]) => ['--rename-command', name, other]);

oracleSuite('commands under other names', tables, { args });

test('the first line of HELP names a container as it was called', {
  skip: skipWithoutRedis,
}, async () => {
  for (const start of [startCandidate, startRedis]) {
    const server = await untilTestEnds(start({ args }));
    const client = await server.connect();
    for (const name of ['dbg', 'Slow', 'PS', 'client']) {
      const [first] = (await client.call(name, 'HELP')) as string[];
      const frame = ' <subcommand> [<arg> [value] [opt] ...]. Subcommands are:';
      assert.equal(first, `${name.toUpperCase()}${frame}`);
    }
  }
});
