/*
 * When a replica owes too much, and how much of it a socket may hold. Facts of one function each.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeDebt, shareForSocket, type Verdict } from '../../../src/replication/output-limit.js';

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
  assert.equal(judge({ debtMib: 64 }), 'fine');
});

test('above the soft limit a replica has its seconds', () => {
  assert.equal(judge({ debtMib: 65 }), 'over-soft');
  assert.equal(judge({ debtMib: 65, softForSeconds: 60 }), 'over-soft');
  assert.equal(judge({ debtMib: 65, softForSeconds: 61 }), 'drop-soft');
});

test('above the hard limit it is dropped at once', () => {
  assert.equal(judge({ debtMib: 256 }), 'over-soft');
  assert.equal(judge({ debtMib: 257 }), 'drop-hard');
});

test('a limit below the backlog counts as the backlog', () => {
  assert.equal(judge({ debtMib: 500, backlogMib: 512 }), 'fine');
  assert.equal(judge({ debtMib: 513, backlogMib: 512 }), 'drop-hard');
});

test('a single value larger than the limit cuts nobody off', () => {
  assert.equal(judge({ debtMib: 513, allowanceMib: 512, softForSeconds: 5 }), 'fine');
  assert.equal(judge({ debtMib: 800, allowanceMib: 512 }), 'drop-hard');
});

test('limits of 0 are none', () => {
  const none = { hardBytes: 0, softBytes: 0, softSeconds: 0 };
  assert.equal(judge({ debtMib: 100_000, limit: none }), 'fine');
});

test("what is with the socket never reaches the socket's own limit", () => {
  assert.equal(shareForSocket({ wantedBytes: MIB, limit, backlogBytes: MIB }), MIB);
  const low = { hardBytes: 100_000, softBytes: 40_000, softSeconds: 5 };
  assert.equal(shareForSocket({ wantedBytes: MIB, limit: low, backlogBytes: 16_384 }), 20_000);
});
