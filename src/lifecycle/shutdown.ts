/*
 * How the server ends: asked by SHUTDOWN or a signal, it pauses writes, waits for lagging replicas,
 * saves where save points ask for it, and exits; a failed save or SHUTDOWN ABORT calls it off and
 * the server goes on. Reads and new connections are served all the while. The order and the log
 * lines are those of Redis's prepareForShutdown and finishShutdown. Must not know sockets or files.
 */

import type { ServerControl } from '../commands/services.js';
import type { Log } from '../observability/log.js';

/** A replica as the shutdown sees it. */
export interface ReplicaProgress {
  readonly name: string;
  readonly ackedOffset: number;
  readonly lagSeconds: number;
  readonly state: string;
}

export interface ShutdownParts {
  readonly log: Log;
  /** A message for the service manager, where there is one. */
  tellSupervisor(message: string): void;
  monotonicMs(): number;
  timeoutMs(): number;
  /** How a shutdown by this signal goes about it: shutdown-on-sigint and shutdown-on-sigterm. */
  onSignal(signal: 'SIGINT' | 'SIGTERM'): Omit<ShutdownRequest, 'onRefused'>;
  streamOffset(): number;
  replicas(): readonly ReplicaProgress[];
  /** Asks every replica for an ACK. */
  requestAcks(): void;
  /** Postpones writes; may be called again. */
  pauseWrites(): void;
  resumeWrites(): void;
  isLoading(): boolean;
  hasSavePoints(): boolean;
  isSaving(): boolean;
  /** Calls off a running background save; settles when it is gone. */
  abortSave(): Promise<boolean>;
  /** Saves to the database file: whether it worked. */
  save(): Promise<boolean>;
  /** Closes the listeners, flushes to replicas, removes the pid file; then the process ends. */
  exit(status: number): void;
}

export type ShutdownRequest = Parameters<ServerControl['shutdown']>[0];

/** How often the replicas' progress is looked at while waiting for them. */
const POLL_MS = 50;

type State = 'running' | 'waitingForReplicas' | 'finishing';

export class Shutdown {
  readonly #parts: ShutdownParts;
  #state: State = 'running';
  #request: ShutdownRequest | null = null;
  #refused: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastSignal: 'SIGINT' | 'SIGTERM' | null = null;
  #deadlineMs = 0;
  #holdsSignals = false;

  constructor(parts: ShutdownParts) {
    this.#parts = parts;
  }

  get isUnderWay(): boolean {
    return this.#state !== 'running';
  }

