/*
 * What the server counts about itself since its start, or since CONFIG RESETSTAT: plain fields that
 * their owners raise, and per-command figures in typed arrays by the row's index, so that counting
 * a command costs a few stores. INFO reads it. Must not know commands, sessions or formats.
 */

import type { EventLoopWork } from './event-loop.js';
import { LatencyHistogram } from './stats-latency.js';
import { RateSampler } from './stats-rates.js';

/** Longest prefix word of an error text; a longer first word counts as ERR, as in Redis. */
const ERROR_PREFIX_CHARACTERS_MAX = 31;

/** Distinct error prefixes counted; further ones are counted in the total only. */
const ERROR_PREFIXES_MAX = 128;

export class Stats {
  /** Connections accepted (net). */
  connectionsReceived = 0;
  /** Connections refused for maxclients or protected mode (net). */
  rejectedConnections = 0;
  /** Bytes read from clients, without links to primaries (net). */
  netInputBytes = 0;
  /** Bytes written to clients, without replicas (net). */
  netOutputBytes = 0;
  /** Bytes read from our primary (replication). */
  replicationInputBytes = 0;
  /** Bytes written to replicas (replication). */
  replicationOutputBytes = 0;
  /** Reads from and writes to sockets (net). */
  readsProcessed = 0;
  writesProcessed = 0;
  /** Full and partial resyncs given to replicas, and refused partial ones (replication). */
  fullSyncs = 0;
  partialSyncs = 0;
  refusedPartialSyncs = 0;
  /** Why full resyncs were given, by the literal reason of the PSYNC decision. */
  readonly fullSyncReasons = new Map<string, number>();
  /** Clients dropped for their output buffer (net). */
  queryBufferLimitDisconnections = 0;
  outputBufferLimitDisconnections = 0;
  /** Errors replied to our primary's stream or sent to a replica. */
  unexpectedErrorReplies = 0;
  /** Failed AUTH and HELLO AUTH. */
  authenticationFailures = 0;
  /** What the last freeze held the server up for in µs (INFO's latest_fork_usec), and how many
   * there were. */
  latestFreezeMicroseconds = 0;
  freezes = 0;
  /** Turns of the event loop, and the time spent in them; see onEventLoop(). */
  eventLoopCycles = 0;
  eventLoopMicroseconds = 0;
  /** Of all looks at the loop, the longest turns and the most commands in a turn, on average. */
  eventLoopMicrosecondsMax = 0;
  commandsPerCycleMax = 0;
  /** Time spent in what runs by the clock, and in deleting expired keys in the background. */
  cronMicroseconds = 0;
  expiryMicroseconds = 0;

  /** Commands executed. */
  commandsProcessed = 0;
  /** Error replies, refusals included. */
  errorReplies = 0;
  /** µs spent in commands. */
  commandMicroseconds = 0;
  /** Most memory in use at any time, in bytes; raised by notePeakMemory(), never reset. */
  peakMemoryBytes = 0;

  /** By row index (`Command.index`). */
  readonly calls: Float64Array;
  readonly microseconds: Float64Array;
  readonly rejectedCalls: Float64Array;
  readonly failedCalls: Float64Array;
  /** Made at a command's first call; `null` while there is none. */
  readonly latencies: (LatencyHistogram | null)[];
  /** Whether latencies are recorded (latency-tracking). */
  isTrackingLatency = true;
  readonly rates = new RateSampler();
  readonly #errors = new Map<string, number>();
  #commandsAtLook = 0;

  /** `commands`: how many rows there are (`CommandTable.all.length`). */
  constructor(options: { commands: number }) {
    this.calls = new Float64Array(options.commands);
    this.microseconds = new Float64Array(options.commands);
    this.rejectedCalls = new Float64Array(options.commands);
    this.failedCalls = new Float64Array(options.commands);
    this.latencies = new Array(options.commands).fill(null);
  }

  /** A command was executed: `index` of its row, how long it took, whether it replied an error. */
  onCommand(index: number, microseconds: number, hasFailed: boolean): void {
    this.onCommands(index, 1, microseconds);
    if (hasFailed) this.onFailed(index);
  }

  /** A command was executed `count` times, which took `microseconds` together. */
  onCommands(index: number, count: number, microseconds: number): void {
    this.commandsProcessed += count;
    this.commandMicroseconds += microseconds;
    this.calls[index] += count;
    this.microseconds[index] += microseconds;
    if (!this.isTrackingLatency) return;
    const latency = this.latencies[index] ?? this.#startLatency(index);
    latency.record(microseconds / count, count);
  }

