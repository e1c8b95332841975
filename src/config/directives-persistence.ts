/*
 * The directives of what is kept on disk: snapshots, and the append-only log, which is not there
 * yet: asking for it is refused, since a server that only pretends to log loses data.
 */

import { directive } from './directive.js';
import { savePoints } from './list-types.js';
import {
  INT32_MAX,
  INT32_MIN,
  INT64_MAX,
  integer,
  memory,
  oneOf,
  path,
  yesNo,
} from './scalar-types.js';

/** A plain file name: no folder in front of it. */
function mustBeBaseName(
  name: string,
  kind: 'filename' | 'dirname',
): (value: string) => string | null {
  return (value) =>
    value.includes('/') || value.includes('\\') ? `${name} can't be a path, just a ${kind}` : null;
}

function mustBeNamed(name: string, kind: 'filename' | 'dirname'): (value: string) => string | null {
  const refusePath = mustBeBaseName(name, kind);
  return (value) => (value === '' ? `${name} can't be empty` : refusePath(value));
}

const MIB = 1024 * 1024;

export const persistenceDirectives = [
  directive('dir', path(), {
    initial: '.',
    defaultLine: 'always',
    mutable: 'protected',
    apply: 'hook',
    isRefusedWhileLoading: true,
    prose: 'The working folder: snapshots and every relative path are found from here.',
  }),
  directive('dbfilename', path(mustBeBaseName('dbfilename', 'filename')), {
    initial: 'dump.rdb',
    mutable: 'protected',
    apply: 'read',
    prose: 'The name of the snapshot in that folder.',
  }),
  directive('save', savePoints, {
    initial: [
      { seconds: 3600, changes: 1 },
      { seconds: 300, changes: 100 },
      { seconds: 60, changes: 10000 },
    ],
    defaultLine: 'always',
    mutable: 'yes',
    apply: 'read',
    prose:
      'Save points, as pairs: a snapshot is written in the background once so many seconds have' +
      ' passed and so many changes have come since the last one. Several lines add up. An empty' +
      ' value (save "") means none: then nothing is saved at shutdown either.',
  }),
  directive('stop-writes-on-bgsave-error', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'read',
    prose: 'Refuse writes while save points exist and the last snapshot failed.',
  }),
  directive('rdbcompression', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'read',
    prose: 'Compress long strings in snapshots (LZF).',
  }),
  directive('rdbchecksum', yesNo, {
    initial: true,
    mutable: 'no',
    apply: 'start',
    prose: 'End snapshots with a checksum, and check it when loading.',
  }),
  directive('sanitize-dump-payload', oneOf(['no', 'yes', 'clients']), {
    initial: 'no',
    mutable: 'yes',
    apply: 'kept',
    prose: 'How deeply to check values that are loaded. Every value is checked anyway.',
  }),
  directive('rdb-save-incremental-fsync', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'read',
    prose: 'Sync a snapshot to disk while it is written, and not all of it at the end.',
  }),
  directive('rdb-del-sync-files', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'read',
    prose: 'Delete snapshots made for replication when nothing else is saved here.',
  }),
  directive('appendonly', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    isRefusedWhileLoading: true,
    refuse: (value) => (value ? 'the append-only file is not supported by this version' : null),
    prose: 'Log every write to disk. Only no is accepted yet.',
  }),
  directive('appendfilename', path(mustBeNamed('appendfilename', 'filename')), {
    initial: 'appendonly.aof',
    mutable: 'no',
    apply: 'kept',
    prose: 'The first part of the names of the log files.',
  }),
  directive('appenddirname', path(mustBeNamed('appenddirname', 'dirname')), {
    initial: 'appendonlydir',
    mutable: 'no',
    apply: 'kept',
    prose: 'The folder of the log files, below dir.',
  }),
  directive('appendfsync', oneOf(['everysec', 'always', 'no']), {
    initial: 'everysec',
    mutable: 'yes',
    apply: 'kept',
    prose: 'When the log is synced: each second, before each reply, or when the kernel likes.',
  }),
  directive('no-appendfsync-on-rewrite', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Do not sync the log while it is rewritten.',
  }),
  directive('auto-aof-rewrite-percentage', integer({ min: 0, max: INT32_MAX }), {
    initial: 100,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Growth since the last rewrite at which the log is rewritten. 0: never.',
  }),
  directive('auto-aof-rewrite-min-size', memory({ min: 0, max: INT64_MAX }), {
    initial: 64 * MIB,
    mutable: 'yes',
    apply: 'kept',
    prose: 'A log smaller than this is not rewritten.',
  }),
  directive('aof-load-truncated', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Load a log whose end is missing, up to its last whole command.',
  }),
  directive('aof-use-rdb-preamble', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Begin a rewritten log with a snapshot.',
  }),
  directive('aof-timestamp-enabled', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Write the time into the log now and then.',
  }),
  directive('aof-rewrite-incremental-fsync', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Sync a rewritten log while it is written.',
  }),
  directive('aof-disable-auto-gc', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    isHidden: true,
    prose: 'Keep log files that are no longer needed. For tests.',
  }),
  directive('rdb-key-save-delay', integer({ min: INT32_MIN, max: INT32_MAX }), {
    initial: 0,
    mutable: 'yes',
    apply: 'read',
    isHidden: true,
    prose:
      'Microseconds to wait after each key of a snapshot (negative: keys to each one). For tests.',
  }),
  directive('key-load-delay', integer({ min: INT32_MIN, max: INT32_MAX }), {
    initial: 0,
    mutable: 'yes',
    apply: 'read',
    isHidden: true,
    prose:
      'Microseconds to wait after each key that is loaded (negative: keys to each one). For tests.',
  }),
  directive('loading-process-events-interval-bytes', integer({ min: 1024, max: INT32_MAX }), {
    initial: 2 * MIB,
    mutable: 'yes',
    apply: 'read',
    isHidden: true,
    prose:
      'Bytes that are loaded at start before clients are answered. After that turns go by time.',
  }),
] as const;
