/*
 * A server that may open few files: clients must not take the descriptors that a save needs, and
 * those beyond maxclients are told so.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESERVED_DESCRIPTORS } from '../../src/limits.js';
import { RespError } from '../helpers/resp-reply.js';
import { type Program, ServerProcess } from '../helpers/server-process.js';
import { tandemArguments } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

const FILES_MAX = 256;
const CLIENTS_MAX = FILES_MAX - RESERVED_DESCRIPTORS;

const program: Program = {
  name: 'tandem',
  command: '/bin/sh',
  argumentsFor: ({ port, dir }) => [
    ...['-c', `ulimit -n ${FILES_MAX} && exec "$@"`, 'sh', process.execPath],
    ...tandemArguments(['--port', String(port), '--save', '', '--dir', dir]),
  ],
};

test('where few files may be open, maxclients is lowered and a save still works', async () => {
  const server = await ServerProcess.start(program);
  assert.match(server.log, new RegExp(`maxclients has been reduced to ${CLIENTS_MAX} to`));
  const first = await server.connect();
  assert.deepEqual(await first.call('CONFIG', 'GET', 'maxclients'), [
    'maxclients',
    String(CLIENTS_MAX),
  ]);
  for (let clients = 1; clients < CLIENTS_MAX; clients++) {
    assert.equal(await (await server.connect()).call('PING'), 'PONG', `client ${clients + 1}`);
  }
  const refused = await (await server.connect()).call('PING');
  assert.deepEqual(refused, new RespError('ERR max number of clients reached'));
  assert.equal(await first.call('SAVE'), 'OK');
  const logged = server.log.length;
  const tooMany = await first.call('CONFIG', 'SET', 'maxclients', '10000');
  assert.ok(tooMany instanceof RespError);
  assert.match(tooMany.text, new RegExp(`number of clients, try with ${CLIENTS_MAX}$`));
  // Redis's four lines, but for the system's reason.
  await waitFor('the last line', () => server.log.includes('Restoring previous', logged));
  const lines = server.log.slice(logged).trimEnd().split('\n');
  const needed = 10_000 + RESERVED_DESCRIPTORS;
  assert.deepEqual(
    lines.map((line) => line.replace(/^.*? # /, '').replace(/error: .*/, 'error')),
    [
      `You requested maxclients of 10000 requiring at least ${needed} max file descriptors.`,
      `Server can't set maximum open files to ${needed} because of OS error`,
      `Current maximum open files is ${FILES_MAX}. maxclients has been reduced to ` +
        `${CLIENTS_MAX} to compensate for low ulimit. If you need higher maxclients increase ` +
        "'ulimit -n'.",
      'Failed applying new configuration. Possibly related to new maxclients setting. ' +
        'Restoring previous settings.',
    ],
  );
  assert.match(
    String(await first.call('CONFIG', 'GET', 'maxclients')),
    new RegExp(`,${CLIENTS_MAX}$`),
  );
  assert.equal(await first.call('CONFIG', 'SET', 'maxclients', String(CLIENTS_MAX)), 'OK');
  await server.stop();
});
