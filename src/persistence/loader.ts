/*
 * Loads an RDB into the keyspace: a file at start and after a full sync, or a stream as it arrives.
 * It works in slices of a few milliseconds, so that LOADING is answered meanwhile. Nothing is ever
 * half-loaded: when data are there already, the file is checked from end to end before the first
 * key is dropped; an error after that leaves an empty keyspace. Must not know who asked for it.
 */

import assert from 'node:assert/strict';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../commands/services.js';
import type { Config } from '../config/config.js';
import type { ExpiryMode, Keyspace } from '../keyspace/keyspace.js';
import { LOAD_CHUNK_BYTES, LOAD_SLICE_MS } from '../limits.js';
import type { Log } from '../observability/log.js';
import { isSystemError, systemErrorText } from '../structures/system-error.js';
import { LoadSession } from './load-session.js';
import { paceOf } from './pace.js';
import { describeRdbError, type RdbError } from './rdb/read-error.js';
import type { ReplicationMark } from './transfer.js';

export interface LoaderOptions {
  readonly keyspace: Keyspace;
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  /**
   * The mode that a load leaves behind; without it the one from before. The role, or a pause, may
   * have changed meanwhile.
   */
  readonly expiryModeAfter?: () => ExpiryMode;
}

/** How one load treats what it reads. */
export interface LoadRequest {
  /** 'primary': keys past their time are dropped (and told to onExpired); 'replica': kept. */
  readonly role: 'primary' | 'replica';
  /** Empty the keyspace first. False merges over it (DEBUG RELOAD NOFLUSH): duplicates replace. */
  readonly flush: boolean;
  /** Called once, before the first key: aux fields stand at the head of a file. With it a restarted
   * primary sets its history and backlog up, so that the DELs of onExpired find their place. */
  readonly onMark?: (mark: ReplicationMark) => void;
  /**
   * A key was past its time and has not been loaded: owed to replicas as a DEL (DESIGN §3, trap 3),
   * since a replica that resumes at the mark's offset still holds it.
   */
  readonly onExpired?: (database: number, key: Uint8Array, start: number, end: number) => void;
  /** Others get their turn; so many bytes of the file are loaded. */
  readonly onTurn?: (bytes: number) => void;
}

export type LoadResult =
  | {
      readonly ok: true;
      readonly keysLoaded: number;
      readonly keysExpired: number;
      readonly bytes: number;
      readonly seconds: number;
      /** Present when the file carries repl-id, repl-offset and repl-stream-db. */
      readonly mark: ReplicationMark | null;
      /** Commands of a primary's stream that the data lack, by the word of who wrote them. */
      readonly failedStreamCommands: number;
    }
  | { readonly ok: false; readonly missing: true }
  | LoadFailure;

export interface LoadFailure {
  readonly ok: false;
  readonly missing: false;
  /**
   * 'cut': the bytes ended early. 'corrupt', 'unsupported': what they say. 'io': the file could not
   * be read, or memory is exhausted.
   */
  readonly kind: 'cut' | 'corrupt' | 'unsupported' | 'io';
  readonly offset: number;
  /** For the log, with the place. */
  readonly error: string;
  /** False when the old data set is still there untouched. */
  readonly keyspaceIsEmpty: boolean;
}

/** A load fed by its owner, piece by piece (the link to the primary without a file). */
export interface StreamLoad {
  /**
   * Takes bytes. Resolves once they are in the keyspace: await it before the next push, so that the
   * socket is read no faster than data are loaded. The bytes are borrowed until then.
   */
  push(bytes: Uint8Array, start: number, end: number): Promise<StreamProgress>;
  /** The source has ended or failed: when the RDB is incomplete the keyspace is emptied. */
  finish(): LoadResult;
}

export interface StreamProgress {
  /** The RDB's end was seen. */
  readonly isFinished: boolean;
  /** Bytes of this push that belong to the RDB; the rest follows it in the stream. */
  readonly consumed: number;
  /** Set when the load has failed (the keyspace is empty by then). */
  readonly error: string | null;
}

