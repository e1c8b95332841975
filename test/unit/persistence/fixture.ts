/*
 * What persistence's tests need of the other rooms: a log that records, a clock that is told the
 * time, folders that go away, and workers that misbehave on purpose. No test in here.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../src/commands/services.js';
import type { Log } from '../../../src/observability/log.js';

export class RecordingLog implements Log {
  level: Log['level'] = 'debug';
  format: Log['format'] = 'text';
  readonly lines: string[] = [];

  debug(text: string): void {
    this.lines.push(`. ${text}`);
  }
  verbose(text: string): void {
    this.lines.push(`- ${text}`);
  }
  notice(text: string): void {
    this.lines.push(`* ${text}`);
  }
  warning(text: string): void {
    this.lines.push(`# ${text}`);
  }
  isEnabled(): boolean {
    return true;
  }
  setRole(): void {}
  setFile(): null {
    return null;
  }
  reopen(): void {}
  close(): void {}
}

/** Wall time is set by the test; monotonic time is real, so that slices end. */
export class TestClock implements Clock {
  nowMs = 1_700_000_000_000;

  wallMs(): number {
    return this.nowMs;
  }
  monotonicMs(): number {
    return performance.now();
  }
}

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-persistence-'));
  folders.push(folder);
  return folder;
}

/**
 * A snapshot worker's program: the body has `order`, `report(message)`, `writeSync` and `control`.
 */
export function workerProgram(body: string): URL {
  const program = `
    import { writeSync } from 'node:fs';
    import { parentPort, workerData as order } from 'node:worker_threads';
    const control = new Int32Array(order.view.control);
    const report = (message) => parentPort.postMessage(message);
    ${body}
  `;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}

/** Writes 'snapshot' in two parts and is content. */
export const WORKS = workerProgram(`
  writeSync(order.descriptor, 'snap');
  report({ kind: 'progress', bytes: 4, keys: 1 });
  writeSync(order.descriptor, 'shot');
  report({ kind: 'done', bytes: 8, keys: 2 });
`);
export const DISK_IS_FULL = workerProgram(`
  report({
    kind: 'failed', operation: 'rdbSaveRio', error: 'No space left on device', isAborted: false,
  });
`);
export const THROWS = workerProgram(`throw new Error('worker bug');`);
export const EXITS = workerProgram('process.exit(3);');
/** Runs until it is asked to give up. */
export const WAITS = workerProgram(`
  writeSync(order.descriptor, 'begun');
  report({ kind: 'progress', bytes: 5, keys: 1 });
  while (Atomics.load(control, 0) === 0) Atomics.wait(control, 0, 0, 5);
  report({ kind: 'failed', operation: 'rdbSaveRio', error: 'aborted', isAborted: true });
`);
/** Hears nothing: only terminate() ends it. */
export const HANGS = workerProgram(`
  report({ kind: 'progress', bytes: 0, keys: 1 });
  for (;;) Atomics.wait(control, 0, Atomics.load(control, 0), 1000);
`);
