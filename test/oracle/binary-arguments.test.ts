/*
 * Bytes of every kind wherever a client may put them: zero bytes, line ends, bytes beyond ASCII,
 * quotes, pattern characters and nothing at all, as keys, values, patterns, channels, names,
 * options and directives of every command. Replies and error texts are those of redis-server. Only
 * where a name or a number is expected does a zero byte end it in Redis, and not here
 * (DIFFERENCES.md).
 */

import { isVersionAtLeast, redisVersion } from '../helpers/redis-server.js';
import type { Equality } from './equality.js';
import { type OracleLine, type OracleTable, oracleSuite } from './harness.js';

const hasSetInfo = isVersionAtLeast(redisVersion ?? '0', '7.2');

/** Odd texts, one byte a character. */
const TEXTS: Readonly<Record<string, string>> = {
  'a zero byte': 'a\0b',
  'a line end': 'a\r\nb',
  'bytes beyond ASCII': '\xff\xfe\x80',
  'quotes and blanks': ' "a\' \\x00\t',
  'pattern characters': '*?[^-]\\',
  'an open bracket': '[a-',
  'most at once': '\r\n\xff*"\'\\',
  nothing: '',
};

/** `@` stands for the text; every line runs on both servers. */
const ON_STRINGS = [
  ...['SET @ @', 'GET @', 'STRLEN @', 'APPEND @ @', 'GETRANGE @ 0 -1', 'SETRANGE @ 1 @', 'GET @'],
  ...['GETSET @ @', 'SETNX @ @', 'SETEX @ 100 @', 'PSETEX @ 100000 @', 'TTL @', 'PERSIST @'],
  ...['MSET @ @ other @', 'MGET @ other @', 'MSETNX @ @', 'GETEX @ EX 100', 'GETDEL @', 'GET @'],
  ...['SET @ @ @', 'SET @ @ EX @', 'SETEX @ @ @', 'GETEX @ @', 'SET k v @ GET', 'INCR @', 'GET @'],
  ...['SET k @', 'INCR k', 'INCRBY k @', 'INCRBYFLOAT k @', 'INCRBYFLOAT k 1', 'DECRBY k @'],
  ...['GETRANGE k @ @', 'SETRANGE k @ @', 'SUBSTR @ 0 1', 'SET other @', 'LCS k other', 'LCS k @'],
  ...['LCS k other @', 'LCS k other IDX MINMATCHLEN @', 'SETBIT @ 1 1', 'SETBIT k @ 1'],
  ...['SETBIT k 1 @', 'GETBIT @ 1', 'GETBIT k @', 'BITCOUNT @', 'BITCOUNT k @ @', 'BITPOS k @'],
  ...['BITPOS k 1 0 -1 @', 'BITOP @ d k', 'BITOP NOT @ k', 'BITOP OR d @ k', 'GET d'],
  ...['BITFIELD k GET @ 0', 'BITFIELD k GET u8 @', 'BITFIELD k SET u8 0 @', 'BITFIELD k @'],
  ...['BITFIELD @ SET u8 0 65', 'BITFIELD_RO @ GET u8 0', 'BITFIELD k OVERFLOW @'],
];

const ON_KEYS = [
  ...['SET @ v', 'EXISTS @ @', 'TYPE @', 'TOUCH @', 'OBJECT ENCODING @', 'OBJECT REFCOUNT @'],
  ...['OBJECT @ k', 'OBJECT @', 'EXPIRE @ 100', 'EXPIRE @ @', 'EXPIRE @ 100 @', 'PEXPIREAT @ @'],
  ...['TTL @', 'PTTL missing@', 'EXPIRETIME missing@', 'PEXPIRETIME missing@', 'COPY @ c'],
  ...['COPY c @ REPLACE', 'COPY c @ @', 'COPY @ c DB @', 'MOVE @ @', 'MOVE @ 1', 'SELECT @'],
  ...['RENAME @ r@', 'RENAMENX r@ @', 'RENAME missing@ @', 'KEYS @', 'KEYS @*', 'KEYS *@*'],
  ...['SCAN 0 COUNT 1000 MATCH @', 'SCAN 0 COUNT 1000 MATCH *@*', 'SCAN @', 'SCAN 0 COUNT @'],
  ...['SCAN 0 TYPE @', 'SCAN 0 @ 1', 'DUMP missing@', 'RESTORE @ 0 @', 'RESTORE @ @ x'],
  ...['RESTORE n 0 x @', 'WATCH @', 'UNWATCH', 'DEL @', 'UNLINK @ r@', 'MEMORY USAGE missing@'],
  ...['MEMORY USAGE missing SAMPLES @', 'MEMORY @', 'SWAPDB @ 0', 'FLUSHDB @', 'FLUSHALL @'],
  ...['DBSIZE @', 'RANDOMKEY @', 'WAIT @ 0', 'WAIT 0 @'],
];