/** What INFO tells of a load under way. */
interface Progress {
  readonly startedAtMs: number;
  readonly totalBytes: number;
  readonly session: LoadSession;
}

export class Loader {
  /** Of the last load: INFO rdb_last_load_keys_loaded and rdb_last_load_keys_expired. */
  lastKeysLoaded = 0;
  lastKeysExpired = 0;
  /** Files are taken with wrong checksums (DEBUG SET-SKIP-CHECKSUM-VALIDATION). */
  skipsChecksums = false;
  private readonly keyspace: Keyspace;
  private readonly config: Config;
  private readonly log: Log;
  private readonly clock: Clock;
  private progress: Progress | null = null;
  private isAwaited = false;
  private previous: Promise<unknown> = Promise.resolve();
  private readonly expiryModeAfter: (() => ExpiryMode) | undefined;
  private expiryModeBefore: ExpiryMode = 'primary';

  constructor(options: LoaderOptions) {
    this.keyspace = options.keyspace;
    this.config = options.config;
    this.log = options.log;
    this.clock = options.clock;
    this.expiryModeAfter = options.expiryModeAfter;
  }

  /** Data are being loaded, or those of the start are yet to come. */
  get isLoading(): boolean {
    return this.isFilling || this.isAwaited;
  }

  /** Keys are coming into the keyspace. */
  get isFilling(): boolean {
    return this.progress !== null;
  }

  /**
   * To be called before the first client can come: isLoading from now on until loadAtStart is over.
   * Otherwise somebody could write to, or a shutdown could save, a data set that is not there yet.
   */
  awaitStart(): void {
    this.isAwaited = true;
  }

  /** dir/dbfilename. */
  get dumpPath(): string {
    return join(this.config.values.dir, this.config.values.dbfilename);
  }

  /**
   * Loads dir/dbfilename into the empty keyspace, with the log lines of a start. A failure is
   * fatal: the caller exits with status 1. The file is not touched.
   */
  async loadAtStart(request: Omit<LoadRequest, 'flush'>): Promise<LoadResult> {
    const result = await this.loadFile(this.dumpPath, { ...request, flush: true });
    this.isAwaited = false;
    if (result.ok) this.log.notice(`DB loaded from disk: ${result.seconds.toFixed(3)} seconds`);
    else if (!result.missing) {
      this.log.warning('Fatal error loading the DB, check server logs. Exiting.');
    }
    return result;
  }

  /**
   * Loads a file. Logs what goes wrong; never rejects. Side effects, in order: (1) with data there
   * and `flush`, checks the whole file, then empties the keyspace; (2) isLoading, expiry mode
   * 'stream'; (3) keys; (4) on failure after (1), empties the keyspace; (5) undoes (2). Loads asked
   * for while another is under way come after it.
   */
  loadFile(path: string, request: LoadRequest): Promise<LoadResult> {
    const result = this.previous.then(() => this.openAndLoad(path, request));
    this.previous = result;
    return result;
  }

