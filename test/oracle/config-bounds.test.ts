/*
 * CONFIG SET beside a redis-server, on two running servers: every directive at its bounds and
 * beyond them, of a wrong type, with every word it knows; and several directives at once, chosen at
 * random, of which all are set or none. Immutable ones are given at a start, where the oracle must
 * refuse what we refuse, in the same words. The bounds are facts of redis-7.2.4.tsv.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadConfig } from '../../src/config/load-config.js';
import { Random, seeds } from '../helpers/random.js';
import {
  isVersionAtLeast,
  redisVersion,
  skipWithoutRedis,
  startRedis,
} from '../helpers/redis-server.js';
import { repositoryRoot } from '../helpers/repository.js';
import type { RespClient } from '../helpers/resp-client.js';
import { render } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { startTandem } from '../helpers/tandem.js';

const skip = skipWithoutRedis;
const is72 = redisVersion !== null && isVersionAtLeast(redisVersion, '7.2');
const command = process.env.ORACLE || 'redis-server';

interface Fact {
  readonly name: string;
  readonly kind: string;
  readonly mutable: string;
  readonly min: string;
  readonly max: string;
  readonly words: readonly string[];
}

const facts: readonly Fact[] = readFileSync(
  join(repositoryRoot, 'test', 'unit', 'config', 'redis-7.2.4.tsv'),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .slice(2)
  .map((line) => {
    const [name = '', , kind = '', mutable = '', , min = '', max = '', words = ''] =
      line.split('\t');
    return { name, kind, mutable, min, max, words: words === '' ? [] : words.split(' ') };
  });

/** Not set here: what cuts the test off, needs a file or a port, or is refused on purpose. */
const left = new Set([
  ...['port', 'bind', 'dir', 'requirepass', 'appendonly', 'activedefrag', 'locale-collate'],
  ...['tls-port', 'tls-replication', 'tls-cluster', 'watchdog-period', 'repl-backlog-size'],
  // Their hooks ask the machine; unit/lifecycle/process-settings.test.ts and open-files do.
  ...['maxclients', 'oom-score-adj', 'oom-score-adj-values', 'bind-source-addr', 'cluster-enabled'],
  ...['aclfile', 'jemalloc-bg-thread', 'timeout', 'client-query-buffer-limit', 'maxmemory'],
]);

/** TLS files are read at once there, and the memory of clients may cut us off. */
const isLeft = ({ name }: Fact): boolean =>
  left.has(name) || name.startsWith('tls-') || name === 'maxmemory-clients';

/** Values at, within and beyond the bounds; every word; every unit; and what is of no type. */
function valuesOf({ kind, min, max, words }: Fact): string[] {
  const wrong = ['', 'nosuch', ' ', '1.5', '\xff\n'];
  if (kind === 'switch') return ['yes', 'no', 'YES', 'true', '0', ...wrong];
  if (kind === 'choice') return [...words, ...words.map((word) => word.toUpperCase()), ...wrong];
  if (kind !== 'number' && kind !== 'memory' && kind !== 'octal') return ['x', ...wrong];
  const base = kind === 'octal' ? 8 : 10;
  const bounds = [BigInt(min) - 1n, BigInt(min), BigInt(max), BigInt(max) + 1n];
  const numbers = bounds.map((bound) => bound.toString(base));
  return [
    ...numbers,
    '-0',
    '+1',
    '01',
    ...(kind === 'memory' ? ['2mb', '3GB', '1kk'] : ['5%', '1k']),
    ...wrong,
  ];
}

