/*
 * When what two servers sent counts as equal: the strengths of the oracle, and some that random
 * requests need besides. Orders that Redis takes from a hash table do not count. Pure.
 */

import type { Reply } from '../helpers/resp-reply.js';
import { findDifference } from '../oracle/equality.js';
import { subscriptionWord } from './event-connection.js';

/** How two replies to a request are compared. */
export type Comparison =
  | 'same'
  | 'sameSorted'
  | 'approx'
  /** Two replies of one type. */
  | 'sameType'
  /** The keys of SCAN, without order. */
  | 'scan'
  /** Lines of CLIENT LIST by what does not depend on the server. */
  | 'clientLine'
  /** Entries of the slow log by their arguments. */
  | 'slowLog';

/** Replies that hold times may differ by this much, in ms. */
const TIME_TOLERANCE_MS = 5000;

export function compareReplies(
  comparison: Comparison,
  expected: Reply,
  actual: Reply,
): string | null {
  if (expected.type === 'error' || expected.type === 'simple' || actual.type === 'error') {
    // A status is a word that both must say; of errors each character counts.
    if (comparison === 'sameType' && expected.type === 'simple' && actual.type === 'simple')
      return expected.text === 'QUEUED' ? same(expected, actual) : null;
    return same(expected, actual);
  }
  switch (comparison) {
    case 'sameType':
      return expected.type === actual.type ? null : 'is of another type';
    case 'scan':
      if (!('items' in expected) || !('items' in actual)) return 'is no scan reply';
      return find(expected.items[1], actual.items[1], 'sameSorted');
    case 'clientLine':
      return same(onlyFixedFields(expected), onlyFixedFields(actual));
    case 'slowLog':
      return same(onlyArguments(expected), onlyArguments(actual));
    default:
      return find(expected, actual, comparison);
  }
}

function same(expected: Reply, actual: Reply): string | null {
  return find(expected, actual, 'same');
}

function find(expected: Reply, actual: Reply, equal: 'same' | 'sameSorted' | 'approx') {
  return findDifference(expected, actual, { equal, tolerance: TIME_TOLERANCE_MS });
}

const FIXED = ['name', 'flags', 'db', 'sub', 'psub', 'multi', 'cmd', 'user', 'resp'];
const fixedField = new RegExp(`^(?:${FIXED.join('|')})=`);

/** Lines sorted, since their order is that of the ids of the connections in between. */
function onlyFixedFields(reply: Reply): Reply {
  if (!('text' in reply)) return reply;
  const lines = reply.text.split('\n').map((line) => {
    return line
      .split(' ')
      .filter((field) => fixedField.test(field))
      .join(' ');
  });
  return { type: 'bulk', text: lines.join('\n') };
}

function onlyArguments(reply: Reply): Reply {
  if (!('items' in reply)) return reply;
  const entries = reply.items.map((entry) => ('items' in entry ? entry.items[3] : entry));
  return { type: 'array', items: entries };
}

/**
 * The order of a hash table taken out of a sequence: of messages that one PUBLISH sends for several
 * patterns, and of channels that are left all at once (their counts stay where they are).
 */
export function withoutHashOrder(events: readonly Reply[]): Reply[] {
  const result: Reply[] = [];
  for (let from = 0; from < events.length; ) {
    const word = subscriptionWord(events[from]);
    let to = from + 1;
    const isRun = word === 'pmessage' || word === 'unsubscribe' || word === 'punsubscribe';
    while (isRun && to < events.length && subscriptionWord(events[to]) === word) to++;
    result.push(...sortRun(events.slice(from, to), word));
    from = to;
  }
  return result;
}

function sortRun(run: readonly Reply[], word: string): readonly Reply[] {
  if (run.length === 1) return run;
  const texts = (event: Reply): string[] =>
    'items' in event ? event.items.map((item) => ('text' in item ? item.text : '')) : [];
  if (word === 'pmessage') {
    const sorted = [...run];
    for (let from = 0; from < run.length; ) {
      let to = from + 1;
      const [, , channel, payload] = texts(run[from]);
      const isSame = ([, , other, text]: string[]) => other === channel && text === payload;
      while (to < run.length && isSame(texts(run[to]))) to++;
      sorted.splice(from, to - from, ...run.slice(from, to).sort(byTexts(texts)));
      from = to;
    }
    return sorted;
  }
  const names = run.map((event) => ('items' in event ? event.items[1] : event));
  const sortedNames = [...names].sort(byTexts((name) => ('text' in name ? [name.text] : [''])));
  return run.map((event, i) => {
    if (!('items' in event)) return event;
    return { ...event, items: [event.items[0], sortedNames[i], ...event.items.slice(2)] };
  });
}

function byTexts(texts: (reply: Reply) => string[]): (left: Reply, right: Reply) => number {
  return (left, right) => (texts(left).join('\n') < texts(right).join('\n') ? -1 : 1);
}
