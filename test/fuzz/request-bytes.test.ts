/*
 * Requests as bytes, beside a redis-server: sound ones, cut anywhere and sent by several
 * connections by turns; and damaged ones, which must get the same bytes for an answer, and end the
 * connection where they end it there. What is damaged writes nothing, so that no order matters.
 * FUZZ_SEED repeats a run; TANDEM_LONG=1 makes the budget larger.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ARGUMENTS_MAX } from '../../src/limits.js';
import { Random, seeds } from '../helpers/random.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import { encodeRequest, type RespClient } from '../helpers/resp-client.js';
import { quote } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { waitFor } from '../helpers/wait-for.js';
import { startCandidate } from '../oracle/harness.js';
import { missingCommands } from '../unit/commands/missing-commands.js';
import { shrink } from './shrink.js';

const isLong = process.env.TANDEM_LONG === '1';
const RUNS = isLong ? 20 : 1;
const ROUNDS_PER_RUN = isLong ? 40 : 3;
const CONNECTIONS = 40;
const PIECES_MAX = 200;
/** What has come on one server is waited for so long on the other. */
const LATENESS_MS = 2000;

/** Says in which state a decoder has been left. */
const SIGN_OF_LIFE = '\r\n*1\r\n$4\r\nPING\r\nPING x\r\n';

interface Wire {
  received: string;
  isClosed: boolean;
  /** Bytes that the server had not read when it closed: what it sent last may have been lost. */
  isReset: boolean;
  write(bytes: string): void;
  close(): void;
}

async function openWire(port: number): Promise<Wire> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const wire: Wire = {
    received: '',
    isClosed: false,
    isReset: false,
    write: (bytes) => {
      if (!wire.isClosed) socket.write(bytes, 'latin1');
    },
    close: () => socket.destroy(),
  };
  socket.on('data', (chunk: Buffer) => {
    wire.received += chunk.toString('latin1');
  });
  socket.on('error', () => {
    wire.isReset = true;
  });
  socket.once('close', () => {
    wire.isClosed = true;
  });
  await once(socket, 'connect');
  return wire;
}

const requestText = (...args: string[]): string => encodeRequest(args).toString('latin1');

/** A request without effect, of one kind or the other. */
function harmless(random: Random): string {
  const word = (): string => random.text(random.integer(0, 12), 32, 126);
  const args = random.pick([
    ['PING'],
    ['PING', word()],
    ['ECHO', word()],
    ['EXISTS', word(), word()],
    ['GET', word()],
    ['MGET', word(), '', word()],
    ['STRLEN', word()],
    ['NOSUCH', word()],
    ['GET'],
    ['SELECT', random.pick(['0', '5', 'x'])],
  ]);
  if (random.chance(0.6)) return requestText(...args);
  const quoted = args.map((arg) =>
    random.chance(0.3) ? quote(arg) : arg.replace(/[^\w]/g, '') || 'x',
  );
  return `${quoted.join(random.pick([' ', '  ', '\t']))}${random.pick(['\r\n', '\n'])}`;
}

/** Bytes that mean something to a decoder. */
const TELLING = [
  ...['\r', '\n', '\r\n', '\0', '*', '$', '-', '"', "'", '\\', ' ', '0', '1', '9', '+', '\xff'],
  ...['*-1\r\n', '*0\r\n', '$-1\r\n', '$0\r\n\r\n', '*1\r\n', '$4', '\\x', '\\xg0', '*3\r\n$3\r\n'],
  ...['99999999999999999999', '2147483648', '-9', '536870913', '1048577', '\n\n', '"" ', '$1\r\n*'],
];

function damage(text: string, random: Random): string {
  let bytes = text;
  for (let i = random.integer(1, 3); i > 0; i--) {
    const at = random.integer(0, bytes.length);
    const [head, tail] = [bytes.slice(0, at), bytes.slice(at)];
    const piece = random.pick(TELLING);
    bytes = random.pick([
      () => head + piece + tail,
      () => head + piece + tail.slice(1),
      () => head + tail.slice(random.integer(1, 3)),
      () => head + tail.slice(0, random.integer(0, 8)) + tail,
      () => head + random.text(1) + tail.slice(1),
      () => bytes.replace(/[*$](\d+)/, (lead) => lead[0] + random.pick(['0', '3', '', '-1', '07'])),
    ])();
  }
  return bytes;
}

/** A count that Redis waits for, and that docs/DIFFERENCES.md refuses. */
function hasHugeCount(text: string): boolean {
  const counts = text.matchAll(/\*(\d{8,})/g);
  return [...counts].some(([, count]) => Number(count) > ARGUMENTS_MAX && Number(count) < 2 ** 31);
}

const missingNames = Object.values(missingCommands).flat();

/** Where damage has made the name of a command that is there in Redis alone, as hGET of GET. */
function namesMissingCommand(text: string): boolean {
  const lower = text.toLowerCase();
  return missingNames.some((name) => lower.includes(name));
}

function pieces(text: string, random: Random): string[] {
  const result: string[] = [];
  const most = Math.max(random.pick([1, 3, 20, 1000]), Math.ceil(text.length / PIECES_MAX));
  for (let at = 0; at < text.length; at += result[result.length - 1].length)
    result.push(text.slice(at, at + random.integer(1, most)));
  return result;
}

interface Sides {
  servers: readonly ServerProcess[];
  controls: readonly RespClient[];
}

/** What one server sent: after the text, and after the sign of life as well. */
interface Answer {
  readonly afterText: string;
  readonly atEnd: string;
  readonly isReset: boolean;
}

