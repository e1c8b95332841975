/*
 * The composition root: the only place where the parts of the server are constructed and tied
 * together. It knows every room and has no behaviour of its own; what the server does at its start,
 * by the clock and at its end is in lifecycle/.
 */

import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { readArguments } from './cli.js';
import { Client } from './commands/client.js';
import { clientLine } from './commands/client-line.js';
import { ClientPause } from './commands/client-pause.js';
import { ClientRegistry } from './commands/client-registry.js';
import { commandFamilies } from './commands/command-families.js';
import { CommandTable, RenameError } from './commands/command-table.js';
import { Dispatcher } from './commands/dispatch.js';
import { Monitors } from './commands/monitors.js';
import type { ServerClock, Services, StreamExecutor } from './commands/services.js';
import { PrimaryStream } from './commands/stream-executor.js';
import { TransactionRunner } from './commands/transaction-runner.js';
import { WatchTable } from './commands/watch-table.js';
import type { Config } from './config/config.js';
import { fatalConfigText, loadConfig } from './config/load-config.js';
import type { KeyspaceEvents } from './keyspace/events.js';
import { Keyspace } from './keyspace/keyspace.js';
import { bannerFacts } from './lifecycle/banner.js';
import { ClientGateway } from './lifecycle/client-gateway.js';
import { CrashReport } from './lifecycle/crash-report.js';
import { crashSections } from './lifecycle/crash-sections.js';
import { isDaemon, settleAsDaemon, startDaemon } from './lifecycle/daemon.js';
import { endProcess, stopProcess } from './lifecycle/end-process.js';
import { tuneEngine } from './lifecycle/engine-flags.js';
import { ExpiryRule } from './lifecycle/expiry-mode.js';
import { collectGarbage } from './lifecycle/garbage.js';
import { Late } from './lifecycle/late.js';
import { latencyTexts } from './lifecycle/latency-texts.js';
import { netSettings } from './lifecycle/net-settings.js';
import { noConnection } from './lifecycle/no-connection.js';
import { OomScore } from './lifecycle/oom-score.js';
import { packageVersion } from './lifecycle/package-version.js';
import { PeriodicWork } from './lifecycle/periodic-work.js';
import { PreciseClock } from './lifecycle/precise-clock.js';
import { listenToProcess } from './lifecycle/process-events.js';
import { Server } from './lifecycle/server.js';
import { type ServerIdentity, ServerState } from './lifecycle/server-state.js';
import { Shutdown } from './lifecycle/shutdown.js';
import { StateLines } from './lifecycle/state-lines.js';
import { startSuccessor } from './lifecycle/successor.js';
import { notifySystemd, Supervisor } from './lifecycle/supervisor.js';
import { scheduler, setTimer } from './lifecycle/timers.js';
import { Memory } from './memory/memory.js';
import { Listener } from './net/listener.js';
import type { Session } from './net/session.js';
import { EventLoopMeter } from './observability/event-loop.js';
import { LatencyMonitor } from './observability/latency-monitor.js';
import { createLog, type ServerLog } from './observability/log.js';
import { SlowLog } from './observability/slow-log.js';
import { Stats } from './observability/stats.js';
import { Loader } from './persistence/loader.js';
import { Snapshots } from './persistence/snapshot.js';
import { PubSub } from './pubsub/pub-sub.js';
import { Replication } from './replication/replication.js';
import { SnapshotFiles } from './replication/snapshot-file.js';
import { dialTcp } from './replication/tcp-dial.js';
import { ReplyWriter } from './resp/reply-writer.js';

/** The Redis whose commands, replies and texts this server follows. */
const REDIS_VERSION = '7.2.4';

