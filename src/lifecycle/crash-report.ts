/*
 * What the log says before an end that nobody asked for, in the manner of Redis: what happened,
 * where, the state of the server, and the command that ran. Tools look for some of these lines
 * (`=== REDIS BUG REPORT START`, `crashed by signal`, `ASSERTION FAILED`, `Guru Meditation`, `STACK
 * TRACE`). Then the process dies as a redis-server would: of the signal, or of SIGABRT.
 *
 * The cause is written first and by itself: whatever fails later in the report hides nothing, and
 * a second failure adds nothing. All is written synchronously. Must not know what the sections say.
 */

import { AssertionError } from 'node:assert/strict';
import { constants } from 'node:os';
import { CRASH_SECTION_BYTES_MAX } from '../limits.js';
import type { ServerLog } from '../observability/log.js';

export type CrashSignal = 'SIGABRT' | 'SIGSEGV';

/** How the process ends: `exit` is with status 1. */
export type CrashEnd = CrashSignal | 'exit';

/** A part of the report: its heading, and its text when it is asked for. */
export interface CrashSection {
  readonly title: string;
  /** Null: there is nothing to tell, and no heading. */
  text(): string | null;
}

export interface CrashParts {
  readonly log: Pick<ServerLog, 'warning' | 'raw'>;
  /** The Redis whose behaviour we report. */
  readonly redisVersion: string;
  /** The directive crash-log-enabled. */
  isEnabled(): boolean;
  /** The directive use-exit-on-panic. */
  exitsOnPanic(): boolean;
  readonly sections: readonly CrashSection[];
  /** The last act, after the report: what must not be left behind. */
  onEnd(): void;
  /** Ends the process at once. */
  die(end: CrashEnd): void;
}

/** How the report ends; Redis's words, which tools cut it at. */
const END = `
=== REDIS BUG REPORT END. Make sure to include from START to END. ===

       Please report it with all of these lines, and with what led to it.
`;

export class CrashReport {
  readonly #parts: CrashParts;
  #hasBegun = false;

  constructor(parts: CrashParts) {
    this.#parts = parts;
  }

  /** An exception that nobody caught: a bug of ours. Nothing that follows could be trusted. */
  onException(thrown: unknown): void {
    if (thrown instanceof AssertionError) return this.assertionFailed(thrown);
    this.panic(
      `Unexpected error: ${thrown instanceof Error ? String(thrown) : show(thrown)}`,
      thrown,
    );
  }

  /** `context`: further lines about it, before the failed condition. */
  assertionFailed(error: Error, context: readonly string[] = []): void {
    this.#report(this.#panicEnd, error, () => {
      const { log } = this.#parts;
      for (const line of context) log.warning(line);
      log.warning('=== ASSERTION FAILED ===');
      log.warning(`==> ${placeOf(error)} '${error.message}' is not true`);
    });
  }

  /** The server cannot go on. `thrown` tells where; this place does where it is absent. */
  panic(text: string, thrown: unknown = new Error(text)): void {
    this.#report(this.#panicEnd, thrown, () => {
      const { log } = this.#parts;
      log.warning('------------------------------------------------');
      log.warning('!!! Software Failure. Press left mouse button to continue');
      log.warning(`Guru Meditation: ${text} #${placeOf(thrown)}`);
    });
  }

  /** Memory of that size is not to be had. */
  outOfMemory(bytes: bigint): void {
    this.#parts.log.warning(`Out Of Memory allocating ${bytes} bytes!`);
    this.panic(`Redis aborting for OUT OF MEMORY. Allocating ${bytes} bytes!`);
  }

  /** A signal that ends the process. Without crash-log-enabled it does so silently. */
  crashedBySignal(signal: CrashSignal): void {
    if (!this.#parts.isEnabled()) return this.#die(signal);
    this.#report(signal, new Error(signal), () => {
      const { log, redisVersion } = this.#parts;
      const number = constants.signals[signal];
      log.warning(`Redis ${redisVersion} crashed by signal: ${number}, si_code: 0`);
    });
  }

  get #panicEnd(): CrashEnd {
    return this.#parts.exitsOnPanic() ? 'exit' : 'SIGABRT';
  }

  #report(end: CrashEnd, thrown: unknown, logCause: () => void): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { log, sections } = this.#parts;
    try {
      log.raw('\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n');
      logCause();
      if (this.#parts.isEnabled()) {
        this.#logSection({ title: 'STACK TRACE', text: () => `Backtrace:\n${stackOf(thrown)}` });
        for (const section of sections) this.#logSection(section);
      }
      log.raw(END);
    } finally {
      this.#die(end);
    }
  }

  #logSection({ title, text }: CrashSection): void {
    const { log } = this.#parts;
    let shown: string | null;
    try {
      shown = text();
    } catch (error) {
      shown = `This part cannot be told: ${stackOf(error)}\n`;
    }
    if (shown === null) return;
    log.raw(`\n------ ${title} ------\n`);
    const missing = shown.length - CRASH_SECTION_BYTES_MAX;
    if (missing > 0) {
      shown = `${shown.slice(0, CRASH_SECTION_BYTES_MAX)}\n... (${missing} more characters)\n`;
    }
    log.raw(shown);
  }

  #die(end: CrashEnd): void {
    try {
      this.#parts.onEnd();
    } finally {
      this.#parts.die(end);
    }
  }
}

/** The stack, or what was thrown where there is none. */
function stackOf(thrown: unknown): string {
  const text = thrown instanceof Error ? (thrown.stack ?? String(thrown)) : show(thrown);
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** `file:line` of the innermost frame. */
function placeOf(thrown: unknown): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const frame = /^ +at .*?([^/\s(]+):(\d+):\d+\)?$/m.exec(stack);
  return frame === null ? '?:0' : `${frame[1]}:${frame[2]}`;
}

/** Anything may be thrown, and be hostile to being shown. */
function show(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return typeof thrown;
  }
}
