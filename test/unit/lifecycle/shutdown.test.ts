/*
 * The order of a shutdown, with every part a fake: what is waited for, what calls it off, what the
 * log says. The real parts are exercised by test/protocol and test/replication.
 */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import {
  type ReplicaProgress,
  Shutdown,
  type ShutdownParts,
  type ShutdownRequest,
} from '../../../src/lifecycle/shutdown.js';

interface Fake {
  shutdown: Shutdown;
  events: string[];
  replicas: ReplicaProgress[];
  state: {
    nowMs: number;
    isLoading: boolean;
    isSaving: boolean;
    hasSavePoints: boolean;
    saves: boolean;
  };
}

function build(): Fake {
  const events: string[] = [];
  const replicas: ReplicaProgress[] = [];
  const state = {
    nowMs: 0,
    isLoading: false,
    isSaving: false,
    hasSavePoints: true,
    saves: true,
  };
  const say = (text: string) => void events.push(text);
  const parts: ShutdownParts = {
    log: { debug: say, verbose: say, notice: say, warning: say } as unknown as ShutdownParts['log'],
    tellSupervisor: () => {},
    monotonicMs: () => state.nowMs,
    timeoutMs: () => 10_000,
    onSignal: () => ({ save: 'default', isNow: false, isForced: false }),
    streamOffset: () => 100,
    replicas: () => replicas,
    requestAcks: () => say('<acks>'),
    pauseWrites: () => say('<pause>'),
    resumeWrites: () => say('<resume>'),
    isLoading: () => state.isLoading,
    hasSavePoints: () => state.hasSavePoints,
    isSaving: () => state.isSaving,
    abortSave: async () => {
      say('<abort>');
      return true;
    },
    save: async () => {
      say('<save>');
      return state.saves;
    },
    exit: (status) => say(`<exit ${status}>`),
  };
  return { shutdown: new Shutdown(parts), events, replicas, state };
}

const REQUEST: ShutdownRequest = {
  save: 'default',
  isNow: false,
  isForced: false,
  onRefused: () => {},
};

const LAGGING: ReplicaProgress = { name: '::1:1', ackedOffset: 90, lagSeconds: 1, state: 'online' };

