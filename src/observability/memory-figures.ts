/*
 * What the server's memory is taken by, counted once for INFO's memory section, MEMORY STATS and
 * MEMORY DOCTOR. `used` is what data, buffers of clients and the backlog take, exactly; the tables
 * of the databases and their expiry indexes are overhead, as in Redis, entries with their headers
 * are data. Must not know how any of it is told.
 */

import { clientMemoryBytes } from '../commands/client-line.js';
import type { ClientRegistry } from '../commands/client-registry.js';
import type { Services } from '../commands/services.js';

export interface DatabaseOverhead {
  readonly index: number;
  readonly tableBytes: number;
  readonly expiryBytes: number;
}

export interface MemoryFigures {
  readonly used: number;
  readonly peak: number;
  /** Of the backlog, what lies within its size; the rest is the replicas', while there are any. */
  readonly backlog: number;
  readonly replicas: number;
  readonly clients: number;
  readonly clientCount: number;
  readonly replicaCount: number;
  /** Databases that have keys. */
  readonly databases: readonly DatabaseOverhead[];
  readonly overhead: number;
  readonly dataset: number;
  readonly keys: number;
  /** Bytes of blocks, and of the pages that the system holds memory for. */
  readonly allocated: number;
  readonly active: number;
  /** Resident bytes of the whole process. */
  readonly resident: number;
}

/** Also notes the peak: what is told now may be the most ever. */
export function measureMemory(services: Services, residentBytes: number): MemoryFigures {
  const { clients, keyspace, replication, stats } = services;
  const held = clientBytes(clients);
  const replicaCount = clients.countKind('replica');
  const forReplicas = replicaCount > 0 ? replication.uncountedBytes : 0;
  const buffers = held.normal + held.replicas + replication.backlogBytes;
  const used = keyspace.usedBytes + buffers;
  stats.notePeakMemory(used);
  const databases = keyspace.databases
    .filter(({ size }) => size > 0)
    .map(({ index, contents }) => ({
      index,
      tableBytes: contents.dict.bucketBytes,
      expiryBytes: contents.wheelBytes,
    }));
  const tables = databases.reduce((sum, db) => sum + db.tableBytes + db.expiryBytes, 0);
  return {
    used,
    peak: stats.peakMemoryBytes,
    backlog: replication.backlogBytes - forReplicas,
    replicas: held.replicas + forReplicas,
    clients: held.normal,
    clientCount: clients.size - replicaCount,
    replicaCount,
    databases,
    overhead: buffers + tables,
    dataset: used - buffers - tables,
    keys: keyspace.size,
    allocated: keyspace.memory.usedBytes,
    active: keyspace.memory.residentBytes,
    resident: residentBytes,
  };
}

function clientBytes(clients: ClientRegistry): { normal: number; replicas: number } {
  const held = { normal: 0, replicas: 0 };
  for (const client of clients) {
    held[client.kind === 'replica' ? 'replicas' : 'normal'] += clientMemoryBytes(client);
  }
  return held;
}
