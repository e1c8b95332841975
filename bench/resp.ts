/*
 * What the protocol itself costs for each command: decoding a request and writing its reply,
 * without a socket, a lookup or a handler. Run: `node dist/bench/resp.js`. Figures are ns per
 * command, the best of several rounds, since other work on the machine only ever adds.
 */

import { Arguments } from '../src/resp/arguments.js';
import { type ReplySink, ReplyWriter } from '../src/resp/reply-writer.js';
import { REQUEST, RequestDecoder } from '../src/resp/request-decoder.js';
import { latin1 } from '../src/structures/bytes.js';

const ROUNDS = 15;
const BATCHES = 400;

const sink: ReplySink = { take: (buffer) => buffer };
const args = new Arguments();
const decoder = new RequestDecoder();
const writer = new ReplyWriter();

function multibulk(...parts: string[]): string {
  return `*${parts.length}\r\n${parts.map((part) => `$${part.length}\r\n${part}\r\n`).join('')}`;
}

/** Decodes the batch and answers each request; returns how many there were. */
function serve(batch: Uint8Array, answer: () => void): number {
  let position = 0;
  let count = 0;
  writer.begin(sink, 2);
  while (decoder.next(batch, position, batch.length, args) === REQUEST) {
    position = decoder.position;
    answer();
    count++;
  }
  writer.finish();
  return count;
}

function measure(name: string, request: string, answer: () => void): void {
  const batch = latin1(request.repeat(Math.floor(65536 / request.length)));
  let bestNs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    let count = 0;
    const startMs = performance.now();
    for (let i = 0; i < BATCHES; i++) count += serve(batch, answer);
    bestNs = Math.min(bestNs, ((performance.now() - startMs) * 1e6) / count);
  }
  process.stdout.write(`${name.padEnd(44)}${bestNs.toFixed(0).padStart(6)} ns\n`);
}

const value = latin1('v'.repeat(1024));
const key = 'key:000000012345';
measure('SET 16-byte key, 16-byte value; +OK', multibulk('SET', key, 'xxxxxxxxxxxxxxxx'), () =>
  writer.ok(),
);
measure('GET 16-byte key; 16 bytes', multibulk('GET', key), () => writer.bulk(value, 0, 16));
measure('GET 16-byte key; 1024 bytes', multibulk('GET', key), () => writer.bulk(value, 0, 1024));
measure('INCR 16-byte key; an integer', multibulk('INCR', key), () => writer.integer(123456));
measure('PING; +PONG', multibulk('PING'), () => writer.pong());
measure('PING inline; +PONG', 'PING\r\n', () => writer.pong());
measure('MSET of 10 pairs; +OK', multibulk('MSET', ...Array(20).fill(key)), () => writer.ok());
