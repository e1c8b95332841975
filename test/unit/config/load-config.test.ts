/*
 * Loading: files, includes, standard input and options in their order, and what is printed when a
 * configuration cannot be used. Files are a map; the real ones are read in
 * load-config-oracle.test.ts.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigFiles } from '../../../src/config/config-reader.js';
import { loadConfig } from '../../../src/config/load-config.js';

function load(args: readonly string[], texts: Record<string, string> = {}, stdin = '') {
  let folder = '/srv';
  const files: ConfigFiles = {
    readFile(path) {
      const text = texts[path] ?? texts[`${folder}/${path}`];
      if (text === undefined) throw new Error('No such file or directory');
      return text;
    },
    expand: (pattern) => Object.keys(texts).filter((path) => path.startsWith(pattern.slice(0, -1))),
    changeFolder(path) {
      if (path.includes('missing')) return 'No such file or directory';
      folder = path.startsWith('/') ? path : `${folder}/${path}`;
      return null;
    },
    currentFolder: () => folder,
  };
  return loadConfig({ args, files, readStandardInput: () => stdin });
}

function configOf(...args: Parameters<typeof load>) {
  const loaded = load(...args);
  assert('config' in loaded, 'fatal' in loaded ? loaded.fatal : '');
  return loaded.config;
}

function fatalOf(...args: Parameters<typeof load>) {
  const loaded = load(...args);
  assert('fatal' in loaded);
  return loaded.fatal;
}

test('options win over standard input, which wins over the file', () => {
  const texts = { '/srv/a.conf': 'port 1\ntimeout 1\nhz 1\n' };
  const config = configOf(['a.conf', '--port', '3', '-'], texts, 'port 2\ntimeout 2\n');
  assert.deepEqual(config.get(['port', 'timeout', 'hz']), [
    ['port', '3'],
    ['timeout', '2'],
    ['hz', '1'],
  ]);
  assert.equal(config.file, '/srv/a.conf');
});

test('defaults of a distribution lose against every line, and do not shift line numbers', () => {
  const defaults = 'protected-mode no\ntimeout 5\nsave 9 9';
  const load = (args: readonly string[]) => loadConfig({ args, defaults });
  const plain = load([]);
  assert('config' in plain && !plain.config.values['protected-mode']);
  const given = load(['--timeout', '6', '--save', '1 1']);
  assert('config' in given);
  assert.deepEqual(given.config.get(['timeout', 'save']), [
    ['timeout', '6'],
    ['save', '1 1'],
  ]);
  const bad = load(['--nosuch', '1']);
  assert('fatal' in bad);
  assert.match(bad.fatal, /at line 2\n/);
});

test('comments, blank lines and line ends of Windows are skipped', () => {
  const texts = { '/srv/a.conf': '# port 1\r\n\r\n   \t\r\n  port 2\r\n' };
  assert.equal(configOf(['a.conf'], texts).values.port, 2);
});

test('includes nest, take patterns, and are read where they stand', () => {
  const texts = {
    '/srv/a.conf': 'port 1\ninclude b.conf\ntimeout 1\ninclude conf.d/*\n',
    '/srv/b.conf': 'port 2\ntimeout 2\ninclude c.conf',
    '/srv/c.conf': 'hz 3',
    'conf.d/1': 'tcp-keepalive 4',
    'conf.d/2': 'tcp-keepalive 5',
  };
  const config = configOf(['a.conf'], texts);
  assert.deepEqual(config.get(['port', 'timeout', 'hz', 'tcp-keepalive']), [
    ['port', '2'],
    ['timeout', '1'],
    ['hz', '3'],
    ['tcp-keepalive', '5'],
  ]);
});

test('a pattern without a match is fine, a missing file is not', () => {
  configOf(['--include', 'none.d/*']);
  const fatal = fatalOf(['--include', 'none.conf']);
  assert.match(fatal, /Fatal error, can't open config file 'none.conf': No such file/);
  assert.equal(
    fatalOf(['none.conf']),
    "Fatal error, can't open config file '/srv/none.conf': No such file or directory\n",
  );
});

test('a file that includes itself ends in an error', () => {
  const fatal = fatalOf(['a.conf'], { '/srv/a.conf': 'include a.conf' });
  assert.match(fatal, /does one include itself/);
});

test('an error names its line in the text of file, standard input and options', () => {
  assert.equal(
    fatalOf(['a.conf', '--port', 'x'], { '/srv/a.conf': 'hz 1\nhz 2\n' }),
    [
      '',
      '*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***',
      'Reading the configuration file, at line 4',
      `>>> 'port "x"'`,
      "argument couldn't be parsed into an integer",
      '',
    ].join('\n'),
  );
});

test('an error in an included file names line and file', () => {
  const texts = { '/srv/a.conf': 'hz 1\ninclude b.conf\n', '/srv/b.conf': '\n\nnosuch 1\n' };
  assert.match(
    fatalOf(['a.conf'], texts),
    /at line 3\n>>> 'nosuch 1'\nBad directive or wrong number of arguments\nIn b.conf\n$/,
  );
});

test('save lines of one configuration add up, and an empty one starts over', () => {
  assert.deepEqual(configOf(['--save', '1', '2', '--save', '3 4']).get(['save']), [
    ['save', '1 2 3 4'],
  ]);
  assert.deepEqual(configOf(['--save', '1 2', '--save', '', '--save', '5 6']).get(['save']), [
    ['save', '5 6'],
  ]);
  assert.deepEqual(configOf(['--save']).values.save, []);
});

test('dir changes the folder at once, so that later includes are found there', () => {
  const config = configOf(['--dir', 'sub', '--include', 'b.conf'], { '/srv/sub/b.conf': 'hz 7' });
  assert.equal(config.values.dir, '/srv/sub');
  assert.equal(config.values.hz, 7);
  assert.match(fatalOf(['--dir', '/missing']), /\nNo such file or directory\n$/);
});

test('rename-command lines are kept in order; users, modules and unknown names are errors', () => {
  const config = configOf(['--rename-command', 'FLUSHALL', '', '--rename-command GET FETCH']);
  assert.deepEqual(
    config.renamedCommands.map(({ from, to }) => [from, to]),
    [
      ['FLUSHALL', ''],
      ['GET', 'FETCH'],
    ],
  );
  assert.match(fatalOf(['--user', 'bob', 'on']), /ACL users are not supported/);
  assert.match(fatalOf(['--loadmodule', 'x.so']), /modules are not supported/);
  assert.match(fatalOf(['--lua-replicate-commands', 'yes', 'no']), /Bad directive/);
  configOf(['--lua-replicate-commands', 'yes']);
  // What every JavaScript object has is not known either.
  assert.match(fatalOf(['--constructor', 'x']), /Bad directive/);
});

test('CONFIG SET dir changes the folder and shows what the system calls it', () => {
  const config = configOf(['--enable-protected-configs', 'yes']);
  const context = { isLoading: false, isLoopback: true };
  assert.equal(config.set([['dir', 'sub']], context), null);
  assert.equal(config.values.dir, '/srv/sub');
  assert.match(
    config.set([['dir', '/missing']], context)?.error ?? '',
    /'dir'\) - No such file or directory$/,
  );
  assert.equal(config.values.dir, '/srv/sub');
});

test('user default: a line that says what holds anyway is taken', () => {
  // SHA-256 of `sesame`.
  const hash = '#d0c04f4b1951e4aeaaec8223ed2039e542f3aae805a6fa7f6d794e5afff5d272';
  for (const lines of [
    'user default on nopass ~* &* +@all',
    'user default on nopass sanitize-payload ~* &* +@all',
    'USER default ON NoPass allkeys AllChannels allcommands',
    'user default +@all &* ~* >old nopass on',
    'acl-pubsub-default allchannels\nuser default on nopass ~* +@all',
    'user default on nopass ~* +@all\nacl-pubsub-default allchannels',
    `requirepass sesame\nuser default on sanitize-payload ${hash} ~* &* +@all`,
    `user default on ${hash} ~* &* +@all\nrequirepass sesame`,
    'requirepass sesame\nuser default on >sesame ~* &* +@all',
  ]) {
    configOf(['a.conf'], { '/srv/a.conf': lines });
  }
});

test('user default: any other line is refused, with its number', () => {
  for (const line of [
    'user default',
    'user default on nopass ~* &*',
    'user default on nopass &* +@all',
    'user default on nopass ~* +@all',
    'user default nopass ~* &* +@all',
    'user default on ~* &* +@all',
    'user default on >other ~* &* +@all',
    'user default on nopass >sesame ~* &* +@all',
    'user default on nopass ~* &* +@all -debug',
    'user default on nopass ~a* &* +@all',
    'user default off nopass ~* &* +@all',
    'user default on nopass ~* &* +@all (~a +get)',
    'user default on #d0c0 ~* &* +@all',
    'user Default on nopass ~* &* +@all',
    'user bob on nopass ~* &* +@all',
  ]) {
    const fatal = fatalOf(['a.conf'], { '/srv/a.conf': `\n${line}\nhz 20` });
    assert.match(fatal, /at line 2\n>>> 'user .*'\nACL users are not supported/, line);
  }
  const nopass = 'user default on nopass ~* &* +@all';
  const withPassword = { '/srv/a.conf': `${nopass}\nrequirepass sesame` };
  assert.match(fatalOf(['a.conf'], withPassword), /at line 1\n/);
  const two = ['>sesame', '>other'].join(' ');
  const both = { '/srv/a.conf': `requirepass sesame\nuser default on ${two} ~* &* +@all` };
  assert.match(fatalOf(['a.conf'], both), /at line 2\n/);
});
