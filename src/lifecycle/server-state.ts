/*
 * What commands may ask of the process as a whole: who it is, whether it loads, how it is shut
 * down, what INFO says. Must not know sockets or files.
 */

import type { CrashControl, ServerControl, Services } from '../commands/services.js';
import { infoText } from '../observability/info.js';
import { readProcessFigures } from '../observability/info-process.js';
import { type MemoryFigures, measureMemory } from '../observability/memory-figures.js';
import { allocatorReport, doctorReport } from '../observability/memory-report.js';
import type { Loader } from '../persistence/loader.js';
import { hzFor } from './periodic-work.js';
import type { Shutdown, ShutdownRequest } from './shutdown.js';
import type { Supervisor } from './supervisor.js';

export interface ServerIdentity {
  readonly pid: number;
  readonly runId: string;
  readonly startedAtMs: number;
  readonly configFile: string;
  readonly executable: string;
  /** Of package.json. */
  readonly version: string;
}

export class ServerState implements ServerControl {
  readonly pid: number;
  readonly runId: string;
  readonly startedAtMs: number;
  readonly configFile: string;
  readonly executable: string;
  readonly crash: CrashControl;
  isActiveExpiryEnabled = true;
  successorDelayMs: number | null = null;
  readonly endAtOnce: () => void;
  readonly #supervisor: Supervisor;
  readonly #version: string;
  #isCronPaused = false;
  readonly #loader: Loader;
  readonly #services: () => Services;
  readonly #shutdown: () => Shutdown;

  /** `services` and `shutdown` are asked for late: they are built around this object. */
  constructor(options: {
    identity: ServerIdentity;
    loader: Loader;
    crash: CrashControl;
    supervisor: Supervisor;
    endAtOnce: () => void;
    services: () => Services;
    shutdown: () => Shutdown;
  }) {
    const { identity } = options;
    this.pid = identity.pid;
    this.runId = identity.runId;
    this.startedAtMs = identity.startedAtMs;
    this.configFile = identity.configFile;
    this.executable = identity.executable;
    this.#supervisor = options.supervisor;
    this.#version = identity.version;
    this.crash = options.crash;
    this.endAtOnce = options.endAtOnce;
    this.#loader = options.loader;
    this.#services = options.services;
    this.#shutdown = options.shutdown;
  }

  get isLoading(): boolean {
    return this.#loader.isLoading;
  }

  get isCronPaused(): boolean {
    return this.#isCronPaused;
  }

  set isCronPaused(isPaused: boolean) {
    this.#isCronPaused = isPaused;
    this.#shutdown().holdSignals(isPaused);
  }

  get skipsChecksums(): boolean {
    return this.#loader.skipsChecksums;
  }

  set skipsChecksums(skips: boolean) {
    this.#loader.skipsChecksums = skips;
  }

  get supervisedBy(): 'no' | 'upstart' | 'systemd' {
    return this.#supervisor.by;
  }

  get hz(): number {
    const { clients, config } = this.#services();
    const { hz } = config.values;
    return config.values['dynamic-hz'] ? hzFor(clients.size, hz) : hz;
  }

  get shutdownInMs(): number {
    return this.#shutdown().millisecondsLeft;
  }

  loadingInfoLines(): string[] {
    return this.#loader.loadingInfoLines();
  }

  shutdown(request: ShutdownRequest): void {
    this.#shutdown().request(request);
  }

  abortShutdown(): boolean {
    return this.#shutdown().abort();
  }

  isShuttingDown(): boolean {
    return this.#shutdown().isUnderWay;
  }

  info(sections: readonly string[]): string {
    const services = this.#services();
    return infoText(
      { services, version: this.#version, readProcess: readProcessFigures },
      sections,
    );
  }

  memoryFigures(): MemoryFigures {
    return measureMemory(this.#services(), readProcessFigures().residentBytes);
  }

  memoryReport(): string {
    return doctorReport(this.memoryFigures());
  }

  allocatorReport(): string {
    return allocatorReport(this.#services().keyspace.memory.describeUse());
  }
}
