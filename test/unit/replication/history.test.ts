/*
 * The history of a data set: who may continue from which id, up to which offset.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LINEAGE_IDS_MAX } from '../../../src/limits.js';
import { History, NO_REPLID } from '../../../src/replication/history.js';

function newHistory(): History {
  let count = 0;
  return new History({ newReplid: () => String(++count).padStart(40, '0') });
}

const id = (n: number): string => String(n).padStart(40, '0');

test('a new history has an id, offset 0 and no second id', () => {
  const history = newHistory();
  assert.equal(history.replid, id(1));
  assert.equal(history.offset, 0);
  assert.equal(history.secondReplid, NO_REPLID);
  assert.equal(history.secondOffset, -1);
});

test('rotation keeps the old id valid up to and including the offset where it was left', () => {
  const history = newHistory();
  history.advance(50);
  history.rotate();
  history.advance(10);
  assert.equal(history.replid, id(2));
  assert.equal(history.offset, 60);
  assert.equal(history.lastOffsetOf(id(1)), 50);
  // INFO's field names the first byte that the second id does not cover, counted from 1.
  assert.equal(history.secondReplid, id(1));
  assert.equal(history.secondOffset, 51);
  assert.equal(history.lastOffsetOf(id(2)), Number.POSITIVE_INFINITY);
  assert.equal(history.lastOffsetOf(id(9)), -1);
});

test('each former id keeps its own limit', () => {
  const history = newHistory();
  for (const bytes of [10, 20, 30]) {
    history.advance(bytes);
    history.rotate();
  }
  assert.deepEqual(
    [1, 2, 3].map((n) => history.lastOffsetOf(id(n))),
    [10, 30, 60],
  );
});

test(`the lineage forgets the oldest of more than ${LINEAGE_IDS_MAX} ids`, () => {
  const history = newHistory();
  for (let i = 0; i < LINEAGE_IDS_MAX + 1; i++) history.rotate();
  assert.equal(history.lineage.length, LINEAGE_IDS_MAX);
  assert.equal(history.lastOffsetOf(id(1)), -1);
  assert.equal(history.lastOffsetOf(id(2)), 0);
});

test('adopting a history forgets the lineage', () => {
  const history = newHistory();
  history.rotate();
  history.adopt({ replid: id(77), offset: 1234 });
  assert.deepEqual(history.position, { replid: id(77), offset: 1234 });
  assert.deepEqual(history.lineage, []);
});

test('starting over changes the id, forgets the lineage and keeps the offset', () => {
  const history = newHistory();
  history.advance(5);
  history.rotate();
  history.startOver();
  assert.equal(history.offset, 5);
  assert.deepEqual(history.lineage, []);
  assert.equal(history.lastOffsetOf(id(1)), -1);
});

test('being told the present name changes nothing; a name known before leaves the lineage', () => {
  const history = newHistory();
  history.renameTo(id(1));
  assert.deepEqual(history.lineage, []);
  history.advance(3);
  history.renameTo(id(50));
  history.advance(3);
  history.renameTo(id(1));
  assert.deepEqual(history.lineage, [{ replid: id(50), lastOffset: 6 }]);
  assert.equal(history.lastOffsetOf(id(1)), Number.POSITIVE_INFINITY);
});

test('ids are compared without regard to case', () => {
  const history = newHistory();
  history.adopt({ replid: 'a'.repeat(40), offset: 7 });
  assert.equal(history.lastOffsetOf('A'.repeat(40)), Number.POSITIVE_INFINITY);
});
