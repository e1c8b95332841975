/*
 * The PSYNC decision as a table: a history with three lives, every request, every answer. Requests
 * are in bytes that the replica has; PSYNC's own number is one higher.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../../../src/replication/history.js';
import { decidePsync, type PsyncDecision } from '../../../src/replication/psync-decision.js';

/** Id 1 up to offset 100, id 2 up to 200, now id 3 at 300. */
function threeLives(): History {
  let count = 0;
  const history = new History({ newReplid: () => String(++count).repeat(40) });
  history.advance(100);
  history.rotate();
  history.advance(100);
  history.rotate();
  history.advance(100);
  return history;
}

const id = (n: number): string => String(n).repeat(40);
const memory = { start: 150, end: 300 };
const disk = { start: 50, end: 180 };
const all = { start: 0, end: 300 };

const table: readonly [
  name: string,
  request: [replid: string, offset: number] | null,
  ranges: { start: number; end: number }[],
  expected: number | string,
][] = [
  ['SYNC', null, [all], 'requested'],
  ['PSYNC ? -1', ['?', -2], [all], 'requested'],
  ['an id never seen', [id(9), 300], [all], 'unknown-replid'],
  ['an id never seen, without a backlog', [id(9), 300], [], 'unknown-replid'],
  ['no backlog', [id(3), 300], [], 'no-backlog'],
  ['caught up: zero bytes', [id(3), 300], [memory], 300],
  ['one byte missing', [id(3), 299], [memory], 299],
  ['the oldest byte held', [id(3), 150], [memory], 150],
  ['one byte too old', [id(3), 149], [memory], 'offset-too-old'],
  ['from the beginning', [id(3), 0], [memory], 'offset-too-old'],
  ['PSYNC <id> 0', [id(3), -1], [all], 'offset-too-old'],
  ['more than was ever sent', [id(3), 301], [memory], 'offset-ahead'],
  ['an empty backlog, caught up', [id(3), 300], [{ start: 300, end: 300 }], 300],
  ['an empty backlog, one behind', [id(3), 299], [{ start: 300, end: 300 }], 'offset-too-old'],
  ['the second id at its limit', [id(2), 200], [memory], 200],
  ['the second id past its limit', [id(2), 201], [memory], 'diverged'],
  ['the second id past its limit, without a backlog', [id(2), 201], [], 'diverged'],
  ['the second id before the backlog', [id(2), 120], [memory], 'offset-too-old'],
  ['the oldest id at its limit', [id(1), 100], [all], 100],
  ['the oldest id past its limit', [id(1), 101], [all], 'diverged'],
  ['only on disk', [id(3), 60], [memory, disk], 60],
  ['in neither', [id(3), 49], [memory, disk], 'offset-too-old'],
  ['in a hole between the two', [id(3), 130], [memory, { start: 50, end: 120 }], 'offset-too-old'],
];

for (const [name, request, ranges, expected] of table) {
  test(`psync: ${name} → ${expected}`, () => {
    const decision = decidePsync({
      request: request && { replid: request[0], offset: request[1] },
      history: threeLives(),
      ranges,
    });
    const wanted: PsyncDecision =
      typeof expected === 'number'
        ? { kind: 'continue', from: expected, replid: id(3) }
        : { kind: 'full', reason: expected as 'requested' };
    assert.deepEqual(decision, wanted);
  });
}
