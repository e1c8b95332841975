/*
 * A replica made of test code: does the handshake and PSYNC with any primary, swallows the snapshot
 * in both forms (`$<length>` and `$EOF:<mark>`), and then shows the stream as exact bytes and as
 * commands. It acknowledges only when told to, so that a test decides what the primary believes.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeRequest } from './resp-client.js';
import { ReplyParser } from './resp-reply.js';
import { waitFor, within } from './wait-for.js';

export interface FakeReplicaOptions {
  port: number;
  /** For a partial resync: what to ask for. `offset` is the last byte already applied. */
  resume?: { replid: string; offset: number };
  /** Port announced by REPLCONF listening-port. */
  listeningPort?: number;
  /** Default eof and psync2. Without `eof` a primary must send `$<length>`. */
  capabilities?: readonly string[];
  password?: string;
  /**
   * Acknowledge the payload by itself until the first byte of the stream (default): after an EOF
   * payload nothing is streamed before that, and a primary that has not yet noticed its own end of
   * the transfer ignores the first one.
   */
  acksOnline?: boolean;
}

const EOF_MARK_LENGTH = 40;

export class FakeReplica {
  readonly socket: Socket;
  /** How the primary answered: `full`, or `continue`. */
  mode: 'full' | 'continue' = 'full';
  replid = '';
  /** Stream offset of the first byte of `stream`, minus one: the offset at the start. */
  startOffset = 0;
  snapshot: Buffer = Buffer.alloc(0);
  snapshotForm: 'length' | 'eof' | 'none' = 'none';
  /** Newlines that came before the PSYNC reply or the payload. */
  keepAlives = 0;
  isClosed = false;
  readonly #chunks: Buffer[] = [];
  #streamBytes = 0;
  /** Bytes received and not yet taken by the handshake. */
  #pending: Buffer = Buffer.alloc(0);
  #isStreaming = false;
  readonly #parser = new ReplyParser();
  readonly #commands: string[][] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (this.#isStreaming) this.#onStream(chunk);
      else this.#pending = Buffer.concat([this.#pending, chunk]);
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      this.isClosed = true;
    });
  }

  /** Connects and synchronises; returns when the stream begins. */
  static async connect(options: FakeReplicaOptions): Promise<FakeReplica> {
    const socket = connect({ port: options.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const replica = new FakeReplica(socket);
    try {
      await within('the fake replica to synchronise', replica.#synchronise(options), 30_000);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return replica;
  }

  /** All bytes of the stream so far. */
  get stream(): Buffer {
    if (this.#chunks.length > 1) this.#chunks.splice(0, Infinity, Buffer.concat(this.#chunks));
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** Offset of the last byte received. */
  get offset(): number {
    return this.startOffset + this.#streamBytes;
  }

  /** The stream's commands so far, as latin1 strings, PING and REPLCONF among them. */
  get commands(): readonly (readonly string[])[] {
    return this.#commands;
  }

  /** The commands without PING and REPLCONF GETACK: what changes data. */
  get writes(): readonly (readonly string[])[] {
    return this.#commands.filter(([name]) => !/^(ping|replconf)$/i.test(name ?? ''));
  }

  /** `REPLCONF ACK offset`; by default of everything received. */
  ack(offset = this.offset): void {
    this.send('REPLCONF', 'ACK', String(offset));
  }

  send(...args: string[]): void {
    this.socket.write(encodeRequest(args));
  }

  /** Waits until the stream holds a command that satisfies `isWanted`. */
  waitForCommand(
    what: string,
    isWanted: (command: readonly string[]) => boolean,
  ): Promise<unknown> {
    return waitFor(`the stream to hold ${what}`, () => this.#commands.some(isWanted));
  }

  close(): void {
    this.socket.destroy();
  }

  async #synchronise(options: FakeReplicaOptions): Promise<void> {
    if (options.password !== undefined) await this.#ask('AUTH', options.password);
    await this.#ask('PING');
    await this.#ask('REPLCONF', 'listening-port', String(options.listeningPort ?? 1));
    const capabilities = options.capabilities ?? ['eof', 'psync2'];
    if (capabilities.length > 0) {
      await this.#ask('REPLCONF', ...capabilities.flatMap((one) => ['capa', one]));
    }
    const { resume } = options;
    if (resume) this.send('PSYNC', resume.replid, String(resume.offset + 1));
    else this.send('PSYNC', '?', '-1');
    const line = await this.#line();
    const [kind, replid, offset] = line.split(' ');
    if (kind === '+CONTINUE') {
      this.mode = 'continue';
      this.replid = replid ?? resume?.replid ?? '';
      this.startOffset = resume?.offset ?? 0;
    } else if (kind === '+FULLRESYNC') {
      this.replid = replid ?? '';
      this.startOffset = Number(offset);
      await this.#receiveSnapshot();
      if (options.acksOnline !== false) this.#ackUntilStreaming();
    } else {
      throw new Error(`PSYNC was answered ${line}`);
    }
    this.#isStreaming = true;
    const rest = this.#pending;
    this.#pending = Buffer.alloc(0);
    this.#onStream(rest);
  }

  #ackUntilStreaming(): void {
    this.ack(this.startOffset);
    const timer = setInterval(() => {
      if (this.isClosed || this.#streamBytes > 0) clearInterval(timer);
      else this.ack(this.startOffset);
    }, 50);
    timer.unref();
  }

  async #ask(...args: string[]): Promise<void> {
    this.send(...args);
    const line = await this.#line();
    if (!line.startsWith('+')) throw new Error(`${args.join(' ')} was answered ${line}`);
  }

  async #receiveSnapshot(): Promise<void> {
    const header = await this.#line();
    if (header.startsWith('$EOF:')) {
      this.snapshotForm = 'eof';
      const mark = Buffer.from(header.slice(5), 'latin1');
      if (mark.length !== EOF_MARK_LENGTH) throw new Error(`mark of ${mark.length} bytes`);
      // Until our ACK nothing may follow the mark, so it is the end of what has come.
      let end = -1;
      let searched = 0;
      await this.#until(() => {
        end = this.#pending.indexOf(mark, searched);
        searched = Math.max(0, this.#pending.length - mark.length);
        return end !== -1;
      });
      this.snapshot = this.#take(end);
      this.#take(mark.length);
      if (this.#pending.length > 0) throw new Error('bytes after the EOF mark before any ACK');
    } else {
      if (!/^\$\d+$/.test(header)) throw new Error(`payload header ${header}`);
      this.snapshotForm = 'length';
      const length = Number(header.slice(1));
      await this.#until(() => this.#pending.length >= length);
      this.snapshot = this.#take(length);
    }
  }

  /** The next line, keep-alive newlines skipped and counted. */
  async #line(): Promise<string> {
    for (;;) {
      await this.#until(() => this.#pending.includes(10));
      const end = this.#pending.indexOf(10);
      const line = this.#take(end + 1)
        .toString('latin1')
        .trimEnd();
      if (line !== '') return line;
      this.keepAlives++;
    }
  }

  async #until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      if (this.isClosed) throw new Error('the primary closed the connection');
      const settled = new AbortController();
      const { signal } = settled;
      try {
        const next = ['data', 'close'].map((event) => once(this.socket, event, { signal }));
        await Promise.race(next);
      } finally {
        settled.abort();
      }
    }
  }

  #take(length: number): Buffer {
    const bytes = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return bytes;
  }

  #onStream(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#streamBytes += chunk.length;
    this.#parser.feed(chunk);
    for (let request = this.#parser.next(); request !== null; request = this.#parser.next()) {
      if (request.type !== 'array') throw new Error(`the stream holds a ${request.type}`);
      this.#commands.push(request.items.map((item) => ('text' in item ? item.text : '?')));
    }
  }
}
