/*
 * What a crash report tells of the server beside the crash itself: INFO, the clients, the command
 * that ran with its secrets left out, and the settings that are not the default. Each section is
 * made when it is written, from parts that may be broken: none must rely on another.
 */

import { clientLine } from '../commands/client-line.js';
import type { Dispatcher } from '../commands/dispatch.js';
import type { Services } from '../commands/services.js';
import { shownArguments } from '../commands/slow-commands.js';
import { directives } from '../config/directives.js';
import { CRASH_CLIENTS_MAX } from '../limits.js';
import { quoteText } from '../structures/quoted-text.js';
import type { CrashSection } from './crash-report.js';

export interface CrashSources {
  readonly services: Services;
  readonly dispatcher: Dispatcher;
}

/** `sources` is asked for late: reports are there before what they tell of. */
export function crashSections(sources: () => CrashSources): CrashSection[] {
  return [
    { title: 'INFO OUTPUT', text: () => info(sources().services) },
    { title: 'CLIENT LIST OUTPUT', text: () => clientList(sources().services) },
    // Redis tells whose request it was and who runs it. The two differ in scripts only.
    { title: 'CURRENT CLIENT INFO', text: () => runningClient(sources()) },
    { title: 'EXECUTING CLIENT INFO', text: () => runningClient(sources()) },
    { title: 'MODULES INFO OUTPUT', text: () => '' },
    { title: 'CONFIG DEBUG OUTPUT', text: () => changedSettings(sources().services) },
  ];
}

function info({ server }: Services): string {
  return server.info(['all']).replaceAll('\r', '');
}

function clientList({ clients, clock }: Services): string {
  const nowMs = clock.wallMs();
  let lines = '';
  let shown = 0;
  for (const client of clients) {
    if (shown === CRASH_CLIENTS_MAX) {
      lines += `... (${clients.size - shown} more clients)\n`;
      break;
    }
    shown++;
    lines += `${clientLine(client, nowMs)}\n`;
  }
  return lines;
}

/** Whose command runs, and that command. Its arguments are cut short, as in the slow log. */
function runningClient({ services, dispatcher }: CrashSources): string | null {
  const { running } = dispatcher;
  if (running === null) return null;
  const { args, client, command } = running;
  const lines = [clientLine(client, services.clock.wallMs(), running), `argc: '${args.count}'`];
  const words = shownArguments(args, command.row.secrets?.(args) ?? []);
  words.forEach((word, index) => {
    lines.push(`argv[${index}]: '${quoteText(word)}'`);
  });
  return `${lines.join('\n')}\n`;
}

/** Like lines of a configuration file; what is secret is not among them. */
function changedSettings({ config }: Services): string {
  let lines = '';
  for (const row of directives) {
    if (row.isSensitive) continue;
    for (const { text, isNeeded } of config.linesOf(row)) if (isNeeded) lines += `${text}\n`;
  }
  return lines;
}
