/*
 * The life of the server: starts the parts in order, ties the configuration's hooks to them, and
 * ends them. A start that fails says why in the log and leaves exit status 1. Must not construct
 * parts: main does.
 */

import { unlinkSync, writeFileSync } from 'node:fs';
import type { Services } from '../commands/services.js';
import { directivesByName } from '../config/directives.js';
import type { Listener } from '../net/listener.js';
import type { Loader } from '../persistence/loader.js';
import type { Snapshots } from '../persistence/snapshot.js';
import type { Replication } from '../replication/replication.js';
import { systemErrorText } from '../structures/system-error.js';
import { type BannerFacts, logMode, logStarting } from './banner.js';
import type { OomScore } from './oom-score.js';
import { openFilesMax, roomForClients } from './open-files.js';
import type { PeriodicWork } from './periodic-work.js';
import { showTitle } from './show-title.js';
import type { Shutdown } from './shutdown.js';
import type { Supervisor } from './supervisor.js';

export interface ServerParts {
  readonly services: Services;
  readonly listener: Listener;
  readonly loader: Loader;
  readonly snapshots: Snapshots;
  readonly replication: Replication;
  readonly periodic: PeriodicWork;
  readonly shutdown: Shutdown;
  readonly oomScore: OomScore;
  readonly supervisor: Supervisor;
  readonly banner: BannerFacts;
  /** Ends the process. */
  readonly exit: (status: number) => void;
}

/** How long pending replies and the end of the stream may take to leave at exit. */
const FLUSH_MS = 1000;

export class Server {
  readonly #parts: ServerParts;
  /** The pid file that this process wrote. */
  #pidFile: string | null = null;
  #isExiting = false;
  readonly #toldIneffective = new Set<string>();

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  /** Resolves when the server serves, or exits with status 1. */
  async start(): Promise<void> {
    const { services, banner, listener, loader, replication, periodic } = this.#parts;
    const { log, config } = services;
    logStarting(log, banner);
    log.setRole(replication.role === 'primary' ? 'M' : 'S');
    logMode(log, banner);
    this.#tieConfiguration();
    showTitle(config);
    loader.awaitStart();
    if (!this.#fitMaxClients() || !(await this.#listen())) return this.exit(1);
    // Not before: where another server has the port, the file is that one's.
    this.#writePidFile();
    log.notice('Server initialized');
    periodic.start();
    const isLoaded = await this.#load();
    // A signal may have come meanwhile: then nothing must start any more.
    if (this.#isExiting) return;
    if (!isLoaded) return this.exit(1);
    replication.start();
    for (const kind of listener.kinds) log.notice(`Ready to accept connections ${kind}`);
    this.#parts.supervisor.onReady(replication.role);
    this.#parts.oomScore.apply();
    const { maxmemory } = config.values;
    if (maxmemory > 0 && maxmemory < 1024 * 1024) {
      log.warning(
        `WARNING: You specified a maxmemory value that is less than 1MB (current value is ` +
          `${maxmemory} bytes). Are you sure this is what you really want?`,
      );
    }
  }

  /** Ends everything in order, then the process. */
  exit(status: number): void {
    if (this.#isExiting) return this.#parts.exit(status);
    this.#isExiting = true;
    const { services, listener, replication, periodic, snapshots } = this.#parts;
    periodic.stop();
    replication.flush();
    replication.close();
    this.#removePidFile();
    const closed = Promise.all([
      listener.close({ flushMs: FLUSH_MS }),
      snapshots.terminateWorker(),
    ]);
    closed.then(
      () => {
        if (status === 0) services.log.warning('Redis is now ready to exit, bye bye...');
        this.#parts.exit(status);
      },
      (error: unknown) => {
        services.log.warning(`Error while closing: ${String(error)}`);
        this.#parts.exit(1);
      },
    );
  }

  /** The process, and nothing else: only its listening sockets, which may have an heir. */
  endAtOnce(): void {
    this.#isExiting = true;
    void this.#parts.listener.close({ flushMs: 0 });
    this.#parts.exit(1);
  }

  async #listen(): Promise<boolean> {
    const { services, listener } = this.#parts;
    const { values } = services.config;
    return await listener.listen({
      bind: values.bind,
      port: values.port,
      backlog: values['tcp-backlog'],
      unixSocket: values.unixsocket,
      unixSocketMode: values.unixsocketperm,
    });
  }

  async #load(): Promise<boolean> {
    const { listener, loader, replication, services } = this.#parts;
    const { values } = services.config;
    const result = await loader.loadAtStart({
      role: replication.role,
      onTurn: (bytes) => {
        const isLong = bytes >= values['loading-process-events-interval-bytes'];
        // Whoever slows it down wants to look on.
        if (isLong || values['key-load-delay'] !== 0) listener.serve();
      },
      onMark: (mark) => replication.resumeFrom(mark),
      onExpired: (database, key, start, end) =>
        services.keyspace.events.onExpired(database, key, start, end),
    });
    if (result.ok) replication.failedStreamCommands = result.failedStreamCommands;
    listener.serve();
    return result.ok || result.missing;
  }

  /** The directives whose change some part must act on. */
  #tieConfiguration(): void {
    const { services, listener, replication } = this.#parts;
    const { config, log } = services;
    const { values } = config;
    config.onWarning = (text) => log.warning(text);
    config.onChange('bind', (bind) =>
      listener.rebind({ bind, port: values.port })
        ? null
        : 'Failed to bind to specified addresses.',
    );
    config.onChange('port', (port) =>
      listener.rebind({ bind: values.bind, port })
        ? null
        : 'Unable to listen on this port. Check server logs.',
    );
    config.onChange('maxclients', (wanted) => {
      const { clientsMax, notices } = roomForClients(wanted, openFilesMax());
      if (clientsMax === wanted) return null;
      for (const text of notices) log.warning(text);
      return tooManyClients(clientsMax);
    });
    config.onChange('loglevel', (level) => {
      log.level = level;
      return null;
    });
    config.onChange('log-format', (format) => {
      log.format = format;
      return null;
    });
    config.onChange('proc-title-template', () => {
      showTitle(config);
      return null;
    });
    config.onChange('repl-backlog-size', (bytes) => {
      replication.resizeBacklog(bytes);
      return null;
    });
    services.stats.isTrackingLatency = values['latency-tracking'];
    config.onChange('latency-tracking', (isTracking) => {
      services.stats.isTrackingLatency = isTracking;
      return null;
    });
    this.#tieSlowLog();
    this.#tieMemoryLimit();
    this.#tieAccessBits();
    this.#tieOomScore();
    const missing = config.missingHooks();
    if (missing.length > 0) throw new Error(`no part acts on changes of ${missing.join(', ')}`);
    for (const name of config.ineffective()) this.#tellIneffective(name);
    config.onIneffective = (name) => this.#tellIneffective(name);
  }

