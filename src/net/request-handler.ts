/*
 * What net/ needs from the rest of the server, as interfaces: who executes requests, which settings
 * hold now, where things are counted. Main ties them to dispatch, configuration and statistics;
 * tests put small fakes here. Nothing in net/ knows a command or a directive's name.
 */

import type { Client, Connection } from '../commands/client.js';
import type { Log } from '../observability/log.js';
import type { Stats } from '../observability/stats.js';
import type { Arguments } from '../resp/arguments.js';
import type { ValueSource } from '../resp/bulk-apart.js';
import type { ReplyWriter } from '../resp/reply-writer.js';

/** Executed; go on. */
export const CONTINUE = 0;
/** Executed; decode no further request until resumeRequests() (blocked), or at all (closing). */
export const STOP = 1;
/** Not executed; offer the same request again after resumeRequests(). */
export const AGAIN = 2;
/** What the session does after a request; the same numbers as in commands/dispatch. */
export type Outcome = typeof CONTINUE | typeof STOP | typeof AGAIN;

export interface RequestHandler extends ValueSource {
  /**
   * A connection was accepted. Returns its client, or an error text (without `-` and CRLF) that is
   * sent before the connection is closed again (see admission.ts); the handler counts it as
   * rejected.
   */
  onConnection(connection: Connection): Client | string;
  /**
   * Around the requests of one read. Nothing that they refer to changes before endBatch returns.
   */
  beginBatch(client: Client): void;
  endBatch(client: Client): void;
  /** Executes one request. With client.closesAfterReply set the connection ends after the batch. */
  onRequest(client: Client, args: Arguments, reply: ReplyWriter): Outcome;
  /** An empty line: what a replica sends as a sign of life while it loads. */
  onEmptyLine(client: Client): void;
  /** Once for each client, whoever ended the connection. The connection takes nothing any more. */
  onClosed(client: Client): void;
  /** The client as CLIENT LIST shows it, for log lines. */
  describe(client: Client): string;
}

/** One class of client-output-buffer-limit; 0 = none. */
export interface OutputLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

/** What configuration decides, read anew at each use: give getters where it may change. */
export interface NetSettings {
  /** client-query-buffer-limit, in bytes. */
  readonly queryBufferBytesMax: number;
  /** proto-max-bulk-len, in bytes. */
  readonly bulkBytesMax: number;
  /** timeout, in seconds; 0 = never. */
  readonly idleSeconds: number;
  /** tcp-keepalive, in seconds; 0 = off. */
  readonly keepAliveSeconds: number;
  /** client-output-buffer-limit. */
  readonly outputLimits: Readonly<Record<'normal' | 'pubsub', OutputLimit>>;
}

/** The counters of `Stats` that net/ raises. */
export type NetCounters = Pick<
  Stats,
  | 'connectionsReceived'
  | 'netInputBytes'
  | 'netOutputBytes'
  | 'replicationOutputBytes'
  | 'readsProcessed'
  | 'writesProcessed'
  | 'queryBufferLimitDisconnections'
  | 'outputBufferLimitDisconnections'
>;

export interface NetEnvironment {
  /** An error reply was written, by whatever part: its text with the prefix word. */
  readonly onErrorReply: (text: string) => void;
  readonly handler: RequestHandler;
  readonly settings: NetSettings;
  readonly counters: NetCounters;
  readonly log: Pick<Log, 'verbose' | 'warning' | 'isEnabled'>;
  readonly clock: { wallMs(): number; monotonicMs(): number };
}
