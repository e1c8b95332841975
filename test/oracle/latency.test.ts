/*
 * LATENCY against redis-server: its replies, errors, and what a slow command leaves in the monitor.
 * The words of LATENCY DOCTOR are our own.
 */

import { oracleSuite } from './harness.js';

const everySecond = { equal: 'approx', tolerance: 60 } as const;

oracleSuite('latency monitor', [
  {
    name: 'without events, and errors',
    lines: [
      'CONFIG SET latency-monitor-threshold 0',
      'CONFIG SET latency-monitor-threshold -1',
      'LATENCY RESET nothing',
      'LATENCY',
      'LATENCY NOSUCH',
      'LATENCY LATEST',
      'LATENCY LATEST x',
      'LATENCY HISTORY',
      'LATENCY HISTORY command',
      'LATENCY HISTORY a b',
      'LATENCY GRAPH',
      'LATENCY GRAPH nothing',
      'LATENCY GRAPH "a\\r\\nb"',
      'LATENCY DOCTOR x',
      'LATENCY HISTOGRAM nosuch config|nosuch',
      'LATENCY HELP x',
      'COMMAND INFO latency|doctor latency|histogram latency|latest',
    ],
  },
  {
    name: 'what a slow command leaves behind',
    lines: [
      'DEBUG SLEEP 0.05',
      'LATENCY LATEST',
      'CONFIG SET latency-monitor-threshold 40',
      'DEBUG SLEEP 0.05',
      { run: 'LATENCY LATEST', ...everySecond },
      { run: 'LATENCY HISTORY command', ...everySecond },
      { run: 'LATENCY GRAPH command', ...everySecond },
      'LATENCY HISTORY Command',
      'LATENCY GRAPH Command',
      'LATENCY HISTORY fast-command',
      'CONFIG SET latency-monitor-threshold 0',
      'LATENCY RESET nothing Command command',
      'LATENCY RESET',
      'LATENCY LATEST',
    ],
  },
  {
    name: 'histograms: which commands have one',
    lines: [
      'CONFIG RESETSTAT',
      'SET k v',
      'CLIENT GETNAME',
      { run: 'LATENCY HISTOGRAM set', equal: 'approx', tolerance: 1_000_000 },
      { run: 'LATENCY HISTOGRAM set nosuch client SET', equal: 'approx', tolerance: 1_000_000 },
      { run: 'LATENCY HISTOGRAM client|getname', equal: 'approx', tolerance: 1_000_000 },
      'LATENCY HISTOGRAM get',
    ],
  },
]);
