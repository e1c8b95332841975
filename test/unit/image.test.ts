/*
 * The image, as far as it can be held where no engine runs: the entrypoint and the health check
 * under `sh` with stubs for the commands they call, the facts of the Dockerfile, and (long) the
 * commands of its build stage, in order, in an empty folder.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { repositoryRoot } from '../helpers/repository.js';

const entrypoint = join(repositoryRoot, 'scripts', 'docker-entrypoint.sh');
const healthcheck = join(repositoryRoot, 'scripts', 'docker-healthcheck.sh');

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-image-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Programs of one shell line each, found before all others. */
function environment(t: TestContext, stubs: Record<string, string>): NodeJS.ProcessEnv {
  const folder = temporaryFolder(t);
  for (const [name, script] of Object.entries(stubs)) {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }
  return { PATH: `${folder}:${process.env.PATH}`, DATA: folder };
}

const SHOW = 'printf "%s" "$(basename "$0")"; printf " <%s>" "$@"; echo; umask';

function runEntrypoint(t: TestContext, args: readonly string[], options: { uid?: number } = {}) {
  const env = environment(t, {
    'tandem-server': SHOW,
    'redis-server': SHOW,
    'redis-cli': SHOW,
    id: `echo ${options.uid ?? 999}`,
    find: 'echo "find $*"',
    // Becomes the user in name only: from here on `id` says 999.
    setpriv:
      'echo "setpriv $1 $2 $3 $4"; shift 4; ' +
      'printf "#!/bin/sh\\necho 999\\n" > "$DATA/id"; exec "$@"',
  });
  const script = `umask 0022; exec sh ${entrypoint} "$@"`;
  const result = spawnSync('sh', ['-c', script, 'sh', ...args], { env, encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  return result.stdout.trimEnd().split('\n');
}

const commands: readonly (readonly [args: readonly string[], command: string])[] = [
  [[], 'tandem-server <>'],
  [['tandem-server'], 'tandem-server <>'],
  [['--port', '7000', '--save', ''], 'tandem-server <--port> <7000> <--save> <>'],
  [['-'], 'tandem-server <->'],
  [['/etc/a b.conf', '--port', '1'], 'tandem-server </etc/a b.conf> <--port> <1>'],
  [['redis-server', '/x.conf'], 'redis-server </x.conf>'],
  [['redis-cli', '-h', 'x'], 'redis-cli <-h> <x>'],
];

for (const [args, command] of commands) {
  test(`entrypoint: ${JSON.stringify(args)} becomes ${command}`, (t) => {
    const [shown, umask] = runEntrypoint(t, args);
    assert.equal(shown.replace(/^(\S+)$/, '$1 <>'), command);
    assert.equal(umask, '0077');
  });
}

test('entrypoint: started as root, the server owns its data and drops to user tandem', (t) => {
  const lines = runEntrypoint(t, ['--port', '1'], { uid: 0 });
  assert.deepEqual(lines, [
    'find . ! -user tandem -exec chown tandem:tandem {} +',
    'setpriv --reuid=tandem --regid=tandem --clear-groups --',
    'tandem-server <--port> <1>',
    '0077',
  ]);
});

test('entrypoint: started as root, other programs stay root', (t) => {
  assert.deepEqual(runEntrypoint(t, ['redis-cli', 'ping'], { uid: 0 })[0], 'redis-cli <ping>');
});

interface Listening {
  readonly tcp?: string;
  readonly tcp6?: string;
  readonly unix?: string;
}

const FOREIGN = '0: 00000000:0016 00000000:0000 0A 0:0 0:0 0 0 0 999';

/** A /proc in which one of our processes holds socket 4711. */
function runHealthcheck(
  t: TestContext,
  listening: Listening,
  reply: string,
  options: { uid?: number } = {},
) {
  const { uid = 999 } = options;
  const proc = temporaryFolder(t);
  mkdirSync(join(proc, '7', 'fd'), { recursive: true });
  mkdirSync(join(proc, 'net'));
  const link = join(proc, '7', 'fd', '3');
  // To root without CAP_SYS_PTRACE the entry is there, and does not say what it leads to.
  if (uid === 0) writeFileSync(link, '');
  else symlinkSync('socket:[4711]', link);
  for (const table of ['tcp', 'tcp6', 'unix'] as const) {
    const head = '  sl  local_address rem_address   st ...';
    writeFileSync(join(proc, 'net', table), `${head}\n${FOREIGN}\n${listening[table] ?? ''}\n`);
  }
  const env = environment(t, {
    'redis-cli': `echo "$* ${reply}"`,
    id: `echo ${uid}`,
    // Becomes the user in name, and sees what that user sees.
    setpriv:
      'test "$1 $2" = "--reuid=tandem --regid=tandem" || exit 9; shift 4; ' +
      `printf "#!/bin/sh\\necho 999\\n" > "$DATA/id"; ln -sf 'socket:[4711]' ${link}; exec "$@"`,
  });
  const result = spawnSync('sh', [healthcheck], {
    env: { ...env, PROC_FOLDER: proc },
    encoding: 'utf8',
  });
  return `${result.status} ${result.stdout.trim()}`;
}

const tcpLine = (address: string): string =>
  `1: ${address} 00000000:0000 0A 0:0 0:0 0 999 0 4711 1`;

test('health check: follows the port, the address and the unix socket in use', (t) => {
  const check = (listening: Listening) => runHealthcheck(t, listening, 'PONG');
  assert.equal(check({ tcp: tcpLine('00000000:1B58') }), '0 -h 127.0.0.1 -p 7000 ping PONG');
  assert.equal(check({ tcp: tcpLine('0500000A:18EB') }), '0 -h 10.0.0.5 -p 6379 ping PONG');
  assert.equal(check({ tcp6: tcpLine(`${'0'.repeat(32)}:18EB`) }), '0 -h ::1 -p 6379 ping PONG');
  const unix = '0: 00000002 00000000 00010000 0001 01 4711 /run/tandem.sock';
  assert.equal(check({ unix: unix.replace('0: ', '0000: ') }), '0 -s /run/tandem.sock ping PONG');
  assert.equal(check({}), '1 nothing listens');
});

test('health check: follows an IPv6 address that is not the loopback one', (t) => {
  const address = 'B80D01200000000000000000FE000000';
  assert.equal(
    runHealthcheck(t, { tcp6: tcpLine(`${address}:18EB`) }, 'PONG'),
    '0 -h 2001:0DB8:0000:0000:0000:0000:0000:00FE -p 6379 ping PONG',
  );
});

test('health check: root that may not look into the server looks as its user', (t) => {
  const check = (listening: Listening) => runHealthcheck(t, listening, 'PONG', { uid: 0 });
  assert.equal(check({ tcp: tcpLine('00000000:1B58') }), '0 -h 127.0.0.1 -p 7000 ping PONG');
  assert.equal(check({}), '1 nothing listens');
});

test('health check: being asked for a password or loading is alive, no answer is not', (t) => {
  const status = (reply: string) =>
    runHealthcheck(t, { tcp: tcpLine('00000000:18EB') }, reply).slice(0, 1);
  assert.equal(status('NOAUTH Authentication required.'), '0');
  assert.equal(status('LOADING Redis is loading the dataset in memory'), '0');
  assert.equal(status('Could not connect to Redis'), '1');
});

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Stages of the Dockerfile, each a list of instructions. */
function readStages(): Instruction[][] {
  const text = readFileSync(join(repositoryRoot, 'Dockerfile'), 'utf8');
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, '')
    .split('\n');
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [, name, rest] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, rest });
  }
  return stages;
}

