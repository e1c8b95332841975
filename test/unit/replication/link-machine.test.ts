/*
 * The link's state machine: each reply of a primary as a fact, and the rules of backing off. How
 * the states follow each other under cuts is shown in test/simulation.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LINK_BACKOFF_MAX_MS } from '../../../src/limits.js';
import type { Log } from '../../../src/observability/log.js';
import type { Position } from '../../../src/replication/history.js';
import {
  type HandshakeSettings,
  LinkMachine,
  type LinkState,
  linkStates,
  linkTransitions,
} from '../../../src/replication/link-machine.js';

const REPLID = 'a'.repeat(40);

function newMachine(
  options: { settings?: Partial<HandshakeSettings>; position?: Position; random?: number } = {},
) {
  const lines: string[] = [];
  const write = (text: string): void => {
    lines.push(text);
  };
  const log = { debug: write, verbose: write, notice: write, warning: write } as Partial<Log>;
  const machine = new LinkMachine({
    log: log as Log,
    settings: () => ({
      password: '',
      user: '',
      listeningPort: 6380,
      announcedIp: '',
      ...options.settings,
    }),
    position: () => options.position ?? null,
    random: () => options.random ?? 0.5,
  });
  return { machine, lines };
}

/** Runs the handshake up to the PSYNC reply. */
function untilPsync(options: Parameters<typeof newMachine>[0] = {}) {
  const made = newMachine(options);
  const { machine } = made;
  machine.connect();
  machine.connected();
  machine.onReply('+PONG');
  machine.onReply('+OK');
  const action = machine.onReply('+OK');
  assert.equal(machine.state, 'awaitingPsyncReply');
  return { ...made, action };
}

test('every state can be reached, and every state but idle can fail', () => {
  const reached = new Set<LinkState>(['idle', ...Object.values(linkTransitions).flat()]);
  assert.deepEqual([...reached].sort(), [...linkStates].sort());
  for (const state of linkStates) {
    if (state === 'idle' || state === 'backingOff') continue;
    assert(linkTransitions[state].includes('backingOff'), state);
  }
});

test('a transition that is not in the table is a bug', () => {
  const { machine } = newMachine();
  assert.throws(() => machine.connected(), /link: idle → awaitingPong/);
  assert.throws(() => machine.onReply('+OK'), /a reply while idle/);
});

test('the handshake without a password', () => {
  const { machine } = newMachine();
  machine.connect();
  assert.deepEqual(machine.connected(), { kind: 'send', commands: [['PING']] });
  assert.deepEqual(machine.onReply('+PONG'), {
    kind: 'send',
    commands: [
      ['REPLCONF', 'listening-port', '6380'],
      ['REPLCONF', 'capa', 'eof', 'capa', 'psync2'],
    ],
  });
  assert.deepEqual(machine.onReply('+OK'), { kind: 'wait' });
  assert.deepEqual(machine.onReply('+OK'), { kind: 'send', commands: [['PSYNC', '?', '-1']] });
});

test('the handshake with a user, a password and an announced address', () => {
  const { machine } = newMachine({
    settings: { user: 'u', password: 'p', announcedIp: '10.1.1.1' },
    position: { replid: REPLID, offset: 99 },
  });
  machine.connect();
  machine.connected();
  const auth = machine.onReply('-NOAUTH Authentication required.');
  assert.deepEqual(auth, { kind: 'send', commands: [['AUTH', 'u', 'p']] });
  assert.equal(machine.state, 'awaitingAuth');
  const replconf = machine.onReply('+OK');
  assert.equal(replconf.kind === 'send' && replconf.commands.length, 3);
  machine.onReply('+OK');
  machine.onReply('-ERR Unrecognized REPLCONF option: ip-address');
  const psync = machine.onReply('+OK');
  // The first byte wanted is the one after those that are there.
  assert.deepEqual(psync, { kind: 'send', commands: [['PSYNC', REPLID, '100']] });
});

test('a wrong password ends the attempt', () => {
  const { machine, lines } = newMachine({ settings: { password: 'p' } });
  machine.connect();
  machine.connected();
  machine.onReply('+PONG');
  assert.deepEqual(machine.onReply('-WRONGPASS no'), { kind: 'close' });
  assert(lines.includes('Unable to AUTH to MASTER: -WRONGPASS no'));
});

