/*
 * MONITOR. Who is shown what, and how, is in monitors.ts.
 */

import { type Context, defineCommands } from './command.js';
import { MONITOR_NEEDS_REPLIES } from './server-errors.js';

export const monitorCommands = defineCommands([
  {
    name: 'monitor',
    arity: 1,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    group: 'server',
    since: '1.0.0',
    summary: 'Shows every command that the server runs, as it runs.',
    run: monitor,
  },
]);

/** A client that is a monitor already, or a replica, gets no reply: Redis ignores it. */
function monitor(ctx: Context): void {
  const { client, reply, services } = ctx;
  if (ctx.isInTransaction) return reply.error(MONITOR_NEEDS_REPLIES);
  if (client.isFed) return;
  services.monitors.add(client);
  reply.ok();
}
