/*
 * What a part of the benchmark gets: who is compared, how often and how large, and where its rows
 * go. Also the ways of measuring that several parts share.
 */

import type { ServerOptions, ServerProcess } from '../test/helpers/server-process.js';
import type { Contender } from './contenders.js';
import type { Report } from './report.js';

export interface Bench {
  readonly contenders: readonly Contender[];
  readonly report: Report;
  readonly rounds: number;
  /** What is measured with fewer keys and in less time when somebody waits. */
  readonly isQuick: boolean;
  /** Keys of a large data set: `full` of them, or as few as `--quick` or a smoke needs. */
  keys(full: number): number;
  /** How long something is watched, scaled less than that. */
  ms(full: number): number;
  /** Requests of a round, scaled still less: too few would be the compiler's warming up. */
  requests(full: number): number;
}

export interface Part {
  readonly name: string;
  run(bench: Bench): Promise<void>;
}

/** Figures of one round, by what they say. */
export type Figures = Readonly<Record<string, number>>;

/** Starts all contenders, runs, stops them, however it ends. */
export async function withServers<T>(
  { contenders }: Bench,
  options: ServerOptions,
  run: (servers: readonly ServerProcess[]) => Promise<T>,
): Promise<T> {
  const servers: ServerProcess[] = [];
  try {
    for (const contender of contenders) servers.push(await contender.start(options));
    return await run(servers);
  } finally {
    for (const server of servers) await server.stop();
  }
}

/**
 * Measures each contender in turn, round after round, so that all meet the same hour; adds a row
 * for each figure named in `units`. `warmUps` rounds before do not count.
 */
export async function compare<T extends { readonly name: string }>(
  bench: Bench,
  options: {
    part: string;
    what: string;
    units: Readonly<Record<string, string>>;
    contenders: readonly T[];
    warmUps?: number;
    measure: (contender: T) => Promise<Figures>;
  },
): Promise<void> {
  const { part, what, units, contenders, warmUps = 0, measure } = options;
  const rounds: Rounds = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = -warmUps; round < bench.rounds; round++) {
    for (const contender of contenders) {
      const figures = await measure(contender);
      if (round >= 0) rounds.get(contender.name)?.push(figures);
    }
  }
  addRows(bench, { part, what, units, rounds });
}

/** The figures of each round, by contender. */
export type Rounds = ReadonlyMap<string, Figures[]>;

/** A row for each figure named in `units`. */
export function addRows(
  { report }: Bench,
  options: { part: string; what: string; units: Readonly<Record<string, string>>; rounds: Rounds },
): void {
  const { part, what, units, rounds } = options;
  for (const [name, unit] of Object.entries(units)) {
    const figures = Object.fromEntries(
      [...rounds].map(([who, all]) => [who, all.map((round) => round[name] ?? Number.NaN)]),
    );
    report.add({ part, what: `${what}: ${name}`, unit, figures });
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
