/*
 * Signals that must do nothing. SIGHUP and SIGALRM are ignored by redis-server too; it dies of
 * SIGUSR1 and SIGUSR2, which nobody wants of a server with data. Above all, SIGUSR1 makes Node open
 * a debugger's port, through which anybody on this machine could run code in here: a listener
 * replaces that. So this comes first, before the rest of the program is even loaded, and must
 * import nothing. (Node itself ignores SIGPIPE.)
 */

export function ignoreSignals(): void {
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP', 'SIGALRM'] as const) {
    process.on(signal, () => {});
  }
}
