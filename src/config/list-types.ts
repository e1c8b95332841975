/*
 * The value types of directives whose value is a list of words: save points, output buffer limits,
 * addresses, the primary to follow, percentiles, shutdown flags, and the letters of keyspace
 * events. Same rules as the scalar types: Redis's values, texts and error words.
 */

import { quoteText } from '../structures/quoted-text.js';
import { splitWords } from '../structures/words.js';
import type { WordsType, WordType } from './directive.js';
import {
  inLargestUnit,
  mustBeOneOf,
  parseLooseInteger,
  parseMemory,
  UINT64_MAX,
} from './scalar-types.js';

/** A snapshot is due `seconds` after the last one when at least `changes` happened since. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

export const savePoints: WordsType<readonly SavePoint[]> = {
  takesWords: true,
  parse(words) {
    if (words.length === 1 && words[0] === '') return { value: [], text: '' };
    if (words.length % 2 !== 0) return { error: 'Invalid save parameters' };
    const points: SavePoint[] = [];
    for (let i = 0; i < words.length; i += 2) {
      const [seconds = null, changes = null] = words.slice(i, i + 2).map(parseLooseInteger);
      if (seconds === null || changes === null || seconds < 1n || changes < 0n) {
        return { error: 'Invalid save parameters' };
      }
      // Redis keeps the changes as a 32-bit int.
      const changes32 = BigInt.asIntN(32, changes);
      points.push({ seconds: Number(seconds), changes: Number(changes32) });
    }
    return { value: points, text: savePoints.format(points) };
  },
  format: (points) => points.map((p) => `${secondsText(p.seconds)} ${p.changes}`).join(' '),
  write(points) {
    if (points.length === 0) return ['""'];
    // Read back, what is negative in 32 bits would be refused; its 32 bits are not.
    return points.map(({ seconds, changes }) => `${secondsText(seconds)} ${changes >>> 0}`);
  },
  accumulate: (earlier, later) => (later.length === 0 ? [] : [...earlier, ...later]),
};

/** Whole digits, and at the end of the 64 bits theirs, not those of the double beside it. */
function secondsText(seconds: number): string {
  return String(BigInt.asIntN(64, BigInt(seconds) - (seconds >= 2 ** 63 ? 1n : 0n)));
}

/** 0 = no limit. The soft limit closes a client that stays above it for `softSeconds`. */
export interface OutputLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

export interface OutputLimits {
  readonly normal: OutputLimit;
  readonly replica: OutputLimit;
  readonly pubsub: OutputLimit;
}

const outputClasses: ReadonlyMap<string, keyof OutputLimits> = new Map([
  ['normal', 'normal'],
  ['slave', 'replica'],
  ['replica', 'replica'],
  ['pubsub', 'pubsub'],
]);

export const outputLimits: WordsType<OutputLimits> = {
  takesWords: true,
  parse(words, previous) {
    if (words.length % 4 !== 0) {
      return { error: 'Wrong number of arguments in buffer limit configuration.' };
    }
    const limits = { ...previous };
    for (let i = 0; i < words.length; i += 4) {
      const [name = '', hard = '', soft = '', seconds = ''] = words.slice(i, i + 4);
      const outputClass = outputClasses.get(name.toLowerCase());
      if (outputClass === undefined) {
        return { error: 'Invalid client class specified in buffer limit configuration.' };
      }
      const hardBytes = parseMemory(hard);
      const softBytes = parseMemory(soft);
      const softSeconds = parseLooseInteger(seconds);
      if (hardBytes === null || softBytes === null || softSeconds === null || softSeconds < 0n) {
        return {
          error: 'Error in hard, soft or soft_seconds setting in buffer limit configuration.',
        };
      }
      limits[outputClass] = {
        hardBytes: Number(hardBytes),
        softBytes: Number(softBytes),
        softSeconds: Number(BigInt.asIntN(32, softSeconds)),
      };
    }
    return { value: limits, text: outputLimits.format(limits) };
  },
  format({ normal, replica, pubsub }) {
    const show = (name: string, { hardBytes, softBytes, softSeconds }: OutputLimit) =>
      `${name} ${BigInt(hardBytes)} ${BigInt(softBytes)} ${softSeconds}`;
    return [show('normal', normal), show('slave', replica), show('pubsub', pubsub)].join(' ');
  },
  write: (limits) =>
    (['normal', 'replica', 'pubsub'] as const).map((name) => {
      const { hardBytes, softBytes, softSeconds } = limits[name];
      return `${name} ${writeSize(hardBytes)} ${writeSize(softBytes)} ${softSeconds >>> 0}`;
    }),
};

