/*
 * A service manager that started the server and wants to hear from it (the directive supervised):
 * upstart waits until the process stops itself; systemd takes messages on a socket of datagrams,
 * which Node cannot open. So its own program systemd-notify is called, and the unit needs
 * NotifyAccess=all. The messages and log lines are Redis's.
 */

import { spawn, spawnSync } from 'node:child_process';
import type { Log } from '../observability/log.js';

export type SupervisedMode = 'no' | 'upstart' | 'systemd' | 'auto';

/** Tells systemd, and waits until it is told where `waits`. Returns why it failed. */
export type Notify = (message: string, waits: boolean) => string | null;

export class Supervisor {
  /** Who supervises, once begin() has found out. */
  by: 'no' | 'upstart' | 'systemd' = 'no';
  readonly #log: Log;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #notify: Notify;
  #wasLinkUp = false;

  constructor(options: { log: Log; environment: NodeJS.ProcessEnv; notify: Notify }) {
    this.#log = options.log;
    this.#environment = options.environment;
    this.#notify = options.notify;
  }

  /** Before the server starts: whether there is one. `stop` stops this process (upstart). */
  begin(mode: SupervisedMode, stop: () => void): boolean {
    const found = mode === 'auto' ? this.#detect() : mode;
    if (found === 'upstart' && this.#beginUpstart(stop)) this.by = found;
    if (found === 'systemd' && this.#beginSystemd()) this.by = found;
    return this.by !== 'no';
  }

  onReady(role: 'primary' | 'replica'): void {
    this.tell(
      role === 'primary'
        ? 'STATUS=Ready to accept connections'
        : 'STATUS=Ready to accept connections in read-only mode. ' +
            'Waiting for MASTER <-> REPLICA sync',
    );
    this.tell('READY=1');
  }

  /** Looks at the link to the primary now and then: that it came up is worth a word. */
  tick({ role, isLinkUp }: { role: 'primary' | 'replica'; isLinkUp: boolean }): void {
    const isUp = role === 'replica' && isLinkUp;
    if (isUp && !this.#wasLinkUp) {
      this.tell(
        'STATUS=MASTER <-> REPLICA sync: Finished with success. ' +
          'Ready to accept connections in read-write mode.',
      );
    }
    this.#wasLinkUp = isUp;
  }

  /** One message, where it is systemd that listens. */
  tell(message: string): void {
    if (this.by === 'systemd') this.#notify(message, false);
  }

  #detect(): SupervisedMode {
    if (this.#environment.UPSTART_JOB !== undefined) {
      this.#log.verbose('Upstart supervision detected.');
      return 'upstart';
    }
    if (this.#environment.NOTIFY_SOCKET === undefined) return 'no';
    this.#log.verbose('Systemd supervision detected.');
    return 'systemd';
  }

  #beginUpstart(stop: () => void): boolean {
    if (this.#environment.UPSTART_JOB === undefined) {
      this.#log.warning('upstart supervision requested, but UPSTART_JOB not found!');
      return false;
    }
    this.#log.notice('supervised by upstart, will stop to signal readiness.');
    stop();
    delete this.#environment.UPSTART_JOB;
    return true;
  }

  #beginSystemd(): boolean {
    const hasSocket = this.#environment.NOTIFY_SOCKET !== undefined;
    const failure = hasSocket
      ? this.#notify('STATUS=Redis is loading...', true)
      : 'NOTIFY_SOCKET not found!';
    if (failure !== null) {
      this.#log.warning(`systemd supervision error: ${failure}`);
      return false;
    }
    this.#log.notice(
      'Supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec ' +
        'and TimeoutStopSec in your service unit.',
    );
    return true;
  }
}

/** How long the first message may take, in ms: nothing is served meanwhile. */
const NOTIFY_MS_MAX = 5000;

export const notifySystemd: Notify = (message, waits) => {
  if (!waits) {
    // A message that is lost is no reason to do anything: the first one came through.
    spawn('systemd-notify', [message], { stdio: 'ignore' })
      .on('error', () => {})
      .unref();
    return null;
  }
  const { error, status } = spawnSync('systemd-notify', [message], {
    stdio: 'ignore',
    timeout: NOTIFY_MS_MAX,
  });
  if (error !== undefined) return `systemd-notify: ${error.message}`;
  return status === 0 ? null : `systemd-notify: ${status}`;
};
