/*
 * What looks like an HTTP request: which names do, and how often the log says so.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttackAlarm } from '../../../src/commands/attack-alarm.js';
import { Client } from '../../../src/commands/client.js';
import type { Services } from '../../../src/commands/services.js';
import { FakeConnection } from './server-fixture.js';

function alarmAt(startMs: number) {
  const state = { nowMs: startMs, lines: [] as string[] };
  const services = {
    log: { warning: (line: string) => state.lines.push(line) },
    clock: { monotonicMs: () => state.nowMs },
  } as unknown as Services;
  const alarm = new AttackAlarm(services);
  const raise = (): boolean => {
    const connection = new FakeConnection();
    alarm.raise(new Client({ id: 1, connection, nowMs: 0 }));
    return connection.isDestroyed;
  };
  return { alarm, state, raise };
}

test('post and host: in any case raise the alarm, nothing else does', () => {
  const { alarm } = alarmAt(0);
  for (const name of ['POST', 'post', 'Host:', 'HOST:']) assert(alarm.isRaisedBy(name), name);
  for (const name of ['GET', 'HOST', 'POSTS', 'xPOST', '']) assert(!alarm.isRaisedBy(name), name);
});

test('every attack ends its connection; the log tells of it once in 60 s', () => {
  const { state, raise } = alarmAt(5);
  for (const [atMs, lines] of [
    [5, 1],
    [6, 1],
    [60_005, 1],
    [60_006, 2],
    [60_007, 2],
    [120_007, 3],
  ] as const) {
    state.nowMs = atMs;
    assert.equal(raise(), true);
    assert.equal(state.lines.length, lines, `at ${atMs} ms`);
  }
  assert.match(state.lines[0] ?? '', /Connection from 127\.0\.0\.1:50001 aborted\.$/);
});
