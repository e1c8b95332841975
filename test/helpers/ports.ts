/*
 * Free TCP ports for servers under test. A port is taken from the kernel, closed again and handed
 * out; ports handed out before by this process are not repeated.
 */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

const handedOut = new Set<number>();

/** Resolves to the port once the server listens there; any free one without `port`. */
export async function listenOnLoopback(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A port of 127.0.0.1 that nobody listens on right now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const probe = createServer();
    const port = await listenOnLoopback(probe);
    probe.close();
    await once(probe, 'close');
    // Redis's cluster bus and some tests derive port + 10000: leave room for it.
    if (handedOut.has(port) || port > 55_000) continue;
    handedOut.add(port);
    return port;
  }
}
