/* What commands are said to take: sums are exact, brief commands share, others are timed alone. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Command, CommandTable } from '../../../src/commands/command-table.js';
import { CommandTimer } from '../../../src/commands/command-timer.js';
import { stringCommands } from '../../../src/commands/string-commands.js';
import { Stats } from '../../../src/observability/stats.js';
import { Arguments } from '../../../src/resp/arguments.js';
import { REQUEST, RequestDecoder } from '../../../src/resp/request-decoder.js';
import { encodeRequest } from '../../helpers/resp-client.js';

class Fixture {
  readonly stats: Stats;
  readonly timer: CommandTimer;
  readonly #table = new CommandTable([stringCommands]);
  nowMs = 1000;
  looks = 0;
  /** Of the observer: its threshold, and what it was told. */
  readonly slow = { fromMicroseconds: Number.POSITIVE_INFINITY };
  readonly told: [name: string, words: string[], microseconds: number][] = [];
  /** What the last request lies in. */
  readonly #args = new Arguments();

  constructor() {
    this.stats = new Stats({ commands: this.#table.all.length });
    const monotonicMs = (): number => {
      this.looks++;
      return this.nowMs;
    };
    const observer = Object.assign(this.slow, {
      onSlow: (command: Command, args: Arguments, microseconds: number) => {
        const words = Array.from({ length: args.count }, (_, i) => args.text(i));
        this.told.push([command.name, words, Math.round(microseconds)]);
      },
    });
    this.timer = new CommandTimer({ monotonicMs, wallMs: () => 0 }, this.stats, observer);
    this.timer.restart();
  }

  command(name: string): Command {
    const command = this.#table.byName(name);
    assert(command !== null);
    return command;
  }

  /** Runs a command that takes `ms`, with others inside of it. */
  run(
    name: string,
    options: { ms: number; count?: number; inside?: () => void; word?: string },
  ): void {
    const { ms, count = 2, inside, word = 'x' } = options;
    const args = inside === undefined ? this.#args : new Arguments();
    const bytes = encodeRequest([name, ...new Array<string>(count - 1).fill(word)]);
    assert.equal(new RequestDecoder().next(bytes, 0, bytes.length, args), REQUEST);
    this.timer.begin(this.command(name));
    this.nowMs += ms;
    inside?.();
    this.timer.end(this.command(name), args);
  }

  /** Calls and whole µs of a command. */
  counted(name: string): [calls: number, microseconds: number] {
    const { index } = this.command(name);
    return [this.stats.calls[index], Math.round(this.stats.microseconds[index])];
  }
}

test('brief commands of one kind share a look at the clock and the time between two', () => {
  const fixture = new Fixture();
  const { timer } = fixture;
  fixture.looks = 0;
  for (let i = 0; i < 20; i++) fixture.run('get', { ms: 1 });
  assert.equal(fixture.looks, 2);
  timer.settle();
  timer.settle();
  assert.equal(fixture.looks, 3);
  assert.deepEqual(fixture.counted('get'), [20, 20_000]);
  assert.equal(fixture.stats.commandsProcessed, 20);
});

test('another command settles what came before it, so each has its own sum', () => {
  const fixture = new Fixture();
  for (let i = 0; i < 3; i++) {
    fixture.run('get', { ms: 1 });
    fixture.run('get', { ms: 2 });
    fixture.run('set', { ms: 10, count: 3 });
  }
  fixture.timer.settle();
  assert.deepEqual(fixture.counted('get'), [6, 9000]);
  assert.deepEqual(fixture.counted('set'), [3, 30_000]);
});

test('what may take long is timed alone: other commands, and brief ones of many arguments', () => {
  const fixture = new Fixture();
  fixture.looks = 0;
  for (let i = 0; i < 3; i++) fixture.run('mset', { ms: 1, count: 3 });
  for (let i = 0; i < 3; i++) fixture.run('mget', { ms: 1, count: 50 });
  assert.equal(fixture.looks, 6);
});

test('commands run by another one keep their time, and what is left is its own', () => {
  const fixture = new Fixture();
  const inside = (): void => {
    fixture.run('get', { ms: 5 });
    fixture.run('get', { ms: 5 });
  };
  fixture.run('mset', { ms: 3, inside });
  assert.equal(fixture.counted('get')[0], 2);
  assert.equal(fixture.counted('mset')[0], 1);
  assert.equal(fixture.stats.commandMicroseconds, 13_000);
});

test('time that passes between two batches is nobody’s', () => {
  const fixture = new Fixture();
  fixture.run('get', { ms: 1 });
  fixture.timer.settle();
  fixture.nowMs += 1000;
  fixture.timer.restart();
  fixture.run('get', { ms: 1 });
  fixture.timer.settle();
  assert.deepEqual(fixture.counted('get'), [2, 2000]);
});

describe('who is told of commands that took long', () => {
  test('a command timed alone is told with its time', () => {
    const fixture = new Fixture();
    fixture.slow.fromMicroseconds = 10_000;
    fixture.run('mset', { ms: 9.9, count: 3, word: 'a' });
    fixture.run('mset', { ms: 10.5, count: 3, word: 'b' });
    assert.deepEqual(fixture.told, [['mset', ['mset', 'b', 'b'], 10_500]]);
  });

  test('of brief ones that share a look the last is told, though others followed', () => {
    const fixture = new Fixture();
    fixture.slow.fromMicroseconds = 10_000;
    fixture.looks = 0;
    fixture.run('get', { ms: 0.001, word: 'a' });
    fixture.run('get', { ms: 20, word: 'b' });
    fixture.run('set', { ms: 0.001, count: 3, word: 'c' });
    fixture.timer.settle();
    fixture.run('get', { ms: 30, word: 'd' });
    fixture.timer.settle();
    for (let i = 0; i < 8; i++) fixture.run('get', { ms: 2, word: String(i) });
    assert.equal(fixture.looks, 4);
    assert.deepEqual(fixture.told, [
      ['get', ['get', 'b'], 20_001],
      ['get', ['get', 'd'], 30_000],
      ['get', ['get', '7'], 16_000],
    ]);
  });

  test('where less than a millisecond counts each command has its own time', () => {
    const fixture = new Fixture();
    fixture.slow.fromMicroseconds = 0;
    fixture.run('get', { ms: 1, word: 'a' });
    // Between two of them is nobody's.
    fixture.nowMs += 50;
    fixture.run('get', { ms: 2, word: 'b' });
    assert.deepEqual(fixture.told, [
      ['get', ['get', 'a'], 1000],
      ['get', ['get', 'b'], 2000],
    ]);
    assert.deepEqual(fixture.counted('get'), [2, 3000]);
  });
});
