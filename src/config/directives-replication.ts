/*
 * The directives of replication, for both roles. Redis keeps its older names with `slave` in them
 * as aliases; this table is where the two meet.
 */

import { directive } from './directive.js';
import { primaryAddress } from './list-types.js';
import { INT32_MAX, INT64_MAX, integer, memory, oneOf, text, yesNo } from './scalar-types.js';

/** Redis raises a smaller backlog to this. */
const BACKLOG_BYTES_MIN = 16 * 1024;

export const replicationDirectives = [
  directive('replicaof', primaryAddress, {
    alias: 'slaveof',
    initial: null,
    mutable: 'no',
    apply: 'start',
    prose: 'Host and port of the primary to follow. Empty, or "no one": be a primary.',
  }),
  directive('masterauth', text(), {
    initial: '',
    mutable: 'yes',
    apply: 'read',
    isSensitive: true,
    prose: 'The password to give to the primary.',
  }),
  directive('masteruser', text(), {
    initial: '',
    mutable: 'yes',
    apply: 'read',
    isSensitive: true,
    prose: 'The user name to give with it. Empty: the default user.',
  }),
  directive('replica-read-only', yesNo, {
    alias: 'slave-read-only',
    initial: true,
    mutable: 'yes',
    apply: 'read',
    prose: 'Refuse writes of ordinary clients while following a primary.',
  }),
  directive('replica-serve-stale-data', yesNo, {
    alias: 'slave-serve-stale-data',
    initial: true,
    mutable: 'yes',
    apply: 'read',
    prose: 'Answer from what is there while the link to the primary is down.',
  }),
  directive('repl-backlog-size', memory({ min: 0, max: INT64_MAX }, raiseBacklogSize), {
    initial: 1024 * 1024,
    mutable: 'yes',
    apply: 'hook',
    prose:
      'Bytes of the newest stream kept in memory, from which a replica that was cut off goes on' +
      ' without a full sync. It may hold more while an online replica still needs it. At least' +
      ' 16kb; 0, which Redis does not know, switches partial resyncs off.',
  }),
  directive('repl-backlog-ttl', integer({ min: 0, max: INT64_MAX }), {
    initial: 3600,
    mutable: 'yes',
    apply: 'read',
    prose: 'Seconds without any replica after which a primary gives the backlog up. 0: never.',
  }),
  directive('repl-timeout', integer({ min: 1, max: INT32_MAX }), {
    initial: 60,
    mutable: 'yes',
    apply: 'read',
    prose:
      'Seconds of silence after which the link is taken for dead: no data and no keep-alives' +
      ' from the primary, or no acknowledgements from a replica. Keep it above' +
      ' repl-ping-replica-period.',
  }),
  directive('repl-ping-replica-period', integer({ min: 1, max: INT32_MAX }), {
    alias: 'repl-ping-slave-period',
    initial: 10,
    mutable: 'yes',
    apply: 'read',
    prose: 'Seconds between the keep-alives of a primary.',
  }),
  directive('repl-diskless-sync', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'read',
    prose:
      'Send the snapshot of a full sync while it is made ($EOF:). With no, it goes to a file' +
      ' first and is sent with its length.',
  }),
  directive('repl-diskless-sync-delay', integer({ min: 0, max: INT32_MAX }), {
    initial: 5,
    mutable: 'yes',
    apply: 'read',
    prose: 'Seconds to wait for further replicas before such a snapshot is begun.',
  }),
  directive('repl-diskless-sync-max-replicas', integer({ min: 0, max: INT32_MAX }), {
    initial: 0,
    mutable: 'yes',
    apply: 'read',
    prose: 'Begin without waiting once so many replicas are there. 0: wait the whole delay.',
  }),
  directive('repl-diskless-load', oneOf(['disabled', 'on-empty-db', 'swapdb']), {
    initial: 'disabled',
    mutable: 'yes',
    apply: 'kept',
    isRefusedWhileLoading: true,
    prose: 'Whether a replica loads a snapshot straight from the socket.',
  }),
  directive('repl-disable-tcp-nodelay', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'read',
    prose:
      'Let the kernel gather small packets to replicas that connect from now on: fewer packets,' +
      ' and up to 40 ms later.',
  }),
  directive('min-replicas-to-write', integer({ min: 0, max: INT32_MAX }), {
    alias: 'min-slaves-to-write',
    initial: 0,
    mutable: 'yes',
    apply: 'read',
    prose: 'Refuse writes unless so many replicas are online and close behind. 0: off.',
  }),
  directive('min-replicas-max-lag', integer({ min: 0, max: INT32_MAX }), {
    alias: 'min-slaves-max-lag',
    initial: 10,
    mutable: 'yes',
    apply: 'read',
    prose: 'Seconds since its last acknowledgement within which a replica counts for that. 0: off.',
  }),
  directive('replica-priority', integer({ min: 0, max: INT32_MAX }), {
    alias: 'slave-priority',
    initial: 100,
    mutable: 'yes',
    apply: 'read',
    prose: 'Sentinel promotes the replica with the lowest number first, and never one with 0.',
  }),
  directive('replica-announced', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'read',
    prose: 'Whether Sentinel may tell others of this replica.',
  }),
  directive('replica-announce-ip', text(), {
    alias: 'slave-announce-ip',
    initial: '',
    mutable: 'yes',
    apply: 'read',
    prose: 'The address that a replica gives its primary, where a NAT hides the real one.',
  }),
  directive('replica-announce-port', integer({ min: 0, max: 65535 }), {
    alias: 'slave-announce-port',
    initial: 0,
    mutable: 'yes',
    apply: 'read',
    prose: 'The port that goes with it. 0: the real one.',
  }),
  directive('replica-ignore-maxmemory', yesNo, {
    alias: 'slave-ignore-maxmemory',
    initial: true,
    mutable: 'yes',
    apply: 'read',
    prose: 'A replica leaves maxmemory to its primary.',
  }),
  directive('replica-lazy-flush', yesNo, {
    alias: 'slave-lazy-flush',
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Free the old data in the background before a full sync. Always so here.',
  }),
  directive('replica-ignore-disk-write-errors', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'read',
    prose:
      'A replica goes on applying writes while stop-writes-on-bgsave-error has those of its own' +
      ' clients refused, and says so in the log. With no it ends itself instead.',
  }),
  directive('propagation-error-behavior', oneOf(['ignore', 'panic', 'panic-on-replicas']), {
    initial: 'ignore',
    mutable: 'yes',
    apply: 'read',
    prose: 'What to do when a command of the stream fails or is unknown.',
  }),
] as const;

function raiseBacklogSize(bytes: number): number {
  return bytes === 0 ? 0 : Math.max(bytes, BACKLOG_BYTES_MIN);
}