/** The largest size is above 2^53 and was rounded up: beyond what can be read back. */
function writeSize(bytes: number): string {
  const exact = BigInt(bytes);
  return inLargestUnit(exact > UINT64_MAX ? UINT64_MAX : exact);
}

/** Addresses that `bind` may name. Redis: CONFIG_BINDADDR_MAX. */
const BIND_ADDRESSES_MAX = 16;

/** Addresses to listen on. A leading '-' means: do without when it is not there. None = nothing. */
export const bindAddresses: WordsType<readonly string[]> = {
  takesWords: true,
  parse(words) {
    if (words.length > BIND_ADDRESSES_MAX) return { error: 'Too many bind addresses specified.' };
    const value = words.length === 1 && words[0] === '' ? [] : [...words];
    return { value, text: value.join(' ') };
  },
  format: (addresses) => addresses.join(' '),
  write(addresses) {
    const [word = '', ...more] = addresses;
    if (more.length > 0) return [addresses.map(asWord).join(' ')];
    // A word that stands alone is taken apart once more when it is read.
    const once = asWord(word);
    return [once === word || word === '' ? once : quoteText(once)];
  },
};

/** The word itself where it is read back as one word, else in quotes. */
function asWord(word: string): string {
  const words = splitWords(word);
  return words?.length === 1 && words[0] === word ? word : quoteText(word);
}

/** The primary to follow, or null. */
export interface PrimaryAddress {
  readonly host: string;
  readonly port: number;
}

export const primaryAddress: WordsType<PrimaryAddress | null> = {
  takesWords: true,
  parse(words) {
    const [host, portText, ...more] = words;
    if (host === undefined || portText === undefined || more.length > 0) {
      return { error: 'wrong number of arguments' };
    }
    if (host.toLowerCase() === 'no' && portText.toLowerCase() === 'one') {
      return { value: null, text: '' };
    }
    const port = parseLooseInteger(portText);
    if (port === null || port < 0n || port > 65535n) return { error: 'Invalid master port' };
    const value = { host, port: Number(port) };
    return { value, text: primaryAddress.format(value) };
  },
  format: (primary) => (primary === null ? '' : `${primary.host} ${primary.port}`),
  write: (primary) => (primary === null ? [] : [`${asWord(primary.host)} ${primary.port}`]),
};

/** Percentiles, each between 0 and 100. */
export const percentiles: WordsType<readonly number[]> = {
  takesWords: true,
  parse(words) {
    const given = words.length === 1 && words[0] === '' ? [] : words;
    const value: number[] = [];
    for (const word of given) {
      const percentile = parsePercentile(word);
      if (Number.isNaN(percentile)) {
        return { error: 'Invalid latency-tracking-info-percentiles parameters' };
      }
      if (percentile > 100 || percentile < 0) {
        return {
          error: 'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]',
        };
      }
      value.push(percentile);
    }
    return { value, text: percentiles.format(value) };
  },
  format: (values) => values.map(formatPercentile).join(' '),
  write: (_, text) => [text === '' ? '""' : text],
};

/**
 * NaN where strtod would leave something over. Hexadecimal integers are read, its fractions not.
 */
