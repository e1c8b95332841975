/*
 * The keyspace against a plain model under all operations at once: expiry, renewal of wheels,
 * flushes with their background, swaps, moves of blocks, and frozen views held meanwhile.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { relocate } from '../../../src/keyspace/relocate.js';
import { FrozenReader } from '../../../src/memory/frozen-reader.js';
import { checkWalk, ModelledKeyspace } from './keyspace-model.js';

const isLong = process.env.TANDEM_LONG === '1';

function withRelocation(run: ModelledKeyspace): ModelledKeyspace {
  const { memory, keyspace } = run;
  run.relocate = (ref) => {
    const moved = relocate(memory, keyspace.databases, ref);
    assert.equal(typeof moved, 'boolean');
  };
  return run;
}

test('under all operations at once the keyspace is what a Map would be', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.constantFrom(5, 40, 600),
      fc.constantFrom(0, 300),
      (seed, keys, firstArena) => {
        const run = withRelocation(new ModelledKeyspace(seed, { keys, firstArena }));
        for (let i = 0; i < 3000; i++) run.step();
        run.checkAll();
        run.finish();
      },
    ),
    { numRuns: isLong ? 1000 : 20 },
  );
});

test('a frozen view shows the keyspace as it was, whatever happens meanwhile', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(5, 60, 900), (seed, keys) => {
      const run = withRelocation(new ModelledKeyspace(seed, { keys, isChecked: isLong }));
      for (let i = 0; i < 1500; i++) run.step();
      // In the middle of freeing what was flushed.
      if (seed % 2 === 0) {
        run.keyspace.flush(1);
        run.model[1] = new Map();
        run.keyspace.backgroundSlice(0, run.fakeClock);
      }
      for (let views = 0; views < 3; views++) {
        const { message } = run.memory.freeze();
        const then = run.copyOfModel();
        const reader = new FrozenReader(message);
        for (let i = 0; i < 800; i++) run.step();
        run.memory.checkBarrier();
        checkWalk(reader, then);
        run.checkAll();
        reader.close(message);
        run.memory.thaw();
        for (let i = 0; i < 300; i++) run.step();
      }
      run.finish();
    }),
    { numRuns: isLong ? 300 : 8 },
  );
});
