/*
 * INFO's memory section. Data live in pages that are accounted to the byte, outside the JavaScript
 * heap: `used_memory` is what data, buffers of clients and the backlog take, exactly; what the
 * process needs beside them (code, heap, threads) shows as the distance to `used_memory_rss`.
 * Fields of what this server does not have (Lua, functions, AOF buffer) are there and 0.
 */

import { clientMemoryBytes } from '../commands/client-line.js';
import type { ClientRegistry } from '../commands/client-registry.js';
import type { InfoSources } from './info.js';
import { humanBytes, type InfoFields, percentText, ratioText } from './info-format.js';

export function memoryFields({ services, readProcess }: InfoSources): InfoFields {
  const { clients, config, keyspace, replication, stats } = services;
  const { residentBytes, totalSystemBytes } = readProcess();
  const held = clientBytes(clients);
  // As in Redis what the backlog holds beyond its size is the replicas', while there are any.
  const forReplicas = clients.countKind('replica') > 0 ? replication.uncountedBytes : 0;
  const overhead = held.normal + held.replicas + replication.backlogBytes;
  const used = keyspace.usedBytes + overhead;
  stats.notePeakMemory(used);
  const peak = stats.peakMemoryBytes;
  const { maxmemory } = config.values;
  return [
    ['used_memory', used],
    ['used_memory_human', humanBytes(used)],
    ['used_memory_rss', residentBytes],
    ['used_memory_rss_human', humanBytes(residentBytes)],
    ['used_memory_peak', peak],
    ['used_memory_peak_human', humanBytes(peak)],
    ['used_memory_peak_perc', percentText(used, peak)],
    ['used_memory_overhead', overhead],
    ['used_memory_startup', 0],
    ['used_memory_dataset', keyspace.usedBytes],
    ['used_memory_dataset_perc', percentText(keyspace.usedBytes, used)],
    ['allocator_allocated', keyspace.memory.usedBytes],
    ['allocator_active', keyspace.memory.residentBytes],
    ['allocator_resident', keyspace.memory.residentBytes],
    ['total_system_memory', totalSystemBytes],
    ['total_system_memory_human', humanBytes(totalSystemBytes)],
    ...scriptFields,
    ['maxmemory', maxmemory],
    ['maxmemory_human', humanBytes(maxmemory)],
    ['maxmemory_policy', config.values['maxmemory-policy']],
    ...fragmentationFields({ services, used, residentBytes }),
    ['mem_not_counted_for_evict', replication.uncountedBytes],
    ['mem_replication_backlog', replication.backlogBytes - forReplicas],
    ['mem_total_replication_buffers', replication.backlogBytes],
    ['mem_clients_slaves', held.replicas + forReplicas],
    ['mem_clients_normal', held.normal],
    ['mem_cluster_links', 0],
    ['mem_aof_buffer', 0],
    ['mem_allocator', 'tandem-pages'],
    ['active_defrag_running', 0],
    ['lazyfree_pending_objects', keyspace.lazyFreePending],
    ['lazyfreed_objects', keyspace.lazyFreedObjects],
  ];
}

const scriptFields: InfoFields = [
  ['used_memory_lua', 0],
  ['used_memory_vm_eval', 0],
  ['used_memory_lua_human', '0B'],
  ['used_memory_scripts_eval', 0],
  ['number_of_cached_scripts', 0],
  ['number_of_functions', 0],
  ['number_of_libraries', 0],
  ['used_memory_vm_functions', 0],
  ['used_memory_vm_total', 0],
  ['used_memory_vm_total_human', '0B'],
  ['used_memory_functions', 0],
  ['used_memory_scripts', 0],
  ['used_memory_scripts_human', '0B'],
];

function fragmentationFields(options: {
  services: InfoSources['services'];
  used: number;
  residentBytes: number;
}): InfoFields {
  const { services, used, residentBytes } = options;
  const { memory } = services.keyspace;
  return [
    ['allocator_frag_ratio', ratioText(memory.residentBytes, memory.usedBytes)],
    ['allocator_frag_bytes', memory.residentBytes - memory.usedBytes],
    ['allocator_rss_ratio', '1.00'],
    ['allocator_rss_bytes', 0],
    ['rss_overhead_ratio', ratioText(residentBytes, memory.residentBytes)],
    ['rss_overhead_bytes', residentBytes - memory.residentBytes],
    ['mem_fragmentation_ratio', ratioText(residentBytes, used)],
    ['mem_fragmentation_bytes', residentBytes - used],
  ];
}

function clientBytes(clients: ClientRegistry): { normal: number; replicas: number } {
  const held = { normal: 0, replicas: 0 };
  for (const client of clients) {
    held[client.kind === 'replica' ? 'replicas' : 'normal'] += clientMemoryBytes(client);
  }
  return held;
}
