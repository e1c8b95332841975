/*
 * Snapshots, the main thread's side: when one is due, what it is for, and what its end means (log
 * lines, LASTSAVE, dirty count, MISCONF, INFO). A save that fails, or a worker that dies, fails the
 * save and never the server. At most one snapshot is written at a time, for disk or for replicas.
 * Must not know the wire; replicas get their bytes through transfer.ts.
 */

import type { Clock, SnapshotControl } from '../commands/services.js';
import type { Config } from '../config/config.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import { SAVE_RETRY_SECONDS } from '../limits.js';
import type { Memory } from '../memory/memory.js';
import type { Log } from '../observability/log.js';
import { systemErrorText } from '../structures/system-error.js';
import type { Loader } from './loader.js';
import { paceOf } from './pace.js';
import type { RdbAux } from './rdb/writer.js';
import { SaveFile } from './save-file.js';
import { SnapshotFigures } from './snapshot-info.js';
import type { AccessMoment, SnapshotOrder, SnapshotReport } from './snapshot-order.js';
import { SnapshotRunner } from './snapshot-runner.js';
import { SnapshotTransfer } from './snapshot-transfer.js';
import { NO_DESCRIPTOR, openUnnamed, Spool } from './spool.js';
import {
  FAILED_COMMANDS_AUX,
  type ReplicationMark,
  type Transfer,
  type TransferResult,
} from './transfer.js';

export interface SnapshotOptions {
  readonly memory: Memory;
  readonly keyspace: Keyspace;
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly pid: number;
  /** `redis_version`, for the aux field. */
  readonly redisVersion: string;
  /** For DEBUG RELOAD and INFO. */
  readonly loader: Loader;
  readonly role: () => 'primary' | 'replica';
  /** What a save to disk records for a later partial resync; `null` when there is no history to
   * resume (a primary without a backlog, a replica whose link never came up). */
  readonly replicationMark: () => ReplicationMark | null;
  /** Commands of a primary's stream that the data lack: every snapshot of them says so. */
  readonly failedStreamCommands: () => number;
  /** The worker's program; tests give others. */
  readonly workerUrl?: URL;
}

/**
 * What a traversal is for: the dump file on demand ('save', which tells less in the log) or in the
 * background ('bgsave', also a full sync by disk), or replicas alone ('transfer').
 */
type Purpose = 'save' | 'bgsave' | 'transfer';

interface Job {
  readonly purpose: Purpose;
  readonly spool: Spool;
  /** Null for 'transfer', and when the file could not be opened. */
  readonly file: SaveFile | null;
  readonly mark: ReplicationMark | null;
  readonly dirtyAtStart: number;
  /** Why it cannot even begin. */
  readonly error: string | null;
}

type Failure = Extract<SnapshotReport, { kind: 'failed' }>;

const FOREGROUND_REASONS: ReadonlySet<string> = new Set(['save', 'shutdown', 'debug', 'flush']);

export class Snapshots implements SnapshotControl {
  /** Called each time a snapshot has ended, whatever its outcome. */
  onIdle: (() => void) | null = null;
  /** Told how long the freeze and the start of the worker have held the server up, in ms. */
  onFreeze: ((durationMs: number) => void) | null = null;
  lastSaveAtSeconds: number;
  lastSaveOk = true;
  dirty = 0;
  private readonly options: SnapshotOptions;
  private readonly runner: SnapshotRunner;
  private readonly figures = new SnapshotFigures();
  private running: Promise<TransferResult> | null = null;
  /** What runs is what replicas wait for. */
  private servesReplicas = false;
  private lastTryAtSeconds = 0;
  private isScheduled = false;

  constructor(options: SnapshotOptions) {
    this.options = options;
    const { memory, workerUrl } = options;
    this.runner = new SnapshotRunner(workerUrl === undefined ? { memory } : { memory, workerUrl });
    // The data set counts as saved when the server starts.
    this.lastSaveAtSeconds = this.nowSeconds();
  }

  /** A snapshot is being written, for disk or for replicas. */
  get isSaving(): boolean {
    return this.running !== null;
  }

  /** While true, writes are refused with MISCONF. */
  get mustRefuseWrites(): boolean {
    if (this.lastSaveOk) return false;
    const { values } = this.options.config;
    return values['stop-writes-on-bgsave-error'] && values.save.length > 0;
  }

