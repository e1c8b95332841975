/*
 * The link and the primary's side together, in a simulated world: one connection cut after every
 * single piece that travels, in both payload forms, and random weather over pairs and chains. In
 * the end the data must be the same, and what could be partial must have been.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cut, Network } from './network.js';
import { SimNode } from './node.js';
import { World } from './world.js';

const isLong = process.env.TANDEM_LONG === '1';
const MINUTE_MS = 60_000;

/** What one run with one cut came to. */
interface Outcome {
  readonly pieces: number;
  readonly fullSyncs: number;
  readonly partialSyncs: number;
  /** Link state of the replica when it was cut. */
  readonly cutIn: string;
}

/** A primary under writes, a replica that joins, and one cut after piece number `cutAt`. */
async function runWithCut(cutAt: number, settings: Record<string, string>): Promise<Outcome> {
  const world = new World(7);
  const network = new Network(world);
  const primary = new SimNode({ world, network, address: 'p', settings });
  const replica = new SimNode({ world, network, address: 'r' });
  for (let i = 0; i < 40; i++) primary.write(i % 3, 'SET', `k${i}`, 'x'.repeat(i));
  let pieces = 0;
  let cutIn = '';
  network.onPiece = (from) => {
    pieces++;
    if (pieces !== cutAt) return;
    cutIn = replica.replication.linkState;
    cut(from);
  };
  let writes = 0;
  const stopWriting = world.scheduler.every(7, () => {
    const n = ++writes;
    primary.write(n % 3, 'INCR', `n${n % 5}`);
    if (n % 4 === 0)
      primary.writeAll(2, [
        ['INCR', 'a'],
        ['INCR', 'b'],
        ['DEL', `k${n}`],
      ]);
  });
  replica.follow('p');
  await world.runUntil('120 writes', () => writes >= 120, 10 * MINUTE_MS);
  stopWriting();
  await world.runUntil(
    `the replica to catch up after a cut at piece ${cutAt} (${cutIn})`,
    () => isInSync(primary, replica),
    MINUTE_MS,
  );
  assert.equal(replica.contents, primary.contents);
  assert.equal(replica.replid, primary.replid);
  const { fullSyncs, partialSyncs } = primary.stats;
  return { pieces, fullSyncs, partialSyncs, cutIn };
}

function isInSync(primary: SimNode, replica: SimNode): boolean {
  return (
    replica.replication.isLinkUp &&
    replica.replication.offset === primary.replication.offset &&
    replica.replid === primary.replid
  );
}

for (const form of ['yes', 'no']) {
  const settings = { 'repl-diskless-sync': form };
  const name = form === 'yes' ? '$EOF:' : '$<length>';
  test(`link: cut after every piece with ${name}, data equal, partial where possible`, async () => {
    const undisturbed = await runWithCut(0, settings);
    assert.deepEqual([undisturbed.fullSyncs, undisturbed.partialSyncs], [1, 0]);
    const seen = new Set<string>();
    for (let cutAt = 1; cutAt <= undisturbed.pieces; cutAt += isLong || cutAt < 120 ? 1 : 11) {
      const { fullSyncs, partialSyncs, cutIn } = await runWithCut(cutAt, settings);
      seen.add(cutIn);
      const where = `cut at piece ${cutAt}, ${cutIn}`;
      if (cutIn === 'streaming' || cutIn === 'loadingSnapshot') {
        // The snapshot is whole: what is missing is in the backlog.
        assert.deepEqual([fullSyncs, partialSyncs], [1, 1], where);
      } else {
        assert(fullSyncs <= 2, where);
        assert.equal(partialSyncs, 0, where);
      }
    }
    for (const state of [
      'awaitingPong',
      'awaitingReplconf',
      'awaitingPsyncReply',
      'receivingSnapshot',
      'streaming',
    ]) {
      assert(seen.has(state), `never cut while ${state}`);
    }
  });
}

