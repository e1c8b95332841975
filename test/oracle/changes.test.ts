/*
 * How many changes commands count as, for save points: rdb_changes_since_last_save beside
 * redis-server, one step after the other.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { info } from '../helpers/info.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { splitCommandLine } from './command-line.js';
import { startCandidate } from './harness.js';

/** The changes that each step counts as. */
async function changesOf(client: RespClient, steps: readonly string[]): Promise<string[]> {
  const counted: string[] = [];
  let last = 0;
  for (const step of steps) {
    for (const line of step.split('; ')) await client.call(...splitCommandLine(line));
    const { rdb_changes_since_last_save: changes } = await info(client, 'persistence');
    counted.push(`${step}: ${Number(changes) - last}`);
    last = Number(changes);
  }
  return counted;
}

const flushes = [
  ...['FLUSHALL', 'FLUSHDB', 'FLUSHDB ASYNC', 'FLUSHALL SYNC'],
  ...['SET a 1; SET b 1; FLUSHDB', 'SET a 1; SELECT 2; SET a 1; FLUSHALL ASYNC; SELECT 0'],
  'MULTI; FLUSHDB; EXEC',
];
/** With save points the file is replaced after EXEC, see docs/DIFFERENCES.md. */
const flushInTransaction = 'SET a 1; SET b 1; MULTI; FLUSHALL; EXEC';

const others = [
  ...['SWAPDB 0 1', 'SWAPDB 1 1', 'SET a 1', 'COPY a b', 'MOVE a 3', 'TOUCH b'],
  ...['GETEX b EX 10', 'GETEX b PERSIST', 'GETEX b PERSIST', 'EXPIRE b 100', 'EXPIRE b -1'],
  ...['SET c 1; RENAME c d', 'APPEND d ""', 'SETRANGE d 0 ""', 'GETSET d 2', 'INCR d'],
  ...['MSETNX x 1 y 2', 'MSET x 1 y 2 z 3', 'DEL x y q', 'UNLINK d', 'SETBIT bits 1 1'],
  ...['SETBIT bits 1 1', 'BITOP NOT bits bits', 'SETNX bits 1', 'PERSIST bits', 'GETDEL bits'],
];

for (const save of ['', '3600 1000000']) {
  const name = `changes beside redis-server, save points "${save}"`;
  describe(name, { skip: skipWithoutRedis }, () => {
    let tandem: ServerProcess;
    let redis: ServerProcess;
    before(async () => {
      const args = ['--save', save];
      [tandem, redis] = await Promise.all([startCandidate({ args }), startRedis({ args })]);
    });
    after(async () => {
      await Promise.all([tandem?.stop(), redis?.stop()]);
    });

    const withoutSave = save === '' ? [flushInTransaction] : [];
    const all = { flushes: [...flushes, ...withoutSave], others };
    for (const [what, steps] of Object.entries(all)) {
      test(what, async () => {
        const pair = await Promise.all([tandem.connect(), redis.connect()]);
        const [ours, theirs] = await Promise.all(pair.map((one) => changesOf(one, steps)));
        assert.deepEqual(ours, theirs);
        for (const one of pair) one.close();
      });
    }
  });
}