/** Sends each text by a connection of its own, on both servers; what came of it. */
async function exchange(sides: Sides, texts: readonly string[][]): Promise<Answer[][]> {
  const wires = await Promise.all(
    sides.servers.map(({ port }) => Promise.all(texts.map(() => openWire(port)))),
  );
  const [ours, theirs] = wires;
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 2; i++)
      await Promise.all(sides.controls.map((control) => control.call('PING')));
    await nextTurn();
  };
  const settleEvenly = async (): Promise<void> => {
    await settle();
    const isEven = (): boolean =>
      ours.every((wire, i) => wire.isReset || theirs[i].isReset || show(wire) === show(theirs[i]));
    await waitFor('both to have answered', isEven, { timeoutMs: LATENESS_MS }).catch(() => {});
  };
  const longest = Math.max(...texts.map((parts) => parts.length));
  for (let part = 0; part < longest; part++) {
    for (const all of wires) {
      for (const [i, wire] of all.entries()) {
        const bytes = texts[i][part];
        if (bytes !== undefined) wire.write(bytes);
      }
    }
    // Before more is sent, who has been refused shall know.
    await settle();
  }
  await settleEvenly();
  const afterText = wires.map((all) => all.map(show));
  for (const all of wires) for (const wire of all) wire.write(SIGN_OF_LIFE);
  await settleEvenly();
  for (const all of wires) for (const wire of all) wire.close();
  return wires.map((all, side) =>
    all.map((wire, i) => {
      return { afterText: afterText[side][i], atEnd: show(wire), isReset: wire.isReset };
    }),
  );
}

function show(wire: Wire): string {
  return `${quote(wire.received)}${wire.isClosed ? ' (closed)' : ''}`;
}

function isSame(ours: Answer, theirs: Answer): boolean {
  if (!ours.isReset && !theirs.isReset)
    return ours.afterText === theirs.afterText && ours.atEnd === theirs.atEnd;
  const [one, other] = [ours, theirs].map(({ atEnd }) => atEnd.replace(/" \(closed\)$/, ''));
  return one.startsWith(other) || other.startsWith(one);
}

/** The first text of which not the same came, made short. */
async function findDifference(sides: Sides, texts: readonly string[][]): Promise<string | null> {
  const [ours, theirs] = await exchange(sides, texts);
  const at = ours.findIndex((answer, i) => !isSame(answer, theirs[i]));
  if (at < 0) return null;
  const describe = (actual: Answer, expected: Answer): string =>
    `expected ${expected.afterText}, then ${expected.atEnd}\n` +
    `  got      ${actual.afterText}, then ${actual.atEnd}`;
  let last = describe(ours[at], theirs[at]);
  const bytes = [...texts[at].join('')];
  const fails = async (shorter: readonly string[]): Promise<boolean> => {
    const text = shorter.join('');
    if (namesMissingCommand(text)) return false;
    const [[one], [other]] = await exchange(sides, [[text]]);
    const differs = !isSame(one, other);
    if (differs) last = describe(one, other);
    return differs;
  };
  const isWhole = await fails(bytes);
  const needed = isWhole ? await shrink(bytes, { fails, timeoutMs: 30_000 }) : bytes;
  const cut = isWhole ? '' : ` cut as ${texts[at].map(quote).join(' ')}`;
  return `of ${quote(needed.join(''))}${cut}:\n  ${last}`;
}

describe('requests as bytes', { skip: skipWithoutRedis }, () => {
  let sides: Sides;
  before(async () => {
    const servers = await Promise.all([startCandidate(), startRedis()]);
    sides = { servers, controls: await Promise.all(servers.map((server) => server.connect())) };
  });
  after(async () => {
    await Promise.all(sides.servers.map((server) => server.stop()));
  });

  for (const seed of seeds(RUNS)) {
    test(`FUZZ_SEED=${seed}: sound requests, cut anywhere`, async () => {
      const random = new Random(seed);
      const texts = Array.from({ length: 8 }, (_, connection) => {
        let text = '';
        for (let i = 0; i < 40; i++) {
          const key = `${connection}:${random.integer(0, 5)}`;
          const value = random.text(random.integer(0, random.chance(0.05) ? 40_000 : 60));
          text += random.pick([
            () => requestText('SET', key, value),
            () => requestText('APPEND', key, value),
            () => requestText('GETRANGE', key, '-50', '-1'),
            () => requestText('MGET', key, `${connection}:1`),
            () => requestText('STRLEN', key),
            () => requestText('ECHO', value),
          ])();
        }
        return pieces(text, random);
      });
      assert.equal(await findDifference(sides, texts), null);
    });

    test(`FUZZ_SEED=${seed}: damaged requests`, async () => {
      const random = new Random(seed);
      for (let round = 0; round < ROUNDS_PER_RUN; round++) {
        const password = round % 3 === 2 ? 'secret' : '';
        for (const control of sides.controls)
          await control.call('CONFIG', 'SET', 'requirepass', password);
        const texts = Array.from({ length: CONNECTIONS }, () => {
          const sound = Array.from({ length: random.integer(1, 3) }, () => harmless(random));
          let bytes = damage(sound.join(''), random);
          while (hasHugeCount(bytes) || namesMissingCommand(bytes))
            bytes = damage(sound.join(''), random);
          return pieces(bytes, random);
        });
        assert.equal(await findDifference(sides, texts), null);
      }
    });
  }
});
