/*
 * A server under test as a child process, whichever program it is: start in its own temporary
 * folder, wait for its readiness line, capture what it logs, stop or kill it by its pid, start it
 * again in the same folder. Knows nothing of what distinguishes Tandem from redis-server; those two
 * files do.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.js';
import { type ClientOptions, RespClient } from './resp-client.js';
import { waitFor, within } from './wait-for.js';

export interface ServerOptions {
  port?: number;
  /** Folder to run in; a temporary one that is removed at the end when absent. */
  dir?: string;
  /** Further arguments, e.g. `['--maxmemory', '1mb']`; they come last, so they win. */
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Wait for the readiness line (default). Without: only for the process. */
  waitUntilReady?: boolean;
}

export interface Program {
  /** What failures call it: `tandem`, `redis`. */
  readonly name: string;
  readonly command: string;
  /** Arguments before those of the test. */
  argumentsFor(options: { port: number; dir: string }): readonly string[];
}

const READY = 'Ready to accept connections';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class ServerProcess {
  readonly name: string;
  readonly port: number;
  readonly dir: string;
  /** Everything written to standard output and standard error so far, of all starts. */
  log = '';
  #child: ChildProcess | null = null;
  /** What ended the last run; null for an exit. */
  endSignal: NodeJS.Signals | null = null;
  #exit: Promise<number | null> = Promise.resolve(null);
  readonly #program: Program;
  readonly #options: ServerOptions;
  readonly #ownsDir: boolean;
  readonly #clients = new Set<RespClient>();

  private constructor(program: Program, options: ServerOptions, port: number) {
    this.name = program.name;
    this.port = port;
    this.#program = program;
    this.#options = options;
    this.#ownsDir = options.dir === undefined;
    this.dir = options.dir ?? mkdtempSync(join(tmpdir(), `${program.name}-test-`));
  }

  static async start(program: Program, options: ServerOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(program, options, options.port ?? (await freePort()));
    await server.start();
    return server;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  /** Starts the program (again). `args` replace those given at construction. */
  async start(args: readonly string[] = this.#options.args ?? []): Promise<void> {
    assert(this.#child === null, `${this.name} runs already`);
    const before = this.log.length;
    const all = [...this.#program.argumentsFor({ port: this.port, dir: this.dir }), ...args];
    const child = spawn(this.#program.command, all, {
      cwd: this.dir,
      env: { ...process.env, ...this.#options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(child);
    const collect = (chunk: Buffer): void => {
      this.log += chunk.toString('latin1');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    // Waits hold the loop by their own timers: a server that a failed test left behind must not, or
    // the test file would never end.
    child.unref();
    for (const pipe of [child.stdout, child.stderr]) (pipe as Socket).unref();
    this.#exit = new Promise((resolve) => {
      child.once('error', (error) => {
        this.log += `\n${error.message}\n`;
        running.delete(child);
        this.#child = null;
        resolve(null);
      });
      child.once('close', (code, signal) => {
        this.endSignal = signal;
        running.delete(child);
        if (this.#child === child) this.#child = null;
        resolve(code);
      });
    });
    if (this.#options.waitUntilReady === false) return;
    const isReady = (): boolean => this.#child === null || this.log.includes(READY, before);
    await waitFor(`${this.name} to be ready`, isReady, { timeoutMs: 30_000 });
    if (this.#child === null) throw new Error(`${this.name} ended at start:\n${this.log}`);
  }

  /** A new connection; closed with the server at the latest. */
  async connect(options: Omit<ClientOptions, 'port'> = {}): Promise<RespClient> {
    const client = await RespClient.connect({ port: this.port, ...options });
    this.#clients.add(client);
    void client.closed.then(() => this.#clients.delete(client));
    return client;
  }

  /** Sends a signal; use `exited` to wait for the end. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Exit status once the process has ended (null when a signal ended it). */
  exited(timeoutMs = 15_000): Promise<number | null> {
    return within(`${this.name} to end`, this.#exit, timeoutMs);
  }

  /** kill -9, and waits for the end. The folder stays. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited();
  }

  /** kill -9 and a new start in the same folder on the same port. */
  async crashAndRestart(args?: readonly string[]): Promise<void> {
    await this.kill();
    await this.start(args);
  }

  /** Ends the process for good and removes its folder, if it is ours. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.kill();
    if (this.#ownsDir) rmSync(this.dir, { recursive: true, force: true });
  }

  /** Waits until the log contains the text or matches the pattern, looking from `from` on. */
  async waitForLog(wanted: string | RegExp, options: { from?: number; timeoutMs?: number } = {}) {
    const { from = 0, timeoutMs } = options;
    await waitFor(
      `${this.name} to log ${wanted}`,
      () => {
        const text = this.log.slice(from);
        return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
      },
      timeoutMs === undefined ? {} : { timeoutMs },
    ).catch((error: Error) => {
      throw new Error(`${error.message}\nits log:\n${this.log.slice(-3000)}`);
    });
  }
}
