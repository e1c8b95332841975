/*
 * What a random program is: steps in a known order, each by one of a few connections, each waited
 * for before the next. And how it is shown, as lines of a table of test/oracle.
 */

import { quote } from '../helpers/resp-reply.js';
import type { Comparison } from './reply-comparison.js';

export interface Request {
  readonly args: readonly string[];
  readonly comparison: Comparison;
}

/** A name such as `a`. */
export type Name = string;

export interface Step {
  readonly by: Name;
  /** Sent in one write. Without any the step only waits for what an earlier one is owed. */
  readonly requests: readonly Request[];
  /** Answers to wait for when there are fewer than requests: some are not given. */
  readonly answers?: number;
  /** The answer comes later, when another connection has let it go on. */
  readonly isDeferred?: boolean;
}

export interface Program {
  readonly steps: readonly Step[];
  /** The protocol that each connection starts with. */
  readonly protocols: Readonly<Record<Name, 2 | 3>>;
}

/**
 * Arguments that each server gets its own text for: the id or the address of a connection, the
 * last reply of DUMP, that of the other server.
 */
export const ID_OF = 'id-of:';
export const ADDRESS_OF = 'address-of:';
export const OWN_DUMP = 'own-dump:';
export const OTHER_DUMP = 'other-dump:';

export function request(comparison: Comparison, ...args: string[]): Request {
  return { args, comparison };
}

export function countRequests(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + step.requests.length, 0);
}

/** One line for each request, in the words of test/oracle. */
export function showSteps(steps: readonly Step[]): string {
  const lines = steps.flatMap(({ by, requests, isDeferred }) =>
    requests.map(({ args }) => {
      const line = args.map(showArgument).join(' ').replaceAll('\\', '\\\\').replaceAll("'", "\\'");
      return `  { by: '${by}', run: '${line}' },${isDeferred ? ' // answered later' : ''}`;
    }),
  );
  return lines.join('\n');
}

function showArgument(text: string): string {
  return /^[\w:*.#-]+$/.test(text) ? text : quote(text);
}
