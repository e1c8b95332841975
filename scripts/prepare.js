/*
 * Makes a fresh clone ready before `npm start` and `npm test`: installs the packages when they are
 * missing or older than the lock file, and builds when a source is newer than the build.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

/** Milliseconds of the newest change below the given paths; 0 where nothing is. */
function newestChangeMs(...paths) {
  let newest = 0;
  for (const item of paths) {
    if (!existsSync(item)) continue;
    const status = statSync(item);
    newest = Math.max(newest, status.isDirectory() ? 0 : status.mtimeMs);
    if (!status.isDirectory()) continue;
    for (const name of readdirSync(item)) {
      newest = Math.max(newest, newestChangeMs(path.join(item, name)));
    }
  }
  return newest;
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const installed = newestChangeMs('node_modules/.package-lock.json');
if (installed === 0 || installed < newestChangeMs('package-lock.json')) {
  run('npm', ['ci', '--no-audit', '--no-fund']);
}
const built = newestChangeMs('dist/.tsbuildinfo');
if (built < newestChangeMs('src', 'test', 'bench', 'tsconfig.json') || built < installed) {
  run('node_modules/.bin/tsc', ['-p', 'tsconfig.json']);
}
