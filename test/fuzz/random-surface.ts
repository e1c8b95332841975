/*
 * Random requests around the data: connections, messages, transactions, settings, questions about
 * commands and the server. Only those whose answers two servers must agree on; of the others, that
 * they are answered in kind. A row whose command is not there yet is never drawn.
 */

import type { Random } from '../helpers/random.js';
import { isVersionAtLeast, redisVersion } from '../helpers/redis-server.js';
import { missingCommands } from '../unit/commands/missing-commands.js';
import { ADDRESS_OF, ID_OF, type Request } from './program.js';
import { KEYS, makeData, PATTERNS } from './random-commands.js';
import type { Comparison } from './reply-comparison.js';

type Maker = (random: Random) => readonly string[];
type Row = readonly [weight: number, comparison: Comparison, make: Maker];

const missing = new Set(Object.values(missingCommands).flat());
const isSince72 = isVersionAtLeast(redisVersion ?? '0', '7.2');
/** Those that an older server does not know, and one that its RESET leaves on. */
const NEW_IN_72 = new Set(['client|no-touch', 'client|setinfo', 'waitaof', 'client|no-evict']);

const CHANNELS = ['c', 'd', 'chan:1', '', '\x00\xff', 'C', 'news.it'];
const GLOBS = ['*', 'c*', '?', '[cd]', 'chan:[0-9]', '', 'news.*', '[^c]', '\\*', '*\xff'];
const TYPES = ['normal', 'pubsub', 'PUBSUB', 'what', ''];
const NAMES = ['me', 'you', '', 'with blank', 'x\n', 'é', 'A'];
const NUMBERS = ['0', '1', '-1', '-2', '5', 'x', '', '99999999999999999999', '2147483648', '1.5'];

/** Settings that change nothing else here, each with values right and wrong. */
const SETTINGS: readonly (readonly [name: string, values: readonly string[]])[] = [
  ['slowlog-max-len', ['0', '128', '-1', 'x', '9223372036854775807', '9223372036854775808']],
  ['hz', ['1', '10', '500', '0', '501', '-5', '']],
  ['timeout', ['0', '100000', '-1', '2147483648', '2147483647']],
  ['lfu-log-factor', ['0', '10', '-1', '2147483648']],
  ['lfu-decay-time', ['0', '1', '-1']],
  ['maxmemory-policy', ['noeviction', 'allkeys-lfu', 'ALLKEYS-LRU', 'volatile-ttl', 'what', '']],
  ['lazyfree-lazy-user-del', ['yes', 'no', 'YES', '1', '']],
  ['latency-monitor-threshold', ['0', '-1', '100000000', 'x']],
  ['tcp-keepalive', ['300', '0', '-1']],
  ['save', ['', '3600000 1', '3600000 1 7200000 10', '1', 'x 1', '-1 1', '3600000  5']],
  ['repl-timeout', ['60', '0', '3600', '-1']],
  ['port ', ['1']],
  ['no-such-thing', ['1']],
  ['', ['']],
];

const SETTING_GLOBS = ['hz', 'HZ', 'lfu*', 'slowlog-*-len', 'nothing', '', 'maxmemory-p*', 'save'];

const name = (random: Random): string => random.pick(['a', 'b']);
const some = (random: Random, items: readonly string[], max = 3): string[] =>
  Array.from({ length: random.integer(0, max) }, () => random.pick(items));

function setting(random: Random): string[] {
  const [directive, values] = random.pick(SETTINGS);
  return [random.chance(0.1) ? directive.toUpperCase() : directive, random.pick(values)];
}

function killFilter(random: Random): string[] {
  const one = (): string[] =>
    random.pick([
      ['ID', ID_OF + name(random)],
      ['ID', random.pick(['0', '-1', 'x', '', '99999999999999999999'])],
      ['ADDR', ADDRESS_OF + name(random)],
      ['ADDR', random.pick(['', 'x', '127.0.0.1:1'])],
      ['TYPE', random.pick(TYPES.slice(1))],
      ['USER', random.pick(['nobody', ''])],
      ['SKIPME', random.pick(['yes', 'no', 'x'])],
      ['MAXAGE', '100000'],
      ['what', '1'],
      ['ID'],
    ]);
  // One that names a connection comes first: nothing else may be hit, the control least of all.
  if (random.chance(0.2)) return [ADDRESS_OF + name(random)];
  const first = random.pick([
    ['ID', ID_OF + name(random)],
    ['ADDR', ADDRESS_OF + name(random)],
    ['TYPE', 'pubsub'],
  ]);
  return [...first, ...(random.chance(0.5) ? one() : [])];
}

function listFilter(random: Random): string[] {
  return random.pick([
    ['TYPE', 'pubsub'],
    ['ID', ID_OF + name(random)],
    ['ID', ID_OF + name(random), '123456789'],
    ['ID', random.pick(NUMBERS.slice(2))],
    ['ID'],
    ['TYPE', random.pick(['what', ''])],
    ['what'],
  ]);
}

