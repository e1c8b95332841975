/*
 * The log: the exact line, levels at run time, appending beside others, rotation, and that nothing
 * is lost when the process ends at once.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createLog, type LogOptions } from '../../../src/observability/log.js';
import { formatLogLine } from '../../../src/observability/log-line.js';

const wallMs = new Date(2026, 1, 9, 14, 3, 7, 42).getTime();

function logTo(t: TestContext, options: Partial<LogOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-log-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'log');
  const clock = { now: wallMs, wallMs: () => clock.now };
  const log = createLog({ format: 'text', file, level: 'notice', pid: 42, clock, ...options });
  t.after(() => log.close());
  return { log, file, folder, clock, read: () => readFileSync(file, 'utf8') };
}

test('a text line is PID:ROLE DD Mon YYYY HH:MM:SS.mmm LEVEL text', (t) => {
  const { log, read } = logTo(t, { level: 'debug' });
  log.notice('PID: 42 Server initialized');
  log.setRole('M');
  log.debug('a');
  log.verbose('b');
  log.setRole('S');
  log.warning('c "é"');
  assert.equal(
    read(),
    [
      '42:C 09 Feb 2026 14:03:07.042 * PID: 42 Server initialized',
      '42:M 09 Feb 2026 14:03:07.042 . a',
      '42:M 09 Feb 2026 14:03:07.042 - b',
      '42:S 09 Feb 2026 14:03:07.042 # c "é"',
      '',
    ].join('\n'),
  );
});

test('a text from outside cannot forge a line', () => {
  const line = { pid: 1, role: 'M', wallMs, level: 'notice', text: 'a\nb\r\tc\x1b[0m' } as const;
  assert.equal(formatLogLine(line), '1:M 09 Feb 2026 14:03:07.042 * a\\nb\\r\tc\\x1b[0m\n');
});

test('the format may change at any time', (t) => {
  const { log, read } = logTo(t);
  log.notice('plain');
  log.format = 'json';
  assert.equal(log.format, 'json');
  log.notice('object');
  log.format = 'text';
  log.notice('plain again');
  const [first, second, third] = read().split('\n');
  assert.match(first, /^42:C .* \* plain$/);
  assert.equal(JSON.parse(second).msg, 'object');
  assert.match(third, /^42:C .* \* plain again$/);
});

test('the level may change at any time, down to nothing', (t) => {
  const { log, read } = logTo(t);
  log.verbose('no');
  assert(!log.isEnabled('verbose') && log.isEnabled('notice'));
  log.level = 'debug';
  assert.equal(log.level, 'debug');
  log.debug('yes');
  log.level = 'nothing';
  assert.equal(log.level, 'nothing');
  assert(!log.isEnabled('warning'));
  log.warning('no');
  assert.match(read(), /^[^\n]* \. yes\n$/);
});

test('a JSON line has level, time, pid, role and text', (t) => {
  const { log, read } = logTo(t, { format: 'json' });
  log.setRole('M');
  log.warning('a "b"\nc');
  assert.deepEqual(JSON.parse(read()), {
    level: 'warning',
    time: new Date(wallMs).toISOString(),
    pid: 42,
    role: 'M',
    msg: 'a "b"\nc',
  });
});

test('others may append to the same file', (t) => {
  const { log, file, read } = logTo(t);
  appendFileSync(file, '### one\n');
  log.notice('two');
  appendFileSync(file, '### three\n');
  log.notice('four');
  assert.match(read(), /^### one\n.* two\n### three\n.* four\n$/);
});

test('a file that is renamed away is opened anew within a second', (t) => {
  const { log, file, read, clock } = logTo(t);
  log.notice('one');
  renameSync(file, `${file}.1`);
  log.notice('two');
  clock.now += 1000;
  log.notice('three');
  assert.match(readFileSync(`${file}.1`, 'utf8'), /one\n.*two\n$/);
  assert.match(read(), /^[^\n]* three\n$/);
});

test('another file can be chosen at run time; one that cannot be opened changes nothing', (t) => {
  const { log, folder, read } = logTo(t);
  assert.match(log.setFile(join(folder, 'no', 'log')) ?? '', /ENOENT/);
  log.notice('one');
  assert.equal(log.setFile(join(folder, 'other')), null);
  log.notice('two');
  assert.match(read(), /^[^\n]* one\n$/);
  assert.match(readFileSync(join(folder, 'other'), 'utf8'), /^[^\n]* two\n$/);
});

test('a log file that cannot be opened is an error at once', () => {
  const clock = { wallMs: () => wallMs };
  const options = { format: 'text', file: '/nowhere/log', level: 'notice', pid: 1, clock } as const;
  assert.throws(() => createLog(options), /ENOENT/);
});

test('nothing is lost when the process ends right after the line', () => {
  const url = new URL('../../../src/observability/log.js', import.meta.url).href;
  const program = `
    import { createLog } from ${JSON.stringify(url)};
    const clock = { wallMs: () => Date.now() };
    const log = createLog({ format: 'text', file: '', level: 'notice', pid: 7, clock });
    for (let i = 0; i < 1000; i++) log.notice('line ' + i);
    process.kill(process.pid, 'SIGKILL');
  `;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program]);
  const lines = stdout.toString().trimEnd().split('\n');
  assert.equal(lines.length, 1000);
  assert.match(lines[999], /^7:C .* \* line 999$/);
});

test('a folder of the log that can no longer be entered costs no line and no error', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'tandem-log-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'logs');
  mkdirSync(folder);
  const { log, clock } = logTo(t, { file: join(folder, 'log') });
  log.notice('one');
  renameSync(folder, join(root, 'away'));
  // A link to itself: looking at anything below it is neither a file nor its absence.
  symlinkSync(folder, folder);
  clock.now += 5000;
  log.notice('two');
  assert.match(readFileSync(join(root, 'away', 'log'), 'utf8'), /one\n.*two\n$/);
});