  private async openAndLoad(path: string, request: LoadRequest): Promise<LoadResult> {
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return { ok: false, missing: true };
      const reason = systemErrorText(error);
      const text = `Fatal error: can't open the RDB file ${path} for reading: ${reason}`;
      this.log.warning(text);
      return this.failure({ kind: 'io', offset: 0, reason: text }, text);
    }
    try {
      return await this.loadOpened(file, request);
    } finally {
      await file.close();
    }
  }

  /** `totalBytes` for the progress in INFO; 0 when unknown ($EOF:). */
  beginStream(totalBytes: number, request: LoadRequest): StreamLoad {
    const startedMs = this.clock.monotonicMs();
    const session = this.begin(totalBytes, request);
    let result: LoadResult | null = null;
    return {
      push: async (bytes, start, end) => {
        assert(result === null, 'the load is over');
        const before = session.offset;
        const error = await this.runFed(session, bytes, start, end);
        const step = error === null ? this.endOf(session, startedMs) : this.fail(session, error);
        result = step;
        const consumed = Math.min(end - start, session.offset - before);
        return { isFinished: step?.ok === true, consumed, error: messageOf(step) };
      },
      finish: () => {
        result ??= this.fail(session, session.cut());
        return result;
      },
    };
  }

  /** INFO's loading_* lines while isLoading. */
  loadingInfoLines(): string[] {
    if (this.progress === null) return [];
    const { startedAtMs, totalBytes, session } = this.progress;
    const elapsed = Math.floor((this.clock.wallMs() - startedAtMs) / 1000);
    // An unknown total shows as one byte more than what has come, as Redis does it.
    const total = Math.max(totalBytes, session.offset + (totalBytes === 0 ? 1 : 0));
    const remaining = total - session.offset;
    const eta = elapsed === 0 ? 1 : Math.floor((elapsed * remaining) / (session.offset + 1));
    return [
      `loading_start_time:${Math.floor(startedAtMs / 1000)}`,
      `loading_total_bytes:${totalBytes}`,
      `loading_rdb_used_mem:${session.usedMemory}`,
      `loading_loaded_bytes:${session.offset}`,
      `loading_loaded_perc:${((session.offset / Math.max(1, total)) * 100).toFixed(2)}`,
      `loading_eta_seconds:${eta}`,
    ];
  }

  private async loadOpened(file: FileHandle, request: LoadRequest): Promise<LoadResult> {
    if (request.flush && this.keyspace.size > 0) {
      const session = this.session(request, null);
      const error = await this.feedFile(file, session);
      if (error !== null) return this.reported(error, false);
    }
    const startedMs = this.clock.monotonicMs();
    const session = this.begin(await sizeOf(file), request);
    const error = await this.feedFile(file, session);
    if (error !== null) return this.fail(session, error);
    const result = this.endOf(session, startedMs);
    assert(result !== null, 'a file is fed to its end');
    return result;
  }

  /** Feeds the whole file; the next chunk is read while the last is worked on. */
  private async feedFile(file: FileHandle, session: LoadSession): Promise<RdbError | null> {
    let chunk = new Uint8Array(LOAD_CHUNK_BYTES);
    let next = new Uint8Array(LOAD_CHUNK_BYTES);
    let position = 0;
    let pending = readChunk(file, chunk, 0);
    for (;;) {
      const count = await pending;
      if (typeof count === 'string') return { kind: 'io', offset: position, reason: count };
      if (count === 0) return this.cutUnlessEnded(session);
      position += count;
      pending = readChunk(file, next, position);
      const error = await this.runFed(session, chunk, 0, count);
      if (error !== null || session.isEnded) {
        await pending;
        return error;
      }
      [chunk, next] = [next, chunk];
    }
  }

  private cutUnlessEnded(session: LoadSession): RdbError | null {
    return session.isEnded ? null : session.cut();
  }

  /** Feeds and works, a slice a turn of the loop; the error, or null when bytes or work ran out. */
  private async runFed(
    session: LoadSession,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Promise<RdbError | null> {
    session.feed(bytes, start, end);
    for (;;) {
      // A file that is only checked is not meant.
      const isLoading = this.progress?.session === session;
      const pace = isLoading ? paceOf(this.config.values['key-load-delay']) : null;
      let step: ReturnType<LoadSession['run']>;
      try {
        this.keyspace.nowMs = this.clock.wallMs();
        step = session.run(this.clock.monotonicMs() + LOAD_SLICE_MS, pace?.keys);
      } catch (error) {
        // The address space is exhausted, most likely: an operating error like a full disk.
        return { kind: 'io', offset: session.offset, reason: systemErrorText(error) };
      }
      if (step === 'error') return session.error;
      if (step !== 'yield') return null;
      session.onTurn();
      await (pace === null ? nextTurn() : wait(pace.ms));
    }
  }

  /** A session that loads; isLoading from here on. */
  private begin(totalBytes: number, request: LoadRequest): LoadSession {
    assert(this.progress === null, 'one load at a time');
    if (request.flush) this.keyspace.flush('all');
    const session = this.session(request, this.keyspace);
    this.expiryModeBefore = this.keyspace.expiryMode;
    this.keyspace.expiryMode = 'stream';
    this.progress = { startedAtMs: this.clock.wallMs(), totalBytes, session };
    return session;
  }

  private session(request: LoadRequest, keyspace: Keyspace | null): LoadSession {
    return new LoadSession({
      keyspace,
      databases: this.keyspace.databases.length,
      checksum: this.config.values.rdbchecksum && !this.skipsChecksums,
      log: this.log,
      nowMs: this.clock.wallMs(),
      monotonicMs: () => this.clock.monotonicMs(),
      dropsExpired: request.role === 'primary',
      replacesKeys: !request.flush,
      onMark: request.onMark ?? ignore,
      onTurn: request.onTurn ?? ignore,
      onExpired: keyspace === null ? ignore : (request.onExpired ?? ignore),
    });
  }

  /** The result of a session that has seen its end; null when it has not yet. */
  private endOf(session: LoadSession, startedMs: number): LoadResult | null {
    if (!session.isEnded) return null;
    const { keysLoaded, keysExpired, mark, failedStreamCommands } = session;
    if (session.checksum === 'absent' && session.hasChecksum) {
      this.log.notice('RDB file was saved with checksum disabled: no check performed.');
    }
    this.log.notice(`Done loading RDB, keys loaded: ${keysLoaded}, keys expired: ${keysExpired}.`);
    this.end(session);
    const seconds = (this.clock.monotonicMs() - startedMs) / 1000;
    const { offset: bytes } = session;
    return { ok: true, keysLoaded, keysExpired, bytes, seconds, mark, failedStreamCommands };
  }

  private fail(session: LoadSession, error: RdbError): LoadResult {
    this.keyspace.flush('all');
    this.end(session);
    return this.reported(error, true);
  }

  private end(session: LoadSession): void {
    this.lastKeysLoaded = session.keysLoaded;
    this.lastKeysExpired = session.keysExpired;
    this.progress = null;
    // Unless a change of role has set another mode meanwhile.
    this.keyspace.expiryMode = this.expiryModeAfter?.() ?? this.expiryModeBefore;
  }

  private reported(error: RdbError, keyspaceIsEmpty: boolean): LoadFailure {
    if (error.kind === 'cut') {
      this.log.warning('Short read or OOM loading DB. Unrecoverable error, aborting now.');
    }
    const text = describeRdbError(error);
    this.log.warning(text);
    return { ...this.failure(error, text), keyspaceIsEmpty };
  }

  private failure(error: RdbError | { kind: 'io'; offset: number; reason: string }, text: string) {
    const { kind, offset } = error;
    const keyspaceIsEmpty = this.keyspace.size === 0;
    return { ok: false, missing: false, kind, offset, error: text, keyspaceIsEmpty } as const;
  }
}

function ignore(): void {}

function messageOf(result: LoadResult | null): string | null {
  if (result === null || result.ok) return null;
  return result.missing ? 'missing' : result.error;
}

/** Bytes read, 0 at the end of the file, or why it cannot be read. Never rejects. */
async function readChunk(
  file: FileHandle,
  target: Uint8Array,
  position: number,
): Promise<number | string> {
  try {
    return (await file.read(target, 0, target.length, position)).bytesRead;
  } catch (error) {
    return systemErrorText(error);
  }
}

/** 0 when it cannot be told: it is for the progress in INFO only. */
async function sizeOf(file: FileHandle): Promise<number> {
  try {
    return (await file.stat()).size;
  } catch {
    return 0;
  }
}
