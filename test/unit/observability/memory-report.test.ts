/*
 * MEMORY DOCTOR and MALLOC-STATS: what is found at which figures, and that the allocator's list
 * adds up to what is in use.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Memory } from '../../../src/memory/memory.js';
import type { MemoryFigures } from '../../../src/observability/memory-figures.js';
import { allocatorReport, doctorReport } from '../../../src/observability/memory-report.js';

const MIB = 1024 * 1024;

const healthy: MemoryFigures = {
  used: 100 * MIB,
  peak: 100 * MIB,
  backlog: 0,
  replicas: 0,
  clients: 10_000,
  clientCount: 2,
  replicaCount: 1,
  databases: [],
  overhead: 0,
  dataset: 100 * MIB,
  keys: 1,
  allocated: 100 * MIB,
  active: 110 * MIB,
  resident: 200 * MIB,
};

describe('MEMORY DOCTOR', () => {
  test('finds nothing where nothing is, and nothing to look at in a small server', () => {
    assert.match(doctorReport(healthy), /^Nothing is wrong/);
    assert.match(doctorReport({ ...healthy, used: 4 * MIB, peak: 400 * MIB }), /too little data/);
  });

  test('finds each thing by itself, and all of them together', () => {
    const cases: [string, Partial<MemoryFigures>][] = [
      ['Peak: 151.00M', { peak: 151 * MIB }],
      ['Pages: the system holds 170.00M', { active: 170 * MIB, resident: 200 * MIB }],
      ['Process: beside its pages the process takes 300.00M', { resident: 410 * MIB }],
      ['Clients: on average one holds 250.00K', { clients: 500 * 1024 }],
      ['Replicas: 11.00M', { replicas: 11 * MIB }],
    ];
    for (const [finding, figures] of cases) {
      const report = doctorReport({ ...healthy, ...figures });
      assert(report.includes(` * ${finding}`), report);
      assert.equal(report.split(' * ').length, 2, report);
    }
    const all = Object.assign({}, healthy, ...cases.map(([, figures]) => figures));
    assert.equal(doctorReport({ ...all, resident: 500 * MIB }).split(' * ').length, 6);
  });
});

describe('MEMORY MALLOC-STATS', () => {
  test('blocks of each size add up to what is used', () => {
    const memory = new Memory();
    for (let i = 0; i < 1000; i++) memory.allocate(16 + (i % 50) * 8);
    memory.allocate(100_000);
    memory.allocate(70 * MIB);
    const { arenas, classes } = memory.describeUse();
    const sum = (list: readonly { usedBytes: number }[]) =>
      list.reduce((bytes, { usedBytes }) => bytes + usedBytes, 0);
    assert.equal(sum(classes), memory.usedBytes);
    assert.equal(sum(arenas), memory.usedBytes);
    assert.deepEqual(
      arenas.map(({ state }) => state),
      ['open', 'large'],
    );
    const pages = classes.at(-1);
    assert.deepEqual([pages?.blockBytes, pages?.blocks], [0, 2]);
    const text = allocatorReport(memory.describeUse());
    assert.match(text, /^Pages of 4096 bytes, in 2 arenas\n/);
    assert.match(text, /\n +16 +20 +1 +320 +0.08\n/);
    assert.match(text, /\n +pages +2 +2 +\d+ +1.00\n$/);
  });

  test('an empty memory has nothing to list', () => {
    assert.deepEqual(new Memory().describeUse(), { pageBytes: 4096, arenas: [], classes: [] });
  });
});
