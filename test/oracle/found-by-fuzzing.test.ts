/*
 * Lines that the fuzzers of test/fuzz have found, made short: each was answered otherwise than by a
 * redis-server once. One that belongs to a family of commands stands in that family's table.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isVersionAtLeast, redisVersion, skipWithoutRedis } from '../helpers/redis-server.js';
import { render } from '../helpers/resp-reply.js';
import { untilTestEnds } from '../helpers/started.js';
import { oracleSuite, startCandidate } from './harness.js';

const WRONG_PASSWORD = '-WRONGPASS invalid username-password pair or user is disabled.';

oracleSuite('found by fuzzing', [
  {
    name: 'line breaks at the end of an error are left out, others become spaces',
    lines: [
      'SET k v',
      ['EXPIRE', 'k', '100', '\r\n'],
      ['PEXPIREAT', 'k', '33177117420123', 'a\r\n\n'],
      ['EXPIRE', 'k', '100', '\n\na\rb'],
      ['HELLO', '3', 'x\r\n'],
      ['CONFIG', 'SET', 'x\r\n', '1'],
      ['CLIENT', 'KILL', 'ID', '\r\n'],
    ].map((run) => ({ run })),
  },
  {
    name: 'a zero byte ends what an error repeats of a request',
    lines: [
      'SET k v',
      '"NO\\x00SUCH" a b',
      'NOSUCH "a\\x00b" c "\\x00" d',
      '"\\x00"',
      '"" "\\x00a" b',
      'CLIENT "NO\\x00SUCH"',
      'CLIENT "\\x00"',
      '"GET\\x00" k',
      'EXPIRE k 100 "\\x00"',
      'EXPIRE k 100 "a\\x00b"',
      { run: 'SCAN "\\x00" COUNT 1000', equal: 'sameSorted' },
      { run: 'SCAN "0\\x00x" COUNT 1000', equal: 'sameSorted' },
      'SCAN "x\\x00" COUNT 1000',
      'CLIENT KILL TYPE "a\\x00b"',
      'CLIENT KILL USER "a\\x00b"',
      'CLIENT LIST TYPE "a\\x00b"',
      'HELLO 3 "a\\x00b"',
      'OBJECT "a\\x00b"',
      'OBJECT "a\\x00b" k',
      'MEMORY "a\\x00b"',
      'PUBSUB "a\\x00b"',
      'CONFIG SET "a\\x00b" 1',
      'CONFIG "a\\x00b"',
      'COMMAND "a\\x00b"',
      `NOSUCH "\\x00${'x'.repeat(200)}" y`,
    ],
  },
]);

// redis-server 7.2.4 says nothing to a wrong password while other replies of the client wait to be
// sent: inside EXEC one of the announced replies never comes. 7.0 answers, and so do we.
test('a wrong password inside EXEC and in a pipeline is answered', {
  skip: skipWithoutRedis,
}, async () => {
  const tandem = await untilTestEnds(startCandidate());
  for (const protocol of [2, 3] as const) {
    const client = await tandem.connect({ protocol });
    const requests = [['MULTI'], ['AUTH', 'x', 'y'], ['HELLO', '2', 'AUTH', 'x', 'y'], ['EXEC']];
    const replies = await client.typedPipeline([['PING'], ['AUTH', 'x', 'y'], ...requests]);
    assert.deepEqual(replies.map(render), [
      ...['+PONG', WRONG_PASSWORD, '+OK', '+QUEUED', '+QUEUED'],
      `[${WRONG_PASSWORD}, ${WRONG_PASSWORD}]`,
    ]);
    client.close();
  }
});

if (!isVersionAtLeast(redisVersion ?? '0', '7.2')) {
  oracleSuite('AUTH in a transaction, where redis-server answers it', [
    {
      name: 'right and wrong passwords',
      lines: [
        ...['MULTI', 'AUTH p', 'AUTH u p', 'AUTH default p', 'HELLO 2 AUTH u p', 'EXEC', 'PING'],
        ...['CONFIG SET requirepass p', 'MULTI', 'AUTH p', 'AUTH x', 'AUTH default x', 'EXEC'],
        ...['CONFIG SET requirepass ""'],
      ],
    },
  ]);
}
