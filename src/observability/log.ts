/*
 * The server's log: pino decides and counts, this file shapes lines. Two formats: `text`, Redis's
 * own (`PID:ROLE DD Mon YYYY HH:MM:SS.mmm LEVEL text`), which its tools and test suite read, and
 * `json`, one object a line. Every line is written before the call returns and lands at the end of
 * the file, so nothing is lost at exit and others may append to the same file.
 *
 * A line costs microseconds: never one for each command. Must not know any part that logs.
 */

import pino from 'pino';
import { LogFile } from './log-file.js';
import { formatLogLine, type WrittenLevel } from './log-line.js';

export type LogLevel = WrittenLevel | 'nothing';

export type LogFormat = 'text' | 'json';

/** Who speaks: a primary (M), a replica (S), or one that does not know yet which it is (C). */
export type LogRole = 'M' | 'S' | 'C';

export interface Log {
  /** The lowest level that is written. May be set at any time. */
  level: LogLevel;
  /** How lines look from now on. */
  format: LogFormat;
  debug(text: string): void;
  verbose(text: string): void;
  notice(text: string): void;
  warning(text: string): void;
  /** True when a line of that level would be written: for texts that are dear to build. */
  isEnabled(level: WrittenLevel): boolean;
  setRole(role: LogRole): void;
  /** Goes on in another file ('' = standard output). Returns why not, and stays where it was. */
  setFile(file: string): string | null;
  /** Opens the file anew, after it was renamed away. Also done by itself within a second. */
  reopen(): void;
  close(): void;
}

/** What createLog makes. Most parts know only Log. */
export interface ServerLog extends Log {
  /** Text with its own line breaks, at the level of a warning: for reports of many lines. */
  raw(text: string): void;
}

export interface LogOptions {
  readonly format: LogFormat;
  /** '' = standard output. */
  readonly file: string;
  readonly level: LogLevel;
  readonly pid: number;
  readonly clock: { wallMs(): number };
}

/** pino's numbers for our levels; `silent` is its word for nothing. */
const levels = { debug: 20, verbose: 30, notice: 40, warning: 50 } as const;

/** Throws when the file cannot be opened. The role is C until it is set, as in Redis. */
export function createLog(options: LogOptions): ServerLog {
  const { file, level, pid, clock } = options;
  const output = new LogFile({ file, clock });
  let role: LogRole = 'C';
  let { format } = options;

  const lines = {
    // Asks pino to leave level and message of each line here, so that text needs no JSON parsing.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    lastMsg: '',
    write(json: string): void {
      if (format === 'json') return output.write(json);
      const line = { pid, role, wallMs: clock.wallMs(), level: nameOf(this.lastLevel) };
      output.write(formatLogLine({ ...line, text: this.lastMsg }));
    },
  };
  const logger = pino(
    {
      base: { pid },
      customLevels: levels,
      useOnlyCustomLevels: true,
      level: pinoLevel(level),
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ role }),
      timestamp: () => `,"time":"${new Date(clock.wallMs()).toISOString()}"`,
    },
    lines,
  );

  return {
    get level() {
      return logger.level === 'silent' ? 'nothing' : (logger.level as WrittenLevel);
    },
    set level(wanted: LogLevel) {
      logger.level = pinoLevel(wanted);
    },
    get format() {
      return format;
    },
    set format(wanted: LogFormat) {
      format = wanted;
    },
    debug: (text) => logger.debug(text),
    verbose: (text) => logger.verbose(text),
    notice: (text) => logger.notice(text),
    warning: (text) => logger.warning(text),
    raw: (text) => {
      if (format === 'json') logger.warning(text);
      else if (logger.isLevelEnabled('warning')) output.write(text);
    },
    isEnabled: (wanted) => logger.isLevelEnabled(wanted),
    setRole: (wanted) => {
      role = wanted;
    },
    setFile: (wanted) => output.setFile(wanted),
    reopen: () => output.reopen(),
    close: () => output.close(),
  };
}

function pinoLevel(level: LogLevel): string {
  return level === 'nothing' ? 'silent' : level;
}

function nameOf(value: number): WrittenLevel {
  if (value >= levels.warning) return 'warning';
  if (value >= levels.notice) return 'notice';
  return value >= levels.verbose ? 'verbose' : 'debug';
}