  /** Once for each directive. */
  #tellIneffective(name: string): void {
    if (this.#toldIneffective.has(name)) return;
    this.#toldIneffective.add(name);
    const gap = directivesByName.get(name)?.gap;
    this.#parts.services.log.notice(
      gap === undefined
        ? `The directive ${name} is accepted and kept, but has no effect in this server`
        : `The directive ${name} is obeyed in part only: ${gap}`,
    );
  }

  #tieOomScore(): void {
    const { config } = this.#parts.services;
    const tie = (): string | null =>
      this.#parts.oomScore.apply()
        ? null
        : 'Failed to set current oom_score_adj. Check server logs.';
    config.onChange('oom-score-adj', tie);
    config.onChange('oom-score-adj-values', tie);
  }

  #tieSlowLog(): void {
    const { config, latency, slowLog } = this.#parts.services;
    const { values } = config;
    const tie = (): null => {
      slowLog.configure({
        thresholdMicroseconds: values['slowlog-log-slower-than'],
        entriesMax: values['slowlog-max-len'],
      });
      return null;
    };
    tie();
    latency.thresholdMs = values['latency-monitor-threshold'];
    config.onChange('latency-monitor-threshold', (thresholdMs) => {
      latency.thresholdMs = thresholdMs;
      return null;
    });
    config.onChange('slowlog-log-slower-than', tie);
    config.onChange('slowlog-max-len', tie);
  }

  #tieMemoryLimit(): void {
    const { config, keyspace, log, replication } = this.#parts.services;
    config.onChange('maxmemory', (limit) => {
      // The same sum that writes are refused by.
      const used = keyspace.usedBytes + replication.backlogBytes - replication.uncountedBytes;
      if (limit > 0 && limit < used) {
        log.warning(
          `WARNING: the new maxmemory value set via CONFIG SET (${limit}) is smaller than the ` +
            `current memory usage (${used}). This will result in key eviction and/or the ` +
            'inability to accept new write commands depending on the maxmemory-policy.',
        );
      }
      return null;
    });
  }

  /** What the access bits of entries mean, and how they age. */
  #tieAccessBits(): void {
    const { config, keyspace } = this.#parts.services;
    const { values } = config;
    const tie = (): null => {
      keyspace.usesLfu = values['maxmemory-policy'].endsWith('-lfu');
      keyspace.lfuLogFactor = values['lfu-log-factor'];
      keyspace.lfuDecayMinutes = values['lfu-decay-time'];
      return null;
    };
    tie();
    config.onChange('maxmemory-policy', tie);
    config.onChange('lfu-log-factor', tie);
    config.onChange('lfu-decay-time', tie);
  }

  /** Lowers maxclients to what the system allows; false where not even one has room. */
  #fitMaxClients(): boolean {
    const { config, log } = this.#parts.services;
    const wanted = config.values.maxclients;
    const { clientsMax, notices } = roomForClients(wanted, openFilesMax());
    for (const text of notices) log.warning(text);
    if (clientsMax < wanted) config.override('maxclients', clientsMax);
    return clientsMax > 0;
  }

  #writePidFile(): void {
    const { config, log } = this.#parts.services;
    const { pidfile } = config.values;
    if (pidfile === '') return;
    try {
      writeFileSync(pidfile, `${process.pid}\n`);
      this.#pidFile = pidfile;
    } catch (error) {
      log.warning(`Failed to write PID file: ${systemErrorText(error)}`);
    }
  }

  /** What a daemon that crashes must not leave behind; any other's file is left, as by Redis. */
  removeDaemonPidFile(): void {
    if (this.#parts.services.config.values.daemonize) this.#removePidFile();
  }

  #removePidFile(): void {
    if (this.#pidFile === null) return;
    this.#parts.services.log.notice('Removing the pid file.');
    try {
      unlinkSync(this.#pidFile);
    } catch {
      // Somebody removed it before us: that is what we wanted.
    }
    this.#pidFile = null;
  }
}

function tooManyClients(clientsMax: number): string {
  return (
    'The operating system is not able to handle the specified number of clients, ' +
    `try with ${clientsMax}`
  );
}
