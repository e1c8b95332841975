/*
 * What a service manager is told, and what the log says of it, with a fake systemd. Facts:
 * redisIsSupervised and redisCommunicateSystemd of Redis 7.2.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SupervisedMode, Supervisor } from '../../../src/lifecycle/supervisor.js';
import { RecordingLog } from '../persistence/fixture.js';

function build(environment: NodeJS.ProcessEnv, failure: string | null = null) {
  const log = new RecordingLog();
  const told: string[] = [];
  const notify = (message: string): string | null => {
    told.push(message);
    return failure;
  };
  const supervisor = new Supervisor({ log, environment, notify });
  const begin = (mode: SupervisedMode) => supervisor.begin(mode, () => void told.push('<stop>'));
  return { supervisor, begin, log, told, environment };
}

const SYSTEMD = { NOTIFY_SOCKET: '/run/notify' };
const UPSTART = { UPSTART_JOB: 'redis' };

test('systemd is told of loading, readiness, replication and the end', () => {
  const { supervisor, begin, log, told } = build(SYSTEMD);
  assert.equal(begin('systemd'), true);
  assert.equal(supervisor.by, 'systemd');
  assert.match(log.lines.join('\n'), /^\* Supervised by systemd\. Please make sure you set /);
  supervisor.onReady('replica');
  for (const isLinkUp of [false, true, true, false]) supervisor.tick({ role: 'replica', isLinkUp });
  supervisor.tell('STOPPING=1');
  assert.deepEqual(told, [
    'STATUS=Redis is loading...',
    'STATUS=Ready to accept connections in read-only mode. Waiting for MASTER <-> REPLICA sync',
    'READY=1',
    'STATUS=MASTER <-> REPLICA sync: Finished with success. ' +
      'Ready to accept connections in read-write mode.',
    'STOPPING=1',
  ]);
});

test('auto finds upstart first, then systemd, then nobody', () => {
  const upstart = build({ ...UPSTART, ...SYSTEMD });
  assert.equal(upstart.begin('auto'), true);
  assert.deepEqual(upstart.told, ['<stop>']);
  assert.equal('UPSTART_JOB' in upstart.environment, false);
  assert.equal(upstart.supervisor.by, 'upstart');
  assert.deepEqual(upstart.log.lines, [
    '- Upstart supervision detected.',
    '* supervised by upstart, will stop to signal readiness.',
  ]);
  const systemd = build({ ...SYSTEMD });
  assert.equal(systemd.begin('auto'), true);
  assert.equal(systemd.log.lines[0], '- Systemd supervision detected.');
  const nobody = build({});
  assert.equal(nobody.begin('auto'), false);
  assert.deepEqual([nobody.log.lines, nobody.told], [[], []]);
});

test('nobody is there who was asked for: a warning, and no supervision', () => {
  const systemd = build({});
  assert.equal(systemd.begin('systemd'), false);
  assert.deepEqual(systemd.log.lines, ['# systemd supervision error: NOTIFY_SOCKET not found!']);
  const upstart = build({});
  assert.equal(upstart.begin('upstart'), false);
  assert.deepEqual(upstart.log.lines, [
    '# upstart supervision requested, but UPSTART_JOB not found!',
  ]);
});

test('a systemd that cannot be told is none', () => {
  const { supervisor, begin, log, told } = build(SYSTEMD, 'systemd-notify: 1');
  assert.equal(begin('systemd'), false);
  assert.deepEqual(log.lines, ['# systemd supervision error: systemd-notify: 1']);
  supervisor.onReady('primary');
  assert.equal(told.length, 1);
});

test('supervised no tells nobody anything', () => {
  const { begin, told } = build({ ...SYSTEMD, ...UPSTART });
  assert.equal(begin('no'), false);
  assert.deepEqual(told, []);
});