  /** A command that was executed has replied an error. */
  onFailed(index: number): void {
    this.failedCalls[index]++;
  }

  /** A known command was refused before it ran. The error itself is counted by onErrorReply. */
  onRejected(index: number): void {
    this.rejectedCalls[index]++;
  }

  /** An error reply was written: counts it by its prefix word. `text` is without the `-`. */
  onErrorReply(text: string): void {
    this.errorReplies++;
    const space = text.indexOf(' ');
    const isPrefix = space > 0 && space <= ERROR_PREFIX_CHARACTERS_MAX;
    const prefix = isPrefix ? text.slice(0, space) : 'ERR';
    const count = this.#errors.get(prefix);
    if (count === undefined && this.#errors.size >= ERROR_PREFIXES_MAX) return;
    this.#errors.set(prefix, (count ?? 0) + 1);
  }

  /** Error replies by prefix word, sorted by it. */
  errorCounts(): [prefix: string, count: number][] {
    return [...this.#errors].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  onFullSync(reason: string): void {
    this.fullSyncs++;
    this.fullSyncReasons.set(reason, (this.fullSyncReasons.get(reason) ?? 0) + 1);
  }

  /** Called every 100 ms or so with what the event loop has done since. */
  onEventLoop({ turns, microseconds }: EventLoopWork): void {
    this.eventLoopCycles += turns;
    this.eventLoopMicroseconds += microseconds;
    if (turns === 0) return;
    const commands = this.commandsProcessed - this.#commandsAtLook;
    this.#commandsAtLook = this.commandsProcessed;
    const perTurn = { microseconds: microseconds / turns, commands: Math.ceil(commands / turns) };
    this.eventLoopMicrosecondsMax = Math.max(this.eventLoopMicrosecondsMax, perTurn.microseconds);
    this.commandsPerCycleMax = Math.max(this.commandsPerCycleMax, perTurn.commands);
  }

  /** Called from time to time with the memory in use. */
  notePeakMemory(usedBytes: number): void {
    if (usedBytes > this.peakMemoryBytes) this.peakMemoryBytes = usedBytes;
  }

  /** Takes one sample of the rates; called every tick with monotonic ms. */
  sampleRates(monotonicMs: number): void {
    this.rates.sample(monotonicMs, {
      commands: this.commandsProcessed,
      inputBytes: this.netInputBytes + this.replicationInputBytes,
      outputBytes: this.netOutputBytes + this.replicationOutputBytes,
      replicationInputBytes: this.replicationInputBytes,
      replicationOutputBytes: this.replicationOutputBytes,
      cycles: this.eventLoopCycles,
      cycleMicroseconds: this.eventLoopMicroseconds,
    });
  }

  /** CONFIG RESETSTAT. The memory's peak and refused authentications stay, as in Redis. */
  reset(): void {
    this.connectionsReceived = 0;
    this.rejectedConnections = 0;
    this.netInputBytes = 0;
    this.netOutputBytes = 0;
    this.replicationInputBytes = 0;
    this.replicationOutputBytes = 0;
    this.readsProcessed = 0;
    this.writesProcessed = 0;
    this.fullSyncs = 0;
    this.partialSyncs = 0;
    this.refusedPartialSyncs = 0;
    this.fullSyncReasons.clear();
    this.queryBufferLimitDisconnections = 0;
    this.outputBufferLimitDisconnections = 0;
    this.unexpectedErrorReplies = 0;
    this.latestFreezeMicroseconds = 0;
    this.freezes = 0;
    this.eventLoopCycles = 0;
    this.eventLoopMicroseconds = 0;
    this.eventLoopMicrosecondsMax = 0;
    this.commandsPerCycleMax = 0;
    this.cronMicroseconds = 0;
    this.expiryMicroseconds = 0;
    this.#commandsAtLook = 0;
    this.commandsProcessed = 0;
    this.commandMicroseconds = 0;
    this.errorReplies = 0;
    for (const list of [this.calls, this.microseconds, this.rejectedCalls, this.failedCalls]) {
      list.fill(0);
    }
    this.latencies.fill(null);
    this.rates.reset();
    this.#errors.clear();
  }

  #startLatency(index: number): LatencyHistogram {
    const latency = new LatencyHistogram();
    this.latencies[index] = latency;
    return latency;
  }
}