for (const value of ['yes', 'no']) {
  test(`link: repl-disable-tcp-nodelay ${value} is obeyed for full and partial syncs`, async () => {
    const world = new World(9);
    const network = new Network(world);
    const settings = { 'repl-disable-tcp-nodelay': value };
    const primary = new SimNode({ world, network, address: 'p', settings });
    const replica = new SimNode({ world, network, address: 'r' });
    replica.follow('p');
    await world.runUntil('the full sync', () => isInSync(primary, replica), MINUTE_MS);
    network.cutAll();
    await world.runUntil('the partial sync', () => primary.stats.partialSyncs === 1, MINUTE_MS);
    assert.deepEqual(
      primary.accepted.map(({ mayDelay }) => mayDelay),
      [value === 'yes', value === 'yes'],
    );
  });
}

test('link: a primary that falls silent is left after repl-timeout, in every phase', async () => {
  for (let freezeAt = 1; freezeAt < 60; freezeAt += 3) {
    const world = new World(freezeAt);
    const network = new Network(world);
    const primary = new SimNode({ world, network, address: 'p' });
    const settings = { 'repl-timeout': '5' };
    const replica = new SimNode({ world, network, address: 'r', settings });
    for (let i = 0; i < 40; i++) primary.write(0, 'SET', `k${i}`, 'x'.repeat(i));
    let pieces = 0;
    network.onPiece = () => {
      if (++pieces === freezeAt) network.isFrozen = true;
    };
    replica.follow('p');
    await world.runFor(4000);
    await world.runUntil(
      `time-out after piece ${freezeAt}`,
      () => replica.lines.some((line) => /[Tt]imeout/.test(line)),
      MINUTE_MS,
    );
    network.onPiece = () => {};
    network.cutAll();
    network.thaw();
    await world.runUntil('in sync again', () => isInSync(primary, replica), 2 * MINUTE_MS);
    assert.equal(replica.contents, primary.contents);
  }
});

test('link: a primary that is not there is tried at once and then each second ± 20 %', async () => {
  const world = new World(3);
  const network = new Network(world);
  const replica = new SimNode({ world, network, address: 'r' });
  replica.follow('nobody');
  await world.runFor(20_000);
  const tries = replica.lines
    .filter((line) => line.includes('sync started'))
    .map((line) => Number(line.split(' ')[0]));
  assert(tries[1] - tries[0] <= 5, 'the second attempt comes at once');
  for (let i = 2; i < tries.length; i++) {
    const pauseMs = tries[i] - tries[i - 1];
    // The clock is looked at each 100 ms.
    assert(pauseMs >= 800 && pauseMs <= 1310, `pause of ${pauseMs} ms`);
  }
  assert(tries.length >= 15);
});

test('link: a sync that keeps failing is tried ever more seldom, 30 s at most', async () => {
  const world = new World(4);
  const network = new Network(world);
  const primary = new SimNode({ world, network, address: 'p' });
  for (let i = 0; i < 200; i++) primary.write(0, 'SET', `k${i}`, 'x'.repeat(50));
  const replica = new SimNode({ world, network, address: 'r' });
  network.onPiece = (from) => {
    if (replica.replication.linkState === 'receivingSnapshot') cut(from);
  };
  replica.follow('p');
  await world.runFor(10 * MINUTE_MS);
  const tries = replica.lines
    .filter((line) => line.includes('sync started'))
    .map((line) => Number(line.split(' ')[0]));
  const pauses = tries.slice(1).map((at, i) => at - tries[i]);
  assert(pauses[0] < 500, `first pause ${pauses[0]}`);
  assert(Math.max(...pauses) <= 30_200);
  assert(pauses.at(-1) !== undefined && Math.min(...pauses.slice(-5)) >= 15_000);
  network.onPiece = () => {};
  await world.runUntil('in sync', () => isInSync(primary, replica), MINUTE_MS);
});

