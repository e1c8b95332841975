/*
 * The directive table: all rows in one list, and their names and aliases in one index. Nothing
 * lists directives a second time. When a row is added, conf/tandem.conf must show it; a test says
 * so.
 */

import type { AnyDirective, Directive } from './directive.js';
import { clusterDirectives } from './directives-cluster.js';
import { memoryDirectives } from './directives-memory.js';
import { networkDirectives } from './directives-network.js';
import { persistenceDirectives } from './directives-persistence.js';
import { replicationDirectives } from './directives-replication.js';
import { serverDirectives } from './directives-server.js';
import { tlsDirectives } from './directives-tls.js';

const rows = [
  ...networkDirectives,
  ...tlsDirectives,
  ...serverDirectives,
  ...persistenceDirectives,
  ...replicationDirectives,
  ...memoryDirectives,
  ...clusterDirectives,
] as const;

export const directives: readonly AnyDirective[] = rows;

export type DirectiveName = (typeof rows)[number]['name'];

/** The typed value of every directive, by its (newer) name. */
export type ConfigValues = {
  readonly [Row in (typeof rows)[number] as Row['name']]: Row extends Directive<string, infer Value>
    ? Value
    : never;
};

/** Rows by lower-case name and alias, in the order of the table, an alias right after its name. */
export const directivesByName: ReadonlyMap<string, AnyDirective> = new Map(
  directives.flatMap((row) =>
    row.alias === undefined
      ? [[row.name, row] as const]
      : [[row.name, row] as const, [row.alias, row] as const],
  ),
);
