/*
 * Runs a program on two servers in step and finds the first difference in what any connection was
 * sent. After a step its own answers have come, and a control connection has been answered since:
 * whatever the step caused on the other connections has been written by then.
 */

import { isVersionAtLeast, redisVersion } from '../helpers/redis-server.js';
import { type Reply, render } from '../helpers/resp-reply.js';
import { waitFor } from '../helpers/wait-for.js';
import { CLOSED, isMessage } from './event-connection.js';
import type { Name, Program, Request, Step } from './program.js';
import type { ProgramSide } from './program-side.js';
import { type Comparison, compareReplies, withoutHashOrder } from './reply-comparison.js';

export interface Difference {
  readonly reason: string;
  /** Position of the step in the program; its length for what was found after the end. */
  readonly step: number;
  readonly expected: string;
  readonly actual: string;
}

export interface Sides {
  readonly tandem: ProgramSide;
  readonly redis: ProgramSide;
}

/** What the runner knows of a connection of the program, the same on both servers. */
interface Progress {
  /** Requests that are answered by the events to come. */
  unanswered: Request[];
  /** What MULTI has queued, or null outside. */
  queue: Request[] | null;
  isOwed: boolean;
}

/** Older servers send a message to oneself in the middle of one's own reply. */
const keepsMessagesInOrder = isVersionAtLeast(redisVersion ?? '0', '7.2');

/** An event that has come on one server is waited for so long on the other. */
const LATENESS_MS = 1500;

const SUBSCRIBING = /^(P?(UN)?SUBSCRIBE)$/i;
const CLOSING = /^(QUIT|KILL|EXEC)$/i;

export class ProgramRunner {
  /** The one that runs. */
  step = 0;
  readonly #sides: Sides;
  readonly #program: Program;
  readonly #progress = new Map<Name, Progress>();

  constructor(sides: Sides, program: Program) {
    this.#sides = sides;
    this.#program = program;
  }

  async run(): Promise<Difference | null> {
    const { tandem, redis } = this.#sides;
    await Promise.all([tandem.startOver(), redis.startOver()]);
    for (const step of this.#program.steps) {
      const difference = await this.#runStep(step);
      if (difference !== null) return { ...difference, step: this.step };
      this.step++;
    }
    return null;
  }

  async #runStep(step: Step): Promise<Omit<Difference, 'step'> | null> {
    const { tandem, redis } = this.#sides;
    const sides = [tandem, redis];
    // All are there from the start on: requests name them, and they listen.
    for (const [name, protocol] of Object.entries(this.#program.protocols)) {
      await Promise.all(sides.map((side) => side.open(name, protocol)));
    }
    const progress = this.#progressOf(step.by);
    progress.unanswered.push(...step.requests);
    progress.isOwed = step.isDeferred === true;
    const answers = step.answers ?? countAnswers(step, progress.queue !== null);
    for (const [side, other] of [
      [tandem, redis],
      [redis, tandem],
    ] as const) {
      const requests = step.requests.map(({ args }) => side.fill(args, other));
      side.send(step.by, { requests, answers });
    }
    if (!progress.isOwed) {
      const [isOurs, isTheirs] = await Promise.all(
        sides.map((side) => side.waitForAnswers(step.by)),
      );
      if (isOurs !== isTheirs)
        return silence(isOurs ? 'redis-server' : 'Tandem', this.#showUnanswered(step.by));
      if (!isOurs) for (const side of sides) side.forgiveSilence(step.by);
    }
    const mayClose = step.requests.some(({ args }) => args.some((word) => CLOSING.test(word)));
    const rounds = mayClose || progress.isOwed ? 3 : 1;
    await Promise.all(sides.map((side) => side.settle(rounds)));
    for (const name of Object.keys(this.#program.protocols)) {
      const difference = await this.#compareEvents(name, step.answers !== undefined);
      if (difference !== null) return difference;
    }
    return null;
  }

  #progressOf(name: Name): Progress {
    const known = this.#progress.get(name);
    if (known) return known;
    const progress: Progress = { unanswered: [], queue: null, isOwed: false };
    this.#progress.set(name, progress);
    return progress;
  }

  #showUnanswered(name: Name): string {
    return this.#progressOf(name)
      .unanswered.map(({ args }) => args.join(' ').slice(0, 100))
      .join('; ');
  }

