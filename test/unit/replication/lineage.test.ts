/*
 * The lineage as a snapshot carries it: there and back, and whatever else may stand there.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LINEAGE_IDS_MAX } from '../../../src/limits.js';
import { formatLineage, parseLineage } from '../../../src/replication/lineage.js';

const id = (n: number): string => String(n).padStart(40, '0');
const position = { replid: id(1), offset: 500 };

test('a lineage comes back as it was', () => {
  const lineage = [
    { replid: id(2), lastOffset: 500 },
    { replid: id(3), lastOffset: 500 },
    { replid: id(4), lastOffset: 0 },
  ];
  assert.equal(formatLineage(lineage), `${id(2)}:500,${id(3)}:500,${id(4)}:0`);
  assert.deepEqual(parseLineage(formatLineage(lineage), position), lineage);
  assert.deepEqual(parseLineage(formatLineage([]), position), []);
});

test(`${LINEAGE_IDS_MAX} ids are taken, one more is not`, () => {
  const lineage = Array.from({ length: LINEAGE_IDS_MAX + 1 }, (_, i) => ({
    replid: id(i + 2),
    lastOffset: 500 - i,
  }));
  assert.equal(parseLineage(formatLineage(lineage), position), null);
  assert.deepEqual(parseLineage(formatLineage(lineage.slice(1)), position), lineage.slice(1));
});

for (const [what, text] of [
  ['an id valid beyond the recovered offset', `${id(2)}:501`],
  ['an id valid beyond a newer one', `${id(2)}:100,${id(3)}:101`],
  ['the current id', `${id(1)}:100`],
  ['an id twice', `${id(2)}:100,${id(2)}:50`],
  ['a short id', `${id(2).slice(1)}:100`],
  ['no hexadecimal digit', `${'x'.repeat(40)}:100`],
  ['no offset', `${id(2)}:`],
  ['a negative offset', `${id(2)}:-1`],
  ['an offset that is no whole number', `${id(2)}:1e2`],
  ['an offset too long', `${id(2)}:10000000000000000`],
  ['an empty entry', `${id(2)}:100,`],
  ['anything', 'anything'],
]) {
  test(`refused: ${what}`, () => {
    assert.equal(parseLineage(text, position), null);
  });
}
