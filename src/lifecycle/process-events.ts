/*
 * What the process hears from outside, and from errors that nobody caught: signals that end the
 * server in good order, and those that are reported as a crash.
 *
 * Of Redis's crash signals only SIGABRT has a listener. A listener for SIGSEGV, SIGBUS, SIGFPE or
 * SIGILL would run once for a signal sent from outside; after a real fault, though, the faulting
 * instruction would be run again for ever, before the event loop and the listener ever get their
 * turn: a server that hangs instead of dying. abort() ends the process whoever listens.
 */

import type { CrashReport } from './crash-report.js';
import type { Shutdown } from './shutdown.js';

export interface ProcessEventParts {
  readonly shutdown: Pick<Shutdown, 'onSignal'>;
  readonly crash: Pick<CrashReport, 'crashedBySignal' | 'onException'>;
  readonly log: { warning(text: string): void };
}

export function listenToProcess({ shutdown, crash, log }: ProcessEventParts): void {
  // As PID 1 nothing else would end the process.
  process.on('SIGTERM', () => shutdown.onSignal('SIGTERM'));
  process.on('SIGINT', () => shutdown.onSignal('SIGINT'));
  process.on('SIGABRT', () => crash.crashedBySignal('SIGABRT'));
  // Unhandled rejections come here, too.
  process.on('uncaughtException', (error: unknown) => crash.onException(error));
  process.on('SIGALRM', () => log.warning('Received SIGALRM'));
}
