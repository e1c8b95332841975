/*
 * What one unit of execution sends down the stream, seen by a feed that writes down what reaches
 * it: ranges of verbatim requests, effects in order, MULTI and EXEC around several.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Propagation } from '../../../src/commands/propagation.js';
import type { Feed } from '../../../src/commands/services.js';
import { Arguments } from '../../../src/resp/arguments.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';

/** Writes down what reaches it, one line each. */
class FakeFeed implements Feed {
  isActive = true;
  offset = 0;
  readonly lines: string[] = [];
  appendVerbatim(database: number, bytes: Uint8Array, start: number, end: number): void {
    this.lines.push(`${database} verbatim ${latin1Text(bytes, start, end)}`);
  }
  append(database: number, parts: readonly Uint8Array[]): void {
    this.lines.push(`${database} ${parts.map((part) => latin1Text(part)).join(' ')}`);
  }
}

const buffer = latin1('aaabbbccc');

function request(start: number, end: number, isCanonical = true): Arguments {
  const args = new Arguments();
  args.buffer = buffer;
  args.count = 1;
  args.start[0] = start;
  args.end[0] = end;
  args.requestStart = start;
  args.requestEnd = end;
  args.isCanonical = isCanonical;
  return args;
}

describe('propagation', () => {
  test('consecutive canonical requests travel as one range', () => {
    const feed = new FakeFeed();
    const propagation = new Propagation(feed);
    propagation.sendRequest(0, request(0, 3));
    propagation.sendRequest(0, request(3, 6));
    propagation.flush();
    assert.deepEqual(feed.lines, ['0 verbatim aaabbb']);
  });

  test('a gap, or another database, ends the range', () => {
    const feed = new FakeFeed();
    const propagation = new Propagation(feed);
    propagation.sendRequest(0, request(0, 3));
    propagation.sendRequest(0, request(6, 9));
    propagation.sendRequest(1, request(9, 9));
    propagation.flush();
    assert.deepEqual(feed.lines, ['0 verbatim aaa', '0 verbatim ccc', '1 verbatim ']);
  });

  test('an effect comes after the range before it', () => {
    const feed = new FakeFeed();
    const propagation = new Propagation(feed);
    propagation.sendRequest(0, request(0, 3));
    propagation.add(2, [latin1('DEL'), latin1('k')]);
    propagation.endUnit(true);
    assert.deepEqual(feed.lines, ['0 verbatim aaa', '2 DEL k']);
  });

  test('several effects of one unit are wrapped in MULTI and EXEC', () => {
    const feed = new FakeFeed();
    const propagation = new Propagation(feed);
    propagation.add(0, [latin1('DEL'), latin1('k')]);
    propagation.addRequest(0, request(0, 3));
    propagation.endUnit(true);
    assert.deepEqual(feed.lines, ['-1 MULTI', '0 DEL k', '0 verbatim aaa', '-1 EXEC']);
    assert.equal(propagation.hasEffects, false);
  });

  test('what EXEC runs is one range, and still several commands', () => {
    const feed = new FakeFeed();
    const propagation = new Propagation(feed);
    propagation.addRequest(0, request(0, 3));
    propagation.addRequest(0, request(3, 6));
    propagation.addRequest(0, request(6, 9, false));
    propagation.addRequest(1, request(6, 9));
    propagation.endUnit(true);
    const parts = ['0 verbatim aaabbb', '0 ccc', '1 verbatim ccc'];
    assert.deepEqual(feed.lines, ['-1 MULTI', ...parts, '-1 EXEC']);
    propagation.addRequest(0, request(0, 3));
    propagation.endUnit(true);
    assert.equal(feed.lines.at(-1), '0 verbatim aaa');
  });

  test('a unit that may delete any key sends its effects one by one', () => {
    const feed = new FakeFeed();
    const propagation = new Propagation(feed);
    propagation.add(0, [latin1('DEL'), latin1('a')]);
    propagation.add(0, [latin1('DEL'), latin1('b')]);
    propagation.endUnit(false);
    assert.deepEqual(feed.lines, ['0 DEL a', '0 DEL b']);
  });

  test('a request in another form is encoded anew', () => {
    const feed = new FakeFeed();
    const propagation = new Propagation(feed);
    propagation.sendRequest(0, request(0, 3, false));
    assert.deepEqual(feed.lines, ['0 aaa']);
  });

  test('without a listener nothing is kept', () => {
    const feed = new FakeFeed();
    feed.isActive = false;
    const propagation = new Propagation(feed);
    propagation.sendRequest(0, request(0, 3));
    propagation.add(0, [latin1('DEL')]);
    propagation.endUnit(true);
    propagation.flush();
    assert.deepEqual(feed.lines, []);
  });
});