  addDirty(changes: number): void {
    this.dirty += changes;
  }

  /**
   * Freezes now and writes dir/dbfilename. `reason`: 'save', 'shutdown', 'debug' are logged as
   * SAVE, anything else as BGSAVE. Between commands, outside MULTI. 'busy' while a snapshot is
   * written, or data are loaded. The promise tells whether it worked; it never rejects.
   */
  save(reason: string): 'busy' | Promise<boolean> {
    if (this.isBusy()) return 'busy';
    const purpose = FOREGROUND_REASONS.has(reason) ? 'save' : 'bgsave';
    if (reason === 'save') this.figures.saves += 1;
    const job = this.openFileJob(purpose, this.options.replicationMark());
    job.spool.release();
    this.servesReplicas = false;
    return this.start(job).then((result) => result.ok);
  }

  /** As save(), once what is being written has ended. False also while data are loaded. */
  async saveInTurn(reason: string): Promise<boolean> {
    while (this.running !== null) await this.running;
    const saving = this.save(reason);
    return saving === 'busy' ? false : await saving;
  }

  /**
   * After FLUSHALL: a save that runs is called off, since it holds what is gone, and where save
   * points exist the file is replaced, so that a crash does not bring it back. Freezes once the
   * commands of this turn have run. Resolves at the end of that save, whatever its outcome; null
   * when none is due.
   */
  saveAfterFlush(): Promise<boolean> | null {
    const isWanted = this.options.config.values.save.length > 0;
    if (!isWanted && (this.running === null || this.servesReplicas)) return null;
    const saving = this.replaceSave(isWanted);
    return isWanted ? saving : null;
  }

  private async replaceSave(isWanted: boolean): Promise<boolean> {
    await null;
    while (this.running !== null) {
      // A replica's snapshot goes on: the stream that follows it flushes the replica.
      if (!this.servesReplicas) this.runner.abort();
      await this.running;
    }
    const saving = isWanted ? this.save('flush') : 'busy';
    return saving === 'busy' ? false : await saving;
  }

  scheduleSave(): void {
    this.isScheduled = true;
  }

  /**
   * Full sync. 'busy' as in save(): try again when onIdle tells. Freezes now. With `isDiskless`
   * false it is a background save like any other, whose file replicas read.
   */
  beginTransfer(mark: ReplicationMark, options: { isDiskless: boolean }): 'busy' | Transfer {
    if (this.isBusy()) return 'busy';
    const { isDiskless } = options;
    const job = isDiskless ? this.openSpoolJob(mark) : this.openFileJob('bgsave', mark, true);
    this.servesReplicas = true;
    return new SnapshotTransfer({ mark, isDiskless, spool: job.spool, done: this.start(job) });
  }

  /**
   * Calls off what is being written; resolves when its view has been given back. False: nothing
   * ran.
   */
  async abortSave(): Promise<boolean> {
    if (this.running === null) return false;
    // Who waited for the end of one may have begun the next.
    while (this.running !== null) {
      this.runner.abort();
      await this.running;
    }
    return true;
  }

  /** Ends the worker's thread in the middle of whatever it does. */
  async terminateWorker(): Promise<void> {
    await this.runner.terminate();
    await this.running;
  }

  /** DEBUG RELOAD's second half. Rejects when the file cannot be loaded. */
  async reload(options: { flush: boolean }): Promise<void> {
    const { loader, keyspace, role } = this.options;
    const result = await loader.loadFile(loader.dumpPath, {
      role: role(),
      flush: options.flush,
      // Replicas hold the key still: dropping it here is an expiry like any other.
      onExpired: (database, key, start, end) =>
        keyspace.events.onExpired(database, key, start, end),
    });
    if (!result.ok) throw new Error(result.missing ? 'there is no RDB file' : result.error);
  }

  /** Every 100 ms: save points, and a scheduled save. */
  tick(): void {
    if (this.isBusy()) return;
    const now = this.nowSeconds();
    const mayTry = this.lastSaveOk || now - this.lastTryAtSeconds > SAVE_RETRY_SECONDS;
    if (!mayTry) return;
    for (const { seconds, changes } of this.options.config.values.save) {
      if (this.dirty < changes || now - this.lastSaveAtSeconds <= seconds) continue;
      this.options.log.notice(`${changes} changes in ${seconds} seconds. Saving...`);
      this.saveByItself();
      return;
    }
    if (this.isScheduled) this.saveByItself();
  }

