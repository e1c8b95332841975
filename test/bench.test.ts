/*
 * The benchmark as a whole, as small as it goes: every part must run to its end and give figures
 * that can be ones. What they are is no matter here: nothing is timed in tests.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { skipWithoutRedis } from './helpers/redis-server.js';
import { buildRoot } from './helpers/tandem.js';

interface Row {
  readonly part: string;
  readonly what: string;
  readonly unit: string;
  readonly figures: Readonly<Record<string, readonly number[]>>;
}

/** What a change may make smaller. */
const MAY_BE_NEGATIVE = /throughput lost|memory over idle|memory afterwards/;

test('every part of the benchmark gives figures', { skip: skipWithoutRedis }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'bench-'));
  const file = join(dir, 'figures.json');
  try {
    const program = join(buildRoot, 'bench', 'run.js');
    const args = [program, '--quick', '--scale', '0.0005', '--rounds', '1', '--json', file];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 240_000 });
    const { machine, rows } = JSON.parse(readFileSync(file, 'utf8')) as {
      machine: Readonly<Record<string, string>>;
      rows: readonly Row[];
    };
    assert.match(machine['redis-server'] ?? '', /^\d+\.\d+\.\d+$/);
    const parts = new Set(rows.map(({ part }) => part));
    assert.ok(parts.size >= 8, `only ${[...parts].join(', ')}`);
    for (const { what, unit, figures } of rows) {
      assert.deepEqual(Object.keys(figures), ['redis', 'tandem']);
      for (const [name, all] of Object.entries(figures)) {
        const label = `${what}, ${unit}: ${name}: ${all}`;
        assert.ok(all.length > 0 && all.every(Number.isFinite), label);
        if (!MAY_BE_NEGATIVE.test(what)) assert.ok(Math.min(...all) >= 0, label);
      }
      assert.ok(stdout.includes(what), `${what} is not in the table`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
