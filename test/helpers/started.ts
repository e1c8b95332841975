/*
 * What a test started is stopped when it ends, however it ends: a failed test leaves nothing behind
 * that would keep its file from ending.
 */

import { afterEach } from 'node:test';

interface Stoppable {
  /** May be called when it has stopped already. */
  stop(): Promise<void>;
}

const started: Stoppable[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

export async function untilTestEnds<T extends Stoppable>(starting: Promise<T>): Promise<T> {
  const one = await starting;
  started.push(one);
  return one;
}
