/*
 * LATENCY: what the latency monitor has seen, and how the times of each command are spread. What it
 * says in words and pictures is made in observability/ and handed in.
 */

import type { LatencyHistogram } from '../observability/stats-latency.js';
import type { Arguments } from '../resp/arguments.js';
import { type CommandFlag, type Context, defineCommands } from './command.js';
import type { Command } from './command-table.js';
import { replyHelp } from './server-arguments.js';
import * as errors from './server-errors.js';

const flags: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale'];
const group = 'server';
const since = '2.8.13';
const tips = [
  'nondeterministic_output',
  'request_policy:all_nodes',
  'response_policy:special',
] as const;

export const latencyCommands = defineCommands([
  {
    name: 'latency',
    arity: -2,
    flags: [],
    group,
    since,
    summary: 'Holds the commands about the latency monitor.',
    subcommands: [
      {
        name: 'latency|doctor',
        arity: 2,
        flags,
        group,
        since,
        summary: 'Tells in words what the latency monitor has seen.',
        complexity: 'O(1)',
        tips,
        run: (ctx) => ctx.reply.verbatim('txt', ctx.services.latencyTexts.report()),
      },
      {
        name: 'latency|graph',
        arity: 3,
        flags,
        group,
        since,
        summary: 'Draws the samples of an event.',
        complexity: 'O(1)',
        tips,
        syntax: 'event',
        run: graph,
      },
      {
        name: 'latency|help',
        arity: 2,
        flags: ['loading', 'stale'],
        group,
        since,
        summary: 'Lists the subcommands.',
        complexity: 'O(1)',
        run: (ctx, args) => replyHelp(ctx, args, help),
      },
      {
        name: 'latency|histogram',
        arity: -2,
        flags,
        group,
        since: '7.0.0',
        summary: 'Shows how the times of commands are spread.',
        complexity: 'O(N), N being the number of commands shown',
        tips,
        syntax: '[command...]',
        run: histogram,
      },
      {
        name: 'latency|history',
        arity: 3,
        flags,
        group,
        since,
        summary: 'Shows the samples of an event.',
        complexity: 'O(1)',
        tips,
        syntax: 'event',
        run: history,
      },
      {
        name: 'latency|latest',
        arity: 2,
        flags,
        group,
        since,
        summary: 'Shows the latest sample of each event, and the worst.',
        complexity: 'O(1)',
        tips,
        run: latest,
      },
      {
        name: 'latency|reset',
        arity: -2,
        flags,
        group,
        since,
        summary: 'Forgets the samples of events, or of all.',
        complexity: 'O(1)',
        tips: ['request_policy:all_nodes', 'response_policy:agg_sum'],
        syntax: '[event...]',
        run: reset,
      },
    ],
  },
]);

function graph(ctx: Context, args: Arguments): void {
  const text = ctx.services.latencyTexts.graph(args.text(2));
  if (text === null) return ctx.reply.error(errors.noLatencySamples(args.text(2)));
  ctx.reply.verbatim('txt', text);
}

function history({ reply, services }: Context, args: Arguments): void {
  const samples = services.latency.series.get(args.text(2))?.samples ?? [];
  reply.array(samples.length);
  for (const { atSeconds, ms } of samples) {
    reply.array(2);
    reply.integer(atSeconds);
    reply.integer(ms);
  }
}

function latest({ reply, services }: Context): void {
  const { series } = services.latency;
  reply.array(series.size);
  for (const [name, { samples, maxMs }] of series) {
    const last = samples.at(-1);
    reply.array(4);
    reply.bulkLatin1(name);
    reply.integer(last?.atSeconds ?? 0);
    reply.integer(last?.ms ?? 0);
    reply.integer(maxMs);
  }
}

function reset({ reply, services }: Context, args: Arguments): void {
  const { latency } = services;
  if (args.count === 2) return reply.integer(latency.resetAll());
  let resets = 0;
  for (let i = 2; i < args.count; i++) resets += latency.reset(args.text(i));
  reply.integer(resets);
}

function histogram({ reply, services }: Context, args: Arguments): void {
  const { commands, stats } = services;
  const asked: Command[] = [];
  for (let i = 2; i < args.count; i++) {
    const command = commands.byName(args.text(i));
    if (command !== null) asked.push(command, ...command.subcommands);
  }
  const shown: [string, LatencyHistogram][] = [];
  for (const { name, index } of args.count === 2 ? commands.all : asked) {
    const times = stats.latencies[index];
    if (times) shown.push([name, times]);
  }
  reply.map(shown.length);
  for (const [name, times] of shown) {
    const spread = times.cumulative();
    reply.bulkLatin1(name);
    reply.map(2);
    reply.bulkLatin1('calls');
    reply.integer(times.total);
    reply.bulkLatin1('histogram_usec');
    reply.map(spread.length);
    for (const [microseconds, count] of spread) {
      reply.integer(microseconds);
      reply.integer(count);
    }
  }
}

const help = [
  'DOCTOR',
  '    Tells in words what the latency monitor has seen.',
  'GRAPH <event>',
  '    Draws the samples of <event>.',
  'HISTORY <event>',
  '    Shows the samples of <event>: unix seconds and milliseconds.',
  'LATEST',
  '    Shows the latest sample of each event, and the worst.',
  'RESET [<event> ...]',
  '    Forgets the samples of events, or of all.',
  'HISTOGRAM [<command> ...]',
  '    Shows how the times of commands are spread: how many took at most so many microseconds.',
];
