/*
 * INFO: which sections there are, in which order, and which of them a request asks for. What stands
 * in a section is computed in info-sections.ts and info-memory.ts from the parts of the server,
 * when it is asked for and only then. Must not know how the text travels.
 */

import type { Services } from '../commands/services.js';
import { formatSection, type InfoFields } from './info-format.js';
import { memoryFields } from './info-memory.js';
import type { ProcessFigures } from './info-process.js';
import {
  clientsFields,
  commandFields,
  cpuFields,
  errorFields,
  keyspaceFields,
  latencyFields,
  persistenceFields,
  replicationFields,
  serverFields,
} from './info-sections.js';
import { debugFields, statsFields } from './info-stats.js';

export interface InfoSources {
  readonly services: Services;
  /** Of package.json. */
  readonly version: string;
  readonly readProcess: () => ProcessFigures;
}

interface Section {
  /** As requests name it, in lower case. */
  readonly name: string;
  readonly title: string;
  /** Part of INFO without arguments. */
  readonly isDefault: boolean;
  /** Not even part of INFO ALL. */
  readonly isHidden?: boolean;
  fields(sources: InfoSources): InfoFields;
}

const sections: readonly Section[] = [
  { name: 'server', title: 'Server', isDefault: true, fields: serverFields },
  { name: 'clients', title: 'Clients', isDefault: true, fields: clientsFields },
  { name: 'memory', title: 'Memory', isDefault: true, fields: memoryFields },
  { name: 'persistence', title: 'Persistence', isDefault: true, fields: persistenceFields },
  { name: 'stats', title: 'Stats', isDefault: true, fields: statsFields },
  { name: 'replication', title: 'Replication', isDefault: true, fields: replicationFields },
  { name: 'cpu', title: 'CPU', isDefault: true, fields: cpuFields },
  { name: 'modules', title: 'Modules', isDefault: true, fields: () => [] },
  { name: 'commandstats', title: 'Commandstats', isDefault: false, fields: commandFields },
  { name: 'errorstats', title: 'Errorstats', isDefault: true, fields: errorFields },
  { name: 'latencystats', title: 'Latencystats', isDefault: false, fields: latencyFields },
  { name: 'cluster', title: 'Cluster', isDefault: true, fields: () => [['cluster_enabled', 0]] },
  { name: 'keyspace', title: 'Keyspace', isDefault: true, fields: keyspaceFields },
  { name: 'debug', title: 'Debug', isDefault: false, isHidden: true, fields: debugFields },
];

/** The text for the sections asked for, in lower case; none means the default ones. Each section
 * comes once, unknown names are passed over. */
export function infoText(sources: InfoSources, asked: readonly string[]): string {
  const wantsAll = asked.includes('all') || asked.includes('everything');
  const wantsDefault = asked.length === 0 || asked.includes('default');
  return sections
    .filter(
      ({ name, isDefault, isHidden }) =>
        (wantsAll && isHidden !== true) || (wantsDefault && isDefault) || asked.includes(name),
    )
    .map(({ title, fields }) => formatSection(title, fields(sources)))
    .join('\r\n');
}
