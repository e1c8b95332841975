/*
 * What stands in INFO's sections, but for memory and stats which have their own files. The order of
 * the fields is Redis 7.2's. Parts that know their section better (replication, snapshots, loading)
 * give their own lines; what they leave out has its default here, since tools read every field.
 */

import { REDIS_VERSION } from '../commands/connection-commands.js';
import { formatPercentile } from '../config/list-types.js';
import type { InfoSources } from './info.js';
import { fieldsOf, type InfoFields, mergeFields, secondsText } from './info-format.js';

const SECONDS_PER_DAY = 86_400;

export function serverFields({ services, version, readProcess }: InfoSources): InfoFields {
  const { clock, config, server } = services;
  const nowMs = clock.wallMs();
  const uptime = Math.max(0, Math.floor((nowMs - server.startedAtMs) / 1000));
  const { bind, hz, port, unixsocket } = config.values;
  const addresses = bind.map((address) => `bind=${address},`).join('');
  return [
    ['redis_version', REDIS_VERSION],
    ['server_name', 'tandem'],
    ['tandem_version', version],
    ['redis_git_sha1', '00000000'],
    ['redis_git_dirty', 0],
    ['redis_build_id', 0],
    ['redis_mode', 'standalone'],
    ['os', readProcess().system],
    ['arch_bits', 64],
    ['monotonic_clock', 'POSIX clock_gettime'],
    ['multiplexing_api', 'epoll'],
    ['atomicvar_api', 'sync-builtin'],
    ['gcc_version', '0.0.0'],
    ['process_id', server.pid],
    ['process_supervised', server.supervisedBy],
    ['run_id', server.runId],
    ['tcp_port', port],
    ['server_time_usec', clock.wallMicroseconds()],
    ['uptime_in_seconds', uptime],
    ['uptime_in_days', Math.floor(uptime / SECONDS_PER_DAY)],
    ['hz', server.hz],
    ['configured_hz', hz],
    ['lru_clock', Math.floor(nowMs / 1000) % 2 ** 24],
    ['executable', server.executable],
    ['config_file', server.configFile],
    ['io_threads_active', 0],
    ...(server.isShuttingDown()
      ? [['shutdown_in_milliseconds', server.shutdownInMs] as const]
      : []),
    ...(port === 0 ? [] : [['listener0', `name=tcp,${addresses}port=${port}`] as const]),
    ...(unixsocket === '' ? [] : [['listener1', `name=unix,bind=${unixsocket}`] as const]),
  ];
}

export function clientsFields({ services }: InfoSources): InfoFields {
  const { clients, config } = services;
  let inputMax = 0;
  let outputMax = 0;
  for (const { connection, kind } of clients) {
    if (kind === 'replica') continue;
    inputMax = Math.max(inputMax, connection.queryBufferBytes);
    outputMax = Math.max(outputMax, connection.outputBytes);
  }
  return [
    ['connected_clients', clients.size - clients.countKind('replica')],
    ['cluster_connections', 0],
    ['maxclients', config.values.maxclients],
    ['client_recent_max_input_buffer', inputMax],
    ['client_recent_max_output_buffer', outputMax],
    ['blocked_clients', clients.countBlocked()],
    ['tracking_clients', 0],
    ['clients_in_timeout_table', clients.countWaitingWithLimit()],
    ['total_blocking_keys', 0],
    ['total_blocking_keys_on_nokey', 0],
  ];
}