// Imported `performance`: the global one is a getter, which each command would pay for.
const wallMs = () => Date.now();
const monotonicMs = () => performance.now();
const preciseClock = new PreciseClock({ wallMs, monotonicMs });
const clock: ServerClock = {
  wallMs,
  monotonicMs,
  wallMicroseconds: () => preciseClock.microseconds(),
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
    process.stderr.write(loaded.fatal, 'latin1');
    process.exitCode = 1;
    return;
  }
  const { config } = loaded;
  const commands = buildCommands(config);
  if ('fatal' in commands) {
    process.stderr.write(commands.fatal, 'latin1');
    process.exitCode = 1;
    return;
  }
  const { values } = config;
  const log = createLog({
    format: values['log-format'],
    file: values.logfile,
    level: values.loglevel,
    pid: process.pid,
    clock,
  });
  const supervisor = new Supervisor({ log, environment: process.env, notify: notifySystemd });
  if (!isDaemon && !supervisor.begin(values.supervised, stopProcess) && values.daemonize) {
    log.close();
    process.exit(await startDaemon(loaded.input));
  }
  if (isDaemon) settleAsDaemon(config);
  const hasConfiguration = argv.length > 0;
  const parts = compose({ config, commands, log, supervisor, version, hasConfiguration });
  listenToProcess({ ...parts, log });
  tuneEngine();
  await parts.server.start();
}

/**
 * The command table under the names that rename-command lines give, or the text for a failed start.
 */
function buildCommands({ renamedCommands }: Config): CommandTable | { readonly fatal: string } {
  try {
    return new CommandTable(commandFamilies, renamedCommands);
  } catch (error) {
    if (!(error instanceof RenameError)) throw error;
    const line = renamedCommands.find((renamed) => renamed === error.rename);
    return { fatal: fatalConfigText({ message: error.message, origin: line?.origin ?? null }) };
  }
}

/** What every part may need: the configuration, the log, who we are. */
interface Base {
  readonly config: Config;
  readonly commands: CommandTable;
  readonly log: ServerLog;
  readonly supervisor: Supervisor;
  readonly version: string;
  readonly hasConfiguration: boolean;
}

/** Parts that are referred to before they can be built. */
class LateParts {
  readonly dispatcher = new Late<Dispatcher>();
  readonly primaryStream = new Late<PrimaryStream>();
  readonly replication = new Late<Replication>();
  readonly services = new Late<Services>();
  readonly shutdown = new Late<Shutdown>();
  readonly server = new Late<Server>();
}

/** Builds the parts from the memory up and ties them. */
function compose(base: Base): { server: Server; shutdown: Shutdown; crash: CrashReport } {
  const late = new LateParts();
  const crash = composeCrash(base, late);
  const store = composeStore(base, late);
  const stats = new Stats({ commands: base.commands.all.length });
  const oomScore = new OomScore(base);
  const replication = composeReplication(base, late, { store, stats, oomScore });
  const state = new ServerState({
    identity: identity(base),
    loader: store.loader,
    crash,
    supervisor: base.supervisor,
    endAtOnce: () => late.server.part.endAtOnce(),
    services: () => late.services.part,
    shutdown: () => late.shutdown.part,
  });
  const { config, commands, log } = base;
  const { keyspace, snapshots, pause, watches } = store;
  const services = late.services.fill({
    config,
    keyspace,
    clients: new ClientRegistry(),
    pause,
    commands,
    transactions: new TransactionRunner({
      watches,
      run: (command, args) => late.dispatcher.part.runQueued(command, args),
    }),
    pubsub: new PubSub({ hashSeed: randomBytes(16) }),
    monitors: new Monitors({ clock, isLoading: () => state.isLoading }),
    replication,
    snapshots,
    stats,
    ...composeWatching(),
    log,
    clock,
    server: state,
  });
  const dispatcher = composeDispatch(late, services, replication);
  const listener = new Listener({
    handler: new ClientGateway({ services, dispatcher }),
    settings: netSettings(config),
    counters: stats,
    log,
    clock,
    onErrorReply: (text) => stats.onErrorReply(text),
  });
  const periodic = composePeriodicWork(base, store, services);
  const shutdown = late.shutdown.fill(composeShutdown(base, late, { store, services }));
  const server = late.server.fill(
    new Server({
      services,
      listener,
      loader: store.loader,
      snapshots,
      replication,
      periodic,
      shutdown,
      oomScore,
      supervisor: base.supervisor,
      banner: bannerFacts({ ...base, redisVersion: REDIS_VERSION }),
      exit: (status) => {
        log.close();
        if (state.successorDelayMs !== null) startSuccessor(state.successorDelayMs);
        process.exit(status);
      },
    }),
  );
  return { server, shutdown, crash };
}