test('chain: promotion of the middle: its replica continues, the old primary too', async () => {
  const world = new World(11);
  const network = new Network(world);
  const [a, b, c] = ['a', 'b', 'c'].map((address) => new SimNode({ world, network, address }));
  b.follow('a');
  await world.runUntil('b follows a', () => isInSync(a, b), MINUTE_MS);
  c.follow('b');
  await world.runUntil('c follows b', () => isInSync(a, c), MINUTE_MS);
  for (let i = 0; i < 50; i++) a.write(i % 4, 'INCR', `n${i % 7}`);
  await world.runUntil('all have it', () => isInSync(a, b) && isInSync(a, c), MINUTE_MS);
  assert.equal(a.contents, c.contents);
  b.follow(null);
  for (let i = 0; i < 50; i++) b.write(i % 4, 'INCR', `n${i % 7}`);
  a.follow('b');
  await world.runUntil('a and c follow b', () => isInSync(b, a) && isInSync(b, c), MINUTE_MS);
  assert.equal(a.contents, b.contents);
  assert.equal(c.contents, b.contents);
  // One full sync each when they first joined; all else was partial.
  assert.equal(a.stats.fullSyncs, 1);
  assert.equal(b.stats.fullSyncs, 1);
  assert.equal(b.stats.partialSyncs, 2);
  assert.equal(b.stats.refusedPartialSyncs, 1, 'c asked with its own fresh history at first');
});

test('the old primary that wrote on past the promotion is refused: diverged', async () => {
  const world = new World(12);
  const network = new Network(world);
  const [a, b] = ['a', 'b'].map((address) => new SimNode({ world, network, address }));
  b.follow('a');
  await world.runUntil('b follows a', () => isInSync(a, b), MINUTE_MS);
  b.follow(null);
  a.write(0, 'SET', 'lost', '1');
  a.follow('b');
  await world.runUntil('a follows b', () => isInSync(b, a), MINUTE_MS);
  assert.equal(b.stats.fullSyncReasons.get('diverged'), 1);
  assert.equal(a.contents, b.contents);
});

/** Random weather over a chain of three with writes; then sunshine. */
async function runWeather(seed: number): Promise<void> {
  const world = new World(seed);
  const network = new Network(world);
  network.pieceBytesMax = 20 + Math.floor(world.random() * 400);
  const settings = { 'repl-timeout': '10', 'repl-ping-replica-period': '2' };
  const nodes = ['a', 'b', 'c'].map(
    (address) => new SimNode({ world, network, address, settings }),
  );
  const [a, b, c] = nodes;
  b.follow('a');
  c.follow('b');
  let n = 0;
  const stopWriting = world.scheduler.every(9, () => {
    n++;
    const database = Math.floor(world.random() * 3);
    if (world.random() < 0.1)
      a.writeAll(database, [
        ['INCR', 'x'],
        ['INCR', 'y'],
      ]);
    else if (world.random() < 0.05) a.write(database, 'SET', 'large', 'y'.repeat(3000));
    else a.write(database, 'INCR', `n${n % 11}`);
  });
  const stopWeather = world.scheduler.every(400, () => {
    const dice = world.random();
    if (dice < 0.3) network.cutAll();
    else if (dice < 0.4) network.isFrozen = true;
    else if (dice < 0.5) network.refuses = true;
    else {
      network.refuses = false;
      network.thaw();
    }
  });
  await world.runFor(20_000);
  stopWeather();
  network.refuses = false;
  network.thaw();
  await world.runFor(2000);
  stopWriting();
  const isDone = (): boolean => isInSync(a, b) && isInSync(a, c);
  await world.runUntil(`seed ${seed} in sync`, isDone, 5 * MINUTE_MS);
  assert.equal(b.contents, a.contents, `seed ${seed}`);
  assert.equal(c.contents, a.contents, `seed ${seed}`);
  assert.equal(c.info('tandem_data_complete'), 'yes');
}

test('chain: whatever the weather, the data are the same when it clears', async () => {
  const runs = isLong ? 100 : 5;
  for (let seed = 1; seed <= runs; seed++) await runWeather(seed);
});

test('a primary feeds its replicas inside a long tick, not only at its end', async () => {
  const world = new World(11);
  const network = new Network(world);
  const primary = new SimNode({ world, network, address: 'p' });
  const replica = new SimNode({ world, network, address: 'r' });
  replica.follow('p');
  await world.runUntil('the link', () => isInSync(primary, replica), MINUTE_MS);
  primary.write(0, 'SET', 'first', '1');
  await world.runUntil('the stream', () => replica.data.has('0/first'), MINUTE_MS);
  await world.runUntil('silence', () => network.underWayFrom('p') === 0, MINUTE_MS);
  // No time passes here: it is all one tick.
  for (let i = 0; i < 11; i++) primary.write(0, 'SET', 'k', 'x'.repeat(100_000));
  assert(network.underWayFrom('p') > 1_000_000);
});
