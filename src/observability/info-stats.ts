/*
 * INFO's stats section: the counters since the start or CONFIG RESETSTAT, and the rates. Fields of
 * what this server does not have are there and 0, since tools read them.
 */

import type { InfoSources } from './info.js';
import type { InfoFields } from './info-format.js';

export function statsFields({ services }: InfoSources): InfoFields {
  const { keyspace, pubsub, stats } = services;
  const perSecond = (name: Parameters<typeof stats.rates.rate>[0]) =>
    Math.trunc(stats.rates.rate(name));
  const kilobytes = (name: Parameters<typeof stats.rates.rate>[0]) =>
    (stats.rates.rate(name) / 1024).toFixed(2);
  return [
    ['total_connections_received', stats.connectionsReceived],
    ['total_commands_processed', stats.commandsProcessed],
    ['instantaneous_ops_per_sec', perSecond('commands')],
    ['total_net_input_bytes', stats.netInputBytes + stats.replicationInputBytes],
    ['total_net_output_bytes', stats.netOutputBytes + stats.replicationOutputBytes],
    ['total_net_repl_input_bytes', stats.replicationInputBytes],
    ['total_net_repl_output_bytes', stats.replicationOutputBytes],
    ['instantaneous_input_kbps', kilobytes('inputBytes')],
    ['instantaneous_output_kbps', kilobytes('outputBytes')],
    ['instantaneous_input_repl_kbps', kilobytes('replicationInputBytes')],
    ['instantaneous_output_repl_kbps', kilobytes('replicationOutputBytes')],
    ['rejected_connections', stats.rejectedConnections],
    ['sync_full', stats.fullSyncs],
    ['sync_partial_ok', stats.partialSyncs],
    ['sync_partial_err', stats.refusedPartialSyncs],
    // Ours: why each full resync was given.
    ...[...stats.fullSyncReasons].map(([why, count]) => [`sync_full_${why}`, count] as const),
    ['expired_keys', keyspace.expiredKeys],
    ['expired_stale_perc', keyspace.expiredStalePercent.toFixed(2)],
    ['expired_time_cap_reached_count', keyspace.expiredTimeCapReachedCount],
    ['expire_cycle_cpu_milliseconds', Math.floor(stats.expiryMicroseconds / 1000)],
    ['evicted_keys', 0],
    ['evicted_clients', 0],
    ['total_eviction_exceeded_time', 0],
    ['current_eviction_exceeded_time', 0],
    ['keyspace_hits', keyspace.keyspaceHits],
    ['keyspace_misses', keyspace.keyspaceMisses],
    ['pubsub_channels', pubsub.channels.size],
    ['pubsub_patterns', pubsub.patterns.size],
    ['pubsubshard_channels', 0],
    ['latest_fork_usec', Math.round(stats.latestFreezeMicroseconds)],
    ['total_forks', stats.freezes],
    ['migrate_cached_sockets', 0],
    ['slave_expires_tracked_keys', keyspace.ownExpiries],
    ...absentFields,
    ['unexpected_error_replies', stats.unexpectedErrorReplies],
    ['total_error_replies', stats.errorReplies],
    ['dump_payload_sanitizations', 0],
    ['total_reads_processed', stats.readsProcessed],
    ['total_writes_processed', stats.writesProcessed],
    ['io_threaded_reads_processed', 0],
    ['io_threaded_writes_processed', 0],
    ['client_query_buffer_limit_disconnections', stats.queryBufferLimitDisconnections],
    ['client_output_buffer_limit_disconnections', stats.outputBufferLimitDisconnections],
    ['reply_buffer_shrinks', 0],
    ['reply_buffer_expands', 0],
    ['eventloop_cycles', stats.eventLoopCycles],
    ['eventloop_duration_sum', Math.round(stats.eventLoopMicroseconds)],
    ['eventloop_duration_cmd_sum', Math.round(stats.commandMicroseconds)],
    ['instantaneous_eventloop_cycles_per_sec', perSecond('cycles')],
    ['instantaneous_eventloop_duration_usec', perSecond('cycleMicroseconds')],
    ['acl_access_denied_auth', stats.authenticationFailures],
    ['acl_access_denied_cmd', 0],
    ['acl_access_denied_key', 0],
    ['acl_access_denied_channel', 0],
  ];
}

/** INFO's debug section, which comes only when it is asked for by name. */
export function debugFields({ services }: InfoSources): InfoFields {
  const { stats } = services;
  return [
    ['eventloop_duration_aof_sum', 0],
    ['eventloop_duration_cron_sum', Math.round(stats.cronMicroseconds)],
    ['eventloop_duration_max', Math.round(stats.eventLoopMicrosecondsMax)],
    ['eventloop_cmd_per_cycle_max', stats.commandsPerCycleMax],
  ];
}

/** Defragmentation and tracking, which this server does not have. */
const absentFields: InfoFields = [
  ['active_defrag_hits', 0],
  ['active_defrag_misses', 0],
  ['active_defrag_key_hits', 0],
  ['active_defrag_key_misses', 0],
  ['total_active_defrag_time', 0],
  ['current_active_defrag_time', 0],
  ['tracking_total_keys', 0],
  ['tracking_total_items', 0],
  ['tracking_total_prefixes', 0],
];
