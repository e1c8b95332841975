/*
 * How long commands take, for statistics and the slow log. The end of one command is the start of
 * the next, so one look at the clock a command would do; but a look costs a fifth of a GET. So
 * consecutive runs of the same brief command in one batch share a look and its time evenly. Sums
 * and means stay exact; only what differs among some pipelined GETs is levelled. Whatever may take
 * long is timed alone, and so is everything while the slow log asks for less than a millisecond.
 * Must not know what commands do.
 */

import assert from 'node:assert/strict';
import type { Stats } from '../observability/stats.js';
import { Arguments } from '../resp/arguments.js';
import { REQUEST, RequestDecoder } from '../resp/request-decoder.js';
import type { Command } from './command-table.js';
import type { Clock } from './services.js';
import type { WaitingCall } from './waiting-call.js';

/** Commands that share a look at the clock at most: what may be seen late is then some µs. */
const SHARING_COMMANDS_MAX = 8;
/** A command with more arguments than this is not brief, whichever it is. */
const BRIEF_ARGUMENTS_MAX = 4;
/** Who asks for shorter times wants each command's own. */
const SHARED_FROM_MICROSECONDS = 1000;

const NO_BYTES = new Uint8Array(0);

/** Who is told of commands that took long. */
export interface SlowObserver {
  /** From which time on it may be: a filter, a small integer. */
  readonly fromMicroseconds: number;
  onSlow(command: Command, args: Arguments, microseconds: number): void;
}

export class CommandTimer {
  /** Monotonic ms at the last look. */
  nowMs = 0;
  readonly #clock: Clock;
  readonly #stats: Stats;
  readonly #slow: SlowObserver;
  /** What has run since the last look, and how often. */
  #command: Command | null = null;
  #count = 0;
  /**
   * The last of these requests, where it lies until its batch ends. Its Arguments serve the next
   * one already when it turns out that they took long.
   */
  #buffer: Uint8Array = NO_BYTES;
  #requestStart = 0;
  #requestEnd = 0;

  constructor(clock: Clock, stats: Stats, slow: SlowObserver) {
    this.#clock = clock;
    this.#stats = stats;
    this.#slow = slow;
  }

  /** What has passed until now is no command's. */
  restart(): void {
    this.nowMs = this.#clock.monotonicMs();
  }

  /** Before a command runs. */
  begin(command: Command): void {
    if (this.#count > 0 && command !== this.#command) this.settle();
    if (this.#slow.fromMicroseconds >= SHARED_FROM_MICROSECONDS) return;
    this.settle();
    this.restart();
  }

  /**
   * After it has run. True when the clock was looked at. `waiting`: its client waits in it, so that
   * it is counted later.
   */
  end(command: Command, args: Arguments, waiting: WaitingCall | null = null): boolean {
    // Others may have run inside of it.
    if (command !== this.#command) {
      this.settle();
      this.#command = command;
    }
    this.#count++;
    // Only what is canonical can be read again where it lies.
    const isBrief = command.isBrief && args.count <= BRIEF_ARGUMENTS_MAX && args.isCanonical;
    const mayShare =
      isBrief && waiting === null && this.#slow.fromMicroseconds >= SHARED_FROM_MICROSECONDS;
    if (mayShare && this.#count < SHARING_COMMANDS_MAX) {
      this.#buffer = args.buffer;
      this.#requestStart = args.requestStart;
      this.#requestEnd = args.requestEnd;
      return false;
    }
    this.#look(command, args, waiting);
    return true;
  }

  /** Counts what has run since the last look. Before anybody else is served or reads statistics. */
  settle(): void {
    if (this.#command !== null && this.#count > 0) this.#look(this.#command, null);
  }

  /** `last`: the request that has just run, null when it is the one remembered. */
  #look(command: Command, last: Arguments | null, waiting: WaitingCall | null = null): void {
    const startMs = this.nowMs;
    this.nowMs = this.#clock.monotonicMs();
    const microseconds = (this.nowMs - startMs) * 1000;
    if (waiting === null || waiting.isOver) {
      this.#stats.onCommands(command.index, this.#count, microseconds);
    } else {
      assert(this.#count === 1, 'no command that may wait shares a look');
      waiting.begin(command.index, microseconds);
    }
    this.#count = 0;
    if (microseconds >= this.#slow.fromMicroseconds) {
      this.#slow.onSlow(command, last ?? this.#remembered(), microseconds);
    }
    this.#buffer = NO_BYTES;
  }

  #remembered(): Arguments {
    const args = new Arguments();
    const decoded = new RequestDecoder().next(
      this.#buffer,
      this.#requestStart,
      this.#requestEnd,
      args,
    );
    assert(decoded === REQUEST);
    return args;
  }
}
