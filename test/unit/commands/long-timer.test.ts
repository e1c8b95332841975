/* Timers that are longer than Node's. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTimer } from '../../../src/commands/long-timer.js';

const DAY_MS = 86_400_000;
/** Time goes in such steps; the part that comes next begins at the end of one. */
const STEP_MS = DAY_MS / 24;

test('a timer of any length fires in its time, once', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  for (const days of [0.5, 24, 25, 60, 300]) {
    let fired = 0;
    startTimer(days * DAY_MS, () => {
      fired++;
    });
    let passedMs = 0;
    while (fired === 0 && passedMs < 2 * days * DAY_MS) {
      context.mock.timers.tick(STEP_MS);
      passedMs += STEP_MS;
    }
    const partsMax = Math.ceil(days / 24);
    assert.equal(fired, 1, `${days} days`);
    assert(passedMs >= days * DAY_MS && passedMs <= days * DAY_MS + partsMax * STEP_MS);
    for (let i = 0; i < 30; i++) context.mock.timers.tick(DAY_MS);
    assert.equal(fired, 1, `${days} days`);
  }
});

test('a timer that is cancelled never fires, in whichever part of it', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  for (const passed of [0, 20, 30, 59]) {
    const cancel = startTimer(60 * DAY_MS, () => assert.fail('it has fired'));
    context.mock.timers.tick(passed * DAY_MS);
    cancel();
    context.mock.timers.tick(20 * DAY_MS);
    context.mock.timers.tick(20 * DAY_MS);
    context.mock.timers.tick(20 * DAY_MS);
  }
});
