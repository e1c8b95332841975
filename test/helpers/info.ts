/*
 * INFO as a record, for tests.
 */

import type { RespClient } from './resp-client.js';

/** Parses INFO's text: `field:value` lines, all sections in one record. */
export function parseInfo(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields[line.slice(0, colon)] = line.slice(colon + 1);
  }
  return fields;
}

/** `INFO [section …]` of a server. */
export async function info(client: RespClient, ...sections: string[]) {
  return parseInfo(String(await client.call('INFO', ...sections)));
}
