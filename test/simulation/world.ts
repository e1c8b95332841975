/*
 * A world for simulations: one clock, one queue of events, one network, and chance from a seed.
 * Nothing happens by itself; run() takes the next event, lets promises settle, and goes on. The
 * same seed gives the same run, so a failure is repeated by its number.
 */

import assert from 'node:assert/strict';
import type { Clock } from '../../src/commands/services.js';
import type { Scheduler } from '../../src/replication/replication-options.js';
import { seededRandom } from '../helpers/random.js';

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class World implements Clock {
  nowMs = 1000;
  readonly random: () => number;
  #events: Event[] = [];
  #order = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  readonly scheduler: Scheduler = {
    afterTick: (run) => this.after(0, run),
    every: (ms, run) => {
      let isStopped = false;
      const again = (): void => {
        if (isStopped) return;
        run();
        this.after(ms, again);
      };
      this.after(ms, again);
      return () => {
        isStopped = true;
      };
    },
  };

  after(ms: number, run: () => void): void {
    const event = { atMs: this.nowMs + ms, order: this.#order++, run };
    // Kept sorted: the queue is short, and most events go near its front.
    let at = this.#events.length;
    while (at > 0 && this.#events[at - 1].atMs > event.atMs) at--;
    this.#events.splice(at, 0, event);
  }

  /** 40 hexadecimal characters. */
  newReplid(): string {
    return Array.from({ length: 40 }, () => Math.floor(this.random() * 16).toString(16)).join('');
  }

  /** Runs until `isDone`, or fails after so much simulated time. */
  async runUntil(what: string, isDone: () => boolean, limitMs: number): Promise<void> {
    const deadlineMs = this.nowMs + limitMs;
    while (!isDone()) {
      assert(this.nowMs <= deadlineMs, `after ${limitMs} simulated ms still not: ${what}`);
      await this.step();
    }
  }

  async runFor(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    while ((this.#events[0]?.atMs ?? Number.POSITIVE_INFINITY) <= untilMs) await this.step();
    this.nowMs = untilMs;
  }

  /** The next event, and whatever promises it settles. */
  async step(): Promise<void> {
    const event = this.#events.shift();
    assert(event, 'nothing will ever happen again');
    this.nowMs = Math.max(this.nowMs, event.atMs);
    event.run();
    for (let i = 0; i < PROMISE_TURNS; i++) await null;
  }
}

/** Longest chain of promises that one event may set off. */
const PROMISE_TURNS = 24;
