/*
 * One client as a line of CLIENT LIST, which people read and tools parse: `name=value` tokens at
 * single blanks. The log describes clients with it too. Must not know who asks.
 */

import type { Arguments } from '../resp/arguments.js';
import type { Client, ClientKind } from './client.js';
import type { Context } from './command.js';
import type { Transaction } from './transaction.js';

/** What a client costs beside its buffers, in bytes: session, client and socket objects. Measured
 * roughly; it only has to make idle clients visible in tot-mem. */
const CLIENT_BASE_BYTES = 2048;

/** The words of CLIENT LIST TYPE and CLIENT KILL TYPE. */
const kindWords = new Map<string, ClientKind>([
  ['normal', 'normal'],
  ['slave', 'replica'],
  ['replica', 'replica'],
  ['pubsub', 'pubsub'],
  ['master', 'primary'],
]);

/** `null` for an unknown word. */
export function clientKindByWord(word: string): ClientKind | null {
  return kindWords.get(word.toLowerCase()) ?? null;
}

/** Memory that a client holds: its buffers, queued commands, watches, subscriptions and itself. */
export function clientMemoryBytes(client: Client): number {
  const { connection } = client;
  return (
    CLIENT_BASE_BYTES +
    connection.queryBufferBytes +
    connection.queryBufferFreeBytes +
    ownOutputBytes(client) +
    (client.transaction?.bytes ?? 0) +
    (client.watches?.bytes ?? 0) +
    (client.subscriptions?.bytes ?? 0)
  );
}

/** Output that is not the backlog's. */
function ownOutputBytes({ connection, streamDebt }: Client): number {
  return connection.outputBytes - (streamDebt?.inFlightBytes ?? 0);
}

/**
 * The request that a client is executing now. Its bytes still count as those of the query buffer,
 * and EXEC's queue as the client's until it has run.
 */
export interface RunningRequest {
  readonly client: Client;
  readonly args: Arguments;
  readonly transaction: Transaction | null;
}

export function runningRequest(ctx: Context, args: Arguments): RunningRequest {
  return { client: ctx.client, args, transaction: ctx.transaction };
}

/** The line without its newline. `running` may be another client's, or absent. */
export function clientLine(client: Client, nowMs: number, running?: RunningRequest): string {
  const { connection } = client;
  const own = running?.client === client ? running : null;
  const transaction = client.transaction ?? own?.transaction ?? null;
  const seconds = (sinceMs: number) => Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
  const owedBytes = client.streamDebt?.owedBytes ?? 0;
  const user = client.kind === 'primary' ? '(superuser)' : client.user;
  return (
    `id=${client.id} addr=${connection.remoteAddress} laddr=${connection.localAddress} ` +
    `fd=${connection.descriptor} name=${client.name} age=${seconds(client.createdAtMs)} ` +
    `idle=${seconds(client.lastInteractionMs)} flags=${flagLetters(client, transaction)} ` +
    `db=${client.database} ${subscriptionCounts(client)} ` +
    `multi=${transaction?.queue.length ?? -1} ` +
    `qbuf=${connection.queryBufferBytes} ` +
    `qbuf-free=${connection.queryBufferFreeBytes} argv-mem=${argumentBytes(own?.args ?? null)} ` +
    `multi-mem=${transaction?.bytes ?? 0} rbs=0 rbp=0 obl=0 oll=${connection.outputChunks} ` +
    `omem=${ownOutputBytes(client) + owedBytes} ` +
    `tot-mem=${clientMemoryBytes(client) + owedBytes} ` +
    `events=${eventLetters(client)} cmd=${client.lastCommand?.name ?? 'NULL'} user=${user} ` +
    `redir=-1 resp=${client.protocol} lib-name=${client.libraryName} ` +
    `lib-ver=${client.libraryVersion}`
  );
}

function subscriptionCounts({ subscriptions }: Client): string {
  if (subscriptions === null) return 'sub=0 psub=0 ssub=0';
  return `sub=${subscriptions.channels.size} psub=${subscriptions.patterns.size} ssub=0`;
}

function argumentBytes(args: Arguments | null): number {
  let bytes = 0;
  for (let i = 0; args !== null && i < args.count; i++) bytes += args.length(i);
  return bytes;
}

/** In the order in which Redis writes them; N for none. */
function flagLetters(client: Client, transaction: Transaction | null): string {
  let letters = '';
  if (client.isMonitor) letters += 'O';
  if (client.kind === 'replica') letters += 'S';
  if (client.kind === 'primary') letters += 'M';
  if (client.kind === 'pubsub') letters += 'P';
  if (transaction !== null) letters += 'x';
  if (client.blocked !== null) letters += 'b';
  if (client.watches?.isDirty) letters += 'd';
  if (client.closesAfterReply) letters += 'c';
  if (isUnixSocket(client.connection.remoteAddress)) letters += 'U';
  if (client.isNoEvict) letters += 'e';
  if (client.isNoTouch) letters += 'T';
  return letters === '' ? 'N' : letters;
}

/** `path:0`, where the path may be relative; no peer over TCP has port 0. `?:0` is nobody's. */
export function isUnixSocket(address: string): boolean {
  return address.endsWith(':0') && address !== '?:0';
}

/** What is waited for: output that only waits for the end of a turn is no such thing. */
function eventLetters(client: Client): string {
  const { descriptor, isReaderSlow } = client.connection;
  if (descriptor < 0) return '';
  return isReaderSlow ? 'rw' : 'r';
}