  async #compareEvents(name: Name, isUneven: boolean): Promise<Omit<Difference, 'step'> | null> {
    const { tandem, redis } = this.#sides;
    const progress = this.#progressOf(name);
    if (progress.isOwed) return null;
    // Who is not the one that asked is written to, and closed, a little later on a busy machine.
    const agree = (): boolean => tandem.waiting(name) === redis.waiting(name);
    if (!agree())
      await waitFor('as many events', agree, { timeoutMs: LATENESS_MS }).catch(() => {});
    const expected = inOrder(redis.takeEvents(name));
    const actual = inOrder(tandem.takeEvents(name));
    const requests = isUneven ? [] : progress.unanswered;
    progress.unanswered = [];
    const reason = compareSequences({ expected, actual, requests, progress });
    this.#rememberDumps(requests, { expected, actual });
    if (expected.includes(CLOSED)) progress.queue = null;
    if (reason === null) return null;
    return {
      reason: `on connection ${name}: ${reason}`,
      expected: expected.map(render).join('\n           ').slice(0, 1500),
      actual: actual.map(render).join('\n           ').slice(0, 1500),
    };
  }

  #rememberDumps(requests: readonly Request[], events: { expected: Reply[]; actual: Reply[] }) {
    if (requests.length !== 1 || requests[0].args[0] !== 'DUMP') return;
    const [[theirs], [ours]] = [events.expected, events.actual];
    if (theirs?.type === 'bulk') this.#sides.redis.dump = theirs.text;
    if (ours?.type === 'bulk') this.#sides.tandem.dump = ours.text;
  }
}

function silence(who: string, requests: string): Omit<Difference, 'step'> {
  return { reason: `${who} does not answer`, expected: 'an answer', actual: `none to ${requests}` };
}

/** A name in SUBSCRIBE is an answer of its own; inside MULTI there is one QUEUED for all. */
function countAnswers(step: Step, isQueueing: boolean): number {
  if (isQueueing) return step.requests.length;
  let count = 0;
  for (const { args } of step.requests)
    count += SUBSCRIBING.test(args[0]) ? Math.max(1, args.length - 1) : 1;
  return count;
}

function inOrder(events: readonly Reply[]): Reply[] {
  const sorted = keepsMessagesInOrder
    ? events
    : [...events.filter((event) => !isMessage(event)), ...events.filter(isMessage)];
  return withoutHashOrder(sorted);
}

function compareSequences(run: {
  expected: readonly Reply[];
  actual: readonly Reply[];
  requests: readonly Request[];
  progress: Progress;
}): string | null {
  const { expected, actual, requests, progress } = run;
  let answered = 0;
  for (const [i, reply] of expected.entries()) {
    if (i >= actual.length) break;
    const isAnswer = reply !== CLOSED && !isMessage(reply);
    // Several answers to one request are all its own.
    const asked = requests.length === 1 ? requests[0] : requests[answered];
    if (isAnswer) answered++;
    const reason =
      isAnswer && asked
        ? compareAnswer(asked, { expected: reply, actual: actual[i], progress })
        : compareReplies('same', reply, actual[i]);
    if (reason !== null) return `event ${i + 1} ${asked ? `(${asked.args[0]}) ` : ''}${reason}`;
  }
  if (expected.length !== actual.length)
    return `${actual.length} events came, not ${expected.length}`;
  return null;
}

function compareAnswer(
  asked: Request,
  answer: { expected: Reply; actual: Reply; progress: Progress },
): string | null {
  const { expected, actual, progress } = answer;
  const name = asked.args[0].toUpperCase();
  const queue = progress.queue;
  const status = expected.type === 'simple' ? expected.text : '';
  if (name === 'MULTI' && status === 'OK') progress.queue = [];
  else if (status === 'QUEUED') queue?.push(asked);
  else if (name === 'RESET' || (name === 'DISCARD' && status === 'OK')) progress.queue = null;
  if (name !== 'EXEC' || queue === null) return compareReplies(asked.comparison, expected, actual);
  const isRefused = expected.type === 'error' && !expected.text.startsWith('EXECABORT');
  if (!isRefused) progress.queue = null;
  return compareUnit(queue, expected, actual);
}

/** EXEC's replies, each as its own request wants it. */
function compareUnit(queue: readonly Request[], expected: Reply, actual: Reply): string | null {
  if (expected.type !== 'array' || actual.type !== 'array')
    return compareReplies('same', expected, actual);
  if (expected.items.length !== actual.items.length) return 'has another number of replies';
  for (const [i, item] of expected.items.entries()) {
    const comparison: Comparison = queue[i]?.comparison ?? 'same';
    const reason = compareReplies(comparison, item, actual.items[i]);
    if (reason !== null) return `reply ${i + 1} of EXEC (${queue[i]?.args[0]}) ${reason}`;
  }
  return null;
}
