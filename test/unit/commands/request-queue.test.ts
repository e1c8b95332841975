/*
 * MULTI's queue: whatever is queued comes out as it went in, and a queue of any length costs little
 * more memory than was sent, all of it counted and none of it in JavaScript's heap.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import type { Command } from '../../../src/commands/command-table.js';
import { RequestQueue } from '../../../src/commands/request-queue.js';
import { Arguments } from '../../../src/resp/arguments.js';
import { request } from './requests.js';

const MIB = 1024 * 1024;
const commands = ['first', 'second'].map((name) => ({ name })) as unknown as readonly Command[];

function commandAt(index: number): Command {
  const command = commands[index % commands.length];
  assert(command);
  return command;
}

test('requests of any number and length of arguments come out as they went in', () => {
  const word = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('x'.repeat(300), ''));
  const requests = fc.array(
    fc.record({
      words: fc.array(word, { minLength: 1, maxLength: 40 }),
      isCanonical: fc.boolean(),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(requests, (queued) => {
      const queue = new RequestQueue();
      const expected: unknown[] = [];
      for (const [index, { words, isCanonical }] of queued.entries()) {
        const args = request(...words.map((text) => text.replace(/[^ -~]/g, '?')));
        args.isCanonical = isCanonical;
        queue.push(commandAt(index), args);
        args.buffer.fill(0, 0, 3);
        expected.push({ command: commandAt(index), ...shown(args) });
        args.buffer.fill(0);
      }
      const seen: unknown[] = [];
      const args = new Arguments();
      queue.replay(args, (command) => seen.push({ command, ...shown(args) }));
      assert.deepEqual(seen, expected);
      assert.equal(queue.length, queued.length);
    }),
    { numRuns: 200 },
  );
});

function shown(args: Arguments) {
  return {
    words: Array.from({ length: args.count }, (_, i) => args.text(i)),
    isCanonical: args.isCanonical,
    bytes: args.requestEnd - args.requestStart,
  };
}

test('consecutive requests lie side by side, so that they travel as few ranges', () => {
  const queue = new RequestQueue();
  for (let i = 0; i < 100_000; i++) queue.push(commandAt(i), request('set', 'key', `${i}`));
  let ranges = 0;
  let end = -1;
  let buffer: Uint8Array | null = null;
  const args = new Arguments();
  queue.replay(args, () => {
    if (args.buffer !== buffer || args.requestStart !== end) ranges++;
    buffer = args.buffer;
    end = args.requestEnd;
  });
  assert(ranges < 20, `${ranges} ranges`);
});

test('a million queued PINGs cost what is counted, and hardly anything of the heap', () => {
  const queue = new RequestQueue();
  const ping = request('ping');
  const command = commandAt(0);
  const heapBefore = getHeapStatistics().used_heap_size;
  for (let i = 0; i < 1_000_000; i++) queue.push(command, ping);
  const heapBytes = getHeapStatistics().used_heap_size - heapBefore;
  assert(heapBytes < 40 * MIB, `${heapBytes} bytes of heap`);
  const sentBytes = 1_000_000 * (ping.requestEnd - ping.requestStart);
  assert(queue.bytes > sentBytes && queue.bytes < sentBytes + 40 * MIB, `${queue.bytes} counted`);
});
