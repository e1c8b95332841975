/*
 * Why and until when requests are postponed, and the clients that wait for the end of it. Several
 * parties pause independently (CLIENT PAUSE, a shutdown that waits for replicas, a failover, DEBUG
 * RELOAD), each with its own mode and deadline; the strictest mode among those that run counts.
 * Dispatch asks `isActive` and `mode` and parks clients here. While any pause runs nothing expires
 * and nothing is evicted either: the stream must stand still. Must not know commands or sockets.
 */

import type { Client } from './client.js';

export type PauseMode = 'write' | 'all';
export type PausePurpose = 'client' | 'shutdown' | 'failover' | 'reload';

interface Pause {
  mode: PauseMode;
  untilMs: number;
}

/** Longest delay that a Node timer takes; a longer pause re-arms it. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export interface ClientPauseOptions {
  /** Wall clock in ms. */
  readonly nowMs: () => number;
  /** Runs once after `delayMs`, unless the returned function cancels it. */
  readonly setTimer: (run: () => void, delayMs: number) => () => void;
  /** Told when the first pause begins and when the last one has ended. */
  readonly onActive?: (isActive: boolean) => void;
}

export class ClientPause {
  readonly #options: ClientPauseOptions;
  readonly #pauses = new Map<PausePurpose, Pause>();
  /** In the order in which they came: they are resumed in that order. */
  readonly #waiting = new Set<Client>();
  #mode: PauseMode | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor(options: ClientPauseOptions) {
    this.#options = options;
  }

  /** Some pause runs. */
  get isActive(): boolean {
    return this.#mode !== null;
  }

  /** `all` postpones every command, `write` those that may change or publish. Meaningful while
   * active. */
  get mode(): PauseMode {
    return this.#mode ?? 'write';
  }

  /** Clients waiting for the end of a pause. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /**
   * Begins a pause for `purpose` or changes the one that runs; `untilMs` may be Infinity. As in
   * Redis a deadline only moves later, and a running CLIENT PAUSE ALL is not weakened to WRITE by
   * another CLIENT PAUSE.
   */
  pause(options: { purpose: PausePurpose; mode: PauseMode; untilMs: number }): void {
    const { purpose, mode, untilMs } = options;
    const running = this.#pauses.get(purpose);
    if (running === undefined) {
      this.#pauses.set(purpose, { mode, untilMs });
    } else {
      const isKept = purpose === 'client' && running.mode === 'all';
      running.mode = isKept ? 'all' : mode;
      running.untilMs = Math.max(running.untilMs, untilMs);
    }
    this.#update();
  }

  /** Ends the pause of `purpose`, if there is one. Clients go on once no other pause holds them. */
  unpause(purpose: PausePurpose): void {
    if (this.#pauses.delete(purpose)) this.#update();
  }

  /** Parks a client whose request was refused by the pause: the same request is offered again. */
  postpone(client: Client): void {
    client.blocked = 'pause';
    client.onUnblocked = () => this.#release(client);
    this.#waiting.add(client);
    client.connection.suspendRequests();
  }

  #release(client: Client): boolean {
    if (!this.#waiting.delete(client)) return false;
    client.blocked = null;
    client.onUnblocked = null;
    return true;
  }

  /**
   * Recomputes the mode after any change. Side effects: 1. drops pauses that are over; 2. re-arms
   * the timer for the nearest deadline; 3. resumes waiting clients when the pause has ended or
   * weakened (those that must still wait are postponed again when their request is offered).
   */
  #update(): void {
    const nowMs = this.#options.nowMs();
    const before = this.#mode;
    let nearestMs = Number.POSITIVE_INFINITY;
    let mode: PauseMode | null = null;
    for (const [purpose, pause] of this.#pauses) {
      if (pause.untilMs <= nowMs) {
        this.#pauses.delete(purpose);
        continue;
      }
      if (mode !== 'all') mode = pause.mode;
      nearestMs = Math.min(nearestMs, pause.untilMs);
    }
    this.#mode = mode;
    if ((before === null) !== (mode === null)) this.#options.onActive?.(mode !== null);
    this.#arm(nearestMs - nowMs);
    const isWeaker = mode === null ? before !== null : before === 'all' && mode === 'write';
    if (isWeaker) this.#resumeAll();
  }

  #arm(delayMs: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (delayMs === Number.POSITIVE_INFINITY) return;
    const bounded = Math.min(Math.max(Math.ceil(delayMs), 1), TIMER_MS_MAX);
    this.#cancelTimer = this.#options.setTimer(() => this.#update(), bounded);
  }

  #resumeAll(): void {
    // A resumed client may be postponed again at once: that belongs to the next round.
    for (const client of [...this.#waiting]) {
      if (this.#release(client)) client.connection.resumeRequests();
    }
  }
}
