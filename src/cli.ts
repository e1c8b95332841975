/*
 * The command line. Only `--version` and `--help` are ours, and only as the first argument: all
 * else is configuration (src/config/command-line.ts), where `-v` may well be a value.
 */

import { Command } from 'commander';

/** What to do: start with these arguments, or print and leave with status 0. */
export type CliRequest =
  | { readonly kind: 'start'; readonly args: readonly string[] }
  | { readonly kind: 'print'; readonly text: string };

export interface CliVersions {
  /** Of our package. */
  readonly tandem: string;
  /** The Redis whose behaviour we report. */
  readonly redis: string;
  readonly node: string;
}

const EXAMPLES = `
A directive on the command line is its name with -- in front, then its value, and
wins over the same one in the file or on standard input (-).

Examples:
  tandem-server                                  (the defaults, on port 6379)
  tandem-server /etc/tandem/tandem.conf
  tandem-server --port 7000 --replicaof 127.0.0.1 6379
  tandem-server tandem.conf --save 900 1 300 10 --loglevel verbose
  echo 'maxmemory 128mb' | tandem-server -`;

/** Reads the arguments after the program's name. */
export function readArguments(args: readonly string[], versions: CliVersions): CliRequest {
  let printed = '';
  const program = new Command('tandem-server')
    .usage('[/path/to/tandem.conf] [-] [--directive value ...]')
    .description('A server that speaks the Redis protocol, as a primary or a replica.')
    .version(versionLine(versions), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', EXAMPLES)
    .allowUnknownOption()
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        printed += text;
      },
    });
  const isOurs = ['-v', '--version', '-h', '--help'].includes(args[0] ?? '');
  if (!isOurs) return { kind: 'start', args };
  try {
    program.parse(args.slice(0, 1), { from: 'user' });
  } catch {
    // commander ends both flags by throwing, since it must not exit the process itself.
  }
  return { kind: 'print', text: printed };
}

/** Shaped like Redis's line: scripts read the compatible version after `v=`. */
function versionLine({ tandem, redis, node }: CliVersions): string {
  return `Tandem server v=${redis} tandem=${tandem} node=${node} bits=64`;
}