test('Dockerfile: data, port, names, health check and the one relaxed default', () => {
  const stages = readStages();
  const runtime = stages[stages.length - 1].map(({ name, rest }) => `${name} ${rest}`);
  for (const expected of [
    'VOLUME /data',
    'EXPOSE 6379',
    'ENTRYPOINT ["docker-entrypoint.sh"]',
    'CMD ["tandem-server"]',
    'ENV TANDEM_DEFAULTS="protected-mode no"',
  ]) {
    assert(runtime.includes(expected), expected);
  }
  assert.equal(runtime.filter((line) => line.startsWith('WORKDIR')).at(-1), 'WORKDIR /data');
  const text = runtime.join('\n');
  assert.match(text, /--gid 999 tandem .*--uid 999 /);
  assert.match(text, /redis-tools/);
  assert.match(text, /tandem-server \/usr\/local\/bin\/redis-server/);
  assert.match(text, /^HEALTHCHECK .*docker-healthcheck\.sh/m);
});

test("the image's scripts can be executed, and all it copies gets past .dockerignore", () => {
  for (const script of [entrypoint, healthcheck]) {
    assert.equal(statSync(script).mode & 0o111, 0o111, script);
  }
  const ignore = readFileSync(join(repositoryRoot, '.dockerignore'), 'utf8').split('\n');
  for (const { name, rest } of readStages().flat()) {
    if (name !== 'COPY' || rest.startsWith('--from')) continue;
    for (const source of rest.split(/ +/).slice(0, -1)) {
      assert(ignore.includes(`!${source}`), `${source} is ignored`);
      statSync(join(repositoryRoot, source));
    }
  }
});

const isLong = process.env.TANDEM_LONG === '1';
const skipBuild = isLong ? false : 'skipped: installs packages (TANDEM_LONG=1 runs it)';

test('the build stages make a server that starts, in an empty folder', { skip: skipBuild }, (t) => {
  const [build, runtime] = readStages();
  const buildRoot = temporaryFolder(t);
  const runtimeRoot = temporaryFolder(t);
  runStage(build, { root: buildRoot, from: buildRoot });
  // Users, packages and links of the runtime need a system of their own; what it copies does not.
  const copies = runtime.filter(({ name }) => name === 'COPY' || name === 'WORKDIR');
  runStage(copies, { root: runtimeRoot, from: buildRoot });
  const server = join(runtimeRoot, 'opt', 'tandem', 'bin', 'tandem-server');
  const { stdout, stderr } = spawnSync(server, ['--version'], { encoding: 'utf8' });
  assert.match(stdout, /^Tandem server v=7\.2\.4 tandem=/, stderr);
});

function runStage(stage: readonly Instruction[], { root, from }: { root: string; from: string }) {
  let folder = root;
  for (const { name, rest } of stage) {
    if (name === 'WORKDIR') {
      folder = join(root, rest);
      mkdirSync(folder, { recursive: true });
    } else if (name === 'COPY') {
      copy(rest.split(/ +/), { root, folder, from });
    } else if (name === 'RUN') {
      const result = spawnSync('sh', ['-c', rest], { cwd: folder, encoding: 'utf8' });
      assert.equal(result.status, 0, `${rest}\n${result.stdout}${result.stderr}`);
    }
  }
}

function copy(words: string[], places: { root: string; folder: string; from: string }): void {
  const isFromBuild = words[0].startsWith('--from');
  const sources = words.slice(isFromBuild ? 1 : 0, -1);
  const target = words[words.length - 1];
  const place = target.startsWith('/') ? join(places.root, target) : resolve(places.folder, target);
  for (const source of sources) {
    const origin = isFromBuild ? join(places.from, source) : join(repositoryRoot, source);
    const destination = target.endsWith('/') ? join(place, basename(source)) : place;
    mkdirSync(dirname(destination), { recursive: true });
    cpSync(origin, destination, { recursive: true });
  }
}
