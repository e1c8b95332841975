/*
 * Runs Debian's redis-cli and redis-benchmark against a server, bounded in time. Where the tools
 * are missing tests skip with a line that says so, and fail instead under REQUIRE_REDIS=1.
 */

import { spawn, spawnSync } from 'node:child_process';

/** False when redis-cli is there or is required, else the reason for skipping. */
export const skipWithoutTools: string | false =
  spawnSync('redis-cli', ['--version']).status === 0 || process.env.REQUIRE_REDIS === '1'
    ? false
    : 'skipped: no redis-cli found (REQUIRE_REDIS=1 makes this a failure)';

export interface ToolResult {
  /** Exit status; null when a signal ended it: ours, as a rule. */
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface ToolOptions {
  /** Standard input; empty when absent. */
  input?: string | Uint8Array;
  env?: Readonly<Record<string, string>>;
  /** Ends a tool that runs for ever (--stat, --replica, …) as soon as its output satisfies this. */
  until?: (output: string) => boolean;
  timeoutMs?: number;
}

/** Runs a tool to its end. Bytes appear as latin1. Rejects when it takes over `timeoutMs`. */
export function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const { input = '', env, until, timeoutMs = 20_000 } = options;
  const child = spawn(command, args, { env: { ...process.env, ...env } });
  const result: ToolResult = { status: null, stdout: '', stderr: '' };
  const look = (): void => {
    if (until?.(result.stdout + result.stderr)) child.kill('SIGKILL');
  };
  child.stdout.on('data', (chunk: Buffer) => {
    result.stdout += chunk.toString('latin1');
    look();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    result.stderr += chunk.toString('latin1');
    look();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      const said = `${result.stdout}${result.stderr}`.slice(-2000);
      reject(new Error(`${command} ${args.join(' ')} took over ${timeoutMs} ms; it said: ${said}`));
    }, timeoutMs);
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(timer);
      result.status = status;
      resolve(result);
    });
  });
}

export interface TerminalOptions {
  /**
   * What is typed, each as soon as its text has been shown since the one before. Type only after
   * a prompt: redis-cli drops what arrives earlier, since it sets the terminal for each line anew.
   */
  typed?: readonly (readonly [prompt: string, keys: string])[];
  /** Ends the tool as soon as its output satisfies this. */
  until?: (output: string) => boolean;
  timeoutMs?: number;
}

/** Runs a tool on a pseudo-terminal, as a person would: what it shows there. */
export function runInTerminal(line: string, options: TerminalOptions = {}): Promise<string> {
  const { typed = [], until, timeoutMs = 20_000 } = options;
  const child = spawn('script', ['-qfec', `stty cols 200; exec ${line}`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm' },
  });
  let output = '';
  let readTo = 0;
  let typedCount = 0;
  child.stdin.on('error', () => {});
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('latin1');
    for (; typedCount < typed.length; typedCount++) {
      const [prompt, keys] = typed[typedCount];
      const at = output.indexOf(prompt, readTo);
      if (at < 0) break;
      readTo = at + prompt.length;
      child.stdin.write(keys, 'latin1');
    }
    if (until?.(output)) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${line} took over ${timeoutMs} ms; it said: ${output.slice(-2000)}`));
    }, timeoutMs);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      resolve(output);
    });
  });
}

/** redis-cli against a port of 127.0.0.1. */
export function redisCli(
  port: number,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  return runTool('redis-cli', ['-h', '127.0.0.1', '-p', String(port), ...args], options);
}

/** The standard output of a redis-cli call without its last line end. */
export async function cliText(port: number, ...args: string[]): Promise<string> {
  return (await redisCli(port, args)).stdout.replace(/\n$/, '');
}