  /** INFO's lines about snapshots. */
  persistenceInfoLines(): string[] {
    const { loader, clock } = this.options;
    return [
      ...this.figures.lines(clock.wallMs()),
      `rdb_changes_since_last_save:${this.dirty}`,
      `rdb_last_save_time:${this.lastSaveAtSeconds}`,
      `rdb_last_bgsave_status:${this.lastSaveOk ? 'ok' : 'err'}`,
      `rdb_last_load_keys_expired:${loader.lastKeysExpired}`,
      `rdb_last_load_keys_loaded:${loader.lastKeysLoaded}`,
    ];
  }

  resetStats(): void {
    this.figures.saves = 0;
  }

  private saveByItself(): void {
    this.isScheduled = false;
    // Its outcome is logged, and stands in INFO.
    void this.save('bgsave');
  }

  private isBusy(): boolean {
    return this.running !== null || this.options.loader.isLoading;
  }

  private openFileJob(
    purpose: 'save' | 'bgsave',
    mark: ReplicationMark | null,
    isForReplicas = false,
  ): Job {
    const { config, pid, log } = this.options;
    const { dir, dbfilename } = config.values;
    if (purpose === 'bgsave') this.figures.saves += 1;
    this.lastTryAtSeconds = this.nowSeconds();
    const file = SaveFile.open({ dir, name: dbfilename, pid, log });
    const error = file === null ? 'the temp RDB file cannot be opened' : null;
    const spool: Spool = new Spool(file?.descriptor ?? NO_DESCRIPTOR, () => {
      if (spool.end?.ok === true) this.removeSyncFile(file, purpose);
      // The replicas have gone, and nobody asked for files.
      const isUseless = isForReplicas && config.values.save.length === 0;
      if (spool.end === null && isUseless) this.runner.abort();
    });
    return { purpose, spool, file, mark, dirtyAtStart: this.dirty, error };
  }

  private openSpoolJob(mark: ReplicationMark): Job {
    const { config, pid, log } = this.options;
    let descriptor = NO_DESCRIPTOR;
    let error: string | null = null;
    try {
      descriptor = openUnnamed(config.values.dir, `temp-spool-${pid}.rdb`).descriptor;
    } catch (cause) {
      error = `Failed opening the spool for the transfer: ${systemErrorText(cause)}`;
      log.warning(error);
    }
    const spool: Spool = new Spool(descriptor, () => {
      // The last replica has gone: nobody wants the rest.
      if (spool.end === null) this.runner.abort();
    });
    return { purpose: 'transfer', spool, file: null, mark, dirtyAtStart: this.dirty, error };
  }

  private start(job: Job): Promise<TransferResult> {
    this.figures.begin(this.options.keyspace.size, this.options.clock.wallMs());
    const running = this.run(job);
    this.running = running;
    return running;
  }

  /** Runs the job to its end. Freezes before it first waits; never rejects. */
  private async run(job: Job): Promise<TransferResult> {
    const report = await this.traverse(job);
    let result: TransferResult;
    if (report.kind === 'failed') {
      if (job.file !== null) this.logWriteError(report);
      job.file?.discard();
      result = { ok: false, error: report.error };
    } else {
      job.spool.advance(report.bytes);
      const isInPlace = job.file === null || (await job.file.commit());
      result = isInPlace
        ? { ok: true, totalBytes: report.bytes }
        : { ok: false, error: 'the RDB file could not be put in its place' };
    }
    const isBackground = job.purpose !== 'save';
    this.figures.end(this.options.clock.wallMs(), this.runner.lastShadowBytes, isBackground);
    this.running = null;
    this.conclude(job, result.ok, report.kind === 'failed' && report.isAborted);
    job.spool.finish(result.ok ? { ok: true } : { ok: false, error: result.error });
    this.onIdle?.();
    return result;
  }

