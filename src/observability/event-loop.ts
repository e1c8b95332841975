/*
 * What the event loop has done since the last look: its turns and the time that they took, as the
 * runtime itself counts them. Must not know what runs in them.
 */

import { performance } from 'node:perf_hooks';

/** How much has come since the look before. */
export interface EventLoopWork {
  readonly turns: number;
  readonly microseconds: number;
}

export class EventLoopMeter {
  #turns = 0;
  #activeMs = 0;

  look(): EventLoopWork {
    const { active } = performance.eventLoopUtilization();
    const microseconds = (active - this.#activeMs) * 1000;
    this.#activeMs = active;
    // Node counts turns since 20.18 only; before, a look stands for one.
    const { uvMetricsInfo } = performance.nodeTiming as { uvMetricsInfo?: { loopCount: number } };
    const before = this.#turns;
    this.#turns = uvMetricsInfo?.loopCount ?? before + 1;
    return { turns: this.#turns - before, microseconds };
  }
}
