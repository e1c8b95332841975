/*
 * The composition root: the only place where the parts of the server are constructed and tied
 * together. It knows every room and has no behaviour of its own; what the server does at its start,
 * by the clock and at its end is in lifecycle/.
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readArguments } from './cli.js';
import { Client } from './commands/client.js';
import { ClientPause } from './commands/client-pause.js';
import { ClientRegistry } from './commands/client-registry.js';
import { commandFamilies } from './commands/command-families.js';
import { CommandTable } from './commands/command-table.js';
import { Dispatcher } from './commands/dispatch.js';
import type { Clock, Services, StreamExecutor } from './commands/services.js';
import { PrimaryStream } from './commands/stream-executor.js';
import { TransactionRunner } from './commands/transaction-runner.js';
import { WatchTable } from './commands/watch-table.js';
import type { Config } from './config/config.js';
import { loadConfig } from './config/load-config.js';
import type { KeyspaceEvents } from './keyspace/events.js';
import { Keyspace } from './keyspace/keyspace.js';
import { ClientGateway } from './lifecycle/client-gateway.js';
import { collectGarbage } from './lifecycle/garbage.js';
import { netSettings } from './lifecycle/net-settings.js';
import { noConnection } from './lifecycle/no-connection.js';
import { PeriodicWork } from './lifecycle/periodic-work.js';
import { Server } from './lifecycle/server.js';
import { ServerState } from './lifecycle/server-state.js';
import { Shutdown } from './lifecycle/shutdown.js';
import { Memory } from './memory/memory.js';
import { Listener } from './net/listener.js';
import type { Session } from './net/session.js';
import { createLog, type Log } from './observability/log.js';
import { Stats } from './observability/stats.js';
import { Loader } from './persistence/loader.js';
import { Snapshots } from './persistence/snapshot.js';
import { Replication } from './replication/replication.js';
import type { Scheduler } from './replication/replication-options.js';
import { SnapshotFiles } from './replication/snapshot-file.js';
import { dialTcp } from './replication/tcp-dial.js';
import { ReplyWriter } from './resp/reply-writer.js';

/** The Redis whose commands, replies and texts this server follows. */
const REDIS_VERSION = '7.2.4';

const clock: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

const scheduler: Scheduler = {
  afterTick: (run) => void setImmediate(run),
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
};

/** Reads the command line and serves until told to stop. Exits with status 1 where it cannot. */
export async function main(argv: readonly string[]): Promise<void> {
  const version = packageVersion();
  const request = readArguments(argv, {
    tandem: version,
    redis: REDIS_VERSION,
    node: process.versions.node,
  });
  if (request.kind === 'print') {
    process.stdout.write(request.text);
    return;
  }
  const loaded = loadConfig({ args: request.args });
  if ('fatal' in loaded) {
    process.stderr.write(loaded.fatal);
    process.exitCode = 1;
    return;
  }
  const { config } = loaded;
  const { values } = config;
  const log = createLog({
    format: values['log-format'],
    file: values.logfile,
    level: values.loglevel,
    pid: process.pid,
    clock,
  });
  const { server, shutdown } = compose({ config, log, version, hasConfiguration: argv.length > 0 });
  // As PID 1 nothing else would end the process.
  process.on('SIGTERM', () => shutdown.onSignal('SIGTERM'));
  process.on('SIGINT', () => shutdown.onSignal('SIGINT'));
  process.on('SIGHUP', () => {});
  process.on('uncaughtException', (error) => {
    // A bug of ours: nothing that follows could be trusted. The log must say what it was.
    log.warning(`Unexpected error, exiting: ${error.stack ?? error.message}`);
    log.close();
    process.exit(1);
  });
  await server.start();
}

interface Composition {
  readonly server: Server;
  readonly shutdown: Shutdown;
}

