/*
 * How a crash report is put together: the cause first, whatever fails after it; bounded; once. What
 * it looks like from outside is in lifecycle/crash.test.ts.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CrashEnd,
  CrashReport,
  type CrashSection,
} from '../../../src/lifecycle/crash-report.js';
import { CRASH_SECTION_BYTES_MAX } from '../../../src/limits.js';

interface Recorded {
  readonly crash: CrashReport;
  readonly written: string[];
  readonly ends: CrashEnd[];
}

function record(
  sections: readonly CrashSection[],
  options: { isEnabled?: boolean; onEnd?: () => void } = {},
): Recorded {
  const written: string[] = [];
  const ends: CrashEnd[] = [];
  const write = (text: string): void => void written.push(text);
  const crash = new CrashReport({
    log: { warning: write, raw: write },
    redisVersion: '7.2.4',
    isEnabled: () => options.isEnabled ?? true,
    exitsOnPanic: () => false,
    sections,
    onEnd: options.onEnd ?? (() => {}),
    die: (end) => void ends.push(end),
  });
  return { crash, written, ends };
}

const fine: CrashSection = { title: 'FINE', text: () => 'all is well\n' };
const broken: CrashSection = {
  title: 'BROKEN',
  text: () => {
    throw new Error('no such luck');
  },
};

test('a section that fails is told as such, and the next one follows', () => {
  const { crash, written, ends } = record([broken, fine]);
  crash.onException(new TypeError('the first'));
  const text = written.join('\n');
  assert.match(text, /Guru Meditation: Unexpected error: TypeError: the first #crash-report\.test/);
  assert.match(text, /------ BROKEN ------\n\nThis part cannot be told: Error: no such luck\n/);
  assert.match(text, /------ FINE ------\n\nall is well\n/);
  assert(text.indexOf('the first') < text.indexOf('no such luck'));
  assert.deepEqual(ends, ['SIGABRT']);
});

test('the stack is that of the error, not of the report', () => {
  const { crash, written } = record([]);
  crash.onException(new Error('somewhere else'));
  const stack = written[written.indexOf('\n------ STACK TRACE ------\n') + 1];
  assert.match(stack, /^Backtrace:\nError: somewhere else\n +at .*crash-report\.test/);
});

test('a failed assertion is one, whatever throws it', () => {
  const { crash, written } = record([]);
  let thrown: unknown;
  try {
    assert(1 > 2, 'one is more than two');
  } catch (error) {
    thrown = error;
  }
  crash.onException(thrown);
  const at = written.indexOf('=== ASSERTION FAILED ===');
  assert.match(written[at + 1], /^==> \S+:\d+ 'one is more than two' is not true$/);
});

for (const thrown of [undefined, null, 'text', 7n, Symbol('s'), Object.create(null)]) {
  test(`what is thrown need be no error: ${typeof thrown}`, () => {
    const { crash, written, ends } = record([]);
    crash.onException(thrown);
    assert(written.some((line) => line.startsWith('Guru Meditation: Unexpected error: ')));
    assert.deepEqual(ends, ['SIGABRT']);
  });
}

test('a second crash adds nothing to the first', () => {
  const { crash, written, ends } = record([
    {
      title: 'AGAIN',
      text: () => {
        crash.panic('the second');
        crash.crashedBySignal('SIGABRT');
        return '';
      },
    },
  ]);
  crash.panic('the first');
  assert.doesNotMatch(written.join('\n'), /the second|crashed by signal/);
  assert.deepEqual(ends, ['SIGABRT']);
});

test('a section has an end', () => {
  const endless = { title: 'ENDLESS', text: () => 'x'.repeat(CRASH_SECTION_BYTES_MAX + 5) };
  const { crash, written } = record([endless]);
  crash.panic('long');
  const text = written[written.indexOf('\n------ ENDLESS ------\n') + 1];
  assert.equal(text.length, CRASH_SECTION_BYTES_MAX + '\n... (5 more characters)\n'.length);
});

test('the process ends even where clearing up fails', () => {
  const { crash, ends } = record([], {
    onEnd: () => {
      throw new Error('the disk is gone');
    },
  });
  assert.throws(() => crash.panic('whatever'), /the disk is gone/);
  assert.deepEqual(ends, ['SIGABRT']);
});

test('without crash-log-enabled a signal says nothing, a bug says what it was', () => {
  const silent = record([fine], { isEnabled: false });
  silent.crash.crashedBySignal('SIGSEGV');
  assert.deepEqual(silent.written, []);
  assert.deepEqual(silent.ends, ['SIGSEGV']);
  const brief = record([fine], { isEnabled: false });
  brief.crash.panic('what it was');
  assert.match(brief.written.join('\n'), /Guru Meditation: what it was/);
  assert.doesNotMatch(brief.written.join('\n'), /STACK TRACE|FINE/);
});