function hello(random: Random): string[] {
  const options = random.pick([
    [],
    [],
    ['SETNAME', random.pick(NAMES)],
    ['AUTH', 'default', 'x'],
    ['AUTH', 'default'],
    ['AUTH', 'nobody', 'x', 'SETNAME', 'me'],
    ['what'],
  ]);
  return ['HELLO', random.pick(['2', '3', '3', '2', '1', '4', 'x', '']), ...options];
}

function askForKeys(random: Random): string[] {
  const sub = random.pick(['GETKEYS', 'GETKEYSANDFLAGS']);
  if (random.chance(0.1)) return ['COMMAND', sub, random.pick(['GET', 'x', 'PING']), 'y'];
  const request = makeData(random);
  // An older server wants one argument more.
  return ['COMMAND', sub, ...request, ...(request.length === 1 && !isSince72 ? ['x'] : [])];
}

const ROWS: readonly Row[] = [
  [6, 'same', (r) => ['SUBSCRIBE', r.pick(CHANNELS), ...some(r, CHANNELS)]],
  [4, 'same', (r) => ['PSUBSCRIBE', r.pick(GLOBS), ...some(r, GLOBS)]],
  [4, 'same', (r) => ['UNSUBSCRIBE', ...some(r, CHANNELS)]],
  [4, 'same', (r) => ['PUNSUBSCRIBE', ...some(r, GLOBS)]],
  [24, 'same', (r) => ['PUBLISH', r.pick(CHANNELS), r.text(r.integer(0, 20))]],
  [2, 'sameSorted', (r) => ['PUBSUB', 'CHANNELS', ...some(r, GLOBS, 1)]],
  [2, 'same', (r) => ['PUBSUB', 'NUMSUB', ...some(r, CHANNELS)]],
  [2, 'same', () => ['PUBSUB', 'NUMPAT']],
  [1, 'same', (r) => ['PUBSUB', r.pick(['WHAT', '', 'NUMPAT ', 'CHANNELS']), 'x', 'y']],
  [6, 'same', (r) => ['WATCH', r.pick(KEYS), ...some(r, KEYS, 2)]],
  [2, 'same', () => ['UNWATCH']],
  [1, 'same', (r) => [r.pick(['EXEC', 'DISCARD'])]],
  [1, 'same', (r) => [r.pick(['EXEC', 'DISCARD', 'MULTI', 'WATCH', 'UNWATCH', 'RESET']), 'x']],
  [2, 'same', () => ['RESET']],
  [4, 'approx', hello],
  [2, 'same', (r) => ['PING', ...some(r, NAMES, 2)]],
  [1, 'same', (r) => ['ECHO', ...some(r, NAMES, 2)]],
  [1, 'same', (r) => ['SELECT', r.pick([...NUMBERS, '15', '16'])]],
  [1, 'same', (r) => ['SWAPDB', r.pick([...NUMBERS, '15']), r.pick(NUMBERS)]],
  [1, 'same', (r) => [r.pick(['FLUSHDB', 'FLUSHALL']), ...some(r, ['ASYNC', 'sync', 'x'], 2)]],
  [1, 'same', (r) => ['AUTH', ...some(r, ['default', 'x', ''], 3)]],
  [1, 'same', () => ['QUIT']],
  [3, 'same', (r) => ['CLIENT', 'SETNAME', r.pick(NAMES)]],
  [2, 'same', () => ['CLIENT', 'GETNAME']],
  [1, 'sameType', () => ['CLIENT', 'ID']],
  [4, 'clientLine', () => ['CLIENT', 'INFO']],
  [4, 'clientLine', (r) => ['CLIENT', 'LIST', ...listFilter(r)]],
  [2, 'same', (r) => ['CLIENT', 'KILL', ...killFilter(r)]],
  [1, 'same', (r) => ['CLIENT', 'NO-EVICT', r.pick(['on', 'OFF', 'x'])]],
  [2, 'same', (r) => ['CLIENT', 'NO-TOUCH', r.pick(['on', 'OFF', 'x'])]],
  [1, 'same', (r) => ['CLIENT', 'SETINFO', r.pick(['lib-name', 'LIB-VER', 'x']), r.pick(NAMES)]],
  [1, 'same', () => ['CLIENT', 'GETREDIR']],
  [1, 'same', () => ['CLIENT', 'TRACKINGINFO']],
  [1, 'same', (r) => ['CLIENT', 'UNBLOCK', r.pick([ID_OF + name(r), '0', 'x']), ...some(r, ['x'])]],
  [1, 'same', () => ['CLIENT', 'UNPAUSE']],
  [1, 'same', (r) => ['CLIENT', 'REPLY', r.pick(['ON', 'what', ''])]],
  [1, 'same', (r) => ['CLIENT', r.pick(['what', '', 'SETNAME', 'ID']), ...some(r, NAMES)]],
  [4, 'same', (r) => ['CONFIG', 'SET', ...setting(r), ...(r.chance(0.3) ? setting(r) : [])]],
  [4, 'sameSorted', (r) => ['CONFIG', 'GET', r.pick(SETTING_GLOBS), ...some(r, SETTING_GLOBS, 2)]],
  [1, 'same', (r) => ['CONFIG', r.pick(['RESETSTAT', 'GET', 'SET', 'what'])]],
  [4, 'same', askForKeys],
  [1, 'same', (r) => ['COMMAND', r.pick(['COUNT', 'what', 'GETKEYS']), 'x', 'y']],
  [1, 'same', () => ['COMMAND', 'INFO', 'nosuch', '']],
  [1, 'same', () => ['COMMAND', 'DOCS', 'nosuch']],
  [1, 'same', () => ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'xget*']],
  [
    1,
    'slowLog',
    (r) => ['SLOWLOG', ...r.pick([['LEN'], ['RESET'], ['GET'], ['GET', '-2'], ['x']])],
  ],
  [1, 'slowLog', (r) => ['SLOWLOG', 'GET', r.pick(NUMBERS)]],
  [1, 'same', (r) => ['LATENCY', ...r.pick([['RESET'], ['RESET', 'x'], ['LATEST'], ['x']])]],
  [1, 'same', (r) => ['LATENCY', 'HISTORY', ...some(r, ['command', 'x'], 2)]],
  [1, 'sameType', (r) => ['INFO', ...some(r, ['server', 'ALL', 'nothing', 'keyspace', ''])]],
  [1, 'sameType', (r) => ['INFO', r.pick(['nothing', 'modules '])]],
  [1, 'sameType', () => ['TIME']],
  [1, 'sameType', () => ['LASTSAVE']],
  [1, 'sameType', () => ['ROLE']],
  [1, 'sameType', () => ['LOLWUT']],
  [1, 'sameType', (r) => ['MEMORY', 'USAGE', r.pick(KEYS), ...some(r, ['SAMPLES', '5', '-1'], 2)]],
  // An odd argument behind USAGE may be a key.
  [1, 'sameType', (r) => ['MEMORY', r.pick(['what', '', 'USAGE'])]],
  [1, 'sameType', () => ['WAIT', '0', '0']],
  [1, 'same', (r) => ['WAIT', r.pick(['x', '']), r.pick(['0', '-1', 'x'])]],
  [1, 'same', (r) => ['WAITAOF', '1', '0', r.pick(['0', '-1', 'x'])]],
  [1, 'same', () => ['SHUTDOWN', 'ABORT']],
  [1, 'same', (r) => ['SHUTDOWN', 'what', ...some(r, ['NOW', 'NOSAVE', 'SAVE'])]],
  [1, 'approx', (r) => ['OBJECT', r.pick(['IDLETIME', 'ENCODING']), r.pick(KEYS)]],
  [1, 'sameType', (r) => ['OBJECT', 'FREQ', r.pick(KEYS)]],
  [1, 'same', (r) => ['OBJECT', r.pick(['what', '', 'FREQ']), ...some(r, KEYS)]],
  [1, 'same', (r) => ['SCAN', r.pick(['x', '1.5', '-']), 'COUNT', r.pick(NUMBERS)]],
  [1, 'scan', (r) => ['SCAN', '0', 'COUNT', '10000', 'TYPE', r.pick(['string', 'list', 'what'])]],
  [1, 'scan', (r) => ['SCAN', '0', 'MATCH', r.pick(PATTERNS), 'COUNT', '9999', 'TYPE', 'STRING']],
  [1, 'same', (r) => ['DBSIZE', 'x', ...some(r, NAMES)]],
  [1, 'same', (r) => [r.text(r.integer(0, 150), 33, 126), ...some(r, NAMES)]],
  [1, 'same', (r) => [r.text(r.integer(0, 20)), ...some(r, NAMES, 30)]],
];

/** Whether both servers have the command; what neither knows is as good as one that both do. */
export function isCommandThere(args: readonly string[]): boolean {
  const [head, sub = ''] = args.map((word) => word.toLowerCase());
  const names = [head, `${head}|${sub}`];
  if (!isSince72 && names.some((name) => NEW_IN_72.has(name))) return false;
  return !names.some((name) => missing.has(name));
}

const TOTAL_WEIGHT = ROWS.reduce((sum, [weight]) => sum + weight, 0);

export function randomSurfaceRequest(random: Random): Request {
  for (;;) {
    let roll = random.next() * TOTAL_WEIGHT;
    const row = ROWS.find(([weight]) => {
      roll -= weight;
      return roll < 0;
    });
    const [, comparison, make] = row ?? ROWS[0];
    const args = make(random);
    if (isCommandThere(args)) return { args, comparison };
  }
}
