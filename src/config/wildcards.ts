/*
 * File names for a pattern with `*`, `?` and `[…]`, as the shell finds them: sorted by their bytes,
 * a leading dot only where the pattern has one. For `include`, which must work on Node 20 (its fs
 * has no glob). Must know nothing of configurations.
 */

import { readdirSync, statSync } from 'node:fs';

export function hasWildcards(pattern: string): boolean {
  return /[*?[]/.test(pattern);
}

/** The existing paths that match; none is not an error. Unreadable folders count as empty. */
export function expandWildcards(pattern: string): string[] {
  const parts = pattern.split('/');
  let found = [''];
  parts.forEach((part, index) => {
    const isLast = index === parts.length - 1;
    const join = (base: string, name: string) => (index === 0 ? name : `${base}/${name}`);
    found = found.flatMap((base) => {
      if (!hasWildcards(part)) return [join(base, withoutEscapes(part))];
      const folder = index === 0 ? '.' : base === '' ? '/' : base;
      return matchingNames(folder, part).map((name) => join(base, name));
    });
    if (!isLast) return;
    found = found.filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
  });
  return found.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function matchingNames(folder: string, part: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  const expression = toExpression(part);
  const findsHidden = part.startsWith('.');
  return names.filter((name) => (findsHidden || !name.startsWith('.')) && expression.test(name));
}

function withoutEscapes(part: string): string {
  return part.replace(/\\(.)/g, '$1');
}

/**
 * One part of the pattern as a regular expression. A `[` that is never closed is an ordinary one.
 */
function toExpression(part: string): RegExp {
  const source = part.replace(
    /\\(.)|\[([!^]?)(\]?[^\]]*)\]|[*?]|[^\w]/g,
    (whole, escaped?: string, negation?: string, set?: string) => {
      if (whole === '*') return '.*';
      if (whole === '?') return '.';
      if (escaped !== undefined) return literal(escaped);
      if (set === undefined) return literal(whole);
      return `[${negation ? '^' : ''}${set.replace(/[\\\]^[]/g, '\\$&')}]`;
    },
  );
  return new RegExp(`^${source}$`, 's');
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
