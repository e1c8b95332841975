/*
 * The server's log: pino decides and counts, this file writes. Two formats: `text`, Redis's own line
 * (`PID:ROLE DD Mon YYYY HH:MM:SS.mmm LEVEL text`), which its tools and test suite read, and `json`,
 * one object a line. Every line is written before the call returns and lands at the end of the file,
 * so nothing is lost at exit and others may append to the same file.
 *
 * A line costs microseconds: never one for each command. Must not know any part that logs.
 */

export type LogLevel = 'debug' | 'verbose' | 'notice' | 'warning' | 'nothing';

/** Who speaks: a primary (M), a replica (S), a snapshot worker (C), nobody's role yet (X). */
export type LogRole = 'M' | 'S' | 'C' | 'X';

export interface Log {
  /** The lowest level that is written. May be set at any time. */
  level: LogLevel;
  debug(text: string): void;
  verbose(text: string): void;
  notice(text: string): void;
  warning(text: string): void;
  /** True when a line of that level would be written: for texts that are dear to build. */
  isEnabled(level: Exclude<LogLevel, 'nothing'>): boolean;
  setRole(role: LogRole): void;
  /** Goes on in another file ('' = standard output). Returns why not, and stays where it was. */
  setFile(file: string): string | null;
  /** Opens the file anew, after it was renamed away. Also done by itself within a second. */
  reopen(): void;
  close(): void;
}

export interface LogOptions {
  readonly format: 'text' | 'json';
  /** '' = standard output. */
  readonly file: string;
  readonly level: LogLevel;
  readonly pid: number;
  readonly clock: { wallMs(): number };
}

/** Throws when the file cannot be opened. */
export function createLog(_options: LogOptions): Log {
  throw new Error('not written yet');
}
