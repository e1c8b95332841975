/*
 * The families of commands that there are: what the command table is built from. A new family's
 * rows are added here and nowhere else.
 */

import { bitfieldCommands } from './bitfield-commands.js';
import { bitmapCommands } from './bitmap-commands.js';
import { clientCommands } from './client-commands.js';
import type { CommandRow } from './command.js';
import { commandCommands } from './command-command.js';
import { configCommands } from './config-command.js';
import { connectionCommands } from './connection-commands.js';
import { debugCommands } from './debug-commands.js';
import { expireCommands } from './expire-commands.js';
import { infoCommands } from './info-command.js';
import { keyCommands } from './key-commands.js';
import { keyCopyCommands } from './key-copy-commands.js';
import { keyDatabaseCommands } from './key-database-commands.js';
import { keyDumpCommands } from './key-dump-commands.js';
import { keyObjectCommands } from './key-object-commands.js';
import { latencyCommands } from './latency-commands.js';
import { monitorCommands } from './monitor-command.js';
import { pubsubCommands } from './pubsub-commands.js';
import { replicationCommands } from './replication-commands.js';
import { replicationWaitCommands } from './replication-wait-commands.js';
import { scanCommands } from './scan-commands.js';
import { serverCommands } from './server-commands.js';
import { lolwutCommands } from './server-lolwut-commands.js';
import { memoryCommands } from './server-memory-commands.js';
import { slowlogCommands } from './slowlog-commands.js';
import { stringCommands } from './string-commands.js';
import { stringCountCommands } from './string-count-commands.js';
import { stringEditCommands } from './string-edit-commands.js';
import { stringLcsCommands } from './string-lcs-commands.js';
import { transactionCommands } from './transaction-commands.js';

export const commandFamilies: readonly (readonly CommandRow[])[] = [
  stringCommands,
  stringCountCommands,
  stringEditCommands,
  stringLcsCommands,
  bitmapCommands,
  bitfieldCommands,
  keyCommands,
  keyCopyCommands,
  keyDatabaseCommands,
  keyDumpCommands,
  keyObjectCommands,
  expireCommands,
  scanCommands,
  connectionCommands,
  clientCommands,
  transactionCommands,
  pubsubCommands,
  serverCommands,
  memoryCommands,
  lolwutCommands,
  infoCommands,
  slowlogCommands,
  latencyCommands,
  monitorCommands,
  configCommands,
  commandCommands,
  debugCommands,
  replicationCommands,
  replicationWaitCommands,
];
