/*
 * The lines that a session writes into the log, in Redis's words: people and tools search for them.
 * Nothing is put into words that the log's level would drop.
 */

import type { Client } from '../commands/client.js';
import type { ProtocolError } from '../resp/protocol-error.js';
import { latin1Text } from '../structures/bytes.js';
import { quoteText } from '../structures/quoted-text.js';
import { systemErrorText } from '../structures/system-error.js';
import type { NetEnvironment } from './request-handler.js';

/**
 * Bytes of the input shown after a protocol error, half of them from each end when there are more.
 */
const SAMPLE_BYTES_MAX = 128;

/** Bytes of the input shown of a client that sent too much. */
const INITIAL_BYTES_MAX = 64;

export class SessionLog {
  readonly #environment: Pick<NetEnvironment, 'log' | 'handler'>;
  readonly #client: () => Client | null;

  constructor(environment: Pick<NetEnvironment, 'log' | 'handler'>, client: () => Client | null) {
    this.#environment = environment;
    this.#client = client;
  }

  /** `bytes[start, end)` is the input from the faulty request on. */
  malformed(error: ProtocolError, bytes: Uint8Array, start: number, end: number): void {
    if (!this.#environment.log.isEnabled('verbose')) return;
    const client = this.#describe();
    this.#environment.log.verbose(protocolErrorLine({ error, client, bytes, start, end }));
  }

  tooMuchInput(bytes: Uint8Array, start: number, end: number): void {
    this.#environment.log.warning(queryBufferLine({ client: this.#describe(), bytes, start, end }));
  }

  tooMuchOutput(): void {
    this.#environment.log.warning(
      `Client ${this.#describe()} scheduled to be closed ASAP for overcoming of output ` +
        'buffer limits.',
    );
  }

  idle(): void {
    this.#environment.log.verbose('Closing idle client');
  }

  ended(): void {
    if (!this.#environment.log.isEnabled('verbose')) return;
    this.#environment.log.verbose(`Client closed connection ${this.#describe()}`);
  }

  failed(error: NodeJS.ErrnoException): void {
    this.#environment.log.verbose(`Reading from client: ${systemErrorText(error)}`);
  }

  #describe(): string {
    const client = this.#client();
    return client === null ? '' : this.#environment.handler.describe(client);
  }
}

function protocolErrorLine(options: {
  error: ProtocolError;
  client: string;
  bytes: Uint8Array;
  start: number;
  end: number;
}): string {
  const { error, client, bytes, start, end } = options;
  const length = end - start;
  const half = SAMPLE_BYTES_MAX / 2;
  const sample =
    length < SAMPLE_BYTES_MAX
      ? `'${printable(bytes, start, end)}'`
      : `'${printable(bytes, start, start + half)}' (... more ${length - SAMPLE_BYTES_MAX} ` +
        'bytes ...) ' +
        `'${printable(bytes, end - half, end)}'`;
  return (
    `Protocol error (${error.logged}) from client: ${client}. ` +
    `Query buffer during protocol error: ${sample}`
  );
}

function queryBufferLine(options: {
  client: string;
  bytes: Uint8Array;
  start: number;
  end: number;
}): string {
  const { client, bytes, start, end } = options;
  const shown = quoteText(latin1Text(bytes, start, Math.min(end, start + INITIAL_BYTES_MAX)));
  return (
    `Closing client that reached max query buffer length: ${client} ` +
    `(qbuf initial bytes: ${shown})`
  );
}

function printable(bytes: Uint8Array, start: number, end: number): string {
  return latin1Text(bytes, start, end).replace(/[^\x20-\x7e]/g, '.');
}
