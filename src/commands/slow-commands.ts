/*
 * What becomes of a command that took long: entries in the slow log and the latency monitor. The
 * timer of dispatch asks for the threshold and calls; all of this is off the way of fast commands.
 * Secrets are left out by what the command's row says of its arguments. Must not know how time is
 * taken.
 */

import type { LatencyMonitor } from '../observability/latency-monitor.js';
import type { SlowLog } from '../observability/slow-log.js';
import type { Arguments } from '../resp/arguments.js';
import { latin1Text } from '../structures/bytes.js';
import type { Client } from './client.js';
import { type Command, flagBits } from './command-table.js';
import type { SlowObserver } from './command-timer.js';
import type { Clock } from './services.js';

/** Arguments shown of a command; where there are more, the last one says how many. */
const SHOWN_ARGUMENTS_MAX = 32;
/** Bytes shown of an argument. */
const SHOWN_BYTES_MAX = 128;

const REDACTED = '(redacted)';
const NO_SECRETS: readonly number[] = [];

export class SlowCommands implements SlowObserver {
  readonly #slowLog: SlowLog;
  readonly #latency: LatencyMonitor;
  readonly #clock: Clock;
  readonly #running: { readonly client: Client };

  constructor(options: {
    slowLog: SlowLog;
    latency: LatencyMonitor;
    clock: Clock;
    /** Whose command runs, or was the last to run. */
    running: { readonly client: Client };
  }) {
    this.#slowLog = options.slowLog;
    this.#latency = options.latency;
    this.#clock = options.clock;
    this.#running = options.running;
  }

  /** A small integer: a fraction would be an object for each command. */
  get fromMicroseconds(): number {
    return Math.min(this.#slowLog.filterMicroseconds, this.#latency.filterMicroseconds);
  }

  onSlow(command: Command, args: Arguments, microseconds: number): void {
    const nowMs = this.#clock.wallMs();
    const isFast = (command.flags & flagBits.fast) !== 0;
    this.#latency.add(isFast ? 'fast-command' : 'command', microseconds, nowMs);
    if (microseconds < this.#slowLog.fromMicroseconds) return;
    if ((command.flags & flagBits.skip_slowlog) !== 0) return;
    const { client } = this.#running;
    this.#slowLog.add({
      atSeconds: Math.floor(nowMs / 1000),
      microseconds: Math.floor(microseconds),
      words: shownArguments(args, command.row.secrets?.(args) ?? NO_SECRETS),
      address: client.connection.remoteAddress,
      clientName: client.name,
    });
  }
}

/** What the log shows of a request: the arguments with these indexes are nobody's business. */
export function shownArguments(args: Arguments, secrets: readonly number[]): string[] {
  const { count } = args;
  const whole = count > SHOWN_ARGUMENTS_MAX ? SHOWN_ARGUMENTS_MAX - 1 : count;
  const words: string[] = [];
  for (let i = 0; i < whole; i++) {
    words.push(secrets.includes(i) ? REDACTED : shownArgument(args.range(i)));
  }
  if (count > whole) words.push(`... (${count - whole} more arguments)`);
  return words;
}

function shownArgument(bytes: Uint8Array): string {
  const { length } = bytes;
  if (length <= SHOWN_BYTES_MAX) return latin1Text(bytes);
  return `${latin1Text(bytes, 0, SHOWN_BYTES_MAX)}... (${length - SHOWN_BYTES_MAX} more bytes)`;
}
