/*
 * Addresses as Redis writes them, in CLIENT LIST and in the log. Pure.
 */

/** What is shown of a connection that is gone already. */
export const UNKNOWN_ADDRESS = '?:0';

/** `ip:port`, `[ip6]:port`, or UNKNOWN_ADDRESS. */
export function formatAddress(host: string | undefined, port: number | undefined): string {
  if (host === undefined || port === undefined) return UNKNOWN_ADDRESS;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether protected mode lets this peer in. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && (host.startsWith('127.') || host === '::1');
}
