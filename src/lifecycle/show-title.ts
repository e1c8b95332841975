/*
 * The title of the process, as `ps` and /proc show it. It is written over the command line that the
 * process was started with and cannot be longer: bin/tandem-server starts node with a long one. The
 * program's path is shortened to its name where the title does not fit otherwise.
 */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Config } from '../config/config.js';
import { expandTitle, type TitleVariables } from '../config/process-title.js';

/** Bytes of the command line at the start. Where it cannot be known everything is tried. */
const room = commandLineBytes();

export function showTitle(config: Config): void {
  const { values } = config;
  if (!values['set-proc-title']) return;
  const title = titleFor(config, process.argv[1] ?? 'tandem-server', room);
  if (title !== null) process.title = title;
}

/** What fits in `bytes`, if possible. Null for a template that shows nothing. */
export function titleFor(config: Config, program: string, bytes: number): string | null {
  const { values, file } = config;
  const address = values.bind[0] ?? '*';
  const variables: TitleVariables = {
    title: program,
    'listen-addr':
      values.port === 0 ? `unixsocket:${values.unixsocket}` : `${address}:${values.port}`,
    'server-mode': '',
    port: String(values.port),
    'tls-port': '0',
    unixsocket: values.unixsocket,
    'config-file': file === '' ? '-' : file,
  };
  const template = values['proc-title-template'];
  const title = expandTitle(template, variables);
  if (title === null || Buffer.byteLength(title) <= bytes) return title;
  return expandTitle(template, { ...variables, title: basename(program) });
}

function commandLineBytes(): number {
  try {
    return readFileSync('/proc/self/cmdline').length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
