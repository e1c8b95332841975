/*
 * What LATENCY GRAPH and DOCTOR say about the samples of the latency monitor, as text for people.
 * The graph is Redis's: a column for each sample, four rows in twelve steps, and below them how
 * long ago it was, written downwards. Pure. Must not know commands.
 */

import type { LatencySample, LatencySeries } from './latency-monitor.js';

const GRAPH_COLUMNS = 80;
const GRAPH_ROWS = 4;
/** The three steps of a row; a column that goes on above is a bar. */
const STEP_SIGNS = '_o#';
const STEPS = GRAPH_ROWS * STEP_SIGNS.length;

/** The graph of one event, headed by its figures. */
export function latencyGraph(name: string, series: LatencySeries, nowMs: number): string {
  const { samples, maxMs } = series;
  const values = samples.map(({ ms }) => ms);
  const high = Math.max(...values);
  const low = Math.min(...values);
  const lines = [
    `${name} - high ${high} ms, low ${low} ms (all time high ${maxMs} ms)`,
    '-'.repeat(GRAPH_COLUMNS),
  ];
  for (let from = 0; from < samples.length; from += GRAPH_COLUMNS) {
    if (from > 0) lines.push('');
    const shown = samples.slice(from, from + GRAPH_COLUMNS);
    lines.push(...barRows(shown, low, high), ' '.repeat(shown.length), ...ageRows(shown, nowMs));
  }
  return `${lines.join('\n')}\n`;
}

function barRows(samples: readonly LatencySample[], low: number, high: number): string[] {
  const range = high === low ? 1 : high - low;
  const steps = samples.map(({ ms }) => {
    return Math.min(Math.floor(((ms - low) * STEPS) / range), STEPS - 1);
  });
  return Array.from({ length: GRAPH_ROWS }, (_, row) => {
    const floor = (GRAPH_ROWS - 1 - row) * STEP_SIGNS.length;
    return steps.map((step) => (step < floor ? ' ' : (STEP_SIGNS[step - floor] ?? '|'))).join('');
  });
}

function ageRows(samples: readonly LatencySample[], nowMs: number): string[] {
  const ages = samples.map(({ atSeconds }) => age(Math.floor(nowMs / 1000) - atSeconds));
  const rows = Math.max(...ages.map(({ length }) => length));
  return Array.from({ length: rows }, (_, row) => ages.map((text) => text[row] ?? ' ').join(''));
}

function age(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

export interface DoctorFacts {
  readonly series: ReadonlyMap<string, LatencySeries>;
  readonly thresholdMs: number;
  /** Infinite when the slow log is off. */
  readonly slowLogFromMicroseconds: number;
  readonly nowMs: number;
}

/** The report of LATENCY DOCTOR: each event with its figures, and what to look at. */
export function latencyReport(facts: DoctorFacts): string {
  const { series, thresholdMs, nowMs } = facts;
  if (series.size === 0) {
    if (thresholdMs > 0) return 'No latency spike has been seen.\n';
    return (
      'The latency monitor is off. It is switched on with ' +
      '"CONFIG SET latency-monitor-threshold <milliseconds>".\n'
    );
  }
  const events = [...series].map(([name, one], i) => `${i + 1}. ${name}: ${figures(one, nowMs)}\n`);
  const advice = adviceFor(facts).map((text) => `- ${text}\n`);
  const parts = [
    'Latency spikes have been seen:\n\n',
    ...events,
    '\nWhat to look at:\n\n',
    ...advice,
  ];
  return parts.join('');
}

function figures({ samples, maxMs }: LatencySeries, nowMs: number): string {
  const count = samples.length;
  const average = Math.floor(samples.reduce((sum, { ms }) => sum + ms, 0) / count);
  const distances = samples.reduce((sum, { ms }) => sum + Math.abs(ms - average), 0);
  const sinceSeconds = Math.floor(nowMs / 1000) - (samples[0]?.atSeconds ?? 0);
  const period = Math.max(1, sinceSeconds) / count;
  return (
    `${count} latency spikes (average ${average}ms, mean deviation ` +
    `${Math.floor(distances / count)}ms, period ${period.toFixed(2)} sec). ` +
    `Worst all time event ${maxMs}ms.`
  );
}

function adviceFor({ series, thresholdMs, slowLogFromMicroseconds }: DoctorFacts): string[] {
  const advice: string[] = [];
  if (series.has('command')) {
    if (slowLogFromMicroseconds > thresholdMs * 1000 && thresholdMs > 0) {
      advice.push(
        'The slow log does not show commands as short as these: ' +
          `"CONFIG SET slowlog-log-slower-than ${thresholdMs * 1000}" changes that.`,
      );
    }
    advice.push('SLOWLOG GET shows which commands took long, with their arguments.');
  }
  if (series.has('fast-command')) {
    advice.push(
      'Commands that are fast by nature took long: look for other programs that take the ' +
        'processor, for swapping, and at the processors that a container may use.',
    );
  }
  if (series.has('expire-cycle')) {
    advice.push('Many keys expire at the same time: spread their deadlines, or raise hz.');
  }
  if (series.has('fork')) {
    advice.push('Starting snapshots takes long: save less often, or give the machine more memory.');
  }
  return advice;
}