  /** Milliseconds left to wait for replicas, 0 when none is waited for: INFO's field. */
  get millisecondsLeft(): number {
    if (this.#state !== 'waitingForReplicas') return 0;
    return Math.max(0, Math.ceil(this.#deadlineMs - this.#parts.monotonicMs()));
  }

  onSignal(signal: 'SIGINT' | 'SIGTERM'): void {
    const { log } = this.#parts;
    if (signal === 'SIGINT' && this.#lastSignal !== null) {
      log.warning('You insist... exiting now.');
      return this.#parts.exit(1);
    }
    log.warning(
      this.#parts.isLoading()
        ? 'Received shutdown signal during loading, scheduling shutdown.'
        : `Received ${signal} scheduling shutdown...`,
    );
    if (this.#lastSignal !== null) return;
    this.#lastSignal = signal;
    if (!this.#holdsSignals) this.#obey(signal);
  }

  /** A signal that comes meanwhile is obeyed afterwards, unless it is called off. */
  holdSignals(isHeld: boolean): void {
    this.#holdsSignals = isHeld;
    if (!isHeld && this.#lastSignal !== null) this.#obey(this.#lastSignal);
  }

  #obey(signal: 'SIGINT' | 'SIGTERM'): void {
    if (this.#state !== 'running') return;
    this.request({ ...this.#parts.onSignal(signal), onRefused: () => {} });
  }

  /** Begins a shutdown; one that is under way goes on as it was asked for first. */
  request(request: ShutdownRequest): void {
    this.#refused.push(request.onRefused);
    if (this.#state !== 'running') return;
    const { log } = this.#parts;
    // What is being loaded is half a data set: it must never replace the file.
    this.#request = this.#parts.isLoading() ? { ...request, save: 'nosave' } : request;
    log.notice('User requested shutdown...');
    this.#parts.tellSupervisor('STOPPING=1');
    const timeoutMs = this.#parts.timeoutMs();
    if (request.isNow || timeoutMs === 0 || this.#replicasAreInSync()) return this.#finish();
    this.#state = 'waitingForReplicas';
    this.#deadlineMs = this.#parts.monotonicMs() + timeoutMs;
    this.#parts.requestAcks();
    this.#parts.pauseWrites();
    log.notice('Waiting for replicas before shutting down.');
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
  }

  /** SHUTDOWN ABORT: false when there is nothing to abort. */
  abort(): boolean {
    if (this.#state === 'running' && this.#lastSignal === null) return false;
    if (this.#state === 'running') this.#lastSignal = null;
    else this.#cancel();
    this.#parts.log.notice('Shutdown manually aborted.');
    return true;
  }

  #poll(): void {
    const isOver = this.#parts.monotonicMs() >= this.#deadlineMs;
    if (!isOver && !this.#replicasAreInSync()) return;
    clearInterval(this.#timer);
    this.#finish();
  }

  #replicasAreInSync(): boolean {
    const offset = this.#parts.streamOffset();
    return this.#parts.replicas().every((replica) => replica.ackedOffset === offset);
  }

  #finish(): void {
    this.#state = 'finishing';
    const request = this.#request;
    if (request === null) return;
    // A write acknowledged after the snapshot's freeze would be in no file.
    this.#parts.pauseWrites();
    this.#logReplicas();
    this.#saveIfAsked(request).then(
      (mayExit) => {
        // ABORT may have come while the file was written.
        if (this.#state !== 'finishing' || this.#request !== request) return;
        if (mayExit) return this.#exit();
        this.#parts.log.warning(
          'Errors trying to shut down the server. Check the logs for more information.',
        );
        this.#cancel();
      },
      (error: unknown) => {
        this.#parts.log.warning(`Errors trying to shut down the server: ${String(error)}`);
        this.#cancel();
      },
    );
  }

  #exit(): void {
    this.#parts.exit(0);
  }

  async #saveIfAsked(request: ShutdownRequest): Promise<boolean> {
    const { log } = this.#parts;
    if (this.#parts.isSaving()) {
      log.warning('There is a child saving an .rdb. Killing it!');
      await this.#parts.abortSave();
    }
    const isWanted =
      request.save === 'save' || (request.save === 'default' && this.#parts.hasSavePoints());
    if (!isWanted) return true;
    log.notice('Saving the final RDB snapshot before exiting.');
    this.#parts.tellSupervisor('STATUS=Saving the final RDB snapshot');
    if (await this.#parts.save()) return true;
    if (request.isForced) {
      log.warning('Error trying to save the DB. Exit anyway.');
      return true;
    }
    log.warning("Error trying to save the DB, can't exit.");
    this.#parts.tellSupervisor("STATUS=Error trying to save the DB, can't exit.");
    return false;
  }

  #logReplicas(): void {
    const { log } = this.#parts;
    const offset = this.#parts.streamOffset();
    const replicas = this.#parts.replicas();
    const lagging = replicas.filter((replica) => replica.ackedOffset !== offset);
    for (const replica of lagging) {
      log.notice(
        `Lagging replica ${replica.name} reported offset ${offset - replica.ackedOffset} behind ` +
          `master, lag=${replica.lagSeconds}, state=${replica.state}.`,
      );
    }
    if (replicas.length > 0) {
      const inSync = replicas.length - lagging.length;
      log.notice(`${inSync} of ${replicas.length} replicas are in sync when shutting down.`);
    }
  }

  #cancel(): void {
    clearInterval(this.#timer);
    this.#state = 'running';
    this.#request = null;
    this.#lastSignal = null;
    this.#parts.resumeWrites();
    const refused = this.#refused;
    this.#refused = [];
    for (const onRefused of refused) onRefused();
  }
}
