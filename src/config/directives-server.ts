/*
 * The directives of the process: how it starts and stops, whom it lets in, and what it tells about
 * itself.
 */

import { directive } from './directive.js';
import { eventClasses, oomScores, percentiles, shutdownFlags } from './list-types.js';
import { refuseTitleTemplate } from './process-title.js';
import { INT32_MAX, INT64_MAX, integer, oneOf, path, text, yesNo } from './scalar-types.js';

/** A CPU list that Redis binds threads to; Node cannot. */
const cpuList = {
  initial: '',
  mutable: 'no',
  apply: 'kept',
  prose: 'CPUs for some threads. Node cannot choose them: use taskset.',
} as const;

const protectedAction = oneOf(['no', 'yes', 'local']);

/** Redis accepts any hz and then uses one between these. */
const clampHz = (hz: number) => Math.min(Math.max(hz, 1), 500);

export const serverDirectives = [
  directive('daemonize', yesNo, {
    initial: false,
    mutable: 'no',
    apply: 'start',
    prose:
      'Go on in the background, in a session of its own; without a logfile nothing is logged then.',
  }),
  directive('supervised', oneOf(['upstart', 'systemd', 'auto', 'no']), {
    initial: 'no',
    mutable: 'no',
    apply: 'start',
    prose:
      'Tell a service manager when the server is ready: upstart, systemd (its program' +
      ' systemd-notify is called: set NotifyAccess=all), auto for whichever is there.',
  }),
  directive('pidfile', path(), {
    initial: '',
    mutable: 'no',
    apply: 'start',
    prose: 'A file for the process id, removed at shutdown. Empty: none.',
  }),
  directive('databases', integer({ min: 1, max: INT32_MAX }), {
    initial: 16,
    mutable: 'no',
    apply: 'start',
    prose: 'The number of databases that SELECT chooses from.',
  }),
  directive('loglevel', oneOf(['debug', 'verbose', 'notice', 'warning', 'nothing']), {
    initial: 'notice',
    mutable: 'yes',
    apply: 'hook',
    prose: 'The lowest level that is logged.',
  }),
  directive('logfile', path(), {
    initial: '',
    defaultLine: 'kept',
    mutable: 'no',
    apply: 'start',
    prose: 'The file that log lines are added to. Empty: standard output.',
  }),
  directive('log-format', oneOf(['text', 'json']), {
    initial: 'text',
    mutable: 'yes',
    apply: 'hook',
    prose: "Log lines in Redis's own format, or one JSON object a line. Redis does not know it.",
  }),
  directive('always-show-logo', yesNo, {
    initial: false,
    mutable: 'no',
    apply: 'start',
    prose: 'Show a logo at start even when nobody is there to see it.',
  }),
  directive('syslog-enabled', yesNo, {
    initial: false,
    mutable: 'no',
    apply: 'kept',
    prose: 'Log to syslog as well. Not done here: pipe the output to logger.',
  }),
  directive('syslog-ident', text(), {
    initial: 'redis',
    mutable: 'no',
    apply: 'kept',
    prose: 'The name used there.',
  }),
  directive(
    'syslog-facility',
    oneOf(['user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7']),
    {
      initial: 'local0',
      mutable: 'no',
      apply: 'kept',
      prose: 'The facility used there.',
    },
  ),
  directive('crash-log-enabled', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'read',
    prose: 'Log a report when the process crashes: state, clients and the running command.',
  }),
  directive('crash-memcheck-enabled', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Check the memory then.',
  }),
  directive('use-exit-on-panic', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'read',
    isHidden: true,
    prose: 'Exit instead of aborting. For tests.',
  }),
  directive('watchdog-period', integer({ min: 0, max: INT32_MAX }), {
    initial: 0,
    mutable: 'yes',
    apply: 'kept',
    isHidden: true,
    prose: 'Milliseconds after which a stop is reported. For developers.',
  }),
  directive('set-proc-title', yesNo, {
    initial: true,
    mutable: 'no',
    apply: 'start',
    prose: 'Show the state of the server in the list of processes.',
  }),
  directive('proc-title-template', text(refuseTitleTemplate), {
    initial: '{title} {listen-addr} {server-mode}',
    mutable: 'yes',
    apply: 'hook',
    prose:
      'How: {title}, {listen-addr}, {server-mode}, {port}, {tls-port},' +
      ' {unixsocket} and {config-file} are filled in.',
  }),
  directive('locale-collate', text(), {
    initial: '',
    defaultLine: 'kept',
    mutable: 'yes',
    apply: 'kept',
    prose: 'The locale by which SORT ALPHA compares. Bytes are compared here.',
  }),
  directive('ignore-warnings', text(), {
    initial: '',
    defaultLine: 'kept',
    mutable: 'yes',
    apply: 'kept',
    prose: 'Checks of the system whose warning must not stop the start.',
  }),
  directive('hz', integer({ min: 0, max: INT32_MAX }, clampHz), {
    initial: 10,
    mutable: 'yes',
    apply: 'read',
    prose:
      'Looks a second at save points, expired keys and other background work, from 1 to 500. What' +
      ' is found is done at once, in slices.',
  }),
  directive('dynamic-hz', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'read',
    prose: 'Look more often while there are many clients.',
  }),
  directive('io-threads', integer({ min: 1, max: 128 }), {
    initial: 1,
    mutable: 'no',
    apply: 'kept',
    prose: 'Threads that read and write sockets. There is one here.',
  }),
  directive('io-threads-do-reads', yesNo, {
    initial: false,
    mutable: 'no',
    apply: 'kept',
    prose: 'Whether they read as well.',
  }),
  directive('server_cpulist', text(), cpuList),
  directive('bio_cpulist', text(), cpuList),
  directive('aof_rewrite_cpulist', text(), cpuList),
  directive('bgsave_cpulist', text(), cpuList),
  directive(
    'oom-score-adj',
    oneOf(['no', 'relative', 'absolute'], {
      synonyms: { yes: 'relative' },
      listed: ['no', 'yes', 'relative', 'absolute'],
      shown: { relative: 'yes' },
    }),
    {
      initial: 'no',
      mutable: 'yes',
      apply: 'hook',
      prose:
        "Adjust the kernel's out-of-memory score by the role (Linux): relative (yes) to what it" +
        ' was, or absolute.',
    },
  ),
  directive('oom-score-adj-values', oomScores, {
    initial: [0, 200, 800],
    mutable: 'yes',
    apply: 'hook',
    prose: 'The adjustments: for a primary, a replica and a child process, of which there is none.',
  }),
  directive('shutdown-timeout', integer({ min: 0, max: INT32_MAX }), {
    initial: 10,
    mutable: 'yes',
    apply: 'read',
    prose: 'Seconds for which a shutdown waits for replicas that lag behind.',
  }),
  directive('shutdown-on-sigint', shutdownFlags, {
    initial: { save: 'default', isNow: false, isForced: false },
    mutable: 'yes',
    apply: 'read',
    prose: 'What SIGINT does: default, or some of save, nosave, now, force, as for SHUTDOWN.',
  }),
  directive('shutdown-on-sigterm', shutdownFlags, {
    initial: { save: 'default', isNow: false, isForced: false },
    mutable: 'yes',
    apply: 'read',
    prose: 'The same for SIGTERM.',
  }),
  directive('requirepass', text(), {
    initial: '',
    mutable: 'yes',
    apply: 'read',
    isSensitive: true,
    prose: 'The password of the default user. Empty: none is asked for.',
  }),
  directive('aclfile', path(), {
    initial: '',
    defaultLine: 'kept',
    mutable: 'no',
    apply: 'kept',
    refuse: (file) => (file === '' ? null : 'ACL files are not supported by this version'),
    prose: 'A file of users. Only an empty name is accepted yet: ignoring it would let all in.',
  }),
  directive('acllog-max-len', integer({ min: 0, max: INT64_MAX }), {
    initial: 128,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Entries of ACL LOG.',
  }),
  directive('acl-pubsub-default', oneOf(['allchannels', 'resetchannels']), {
    initial: 'resetchannels',
    mutable: 'yes',
    apply: 'read',
    prose: 'Channels of a new user.',
  }),
  directive('enable-protected-configs', protectedAction, {
    initial: 'no',
    mutable: 'no',
    apply: 'read',
    prose: 'Who may change dir and dbfilename at run time: no one, all, or local clients.',
  }),
  directive('enable-debug-command', protectedAction, {
    initial: 'no',
    mutable: 'no',
    apply: 'read',
    prose: 'Who may use DEBUG: no one, all, or local clients.',
  }),
  directive('enable-module-command', protectedAction, {
    initial: 'no',
    mutable: 'no',
    apply: 'kept',
    prose: 'Who may use MODULE. There are no modules here.',
  }),
  directive('slowlog-log-slower-than', integer({ min: -1, max: INT64_MAX }), {
    initial: 10000,
    mutable: 'yes',
    apply: 'hook',
    prose: 'Microseconds from which a command enters the slow log. -1: none does; 0: all do.',
  }),
  directive('slowlog-max-len', integer({ min: 0, max: INT64_MAX }), {
    initial: 128,
    mutable: 'yes',
    apply: 'hook',
    prose: 'Entries of the slow log, which SLOWLOG shows. The oldest go first.',
  }),
  directive('latency-monitor-threshold', integer({ min: 0, max: INT64_MAX }), {
    initial: 0,
    mutable: 'yes',
    apply: 'hook',
    prose: 'Milliseconds from which an event is remembered for LATENCY. 0: off.',
  }),
  directive('latency-tracking', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'hook',
    prose: 'Record how long each command takes, for INFO latencystats and LATENCY HISTOGRAM.',
  }),
  directive('latency-tracking-info-percentiles', percentiles, {
    initial: [50, 99, 99.9],
    defaultLine: 'always',
    mutable: 'yes',
    apply: 'read',
    prose: 'The percentiles of latencies that INFO latencystats shows for each command.',
  }),
  directive('notify-keyspace-events', eventClasses, {
    initial: '',
    defaultLine: 'kept',
    mutable: 'yes',
    apply: 'kept',
    prose:
      'Events to publish: K and/or E (channels by key, by event), then classes from g$lshzxetdnm,' +
      ' or A for all but n and m. Empty: none.',
  }),
  directive('busy-reply-threshold', integer({ min: 0, max: INT64_MAX }), {
    alias: 'lua-time-limit',
    initial: 5000,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Milliseconds of a script after which other clients are told that we are busy.',
  }),
] as const;
