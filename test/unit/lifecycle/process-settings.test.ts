/*
 * Settings of the process without one: the out-of-memory score over a plain file, the title that
 * fits, ticks a second by the number of clients.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Config } from '../../../src/config/config.js';
import { OomScore } from '../../../src/lifecycle/oom-score.js';
import { hzFor } from '../../../src/lifecycle/periodic-work.js';
import { titleFor } from '../../../src/lifecycle/show-title.js';
import { RecordingLog } from '../persistence/fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'process-settings-'));
test.after(() => rmSync(folder, { recursive: true }));

/** A score with its own file, and CONFIG SET on it. */
function build(before: string) {
  const file = join(folder, 'score');
  writeFileSync(file, before);
  const config = new Config();
  const log = new RecordingLog();
  const score = new OomScore({ config, log, file });
  const tie = (): string | null => (score.apply() ? null : 'no');
  config.onChange('oom-score-adj', tie);
  config.onChange('oom-score-adj-values', tie);
  const context = { isLoading: false, isLoopback: true };
  const set = (...pairs: [string, string][]) => config.set(pairs, context)?.error ?? 'OK';
  const read = () => Number.parseInt(readFileSync(file, 'latin1'), 10);
  return { score, set, read, log, file };
}

test('oom-score-adj: relative, absolute, by role, bounded, and back', () => {
  const { score, set, read } = build('22\n');
  set(['oom-score-adj-values', '10 20 30']);
  assert.equal(read(), 22);
  set(['oom-score-adj', 'yes']);
  assert.equal(read(), 32);
  set(['oom-score-adj-values', '15 20 30']);
  assert.equal(read(), 37);
  score.role = 'replica';
  assert.equal(read(), 42);
  set(['oom-score-adj', 'absolute']);
  assert.equal(read(), 20);
  set(['oom-score-adj-values', '0 2000 0']);
  assert.equal(read(), 1000);
  set(['oom-score-adj', 'no']);
  assert.equal(read(), 22);
  score.role = 'primary';
  set(['oom-score-adj-values', '1 1 1']);
  assert.equal(read(), 22);
});

test('oom-score-adj: what the system refuses changes nothing', () => {
  const { set, read, log, file } = build('5\n');
  rmSync(file);
  assert.match(set(['oom-score-adj', 'yes']), /^ERR CONFIG SET failed .*'oom-score-adj'\) - no$/);
  assert.match(log.lines.join('\n'), /# Unable to read oom_score_adj: No such file or directory/);
  writeFileSync(file, '7\n');
  assert.equal(set(['oom-score-adj-values', '100 0 0']), 'OK');
  assert.equal(read(), 7);
  assert.equal(set(['oom-score-adj', 'yes']), 'OK');
  assert.equal(read(), 107);
});

test('oom-score-adj: a CONFIG SET that fails elsewhere leaves the score as it was', () => {
  const { set, read } = build('5\n');
  assert.equal(set(['oom-score-adj', 'yes'], ['oom-score-adj-values', '3 0 0']), 'OK');
  assert.match(set(['oom-score-adj-values', '9 0 0'], ['hz', 'x']), /couldn't be parsed/);
  assert.equal(read(), 8);
});

test('the title has the whole path where it fits, else the name', () => {
  const config = new Config();
  const long = '/opt/tandem/bin/tandem-server';
  assert.equal(titleFor(config, long, 100), `${long} *:6379`);
  assert.equal(titleFor(config, long, 30), 'tandem-server *:6379');
  config.override('port', 0);
  config.override('unixsocket', '/run/s');
  assert.equal(titleFor(config, 't', 100), 't unixsocket:/run/s');
  config.override('proc-title-template', 'A {port} {tls-port} {config-file}');
  assert.equal(titleFor(config, 't', 100), 'A 0 0 -');
});

test('dynamic-hz doubles up to 500 so that a tick has 200 clients at most', () => {
  assert.equal(hzFor(0, 10), 10);
  assert.equal(hzFor(2000, 10), 10);
  assert.equal(hzFor(2001, 10), 20);
  assert.equal(hzFor(10_000, 10), 80);
  assert.equal(hzFor(1_000_000, 10), 500);
  assert.equal(hzFor(1_000_000, 500), 500);
});