const ON_CONNECTIONS = [
  ...['PING @', 'ECHO @', 'CLIENT SETNAME @', 'CLIENT GETNAME', 'CLIENT SETNAME ok', 'CLIENT @'],
  ...['CLIENT SETINFO lib-name @', 'CLIENT SETINFO @ x', 'CLIENT KILL @', 'CLIENT KILL ID @'],
  ...['CLIENT KILL TYPE @', 'CLIENT KILL ADDR @', 'CLIENT KILL USER @', 'CLIENT KILL LADDR @'],
  ...['CLIENT KILL SKIPME @', 'CLIENT LIST TYPE @', 'CLIENT LIST ID @', 'CLIENT LIST @'],
  ...['CLIENT NO-EVICT @', 'CLIENT PAUSE @', 'CLIENT PAUSE 1 @', 'AUTH @', 'AUTH @ @', 'HELLO @'],
  ...['HELLO 3 AUTH @ @', 'HELLO 3 SETNAME @', 'HELLO 3 @', 'SELECT @', '@', '@ @ @', 'RESET @'],
  ...['PUBLISH @ @', 'PUBSUB CHANNELS @', 'PUBSUB NUMSUB @', 'PUBSUB @', 'MULTI', 'SET @ @'],
  ...['GET @', '@ @', 'EXEC', 'MULTI', 'SET @ @', 'GET @', 'EXEC', 'REPLICAOF @ @'],
  ...['REPLCONF @ @', 'REPLCONF listening-port @', 'SHUTDOWN @'],
];

const ON_THE_SERVER = [
  ...['CONFIG GET @', 'CONFIG GET *@*', 'CONFIG SET @ @', 'CONFIG SET maxmemory @'],
  ...['CONFIG SET appendonly @', 'CONFIG SET maxmemory-policy @', 'CONFIG SET save @'],
  ...['CONFIG SET slowlog-max-len @', 'CONFIG SET client-output-buffer-limit @', 'CONFIG @'],
  ...['CONFIG SET notify-keyspace-events @', 'CONFIG SET hz 10 @', 'CONFIG SET hz 10 @ @'],
  ...['COMMAND INFO @', 'COMMAND DOCS @', 'COMMAND GETKEYS GET @', 'COMMAND GETKEYS @ @'],
  ...['COMMAND LIST FILTERBY PATTERN @', 'COMMAND LIST FILTERBY @ @', 'COMMAND @'],
  ...['COMMAND LIST FILTERBY MODULE @', 'COMMAND LIST FILTERBY ACLCAT @', 'INFO @'],
  ...['SLOWLOG GET @', 'SLOWLOG @', 'LATENCY HISTORY @', 'LATENCY RESET @', 'LATENCY GRAPH @'],
  ...['LATENCY HISTOGRAM @', 'LATENCY @', 'DEBUG DIGEST-VALUE @', 'SAVE @'],
  ...['BGSAVE @', 'LASTSAVE @', 'TIME @', 'ROLE @', 'DEBUG PROTOCOL @'],
];

/** Values of directives that any text may have; put back afterwards. */
const DIRECTIVES = ['requirepass', 'masterauth', 'masteruser'];

/** Where a zero byte ends what Redis takes for a number. */
const IS_ENDED_BY_ZERO = /^SCAN @/;

function equality(template: string): Equality {
  // Connections have other numbers.
  if (template.startsWith('HELLO')) return 'approx';
  return /^(KEYS|SCAN|CONFIG GET|COMMAND|CLIENT LIST)/.test(template) ? 'sameSorted' : 'same';
}

function lines(templates: readonly string[], text: string): OracleLine[] {
  return templates
    .filter((template) => !text.includes('\0') || !IS_ENDED_BY_ZERO.test(template))
    .filter((template) => hasSetInfo || !template.startsWith('CLIENT SETINFO'))
    .filter((template) => text !== '' || template !== 'CONFIG GET *@*')
    .map((template) => ({
      run: template.split(' ').map((word) => word.replace('@', text)),
      equal: equality(template),
    }));
}

function directives(text: string): OracleLine[] {
  return DIRECTIVES.flatMap((name) => [
    { run: ['CONFIG', 'SET', name, text] },
    { run: ['CONFIG', 'GET', name] },
    { run: ['CONFIG', 'SET', name, ''] },
  ]);
}

const tables = Object.entries(TEXTS).flatMap(([name, text]): OracleTable[] => {
  const onData = [
    { name: `strings: ${name}`, lines: lines(ON_STRINGS, text) },
    { name: `keys: ${name}`, lines: lines(ON_KEYS, text) },
  ];
  if (text.includes('\0')) return onData;
  return [
    ...onData,
    { name: `connections: ${name}`, lines: lines(ON_CONNECTIONS, text) },
    { name: `the server: ${name}`, lines: [...lines(ON_THE_SERVER, text), ...directives(text)] },
  ];
});

oracleSuite('bytes of every kind', tables);
