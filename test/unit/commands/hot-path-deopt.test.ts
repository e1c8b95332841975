/*
 * The rule that the hot path's compiled code lasts. V8 compiles for what it has seen so far and
 * gives the code up when something else comes: fine while it learns, but a function that is given
 * up again and again runs mostly uncompiled. Names such functions.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('hot-path-loop.js', import.meta.url));

/** Once or twice even a warm function meets something new: a number of more digits, for one. */
const LATE_DEOPTS_MAX = 2;

const DEOPT = /^\[bailout \(kind: ([^,]+), reason: ([^)]*)\).*<JSFunction ([^ >]*)/;

/** Why each function's code was given up, in order. */
function deoptsOf(trace: string): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const line of trace.split('\n')) {
    const [, kind, reason, name] = DEOPT.exec(line) ?? [];
    if (name === undefined) continue;
    const all = reasons.get(name) ?? [];
    all.push(`${kind}: ${reason}`);
    reasons.set(name, all);
  }
  return reasons;
}

test('no function of the hot path is compiled in vain', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--trace-deopt', program], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const [first, second, ...more] = stdout.split('WARM\n');
  assert.ok(first !== undefined && second?.endsWith('DONE\n') && more.length === 0, stdout);
  assert.ok(deoptsOf(first).size > 0, 'the engine tells of deoptimisations in another form');
  const lasting = [...deoptsOf(second)].filter(([, reasons]) => reasons.length > LATE_DEOPTS_MAX);
  assert.deepEqual(lasting, []);
});