function parsePercentile(word: string): number {
  if (/^[+-]?inf(inity)?$/i.test(word)) return word.startsWith('-') ? -Infinity : Infinity;
  const isDecimal = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(word);
  if (isDecimal || /^0x[0-9a-f]+$/i.test(word)) return Number(word);
  return Number.NaN;
}

/** Six digits after the point, then without zeros at the end: `99.9`, `50`. */
/** As CONFIG GET and INFO show it. */
export function formatPercentile(value: number): string {
  return value.toFixed(6).replace(/\.?0+$/, '');
}

/** What SIGINT or SIGTERM does, in the words of the SHUTDOWN command. */
export interface ShutdownFlags {
  readonly save: 'default' | 'save' | 'nosave';
  readonly isNow: boolean;
  readonly isForced: boolean;
}

const shutdownWords = ['default', 'save', 'nosave', 'now', 'force'];

export const shutdownFlags: WordsType<ShutdownFlags> = {
  takesWords: true,
  parse(words) {
    const given = words.map((word) => word.toLowerCase());
    if (given.length === 0 || given.some((word) => !shutdownWords.includes(word))) {
      return { error: mustBeOneOf(shutdownWords) };
    }
    const mustSave = given.includes('save');
    if (mustSave && given.includes('nosave')) {
      return { error: "shutdown options SAVE and NOSAVE can't be used simultaneously" };
    }
    const save = mustSave ? 'save' : given.includes('nosave') ? 'nosave' : 'default';
    const value: ShutdownFlags = {
      save,
      isNow: given.includes('now'),
      isForced: given.includes('force'),
    };
    return { value, text: shutdownFlags.format(value) };
  },
  format({ save, isNow, isForced }) {
    const words: string[] = save === 'default' ? [] : [save];
    if (isNow) words.push('now');
    if (isForced) words.push('force');
    return words.length === 0 ? 'default' : words.join(' ');
  },
};

/** Adjustments of the kernel's out-of-memory score: primary, replica, child. */
export const oomScores: WordsType<readonly number[]> = {
  takesWords: true,
  parse(words) {
    if (words.length !== 3) return { error: 'wrong number of arguments' };
    const value: number[] = [];
    for (const word of words) {
      const score = parseLooseInteger(word);
      if (score === null || score < -2000n || score > 2000n) {
        return {
          error: 'Invalid oom-score-adj-values, elements must be between -2000 and 2000.',
        };
      }
      value.push(Number(score));
    }
    return { value, text: value.join(' ') };
  },
  format: (values) => values.join(' '),
};

/** Classes that `A` stands for, in the order in which they are shown. */
const ALL_EVENT_CLASSES = 'g$lshzxetd';

/** The letters of keyspace events in the order in which CONFIG GET shows them; '' = off. */
export const eventClasses: WordType<string> = {
  takesWords: false,
  parse(word) {
    if (/[^Ag$lshzxeKEtmdn]/.test(word)) {
      return { error: "Invalid event class character. Use 'Ag$lshzxeKEtmdn'." };
    }
    const given = new Set(word.replaceAll('A', ALL_EVENT_CLASSES));
    const hasAll = [...ALL_EVENT_CLASSES].every((letter) => given.has(letter));
    // `n` (a key is new) is no part of A, and Redis does not show it beside A. The value keeps it.
    const classes = [...`${ALL_EVENT_CLASSES}nKEm`].filter((letter) => given.has(letter)).join('');
    const others = [...'KEm'].filter((letter) => given.has(letter)).join('');
    return { value: classes, text: hasAll ? `A${others}` : classes };
  },
  format(classes) {
    const parsed = eventClasses.parse(classes);
    return 'text' in parsed ? parsed.text : '';
  },
  // With the `n` that is not shown beside A: a restart must not switch it off.
  write: (classes, text) => [
    quoteText(text.includes('A') && classes.includes('n') ? `${text}n` : text),
  ],
};