function compose(options: {
  config: Config;
  log: Log;
  version: string;
  hasConfiguration: boolean;
}): Composition {
  const { config, log, version } = options;
  const { values } = config;
  const pid = process.pid;
  const exit = (status: number): void => {
    log.close();
    process.exit(status);
  };

  // Data. Whatever the keyspace tells goes to parts that are built around it.
  const memory = new Memory({ collectGarbage });
  const events: KeyspaceEvents = {
    wantsModified: false,
    onModified: (database, key, start, end) => watches.onModified(database, key, start, end),
    onReplaced: (database, replacedBy) => watches.onReplaced(database, replacedBy),
    onExpired: (database, key, start, end) => dispatcher.onExpired(database, key, start, end),
  };
  const keyspace = new Keyspace({
    memory,
    databases: values.databases,
    hashSeed: randomBytes(16),
    events,
    random: Math.random,
  });
  const watches = new WatchTable({
    keyspace,
    onActive: (isActive) => {
      events.wantsModified = isActive;
    },
  });

  const commands = new CommandTable(commandFamilies);
  const stats = new Stats({ commands: commands.all.length });
  const pause = new ClientPause({
    nowMs: clock.wallMs,
    setTimer: (run, delayMs) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    onActive: () => setExpiryMode(),
  });
  let role: 'primary' | 'replica' = 'primary';
  // While clients are paused the stream must stand still: expired keys are hidden, as on a replica.
  const expiryMode = () => (role === 'primary' && !pause.isActive ? 'primary' : 'replica');
  const loader = new Loader({ keyspace, config, log, clock, expiryModeAfter: expiryMode });
  const setExpiryMode = (): void => {
    // The loader has its own, and asks for this one at its end.
    if (!loader.isLoading) keyspace.expiryMode = expiryMode();
  };
  const snapshots: Snapshots = new Snapshots({
    memory,
    keyspace,
    config,
    log,
    clock,
    pid,
    loader,
    role: () => replication.role,
    replicationMark: () => replication.mark(),
    redisVersion: REDIS_VERSION,
  });

  // Replication executes its primary's stream through dispatch, which feeds replication.
  const executor: StreamExecutor = {
    openPrimary: (connection) => primaryStream.openPrimary(connection),
    execute: (client, args) => primaryStream.execute(client, args),
    isInTransaction: (client) => primaryStream.isInTransaction(client),
    closePrimary: (client) => primaryStream.closePrimary(client),
  };
  const replication: Replication = new Replication({
    config,
    log,
    stats,
    clock,
    scheduler,
    random: Math.random,
    newReplid: randomId,
    transfers: snapshots,
    executor,
    dial: dialTcp,
    intake: new SnapshotFiles({ config, log, loader, pid }),
    listeningPort: () => values.port,
    onRoleChange: (newRole) => {
      role = newRole;
      setExpiryMode();
      log.setRole(role === 'primary' ? 'M' : 'S');
    },
  });
  snapshots.onIdle = () => replication.onSnapshotIdle();

  const state = new ServerState({
    identity: {
      pid,
      runId: randomId(),
      startedAtMs: clock.wallMs(),
      configFile: config.file,
      executable: process.argv[1] ?? '',
      version,
    },
    loader,
    services: () => services,
    shutdown: () => shutdown,
  });
  const services: Services = {
    config,
    keyspace,
    clients: new ClientRegistry(),
    pause,
    commands,
    transactions: new TransactionRunner({
      watches,
      run: (command, args) => dispatcher.runQueued(command, args),
    }),
    replication,
    snapshots,
    stats,
    log,
    clock,
    server: state,
  };
  const dispatcher: Dispatcher = new Dispatcher({
    services,
    feed: replication.feed,
    noClient: new Client({ id: 0, connection: noConnection, nowMs: clock.wallMs() }),
    reply: new ReplyWriter(),
    deferredReply: (client, write) => (client.connection as Session).writeReply(write),
  });
  const primaryStream: PrimaryStream = new PrimaryStream({
    services,
    dispatcher,
    reply: new ReplyWriter(),
    panic: (text) => {
      log.warning(text);
      server.exit(1);
    },
  });

  const listener = new Listener({
    handler: new ClientGateway({ services, dispatcher }),
    settings: netSettings(config),
    counters: stats,
    log,
    clock,
    onErrorReply: (text) => stats.onErrorReply(text),
  });
  const periodic = new PeriodicWork({
    hz: () => values.hz,
    onTick: [
      () => stats.sampleRates(clock.monotonicMs()),
      () => stats.notePeakMemory(keyspace.usedBytes),
      () => snapshots.tick(),
    ],
    slices: [
      (budgetMs) => state.isActiveExpiryEnabled && expireSlice(services, budgetMs),
      (budgetMs) => keyspace.backgroundSlice(budgetMs, clock.monotonicMs),
      (budgetMs) => memory.tick(budgetMs, clock.monotonicMs),
    ],
  });
  const shutdown: Shutdown = new Shutdown({
    log,
    monotonicMs: clock.monotonicMs,
    timeoutMs: () => values['shutdown-timeout'] * 1000,
    streamOffset: () => replication.offset,
    replicas: () => replication.replicas(),
    requestAcks: () => replication.requestAcks(),
    pauseWrites: () =>
      services.pause.pause({
        purpose: 'shutdown',
        mode: 'write',
        untilMs: Number.MAX_SAFE_INTEGER,
      }),
    resumeWrites: () => services.pause.unpause('shutdown'),
    isLoading: () => loader.isLoading,
    hasSavePoints: () => values.save.length > 0,
    abortSave: () => snapshots.abortSave(),
    save: async () => {
      const saved = snapshots.save('shutdown');
      return saved === 'busy' ? false : await saved;
    },
    exit: (status) => server.exit(status),
  });
  const server: Server = new Server({
    services,
    listener,
    loader,
    snapshots,
    replication,
    periodic,
    shutdown,
    banner: {
      version,
      redisVersion: REDIS_VERSION,
      pid,
      port: values.port,
      hasConfiguration: options.hasConfiguration,
      executable: process.argv[1] ?? 'tandem-server',
      showsLogo: values['always-show-logo'] || (values.logfile === '' && process.stdout.isTTY),
    },
    exit,
  });
  return { server, shutdown };
}

function expireSlice(
  { keyspace, clock: { wallMs, monotonicMs } }: Services,
  budgetMs: number,
): boolean {
  keyspace.nowMs = wallMs();
  return keyspace.expireSlice(budgetMs, monotonicMs);
}

function randomId(): string {
  return randomBytes(20).toString('hex');
}

/** The version in package.json, which stands two folders above the built file. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