for (const line of ['-LOADING Redis is loading', '-MASTERDOWN no', '-BUSY no']) {
  test(`${line} to PING ends the attempt`, () => {
    const { machine } = newMachine();
    machine.connect();
    machine.connected();
    assert.deepEqual(machine.onReply(line), { kind: 'close' });
  });
}

test('+FULLRESYNC names what the payload stands for', () => {
  const { machine } = untilPsync();
  assert.deepEqual(machine.onReply(`+FULLRESYNC ${REPLID} 1234`), {
    kind: 'receive',
    position: { replid: REPLID, offset: 1234 },
    mustSendSync: false,
  });
  assert.equal(machine.state, 'receivingSnapshot');
});

for (const line of ['+FULLRESYNC', '+FULLRESYNC abc 1', `+FULLRESYNC ${REPLID} x`]) {
  test(`\`${line}\` is taken as a snapshot of no known history`, () => {
    const { machine } = untilPsync();
    const action = machine.onReply(line);
    assert.equal(action.kind === 'receive' && action.position, null);
  });
}

test('+CONTINUE goes on, perhaps under another name', () => {
  const position = { replid: REPLID, offset: 5 };
  const other = 'b'.repeat(40);
  for (const [line, replid] of [
    ['+CONTINUE', null],
    [`+CONTINUE ${REPLID}`, REPLID],
    [`+CONTINUE ${other}`, other],
  ] as const) {
    const { machine } = untilPsync({ position });
    assert.deepEqual(machine.onReply(line), { kind: 'continue', replid });
    assert.equal(machine.state, 'streaming');
  }
});

test('+CONTINUE without anything to continue from is refused', () => {
  const { machine } = untilPsync();
  assert.deepEqual(machine.onReply(`+CONTINUE ${REPLID}`), { kind: 'close' });
});

test('-NOMASTERLINK and -LOADING are tried again later', () => {
  for (const line of ['-NOMASTERLINK not now', '-LOADING not now']) {
    const { machine } = untilPsync();
    assert.deepEqual(machine.onReply(line), { kind: 'close' });
    assert.equal(machine.lost(), 0, 'nothing had begun: at once');
  }
});

test('a primary that does not know PSYNC is asked with SYNC', () => {
  for (const line of ["-ERR unknown command 'PSYNC'", '-WHATEVER']) {
    const { machine } = untilPsync();
    assert.deepEqual(machine.onReply(line), {
      kind: 'receive',
      position: null,
      mustSendSync: true,
    });
  }
});

test('a refused connection is tried at once, then each second ± 20 %', () => {
  for (const [random, expected] of [
    [0, 800],
    [0.5, 1000],
    [0.999999, 1200],
  ] as const) {
    const { machine } = newMachine({ random });
    machine.connect();
    assert.equal(machine.lost(), 0);
    for (let i = 0; i < 5; i++) {
      machine.connect();
      assert.equal(Math.round(machine.lost()), expected);
    }
  }
});

test('syncs that had begun and failed back off exponentially, up to a bound', () => {
  const { machine } = newMachine({ random: 0.999999 });
  const pauses: number[] = [];
  for (let i = 0; i < 12; i++) {
    machine.connect();
    machine.connected();
    for (const line of ['+PONG', '+OK', '+OK', `+FULLRESYNC ${REPLID} 1`]) machine.onReply(line);
    pauses.push(Math.round(machine.lost()));
  }
  assert.deepEqual(pauses.slice(0, 4), [250, 500, 1000, 2000]);
  assert.equal(pauses.at(-1), LINK_BACKOFF_MAX_MS);
});

test('a proven stream forgets the failures before it, an unproven one does not', () => {
  const { machine } = newMachine({ position: { replid: REPLID, offset: 1 }, random: 0.999999 });
  const stream = (): void => {
    machine.connect();
    machine.connected();
    for (const line of ['+PONG', '+OK', '+OK', '+CONTINUE']) machine.onReply(line);
  };
  stream();
  assert.equal(Math.round(machine.lost()), 250);
  stream();
  assert.equal(Math.round(machine.lost()), 500);
  stream();
  machine.streamProven();
  assert.equal(machine.lost(), 0);
  stream();
  assert.equal(Math.round(machine.lost()), 250);
});