function composeCrash({ config, log }: Base, late: LateParts): CrashReport {
  const { values } = config;
  return new CrashReport({
    log,
    redisVersion: REDIS_VERSION,
    isEnabled: () => values['crash-log-enabled'],
    sections: crashSections(() => ({
      services: late.services.part,
      dispatcher: late.dispatcher.part,
    })),
    exitsOnPanic: () => values['use-exit-on-panic'],
    onEnd: () => {
      late.server.part.removeDaemonPidFile();
      log.close();
    },
    die: endProcess,
  });
}

/** What remembers what took long, and the texts about it. */
function composeWatching(): Pick<Services, 'slowLog' | 'latency' | 'latencyTexts'> {
  const slowLog = new SlowLog();
  const latency = new LatencyMonitor();
  return { slowLog, latency, latencyTexts: latencyTexts({ slowLog, latency, clock }) };
}

interface Store {
  readonly memory: Memory;
  readonly keyspace: Keyspace;
  readonly watches: WatchTable;
  readonly pause: ClientPause;
  readonly expiry: ExpiryRule;
  readonly loader: Loader;
  readonly snapshots: Snapshots;
}

/** The data and what reads and writes files of them. */
function composeStore({ config, log }: Base, late: LateParts): Store {
  const memory = new Memory({ collectGarbage });
  const watching = new Late<WatchTable>();
  const events: KeyspaceEvents = {
    wantsModified: false,
    onModified: (database, key, start, end) => watching.part.onModified(database, key, start, end),
    onReplaced: (database, replacedBy) => watching.part.onReplaced(database, replacedBy),
    onExpired: (database, key, start, end) =>
      late.dispatcher.part.onExpired(database, key, start, end),
  };
  const keyspace = new Keyspace({
    memory,
    databases: config.values.databases,
    hashSeed: randomBytes(16),
    events,
    random: Math.random,
  });
  const watches = watching.fill(
    new WatchTable({
      keyspace,
      onActive: (isActive) => {
        events.wantsModified = isActive;
      },
    }),
  );
  const pause = new ClientPause({
    nowMs: clock.wallMs,
    setTimer,
    onActive: () => expiry.apply(),
  });
  const expiry: ExpiryRule = new ExpiryRule({
    keyspace,
    pause: () => pause,
    isLoading: () => loader.isFilling,
  });
  const expiryModeAfter = () => expiry.mode;
  const loader = new Loader({ keyspace, config, log, clock, expiryModeAfter });
  const snapshots = new Snapshots({
    memory,
    keyspace,
    config,
    log,
    clock,
    pid: process.pid,
    loader,
    role: () => late.replication.part.role,
    replicationMark: () => late.replication.part.mark(),
    failedStreamCommands: () => late.replication.part.failedStreamCommands,
    redisVersion: REDIS_VERSION,
  });
  return { memory, keyspace, watches, pause, expiry, loader, snapshots };
}

/** Replication executes its primary's stream through dispatch, which feeds replication. */
function composeReplication(
  { config, log }: Base,
  late: LateParts,
  { store, stats, oomScore }: { store: Store; stats: Stats; oomScore: OomScore },
): Replication {
  const executor: StreamExecutor = {
    openPrimary: (connection) => late.primaryStream.part.openPrimary(connection),
    beginBatch: () => late.primaryStream.part.beginBatch(),
    endBatch: () => late.primaryStream.part.endBatch(),
    execute: (client, args) => late.primaryStream.part.execute(client, args),
    reserveValue: (client, args, length, following) =>
      late.primaryStream.part.reserveValue(client, args, length, following),
    isInTransaction: (client) => late.primaryStream.part.isInTransaction(client),
    closePrimary: (client) => late.primaryStream.part.closePrimary(client),
  };
  const { expiry, loader, snapshots } = store;
  const replication = late.replication.fill(
    new Replication({
      config,
      log,
      stats,
      clock,
      scheduler,
      random: Math.random,
      newReplid: randomId,
      transfers: snapshots,
      executor,
      isPaused: () => store.pause.isActive,
      dial: dialTcp,
      intake: new SnapshotFiles({ config, log, loader, pid: process.pid }),
      describeClient: (client) => clientLine(client, clock.wallMs()),
      listeningPort: () => config.values.port,
      endBlockedClients: () => late.services.part.clients.onDemoted(),
      onRoleChange: (role) => {
        expiry.role = role;
        log.setRole(role === 'primary' ? 'M' : 'S');
        oomScore.role = role;
      },
    }),
  );
  snapshots.onIdle = () => replication.onSnapshotIdle();
  snapshots.onFreeze = (durationMs) => {
    stats.latestFreezeMicroseconds = durationMs * 1000;
    stats.freezes++;
    late.services.part.latency.add('fork', durationMs * 1000, clock.wallMs());
  };
  return replication;
}

