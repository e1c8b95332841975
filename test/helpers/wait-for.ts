/*
 * Waiting in tests: poll a condition until it holds or a deadline passes. No test sleeps for a
 * fixed time and hopes.
 */

import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 10 s: generous, since a loaded machine must not fail a test. */
  timeoutMs?: number;
  /** Pause between two attempts, default 10 ms. */
  everyMs?: number;
}

/**
 * Calls `probe` until it returns something truthy, and returns that. An exception of the probe
 * counts as "not yet"; the last one is part of the error when time is up.
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const { timeoutMs = 10_000, everyMs = 10 } = options;
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      const detail = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`waited ${timeoutMs} ms in vain for: ${what} (last: ${detail})`);
    }
    await sleep(everyMs);
  }
}

/** The promise's value, or an error naming `what` after `timeoutMs`. */
export async function within<T>(what: string, promise: Promise<T>, timeoutMs = 10_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${timeoutMs} ms: ${what}`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
