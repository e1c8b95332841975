/*
 * The pause: order of the waiting clients, deadlines and modes against a model, with timers that
 * fire when the test says so.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Client } from '../../../src/commands/client.js';
import {
  ClientPause,
  type PauseMode,
  type PausePurpose,
} from '../../../src/commands/client-pause.js';
import { FakeConnection, ManualTimers } from './server-fixture.js';

function setUp() {
  const timers = new ManualTimers();
  const pause = new ClientPause({ nowMs: () => timers.nowMs, setTimer: timers.setTimer });
  let lastId = 0;
  const newClient = () => {
    const connection = new FakeConnection();
    lastId++;
    const client = new Client({ id: lastId, connection, nowMs: 0 });
    return { client, connection };
  };
  return { timers, pause, newClient };
}

describe('client pause', () => {
  test('clients go on in the order in which they came, when the time is over', () => {
    const { timers, pause, newClient } = setUp();
    pause.pause({ purpose: 'client', mode: 'all', untilMs: timers.nowMs + 100 });
    const resumed: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { client, connection } = newClient();
      connection.onResume = () => resumed.push(client.id);
      pause.postpone(client);
      assert.equal(client.blocked, 'pause');
      assert.equal(connection.isSuspended, true);
    }
    timers.advance(99);
    assert.deepEqual(resumed, []);
    timers.advance(1);
    assert.deepEqual(resumed, [1, 2, 3]);
    assert.equal(pause.isActive, false);
    assert.equal(timers.pending, 0);
  });

  test('a client that is postponed again while others are resumed waits for the next end', () => {
    const { timers, pause, newClient } = setUp();
    const first = newClient();
    const second = newClient();
    pause.pause({ purpose: 'client', mode: 'all', untilMs: timers.nowMs + 10 });
    pause.postpone(first.client);
    pause.postpone(second.client);
    let resumes = 0;
    first.connection.onResume = () => {
      pause.pause({ purpose: 'client', mode: 'all', untilMs: timers.nowMs + 10 });
    };
    second.connection.onResume = () => {
      resumes++;
      if (pause.isActive) pause.postpone(second.client);
    };
    timers.advance(10);
    assert.equal(resumes, 1);
    assert.equal(second.client.blocked, 'pause');
    timers.advance(10);
    assert.equal(resumes, 2);
    assert.equal(second.client.blocked, null);
  });

  test('a client that goes is forgotten', () => {
    const { pause, newClient, timers } = setUp();
    pause.pause({ purpose: 'client', mode: 'all', untilMs: timers.nowMs + 10 });
    const { client, connection } = newClient();
    connection.onResume = () => assert.fail('resumed after its end');
    pause.postpone(client);
    client.onUnblocked?.();
    assert.equal(pause.waitingCount, 0);
    timers.advance(20);
  });

  test('a deadline moves later only, and ALL is not weakened by another CLIENT PAUSE', () => {
    const { timers, pause } = setUp();
    const until = (ms: number, mode: PauseMode) =>
      pause.pause({ purpose: 'client', mode, untilMs: timers.nowMs + ms });
    until(100, 'all');
    until(50, 'write');
    assert.equal(pause.mode, 'all');
    timers.advance(60);
    assert.equal(pause.isActive, true);
    timers.advance(40);
    assert.equal(pause.isActive, false);
    until(10, 'write');
    assert.equal(pause.mode, 'write');
  });

  test('one that ends at once begins nothing', () => {
    const { pause, timers } = setUp();
    pause.pause({ purpose: 'client', mode: 'all', untilMs: 0 });
    assert.equal(pause.isActive, false);
    assert.equal(timers.pending, 0);
  });

  test('readers go on when only a write pause is left', () => {
    const { pause, newClient } = setUp();
    const forEver = Number.POSITIVE_INFINITY;
    pause.pause({ purpose: 'client', mode: 'all', untilMs: forEver });
    pause.pause({ purpose: 'shutdown', mode: 'write', untilMs: forEver });
    const { client, connection } = newClient();
    pause.postpone(client);
    pause.unpause('client');
    assert.equal(connection.isSuspended, false);
    assert.equal(pause.isActive, true);
    assert.equal(pause.mode, 'write');
  });

  test('the strictest of the pauses that run counts, whatever comes and goes', () => {
    const step = fc.oneof(
      fc.record({
        purpose: fc.constantFrom<PausePurpose>('client', 'shutdown', 'failover'),
        mode: fc.constantFrom<PauseMode>('write', 'all'),
        ms: fc.integer({ min: 0, max: 50 }),
      }),
      fc.record({ unpause: fc.constantFrom<PausePurpose>('client', 'shutdown', 'failover') }),
      fc.record({ wait: fc.integer({ min: 1, max: 40 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { timers, pause } = setUp();
        const model = new Map<PausePurpose, { mode: PauseMode; untilMs: number }>();
        for (const each of steps) {
          if ('wait' in each) timers.advance(each.wait);
          else if ('unpause' in each) {
            pause.unpause(each.unpause);
            model.delete(each.unpause);
          } else {
            const { purpose, mode, ms } = each;
            const untilMs = timers.nowMs + ms;
            pause.pause({ purpose, mode, untilMs });
            const old = model.get(purpose);
            const isRunning = old !== undefined && old.untilMs > timers.nowMs;
            const keepsAll = isRunning && purpose === 'client' && old.mode === 'all';
            const latestMs = isRunning ? Math.max(old.untilMs, untilMs) : untilMs;
            model.set(purpose, { mode: keepsAll ? 'all' : mode, untilMs: latestMs });
          }
          const running = [...model.values()].filter(({ untilMs }) => untilMs > timers.nowMs);
          assert.equal(pause.isActive, running.length > 0);
          const isAll = running.some(({ mode }) => mode === 'all');
          if (running.length > 0) assert.equal(pause.mode, isAll ? 'all' : 'write');
        }
      }),
    );
  });
});
