/*
 * INFO's memory section. Data live in pages that are accounted to the byte, outside the JavaScript
 * heap: `used_memory` is what data, buffers of clients and the backlog take, exactly; what the
 * process needs beside them (code, heap, threads) shows as the distance to `used_memory_rss`.
 * Fields of what this server does not have (Lua, functions, AOF buffer) are there and 0.
 */

import type { InfoSources } from './info.js';
import { humanBytes, type InfoFields, percentText, ratioText } from './info-format.js';
import { type MemoryFigures, measureMemory } from './memory-figures.js';

export function memoryFields({ services, readProcess }: InfoSources): InfoFields {
  const { config, keyspace, replication } = services;
  const { residentBytes, totalSystemBytes } = readProcess();
  const figures = measureMemory(services, residentBytes);
  const { used, peak, overhead, dataset, allocated, active } = figures;
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
    ['used_memory_dataset', dataset],
    ['used_memory_dataset_perc', percentText(dataset, used)],
    ['allocator_allocated', allocated],
    ['allocator_active', active],
    ['allocator_resident', active],
    ['total_system_memory', totalSystemBytes],
    ['total_system_memory_human', humanBytes(totalSystemBytes)],
    ...scriptFields,
    ['maxmemory', maxmemory],
    ['maxmemory_human', humanBytes(maxmemory)],
    ['maxmemory_policy', config.values['maxmemory-policy']],
    ...fragmentationFields(figures),
    ['mem_not_counted_for_evict', replication.uncountedBytes],
    ['mem_replication_backlog', figures.backlog],
    ['mem_total_replication_buffers', replication.backlogBytes],
    ['mem_clients_slaves', figures.replicas],
    ['mem_clients_normal', figures.clients],
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

function fragmentationFields({ used, allocated, active, resident }: MemoryFigures): InfoFields {
  return [
    ['allocator_frag_ratio', ratioText(active, allocated)],
    ['allocator_frag_bytes', active - allocated],
    ['allocator_rss_ratio', '1.00'],
    ['allocator_rss_bytes', 0],
    ['rss_overhead_ratio', ratioText(resident, active)],
    ['rss_overhead_bytes', resident - active],
    ['mem_fragmentation_ratio', ratioText(resident, used)],
    ['mem_fragmentation_bytes', resident - used],
  ];
}
