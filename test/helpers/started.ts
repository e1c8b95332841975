/*
 * Servers that a test started are stopped when it ends, however it ends.
 */

import { afterEach } from 'node:test';
import type { ServerProcess } from './server-process.js';

const started: ServerProcess[] = [];

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

export async function untilTestEnds(starting: Promise<ServerProcess>): Promise<ServerProcess> {
  const server = await starting;
  started.push(server);
  return server;
}