function composeDispatch(
  late: LateParts,
  services: Services,
  { feed }: Pick<Replication, 'feed'>,
): Dispatcher {
  const dispatcher = late.dispatcher.fill(
    new Dispatcher({
      services,
      feed,
      noClient: new Client({ id: 0, connection: noConnection, nowMs: clock.wallMs() }),
      reply: new ReplyWriter(),
      deferredReply: (client, write) => (client.connection as Session).writeReply(write),
    }),
  );
  late.primaryStream.fill(
    new PrimaryStream({
      services,
      dispatcher,
      reply: new ReplyWriter(),
      panic: (text) => services.server.crash.panic(text),
    }),
  );
  return dispatcher;
}

function composePeriodicWork({ supervisor }: Base, store: Store, services: Services) {
  const { memory, keyspace, snapshots } = store;
  const { stats, server, latency, replication } = services;
  const { monotonicMs } = clock;
  const eventLoop = new EventLoopMeter();
  const stateLines = new StateLines(services);
  let tickedAtMs = 0;
  return new PeriodicWork({
    isPaused: () => server.isCronPaused,
    hz: () => server.hz,
    onTick: [
      () => {
        tickedAtMs = monotonicMs();
      },
      () => stats.onEventLoop(eventLoop.look()),
      () => stats.sampleRates(monotonicMs()),
      () => stats.notePeakMemory(keyspace.usedBytes),
      () => stateLines.tick(monotonicMs()),
      () => snapshots.tick(),
      () => supervisor.tick(replication),
      () => {
        stats.cronMicroseconds += (monotonicMs() - tickedAtMs) * 1000;
      },
    ],
    slices: [
      (budgetMs) => {
        if (!server.isActiveExpiryEnabled) return false;
        keyspace.nowMs = clock.wallMs();
        const startMs = monotonicMs();
        const hasMore = keyspace.expireSlice(budgetMs, monotonicMs);
        const microseconds = (monotonicMs() - startMs) * 1000;
        stats.expiryMicroseconds += microseconds;
        latency.add('expire-cycle', microseconds, keyspace.nowMs);
        return hasMore;
      },
      (budgetMs) => keyspace.backgroundSlice(budgetMs, monotonicMs),
      (budgetMs) => memory.tick(budgetMs, monotonicMs),
    ],
  });
}

function composeShutdown(
  { supervisor }: Base,
  late: LateParts,
  { store, services }: { store: Store; services: Services },
): Shutdown {
  const { loader, pause, snapshots } = store;
  const { config, log } = services;
  const { values } = config;
  const replication = late.replication.part;
  return new Shutdown({
    log,
    tellSupervisor: (message) => supervisor.tell(message),
    monotonicMs: clock.monotonicMs,
    timeoutMs: () => values['shutdown-timeout'] * 1000,
    onSignal: (signal) =>
      signal === 'SIGINT' ? values['shutdown-on-sigint'] : values['shutdown-on-sigterm'],
    streamOffset: () => replication.offset,
    replicas: () => replication.replicas(),
    requestAcks: () => replication.requestAcks(),
    pauseWrites: () =>
      pause.pause({ purpose: 'shutdown', mode: 'write', untilMs: Number.MAX_SAFE_INTEGER }),
    resumeWrites: () => pause.unpause('shutdown'),
    isLoading: () => loader.isLoading,
    hasSavePoints: () => values.save.length > 0,
    isSaving: () => snapshots.isSaving,
    abortSave: () => snapshots.abortSave(),
    save: async () => {
      const saved = snapshots.save('shutdown');
      return saved === 'busy' ? false : await saved;
    },
    exit: (status) => late.server.part.exit(status),
  });
}

function identity({ config, version }: Base): ServerIdentity {
  return {
    pid: process.pid,
    runId: randomId(),
    startedAtMs: clock.wallMs(),
    configFile: config.file,
    executable: process.argv[1] ?? '',
    version,
  };
}

function randomId(): string {
  return randomBytes(20).toString('hex');
}