  private async traverse(job: Job): Promise<Exclude<SnapshotReport, { kind: 'progress' }>> {
    if (job.error !== null) {
      return { kind: 'failed', operation: '', error: job.error, isAborted: false };
    }
    const { clock, log, pid } = this.options;
    const startMs = clock.monotonicMs();
    const running = this.runner.run({
      order: this.orderFor(job),
      onProgress: (bytes, keys) => {
        this.figures.keysProcessed = keys;
        this.figures.cowBytes = this.options.memory.shadowBytes;
        this.figures.cowPeakBytes = this.figures.cowBytes;
        job.spool.advance(bytes);
      },
    });
    this.onFreeze?.(clock.monotonicMs() - startMs);
    if (job.purpose === 'bgsave') log.notice(`Background saving started by pid ${pid}`);
    if (job.purpose === 'transfer') log.notice(`Background RDB transfer started by pid ${pid}`);
    return running;
  }

  private orderFor(job: Job): Omit<SnapshotOrder, 'view'> {
    const { config, clock, keyspace, redisVersion } = this.options;
    const { values } = config;
    const nowMs = clock.wallMs();
    const aux: (readonly [string, string | number])[] = [
      ['redis-ver', redisVersion],
      ['redis-bits', 64],
      ['ctime', Math.floor(nowMs / 1000)],
      ['used-mem', keyspace.usedBytes],
    ];
    if (job.mark !== null) {
      aux.push(['repl-stream-db', job.mark.streamDb]);
      aux.push(['repl-id', job.mark.replid], ['repl-offset', job.mark.offset]);
      // Ours: others pass over aux fields that they do not know.
      if (job.mark.lineage !== '') aux.push(['tandem-lineage', job.mark.lineage]);
    }
    const failed = this.options.failedStreamCommands();
    if (failed > 0) aux.push([FAILED_COMMANDS_AUX, failed]);
    aux.push(['aof-base', 0]);
    return {
      descriptor: job.spool.descriptor,
      compress: values.rdbcompression,
      checksum: values.rdbchecksum,
      access: {
        field: accessFieldOf(values['maxmemory-policy']),
        atMs: nowMs,
        decayMinutes: values['lfu-decay-time'],
      },
      pace: paceOf(values['rdb-key-save-delay']),
      syncs: job.file !== null,
      syncsOften: job.file !== null && values['rdb-save-incremental-fsync'],
      aux: aux satisfies RdbAux,
    };
  }

  /** What the end of a snapshot means for everything but its bytes. */
  private conclude(job: Job, isOk: boolean, isAborted: boolean): void {
    const { log } = this.options;
    if (job.purpose === 'transfer') {
      if (isOk) log.notice('Background RDB transfer terminated with success');
      else log.warning(isAborted ? 'Background transfer aborted' : 'Background transfer error');
      return;
    }
    const isBackground = job.purpose === 'bgsave';
    if (isOk) {
      this.dirty -= job.dirtyAtStart;
      this.lastSaveAtSeconds = this.nowSeconds();
      this.lastSaveOk = true;
      if (isBackground) log.notice('Background saving terminated with success');
    } else if (isAborted) {
      // Called off on purpose: neither an error of the disk nor a reason to refuse writes.
      log.warning(isBackground ? 'Background saving aborted' : 'Saving aborted');
    } else if (isBackground) {
      log.warning('Background saving error');
      this.lastSaveOk = false;
    }
  }

  private logWriteError(report: Failure): void {
    const { log } = this.options;
    if (report.isAborted) return;
    if (report.operation === '') log.warning(`The snapshot worker died: ${report.error}`);
    else {
      log.warning(`Write error while saving DB to the disk(${report.operation}): ${report.error}`);
    }
  }

  /** rdb-del-sync-files: a dump made for replicas goes where nothing else is saved. */
  private removeSyncFile(file: SaveFile | null, purpose: Purpose): void {
    const { values } = this.options.config;
    if (purpose !== 'bgsave' || !values['rdb-del-sync-files']) return;
    if (values.save.length === 0 && !values.appendonly) file?.removeDump();
  }

  private nowSeconds(): number {
    return Math.floor(this.options.clock.wallMs() / 1000);
  }
}

/** The field that a maxmemory-policy asks for. */
function accessFieldOf(policy: string): AccessMoment['field'] {
  if (policy.endsWith('-lru')) return 'idle';
  return policy.endsWith('-lfu') ? 'frequency' : 'none';
}
