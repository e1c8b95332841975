/*
 * The count of a command in which its client waits. As in Redis it enters the statistics when the
 * wait is over, however it ends, with the time that the command itself has taken. Must not know
 * what is waited for.
 */

import type { Stats } from '../observability/stats.js';

const NONE = -1;

export class WaitingCall {
  readonly #stats: Stats;
  #index = NONE;
  #microseconds = 0;
  /** The wait has ended. Before the command has returned, its count is that of any other. */
  isOver = false;

  constructor(stats: Stats) {
    this.#stats = stats;
  }

  /** The command has returned, after so long; `index` is that of its row. */
  begin(index: number, microseconds: number): void {
    this.#index = index;
    this.#microseconds = microseconds;
  }

  end(hasFailed: boolean): void {
    this.isOver = true;
    if (this.#index !== NONE) this.#stats.onCommand(this.#index, this.#microseconds, hasFailed);
  }
}
