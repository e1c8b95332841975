/*
 * Memory for each key, as the system sees it and as the server says: after loading, after deleting
 * half of the keys, after all have been written over with other sizes.
 */

import { info } from '../../test/helpers/info.js';
import { seededRandom } from '../../test/helpers/random.js';
import type { ServerProcess } from '../../test/helpers/server-process.js';
import { addRows, type Bench, type Figures } from '../bench.js';
import { using } from '../contenders.js';
import { fill, keyOf, thinOut } from '../fill.js';
import { residentBytes } from '../process-figures.js';

const KEYS = 5_000_000;
const SIZES = [16, 100, 1000];
const KEY_BYTES = keyOf(0).length;
/** Sizes that values are written over with. */
const MIN_BYTES = 10;
const MAX_BYTES = 200;

const UNITS = { resident: 'bytes a key', used_memory: 'bytes a key' };
const STEPS = [
  ['loaded', UNITS],
  ['half deleted', UNITS],
  ['written over', { ...UNITS, 'resident over ideal': 'times' }],
] as const;

export async function memory(bench: Bench): Promise<void> {
  for (const bytes of bench.isQuick ? SIZES.slice(0, 1) : SIZES) {
    const keys = bench.keys(bytes > 100 ? KEYS / 5 : KEYS);
    const found: [string, Figures[]][] = [];
    for (const contender of bench.contenders) {
      const figures = await using(contender, {}, (server) => measure(server, keys, bytes));
      found.push([contender.name, figures]);
    }
    for (const [i, [step, units]] of STEPS.entries()) {
      addRows(bench, {
        part: 'memory',
        what: `${keys} keys, ${KEY_BYTES} + ${bytes} bytes, ${step}`,
        units,
        rounds: new Map(found.map(([name, steps]) => [name, steps.slice(i, i + 1)])),
      });
    }
  }
}

/** The figures of each step. */
async function measure(server: ServerProcess, keys: number, bytes: number): Promise<Figures[]> {
  const empty = residentBytes(server.pid);
  const client = await server.connect();
  const figures = async (): Promise<{ resident: number; used_memory: number }> => {
    const left = Number(await client.call('DBSIZE'));
    const used = Number((await info(client, 'memory')).used_memory);
    return { resident: (residentBytes(server.pid) - empty) / left, used_memory: used / left };
  };
  await fill(server, keys, bytes);
  const loaded = await figures();
  await thinOut(server, keys, (n) => Math.imul(n, 0x9e3779b1) < 0);
  const halved = await figures();
  const random = seededRandom(1);
  let ideal = 0;
  await fill(server, keys, () => {
    const size = MIN_BYTES + Math.floor(random() * (MAX_BYTES - MIN_BYTES + 1));
    ideal += size + KEY_BYTES;
    return size;
  });
  const over = await figures();
  return [loaded, halved, { ...over, 'resident over ideal': (over.resident * keys) / ideal }];
}
