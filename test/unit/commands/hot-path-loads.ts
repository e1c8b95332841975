/*
 * Requests of the hot path, by name, for the programs that measure what it leaves on the heap and
 * whether its compiled code lasts. `n` counts the requests of one load.
 */

import { encodeRequest } from '../../helpers/resp-client.js';

/** Keys of each load. */
const KEYS = 5000;
const PIPELINE = 64;

/** Longest batch, in bytes. */
export const BATCH_BYTES_MAX = 64 * 1024;

export type Load = (n: number) => (string | number)[];

const value = 'x'.repeat(16);
const pair = (n: number): string[] => [`key:${n}`, value];

export const hotPathLoads: Readonly<Record<string, Load>> = {
  SET: (n) => ['SET', `key:${n}`, value],
  'SET of other lengths': (n) => ['SET', `key:${n}`, 'y'.repeat(1 + ((n * 7) % 60))],
  GET: (n) => ['GET', `key:${n}`],
  'GET of missing keys': (n) => ['GET', `none:${n}`],
  INCR: (n) => ['INCR', `ctr:${n}`],
  INCRBY: (n) => ['INCRBY', `ctr:${n}`, n * 1000],
  MSET: (n) => ['MSET', ...pair(n), ...pair(n + 1), ...pair(n + 2), ...pair(n + 3)],
  MGET: (n) => ['MGET', `key:${n}`, `key:${n + 1}`, `key:${n + 2}`],
  EXISTS: (n) => ['EXISTS', `key:${n}`],
  STRLEN: (n) => ['STRLEN', `key:${n}`],
  SETBIT: (n) => ['SETBIT', `bits:${n}`, (n * 7) % 64, n & 1],
  GETBIT: (n) => ['GETBIT', `key:${n}`, n % 200],
  TTL: (n) => ['TTL', `key:${n}`],
  'DEL and SET': (n) => (n % 2 === 0 ? ['DEL', `key:${n}`] : ['SET', `key:${n - 1}`, value]),
};

/** `count` pipelines of the load, going round its keys. */
export function batchesOf(load: Load, count: number): Uint8Array[] {
  let n = 0;
  return Array.from({ length: count }, () => {
    const requests: Buffer[] = [];
    for (let i = 0; i < PIPELINE; i++) requests.push(encodeRequest(load(n++ % KEYS)));
    return Buffer.concat(requests);
  });
}
