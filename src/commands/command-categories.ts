/*
 * ACL categories of a command: those of its row, and those that follow from its flags and group, as
 * Redis derives them. COMMAND INFO shows them, COMMAND LIST filters by them. Must not know users.
 */

import type { CommandGroup } from './command.js';
import type { Command } from './command-table.js';

/** In the order in which COMMAND INFO lists them. */
const CATEGORIES = [
  '@keyspace',
  '@read',
  '@write',
  '@set',
  '@sortedset',
  '@list',
  '@hash',
  '@string',
  '@bitmap',
  '@hyperloglog',
  '@geo',
  '@stream',
  '@pubsub',
  '@admin',
  '@fast',
  '@slow',
  '@blocking',
  '@dangerous',
  '@connection',
  '@transaction',
  '@scripting',
];

/** A group that is a category too. `generic` and `server` are none. */
const categoryOfGroup = new Map<CommandGroup, string>([
  ['string', '@string'],
  ['bitmap', '@bitmap'],
  ['connection', '@connection'],
  ['transactions', '@transaction'],
]);

/** Sorted as COMMAND INFO lists them. */
export function categoriesOf(command: Command): string[] {
  const { row } = command;
  const found = new Set(row.categories);
  const ofGroup = categoryOfGroup.get(row.group);
  // A container is nothing but a name: its subcommands carry the categories.
  if (ofGroup !== undefined && command.run !== null) found.add(ofGroup);
  if (command.has('write')) found.add('@write');
  if (command.has('readonly')) found.add('@read');
  if (command.has('admin')) found.add('@admin').add('@dangerous');
  if (command.has('pubsub')) found.add('@pubsub');
  if (command.has('blocking')) found.add('@blocking');
  found.add(command.has('fast') ? '@fast' : '@slow');
  return CATEGORIES.filter((name) => found.has(name));
}
