/*
 * When a replica owes too much, as Redis's checkClientOutputBufferLimits() has it.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeDebt, type Verdict } from '../../../src/replication/output-limit.js';

const MIB = 1024 * 1024;
const limit = { hardBytes: 256 * MIB, softBytes: 64 * MIB, softSeconds: 60 };

function judge(options: {
  debtMib: number;
  softForSeconds?: number;
  allowanceMib?: number;
  backlogMib?: number;
  limit?: typeof limit;
}): Verdict {
  const { debtMib, softForSeconds, allowanceMib = 0, backlogMib = 1 } = options;
  return judgeDebt({
    debtBytes: debtMib * MIB,
    limit: options.limit ?? limit,
    backlogBytes: backlogMib * MIB,
    allowanceBytes: allowanceMib * MIB,
    softSinceMs: softForSeconds === undefined ? -1 : 1_000_000 - softForSeconds * 1000,
    nowMs: 1_000_000,
  });
}

test('a debt below the soft limit is fine', () => {
  assert.equal(judge({ debtMib: 63.99 }), 'fine');
});

test('at the soft limit a replica has its seconds', () => {
  assert.equal(judge({ debtMib: 64 }), 'over-soft');
  assert.equal(judge({ debtMib: 64, softForSeconds: 60 }), 'over-soft');
  assert.equal(judge({ debtMib: 64, softForSeconds: 61 }), 'drop-soft');
});

test('at the hard limit it is dropped at once', () => {
  assert.equal(judge({ debtMib: 255.99 }), 'over-soft');
  assert.equal(judge({ debtMib: 256 }), 'drop-hard');
});

test('a hard limit below the backlog counts as the backlog, a soft one does not', () => {
  assert.equal(judge({ debtMib: 511.99, backlogMib: 512 }), 'over-soft');
  assert.equal(judge({ debtMib: 512, backlogMib: 512 }), 'drop-hard');
  assert.equal(judge({ debtMib: 64, backlogMib: 512, softForSeconds: 61 }), 'drop-soft');
});

test('a single value larger than the limit cuts nobody off', () => {
  assert.equal(judge({ debtMib: 513, allowanceMib: 512, softForSeconds: 5 }), 'fine');
  assert.equal(judge({ debtMib: 800, allowanceMib: 512 }), 'drop-hard');
});

test('limits of 0 are none', () => {
  const none = { hardBytes: 0, softBytes: 0, softSeconds: 0 };
  assert.equal(judge({ debtMib: 100_000, limit: none }), 'fine');
});
