/*
 * What the log says first. Supervisors, tools and Redis's own test suite wait for some of these
 * lines: ` PID: <pid>`, then `Server initialized`, then `Ready to accept connections`.
 */

import type { Config } from '../config/config.js';
import type { Log } from '../observability/log.js';

export interface BannerFacts {
  readonly version: string;
  readonly redisVersion: string;
  readonly pid: number;
  readonly port: number;
  readonly hasConfiguration: boolean;
  readonly executable: string;
  /** always-show-logo, or a terminal. */
  readonly showsLogo: boolean;
}

export function bannerFacts(options: {
  readonly config: Config;
  readonly version: string;
  readonly redisVersion: string;
  readonly hasConfiguration: boolean;
}): BannerFacts {
  const { config, ...facts } = options;
  const { values } = config;
  return {
    version: facts.version,
    redisVersion: facts.redisVersion,
    hasConfiguration: facts.hasConfiguration,
    pid: process.pid,
    port: values.port,
    executable: process.argv[1] ?? 'tandem-server',
    showsLogo: values['always-show-logo'] || (values.logfile === '' && process.stdout.isTTY),
  };
}

export function logStarting(log: Log, facts: BannerFacts): void {
  log.notice('oO0OoO0OoO0Oo Tandem is starting oO0OoO0OoO0Oo');
  log.notice(
    `Redis version=${facts.redisVersion}, bits=64, commit=00000000, modified=0, ` +
      `pid=${facts.pid}, just started`,
  );
  log.notice(`Tandem version=${facts.version}, node=${process.versions.node}`);
  if (facts.hasConfiguration) {
    log.notice('Configuration loaded');
  } else {
    log.warning(
      'Warning: no config file specified, using the default config. In order to specify a config ' +
        `file use ${facts.executable} /path/to/tandem.conf`,
    );
  }
}

export function logMode(log: Log, facts: BannerFacts): void {
  log.notice('monotonic clock: POSIX clock_gettime');
  if (!facts.showsLogo) {
    log.notice(`Running mode=standalone, port=${facts.port}.`);
    return;
  }
  const lines = [
    '',
    '     o     o',
    `    /|\\   /|\\      Tandem ${facts.version}`,
    `   ( o )=( o )     Redis ${facts.redisVersion} compatible, standalone mode`,
    `     Port: ${facts.port}`,
    `     PID: ${facts.pid}`,
    '',
  ];
  for (const line of lines) log.notice(line);
}