describe('CONFIG SET beside redis-server', { skip }, () => {
  let servers: readonly ServerProcess[];
  let tandem: RespClient;
  let redis: RespClient;
  before(async () => {
    servers = await Promise.all([startTandem(), startRedis()]);
    [tandem, redis] = (await Promise.all(servers.map((server) => server.connect()))) as [
      RespClient,
      RespClient,
    ];
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  /** The reply of each, rendered; ours first. */
  const both = async (...args: string[]): Promise<[string, string]> => {
    const [ours, theirs] = await Promise.all([tandem.typed(...args), redis.typed(...args)]);
    return [render(ours), render(theirs)];
  };

  /** Whether this version of the oracle has such a directive. */
  const isKnown = async (name: string): Promise<boolean> => {
    const reply = await redis.call('CONFIG', 'GET', name);
    return Array.isArray(reply) && reply.length > 0;
  };

  for (const fact of facts.filter((each) => each.mutable !== 'no' && !isLeft(each))) {
    const { name } = fact;
    test(`${name}: at its bounds, beyond them, and wrong`, async () => {
      if (!(await isKnown(name))) return;
      for (const value of valuesOf(fact)) {
        // 7.0 knows no such level.
        if (!is72 && name === 'loglevel' && value.toLowerCase() !== 'debug') continue;
        const [ours, theirs] = await both('CONFIG', 'SET', name, value);
        assert.equal(ours, theirs, `CONFIG SET ${name} ${JSON.stringify(value)}`);
        const [ourText, theirText] = await both('CONFIG', 'GET', name);
        assert.equal(ourText, theirText, `CONFIG GET ${name} after ${JSON.stringify(value)}`);
      }
    });
  }

  for (const seed of seeds(1)) {
    test(`FUZZ_SEED=${seed}: several at once, all or none, the first error`, async () => {
      const random = new Random(seed);
      const pool = facts.filter((each) => !isLeft(each) && each.name !== 'loglevel');
      const known: Fact[] = [];
      for (const fact of pool) {
        if (await isKnown(fact.name)) known.push(fact);
      }
      const names = known.filter(({ mutable }) => mutable === 'yes').map(({ name }) => name);
      for (let i = 0; i < 300; i++) {
        const args: string[] = [];
        for (let pairs = random.integer(1, 4); pairs > 0; pairs--) {
          // Mostly one that may be set, and to a value within bounds: else nothing ever is.
          const fact = random.chance(0.97)
            ? random.pick(known.filter((each) => names.includes(each.name)))
            : random.pick(known);
          const values = valuesOf(fact);
          args.push(random.chance(0.1) ? fact.name.toUpperCase() : fact.name);
          args.push(
            random.chance(0.8)
              ? values[random.integer(0, Math.min(3, values.length - 1))]
              : random.pick(values),
          );
        }
        const [ours, theirs] = await both('CONFIG', 'SET', ...args);
        assert.equal(
          ours,
          theirs,
          `CONFIG SET ${args.map((arg) => JSON.stringify(arg)).join(' ')}`,
        );
        if (i % 10 !== 0) continue;
        const [ourTexts, theirTexts] = await Promise.all([shown(tandem), shown(redis)]);
        for (const name of names) {
          // 7.2 hides some that 7.0 shows.
          const ours = ourTexts.get(name);
          if (ours !== undefined) assert.equal(ours, theirTexts.get(name), name);
        }
      }
    });
  }
});

async function shown(client: RespClient): Promise<Map<string, string>> {
  const reply = await client.call('CONFIG', 'GET', '*');
  assert(Array.isArray(reply));
  const pairs = new Map<string, string>();
  for (let i = 0; i < reply.length; i += 2) pairs.set(String(reply[i]), String(reply[i + 1]));
  return pairs;
}

test('immutable directives: what is refused at a start is refused in the same words', {
  skip,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'config-bounds-'));
  const home = process.cwd();
  // An environment of this machine must not give lines of its own.
  let compared = 0;
  try {
    process.chdir(folder);
    for (const fact of facts) {
      if (fact.mutable !== 'no' || left.has(fact.name)) continue;
      for (const value of valuesOf(fact)) {
        const loaded = loadConfig({ args: [`--${fact.name}`, value], defaults: '' });
        if (!('fatal' in loaded)) continue;
        const { stderr, status } = spawnSync(command, ['--port', '0', `--${fact.name}`, value], {
          encoding: 'latin1',
          timeout: 5000,
        });
        const what = `--${fact.name} ${JSON.stringify(value)}`;
        // One that this version does not know is refused for that.
        if (!is72 && stderr.includes('Bad directive')) continue;
        assert.equal(status, 1, what);
        assert.equal(reasonOf(loaded.fatal), reasonOf(stderr), what);
        compared++;
      }
    }
  } finally {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  }
  assert(compared > 60, String(compared));
});

/** The last line: what is wrong. Above it are the version, the line and its number. */
function reasonOf(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