/** Lets promises that are settled already run their continuations. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

describe('shutdown', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }));
  afterEach(() => mock.timers.reset());

  test('without replicas it pauses writes, saves if save points exist, exits 0', async () => {
    const { shutdown, events } = build();
    shutdown.onSignal('SIGTERM');
    await settle();
    assert.deepEqual(events, [
      'Received SIGTERM scheduling shutdown...',
      'User requested shutdown...',
      '<pause>',
      'Saving the final RDB snapshot before exiting.',
      '<save>',
      '<exit 0>',
    ]);
  });

  test('a signal that is held back is obeyed later, or called off by ABORT', async () => {
    const { shutdown, events } = build();
    shutdown.holdSignals(true);
    shutdown.onSignal('SIGTERM');
    assert.equal(shutdown.isUnderWay, false);
    assert.equal(shutdown.abort(), true);
    assert.equal(shutdown.abort(), false);
    shutdown.holdSignals(false);
    assert.deepEqual(events, [
      'Received SIGTERM scheduling shutdown...',
      'Shutdown manually aborted.',
    ]);
    shutdown.holdSignals(true);
    shutdown.onSignal('SIGTERM');
    shutdown.holdSignals(false);
    await settle();
    assert.equal(events.at(-1), '<exit 0>');
  });

  test('a background save is called off, and the log tells it first', async () => {
    const { shutdown, events, state } = build();
    state.isSaving = true;
    shutdown.request({ ...REQUEST, save: 'nosave' });
    await settle();
    assert.deepEqual(events.slice(2), [
      'There is a child saving an .rdb. Killing it!',
      '<abort>',
      '<exit 0>',
    ]);
  });

  test('without save points, or with NOSAVE, nothing is saved', async () => {
    for (const save of ['default', 'nosave'] as const) {
      const { shutdown, events, state } = build();
      state.hasSavePoints = save === 'nosave';
      shutdown.request({ ...REQUEST, save });
      await settle();
      assert.equal(events.includes('<save>'), false);
      assert.equal(events.at(-1), '<exit 0>');
    }
  });

  test('while loading nothing is saved even when asked for', async () => {
    const { shutdown, events, state } = build();
    state.isLoading = true;
    shutdown.request({ ...REQUEST, save: 'save' });
    await settle();
    assert.equal(events.includes('<save>'), false);
  });

  test('a lagging replica is waited for until it has caught up', async () => {
    const { shutdown, events, replicas } = build();
    replicas.push(LAGGING);
    shutdown.request(REQUEST);
    assert.deepEqual(events.slice(1), [
      '<acks>',
      '<pause>',
      'Waiting for replicas before shutting down.',
    ]);
    assert.equal(shutdown.millisecondsLeft, 10_000);
    replicas[0] = { ...LAGGING, ackedOffset: 100 };
    mock.timers.tick(50);
    await settle();
    assert.ok(events.includes('1 of 1 replicas are in sync when shutting down.'));
    assert.equal(events.at(-1), '<exit 0>');
  });

  test('a replica that stays behind is given up at the deadline and named', async () => {
    const { shutdown, events, replicas, state } = build();
    replicas.push(LAGGING);
    shutdown.request(REQUEST);
    state.nowMs = 10_000;
    mock.timers.tick(50);
    await settle();
    assert.ok(
      events.includes(
        'Lagging replica ::1:1 reported offset 10 behind master, lag=1, state=online.',
      ),
    );
    assert.ok(events.includes('0 of 1 replicas are in sync when shutting down.'));
    assert.equal(events.at(-1), '<exit 0>');
  });

  test('NOW waits for nobody', async () => {
    const { shutdown, events, replicas } = build();
    replicas.push(LAGGING);
    shutdown.request({ ...REQUEST, isNow: true });
    await settle();
    assert.equal(events.at(-1), '<exit 0>');
  });

  test('ABORT while waiting resumes writes and tells every client that asked', () => {
    const { shutdown, events, replicas } = build();
    replicas.push(LAGGING);
    let refused = 0;
    shutdown.request({ ...REQUEST, onRefused: () => refused++ });
    shutdown.request({ ...REQUEST, onRefused: () => refused++ });
    assert.equal(shutdown.abort(), true);
    assert.equal(refused, 2);
    assert.deepEqual(events.slice(-2), ['<resume>', 'Shutdown manually aborted.']);
    assert.equal(shutdown.isUnderWay, false);
    assert.equal(shutdown.abort(), false);
  });

  test('a failed save calls it off, unless it is forced', async () => {
    const plain = build();
    plain.state.saves = false;
    let refused = 0;
    plain.shutdown.request({ ...REQUEST, onRefused: () => refused++ });
    await settle();
    assert.equal(refused, 1);
    assert.ok(plain.events.includes("Error trying to save the DB, can't exit."));
    assert.equal(plain.events.at(-1), '<resume>');

    const forced = build();
    forced.state.saves = false;
    forced.shutdown.request({ ...REQUEST, isForced: true });
    await settle();
    assert.ok(forced.events.includes('Error trying to save the DB. Exit anyway.'));
    assert.equal(forced.events.at(-1), '<exit 0>');
  });

  test('a second SIGINT exits at once with status 1, a second SIGTERM changes nothing', () => {
    const { shutdown, events, replicas } = build();
    replicas.push(LAGGING);
    shutdown.onSignal('SIGTERM');
    const before = events.length;
    shutdown.onSignal('SIGTERM');
    assert.deepEqual(events.slice(before), ['Received SIGTERM scheduling shutdown...']);
    shutdown.onSignal('SIGINT');
    assert.deepEqual(events.slice(-2), ['You insist... exiting now.', '<exit 1>']);
  });
});
