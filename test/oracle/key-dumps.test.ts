/*
 * DUMP and RESTORE against redis-server: payloads of either are the other's to load, hostile ones
 * get the same answers, and the same travels to replicas.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Crc64 } from '../../src/persistence/rdb/crc64.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { type OracleLine, oracleSuite, startCandidate } from './harness.js';
import { streamSuite } from './stream-harness.js';

/** A payload with a good footer, of bytes that may be anything. */
function payload(bytes: Uint8Array | readonly number[], version = 10): Buffer {
  const whole = Buffer.from([...bytes, version & 0xff, version >> 8, ...Buffer.alloc(8)]);
  const crc = new Crc64();
  crc.update(whole, 0, whole.length - 8);
  crc.writeTo(whole, whole.length - 8);
  return whole;
}

/** A payload as an argument of a command line. */
function quoted(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`);
  return `"${hex.join('')}"`;
}

const text = (value: string): Buffer => payload([0, value.length, ...Buffer.from(value)]);

const HELLO = quoted(text('hello'));
const NUMBER = quoted(payload([0, 0xc0, 42]));
const broken = Buffer.from(text('hello'));
broken[3] ^= 1;

/** Bodies of payloads, the type first, that hold no string, or only just one. */
const BODIES: readonly (readonly number[])[] = [
  [],
  [0],
  [0, 0],
  [0, 5, 97],
  [0, 15, 97, 97, 97, 97, 97],
  [0, 16, 97, 97, 97, 97, 97],
  [0, 1, 97, 98, 99],
  [0, 0x40],
  [0, 0x40, 3, 97, 98, 99],
  [0, 0x80, 0, 0, 0, 2, 97, 98],
  [0, 0x80, 0x7f, 0xff, 0xff, 0xff, 97],
  [0, 0x81, 0, 0, 0, 0, 0, 0, 0, 2, 97, 98],
  [0, 0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 97],
  [0, 0x82, 1, 2, 3, 4],
  [0, 0xc0, 0x80],
  [0, 0xc1, 0xff, 0x7f],
  [0, 0xc2, 0, 0, 0, 0x80],
  [0, 0xc2],
  [0, 0xc4, 1, 2, 3, 4],
  [0, 0xff],
  [0, 0xc3, 3, 3, 1, 97, 98],
  [0, 0xc3, 2, 3, 1, 97],
  [0, 0xc3, 4, 9, 0, 97, 0xc0, 0],
  [0, 0xc3, 4, 9, 0, 97, 0xe0, 0],
  [0, 0xc3, 4, 9, 0, 97, 0xa0, 9],
  [0, 0xc3, 4, 0x80, 0xff, 0xff, 0xff, 0, 0, 97, 0xe0, 0],
  [0, 0xc3, 0, 9],
  [1, 1, 0x40],
  [1, 0],
  [8, 1, 97],
  [9, 1, 97],
  [26, 1, 97],
  [200, 1, 97],
  [250, 1, 97],
  [255, 1, 97],
];

const hostile: readonly OracleLine[] = BODIES.flatMap((body) => [
  { run: ['RESTORE', 'h', '0', payload(body), 'REPLACE'] },
  { run: 'GET h' },
  { run: 'OBJECT ENCODING h' },
  { run: 'DEL h' },
]);

oracleSuite('dumps', [
  {
    name: 'RESTORE: values, encodings, times to live',
    lines: [
      'DUMP missing',
      `RESTORE a 0 ${HELLO}`,
      'GET a',
      'TTL a',
      'OBJECT ENCODING a',
      `RESTORE a 0 ${HELLO}`,
      `RESTORE a 0 ${NUMBER} REPLACE`,
      'GET a',
      'OBJECT ENCODING a',
      `RESTORE b 100000 ${HELLO}`,
      { run: 'PTTL b', equal: 'approx' },
      `RESTORE b 50000 ${NUMBER} replace`,
      { run: 'PTTL b', equal: 'approx' },
      `RESTORE b 33177117420123 ${HELLO} REPLACE absttl`,
      'PEXPIRETIME b',
      `RESTORE b 0 ${HELLO} REPLACE ABSTTL`,
      'TTL b',
      `RESTORE gone 1 ${HELLO} ABSTTL`,
      'EXISTS gone',
      `RESTORE b 1 ${HELLO} ABSTTL`,
      'EXISTS b',
      `RESTORE b 1 ${HELLO} ABSTTL REPLACE`,
      'EXISTS b',
      `RESTORE b 9223372036854775807 ${HELLO}`,
      'EXISTS b',
      'SET short v PX 10',
      { run: `RESTORE short 0 ${HELLO}`, until: '+OK' },
      'GET short',
      `RESTORE-ASKING c 0 ${HELLO}`,
      'GET c',
      'DBSIZE',
    ],
  },
  {
    name: 'RESTORE: errors, the first one wins',
    lines: [
      'SET a v',
      'DUMP',
      'DUMP a b',
      'RESTORE',
      'RESTORE a 0',
      `RESTORE a 0 ${HELLO}`,
      `RESTORE a x ${HELLO}`,
      `RESTORE b x ${HELLO}`,
      `RESTORE b "" ${HELLO}`,
      `RESTORE b 1.5 ${HELLO}`,
      `RESTORE b 9223372036854775808 ${HELLO}`,
      `RESTORE b -1 ${HELLO}`,
      `RESTORE b -1 ${HELLO} ABSTTL`,
      'RESTORE b -1 nonsense',
      'RESTORE b 0 ""',
      'RESTORE b 0 short',
      'RESTORE b 0 "twelve bytes"',
      'RESTORE a 0 nonsense',
      'RESTORE a 0 nonsense REPLACE',
      { run: ['RESTORE', 'b', '0', broken] },
      { run: ['RESTORE', 'b', '0', payload([0, 1, 97], 300)] },
      { run: ['RESTORE', 'b', '0', payload([0, 1, 97], 14)] },
      { run: ['RESTORE', 'b', '0', payload([0, 1, 97], 1), 'REPLACE'] },
      { run: ['RESTORE', 'b', '0', payload([0, 1, 97], 0), 'REPLACE'] },
      `RESTORE b 0 ${HELLO} nonsense`,
      'RESTORE a x nonsense nonsense',
      `RESTORE b 0 ${HELLO} REPLACE IDLETIME`,
      `RESTORE b 0 ${HELLO} IDLETIME x`,
      `RESTORE b 0 ${HELLO} IDLETIME -1`,
      `RESTORE b 0 ${HELLO} FREQ`,
      `RESTORE b 0 ${HELLO} FREQ x`,
      `RESTORE b 0 ${HELLO} FREQ -1`,
      `RESTORE b 0 ${HELLO} FREQ 256`,
      `RESTORE b 0 ${HELLO} FREQ 1 IDLETIME 1`,
      `RESTORE b 0 ${HELLO} IDLETIME 1 FREQ 1`,
      `RESTORE a 0 ${HELLO} IDLETIME -1`,
      'GET a',
      'GET b',
    ],
  },
  {
    name: 'RESTORE: IDLETIME and FREQ under an LRU policy',
    lines: [
      `RESTORE a 0 ${HELLO} IDLETIME 1000`,
      { run: 'OBJECT IDLETIME a', equal: 'approx', tolerance: 2 },
      `RESTORE a 0 ${HELLO} IDLETIME 1000 IDLETIME 0 REPLACE`,
      { run: 'OBJECT IDLETIME a', equal: 'approx', tolerance: 2 },
      `RESTORE a 0 ${HELLO} IDLETIME 50 REPLACE`,
      `RESTORE a 0 ${HELLO} FREQ 200 REPLACE`,
      { run: 'OBJECT IDLETIME a', equal: 'approx', tolerance: 2 },
      'OBJECT FREQ a',
      'DUMP a b',
      { run: 'OBJECT IDLETIME a', equal: 'approx', tolerance: 2 },
    ],
  },
  { name: 'RESTORE: bytes that are no value, or only just one', lines: hostile },
]);

oracleSuite(
  'dumps under LFU',
  [
    {
      name: 'RESTORE: FREQ and IDLETIME',
      lines: [
        `RESTORE a 0 ${HELLO} FREQ 200`,
        'OBJECT FREQ a',
        `RESTORE a 0 ${HELLO} REPLACE`,
        'OBJECT FREQ a',
        `RESTORE a 0 ${HELLO} FREQ 0 FREQ 255 REPLACE`,
        'OBJECT FREQ a',
        `RESTORE a 0 ${HELLO} IDLETIME 1000 REPLACE`,
        'OBJECT FREQ a',
        'OBJECT IDLETIME a',
      ],
    },
  ],
  { args: ['--maxmemory', '1gb', '--maxmemory-policy', 'allkeys-lfu'] },
);

streamSuite('dumps', [
  {
    name: 'RESTORE: a time to live travels as a deadline, what comes too late as DEL',
    lines: [
      `RESTORE a 0 ${HELLO}`,
      `RESTORE a 0 ${HELLO}`,
      `restore a 100000 ${HELLO} replace`,
      `RESTORE a 100000 ${HELLO} REPLACE IDLETIME 5`,
      `RESTORE b 33177117420123 ${HELLO} AbsTTL FREQ 3`,
      `RESTORE-ASKING c 100000 ${NUMBER}`,
      `RESTORE c 0 ${HELLO} REPLACE ABSTTL`,
      `RESTORE gone 1 ${HELLO} ABSTTL`,
      `RESTORE c 1 ${HELLO} ABSTTL`,
      `RESTORE c 1 ${HELLO} ABSTTL REPLACE`,
      `RESTORE c 1 ${HELLO} ABSTTL REPLACE`,
      'RESTORE a 0 nonsense REPLACE',
      `RESTORE a 1 ${quoted(payload([1, 9]))} ABSTTL REPLACE`,
      'DUMP a',
    ],
  },
  {
    name: 'RESTORE: what it deletes travels as UNLINK under lazyfree-lazy-server-del',
    since: '7.2',
    lines: [
      'SET a v',
      'CONFIG SET lazyfree-lazy-server-del yes',
      `RESTORE a 1 ${HELLO} ABSTTL REPLACE`,
      'CONFIG SET lazyfree-lazy-server-del no',
    ],
    expect: ['"SELECT" "0"', '"SET" "a" "v"', '"UNLINK" "a"'],
  },
  {
    name: 'RESTORE over a key past its time: a DEL of its own without REPLACE only',
    lines: [
      'DEBUG SET-ACTIVE-EXPIRE 0',
      'SET a v PX 1',
      'SET b v PX 1',
      'SET c v PX 1',
      'DEBUG SLEEP 0.01',
      `RESTORE a 0 ${HELLO}`,
      `RESTORE b 0 ${HELLO} REPLACE`,
      `RESTORE c 1 ${HELLO} ABSTTL REPLACE`,
      'DEBUG SET-ACTIVE-EXPIRE 1',
    ],
  },
]);

const VALUES: readonly (readonly [name: string, value: Buffer])[] = [
  ['empty', Buffer.alloc(0)],
  ...['0', '-1', '127', '-128', '128', '32767', '-32768', '32768', '2147483647', '-2147483648']
    .concat(['2147483648', '9223372036854775807', '007', '-0', '1.5', 'a text', '\x00\xff\r\n'])
    .map((value) => [value, Buffer.from(value, 'latin1')] as const),
  ['63 bytes', Buffer.from('0123456789'.repeat(7).slice(0, 63))],
  ['64 bytes that compress', Buffer.alloc(64, 'ab')],
  ['20 bytes that would', Buffer.alloc(20, 'a')],
  ['100 KB that compress', Buffer.alloc(100_000, 'abcdefgh')],
  ['100 KB that do not', Buffer.from(noise(100_000))],
  ['17 MiB', Buffer.alloc(17 * 1024 * 1024, 'compressible but too long for that')],
];

function noise(length: number): Uint8Array {
  let state = 12345;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  });
}

async function bytesOf(client: RespClient, ...args: readonly string[]): Promise<Buffer> {
  const reply = await client.call(...args);
  assert.ok(typeof reply === 'string');
  return Buffer.from(reply, 'latin1');
}

function bodyOf(dumped: Buffer): Buffer {
  return dumped.subarray(0, -10);
}

describe('oracle: payloads', { skip: skipWithoutRedis }, () => {
  let servers: ServerProcess[] = [];
  let clients: RespClient[] = [];
  before(async () => {
    servers = await Promise.all([startCandidate(), startRedis()]);
    clients = await Promise.all(servers.map((server) => server.connect()));
  });
  after(async () => {
    for (const client of clients) client.close();
    await Promise.all(servers.map((server) => server.stop()));
  });

  for (const [name, value] of VALUES) {
    test(`${name}: each server loads what the other has dumped`, async () => {
      for (const compression of ['yes', 'no']) {
        for (const client of clients) {
          await client.call('CONFIG', 'SET', 'rdbcompression', compression);
          await client.call('SET', 'k', value);
        }
        const dumps = await Promise.all(clients.map((client) => bytesOf(client, 'DUMP', 'k')));
        for (const [i, client] of clients.entries()) {
          await client.call('RESTORE', 'copy', '0', dumps[1 - i], 'REPLACE');
          assert.deepEqual(await bytesOf(client, 'GET', 'copy'), value);
          assert.equal(
            await client.call('OBJECT', 'ENCODING', 'copy'),
            await client.call('OBJECT', 'ENCODING', 'k'),
          );
        }
        // LZF leaves a choice; without it the same bytes stand before the footers.
        if (compression === 'no') assert.deepEqual(bodyOf(dumps[0]), bodyOf(dumps[1]));
      }
    });
  }
});
