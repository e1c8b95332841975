/*
 * How long commands take, for statistics. The end of one command is the start of the next, so one
 * look at the clock a command would do; but a look costs a fifth of a GET. So consecutive runs of
 * the same brief command in one batch share a look and its time evenly. Sums and means stay exact;
 * only what differs among some pipelined GETs is levelled. Whatever may take long is timed alone.
 * Must not know what commands do.
 */

import type { Stats } from '../observability/stats.js';
import type { Arguments } from '../resp/arguments.js';
import type { Command } from './command-table.js';
import type { Clock } from './services.js';

/** Commands that share a look at the clock at most: what may be seen late is then some µs. */
const SHARING_COMMANDS_MAX = 8;
/** A command with more arguments than this is not brief, whichever it is. */
const BRIEF_ARGUMENTS_MAX = 4;

export class CommandTimer {
  /** Monotonic ms at the last look. */
  nowMs = 0;
  readonly #clock: Clock;
  readonly #stats: Stats;
  /** What has run since the last look, and how often. */
  #command: Command | null = null;
  #count = 0;

  constructor(clock: Clock, stats: Stats) {
    this.#clock = clock;
    this.#stats = stats;
  }

  /** What has passed until now is no command's. */
  restart(): void {
    this.nowMs = this.#clock.monotonicMs();
  }

  /** Before a command runs. */
  begin(command: Command): void {
    if (this.#count > 0 && command !== this.#command) this.settle();
  }

  /** After it has run. True when the clock was looked at. */
  end(command: Command, args: Arguments): boolean {
    // Others may have run inside of it.
    if (command !== this.#command) {
      this.settle();
      this.#command = command;
    }
    this.#count++;
    const isBrief = command.isBrief && args.count <= BRIEF_ARGUMENTS_MAX;
    if (isBrief && this.#count < SHARING_COMMANDS_MAX) return false;
    this.settle();
    return true;
  }

  /** Counts what has run since the last look. Before anybody else is served or reads statistics. */
  settle(): void {
    const command = this.#command;
    if (command === null || this.#count === 0) return;
    const startMs = this.nowMs;
    this.nowMs = this.#clock.monotonicMs();
    this.#stats.onCommands(command.index, this.#count, (this.nowMs - startMs) * 1000);
    this.#count = 0;
  }
}