/** Values while nothing is being saved and no log is kept on disk. */
const quietPersistence: InfoFields = [
  ['current_cow_peak', 0],
  ['current_cow_size', 0],
  ['current_cow_size_age', 0],
  ['current_fork_perc', '0.00'],
  ['current_save_keys_processed', 0],
  ['current_save_keys_total', 0],
  ['rdb_changes_since_last_save', 0],
  ['rdb_bgsave_in_progress', 0],
  ['rdb_last_save_time', 0],
  ['rdb_last_bgsave_status', 'ok'],
  ['rdb_last_bgsave_time_sec', -1],
  ['rdb_current_bgsave_time_sec', -1],
  ['rdb_saves', 0],
  ['rdb_last_cow_size', 0],
  ['rdb_last_load_keys_expired', 0],
  ['rdb_last_load_keys_loaded', 0],
  ['aof_enabled', 0],
  ['aof_rewrite_in_progress', 0],
  ['aof_rewrite_scheduled', 0],
  ['aof_last_rewrite_time_sec', -1],
  ['aof_current_rewrite_time_sec', -1],
  ['aof_last_bgrewrite_status', 'ok'],
  ['aof_rewrites', 0],
  ['aof_rewrites_consecutive_failures', 0],
  ['aof_last_write_status', 'ok'],
  ['aof_last_cow_size', 0],
  ['module_fork_in_progress', 0],
  ['module_fork_last_cow_size', 0],
];

export function persistenceFields({ services }: InfoSources): InfoFields {
  const { server, snapshots } = services;
  const loading: InfoFields = [
    ['loading', server.isLoading ? 1 : 0],
    ['async_loading', 0],
  ];
  const fields = mergeFields(
    [...loading, ...quietPersistence],
    fieldsOf(snapshots.persistenceInfoLines()),
  );
  return server.isLoading ? mergeFields(fields, fieldsOf(server.loadingInfoLines())) : fields;
}

export function replicationFields({ services }: InfoSources): InfoFields {
  const { replication } = services;
  const role = replication.role === 'primary' ? 'master' : 'slave';
  return mergeFields([['role', role]], fieldsOf(replication.infoLines()));
}

export function cpuFields({ readProcess }: InfoSources): InfoFields {
  const figures = readProcess();
  return [
    ['used_cpu_sys', secondsText(figures.systemMicroseconds)],
    ['used_cpu_user', secondsText(figures.userMicroseconds)],
    ['used_cpu_sys_children', secondsText(0)],
    ['used_cpu_user_children', secondsText(0)],
    ['used_cpu_sys_main_thread', secondsText(figures.mainSystemMicroseconds)],
    ['used_cpu_user_main_thread', secondsText(figures.mainUserMicroseconds)],
  ];
}

export function commandFields({ services }: InfoSources): InfoFields {
  const { commands, stats } = services;
  const fields: [string, string][] = [];
  for (const { index, name } of commands.all) {
    const calls = stats.calls[index];
    const failed = stats.failedCalls[index];
    const rejected = stats.rejectedCalls[index];
    if (calls + failed + rejected === 0) continue;
    const microseconds = Math.round(stats.microseconds[index]);
    const each = (calls === 0 ? 0 : microseconds / calls).toFixed(2);
    fields.push([
      `cmdstat_${name}`,
      `calls=${calls},usec=${microseconds},usec_per_call=${each},` +
        `rejected_calls=${rejected},failed_calls=${failed}`,
    ]);
  }
  return fields;
}

export function errorFields({ services }: InfoSources): InfoFields {
  return services.stats
    .errorCounts()
    .map(([prefix, count]) => [`errorstat_${safeName(prefix)}`, `count=${count}`]);
}

export function latencyFields({ services }: InfoSources): InfoFields {
  const { commands, config, stats } = services;
  if (!stats.isTrackingLatency) return [];
  const percentiles = config.values['latency-tracking-info-percentiles'];
  const fields: [string, string][] = [];
  for (const { index, name } of commands.all) {
    const latency = stats.latencies[index];
    if (!latency) continue;
    const figures = percentiles.map((p) => {
      return `p${formatPercentile(p)}=${latency.percentile(p).toFixed(3)}`;
    });
    fields.push([`latency_percentiles_usec_${name}`, figures.join(',')]);
  }
  return fields;
}

export function keyspaceFields({ services }: InfoSources): InfoFields {
  return services.keyspace.databases
    .filter(({ size, expires }) => size > 0 || expires > 0)
    .map(({ index, size, expires, averageTtlMs }) => [
      `db${index}`,
      `keys=${size},expires=${expires},avg_ttl=${averageTtlMs}`,
    ]);
}

/** Characters that would break a line of INFO apart, as Redis replaces them. */
function safeName(text: string): string {
  return text.replace(/[#:\n\r]/g, '_');
}
