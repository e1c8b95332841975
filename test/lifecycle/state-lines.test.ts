/*
 * What the log says every five seconds at the levels verbose and debug, beside redis-server.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeReplica } from '../helpers/fake-replica.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

for (const [name, start, skip] of [
  ['redis-server', startRedis, skipWithoutRedis],
  ['this server', startTandem, false],
] as const) {
  test(`${name}: databases at verbose, clients too at debug, every 5 s`, { skip }, async () => {
    const starts = ['debug', 'verbose'].map((level) =>
      untilTestEnds(start({ args: ['--loglevel', level] })),
    );
    const [debug, verbose] = await Promise.all(starts);
    const atStart = /\. 0 clients connected \(0 replicas\), \d+ bytes in use\n/;
    await waitFor('the first line', () => atStart.test(debug.log));
    const replica = await FakeReplica.connect({ port: debug.port });
    const lines: string[] = [];
    for (const server of [debug, verbose]) {
      const client = await server.connect();
      await client.call('SELECT', '3');
      for (const key of ['a', 'b', 'c']) await client.call('SET', key, 'v');
      await client.call('EXPIRE', 'a', '1000');
      const stats = String(await client.call('DEBUG', 'HTSTATS', '3'));
      const slots = /table size: (\d+)/.exec(stats)?.[1];
      lines.push(`DB 3: 3 keys (1 volatile) in ${slots} slots HT.\n`);
    }
    const clients = /\. 1 clients connected \(1 replicas\), \d{5,} bytes in use\n/;
    const options = { timeoutMs: 8000 };
    await waitFor('databases', () => debug.log.includes(`- ${lines[0]}`), options);
    await waitFor('clients', () => clients.test(debug.log), options);
    await waitFor('databases', () => verbose.log.includes(`- ${lines[1]}`), options);
    assert.doesNotMatch(verbose.log, /clients connected/);
    assert.doesNotMatch(debug.log, /DB [^3]: /);
    replica.close();
  });
}
