/*
 * From a command line to a configuration: the file, then standard input, then the options, read as
 * one text, so that the last line wins and line numbers run through. This is where the
 * configuration meets the process: its files, its standard input and its working folder.
 */

import { closeSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemErrorText } from '../structures/system-error.js';
import { readCommandLine } from './command-line.js';
import { Config } from './config.js';
import { ConfigError, type ConfigFiles, ConfigReader, cannotOpen } from './config-reader.js';
import { toLatin1 } from './scalar-types.js';
import { expandWildcards } from './wildcards.js';

/**
 * Either a configuration and what was read from standard input for it, or the text (latin1) for
 * standard error before exit status 1.
 */
export type LoadedConfig =
  | { readonly config: Config; readonly input: string }
  | { readonly fatal: string };

export interface LoadOptions {
  /** Arguments after the program's name, without our own flags. */
  readonly args: readonly string[];
  /**
   * Lines that change defaults before anything else is read: what a distribution (our image)
   * chooses for its users. TANDEM_DEFAULTS of the environment where it is absent.
   */
  readonly defaults?: string;
  /** For tests; the process's own otherwise. */
  readonly files?: ConfigFiles;
  readonly readStandardInput?: () => string;
}

export function loadConfig(options: LoadOptions): LoadedConfig {
  const { files = processFiles, readStandardInput = () => processFiles.readFile('/dev/stdin') } =
    options;
  const commandLine = readCommandLine(options.args.map(toLatin1));
  const config = new Config();
  config.override('dir', files.currentFolder());
  registerFolderHook(config, files);
  let input = '';
  const defaults = options.defaults ?? process.env.TANDEM_DEFAULTS ?? '';
  try {
    const defaultsReader = new ConfigReader({ config, files });
    defaultsReader.readText(toLatin1(defaults));
    config.forgetLines();
    let text = '';
    if (commandLine.file !== null) {
      const file = resolve(
        files.currentFolder(),
        Buffer.from(commandLine.file, 'latin1').toString('utf8'),
      );
      config.file = file;
      try {
        text += files.readFile(file);
      } catch (error) {
        return { fatal: `${cannotOpen(toLatin1(file), error)}\n` };
      }
    }
    if (commandLine.readsStandardInput) input = readStandardInput();
    text += input;
    const reader = new ConfigReader({ config, files });
    reader.readText(`${text}\n${commandLine.lines}`);
    for (const each of [defaultsReader, reader]) each.checkUsers();
    mustOpenLogFile(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { fatal: fatalConfigText(error) };
  }
  return { config, input };
}

/** Redis's words at start, with the file named where the line is not in the main text. */
export function fatalConfigText({
  message,
  origin,
}: Pick<ConfigError, 'message' | 'origin'>): string {
  const lines = ['', '*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***'];
  if (origin !== null) {
    lines.push(`Reading the configuration file, at line ${origin.lineNumber}`);
    lines.push(`>>> '${origin.line}'`);
  }
  lines.push(message);
  if (origin !== null && origin.included !== null) lines.push(`In ${toLatin1(origin.included)}`);
  return `${lines.join('\n')}\n`;
}

/** CONFIG SET dir. The folder in force is shown as the system names it. */
function registerFolderHook(config: Config, files: ConfigFiles): void {
  config.onChange('dir', (folder) => {
    const failure = files.changeFolder(folder);
    if (failure !== null) return failure;
    config.override('dir', files.currentFolder());
    return null;
  });
}

/** A log file that cannot be opened is found out now, while there is someone to tell. */
function mustOpenLogFile(config: Config): void {
  const { logfile } = config.values;
  if (logfile === '') return;
  try {
    closeSync(openSync(logfile, 'a'));
  } catch (error) {
    throw new ConfigError(`Can't open the log file: ${systemErrorText(error)}`, null);
  }
}

const processFiles: ConfigFiles = {
  readFile(path) {
    try {
      return readFileSync(path === '/dev/stdin' ? 0 : path, 'latin1');
    } catch (error) {
      throw new Error(systemErrorText(error));
    }
  },
  expand: expandWildcards,
  changeFolder(path) {
    try {
      process.chdir(path);
      return null;
    } catch (error) {
      return systemErrorText(error);
    }
  },
  currentFolder: () => process.cwd(),
};
