/*
 * Runs the built tests with node:test. Arguments narrow the choice: each is a path prefix below
 * test/ (`npm test -- unit/memory oracle`). `--long` takes the long budgets, `--coverage` runs c8.
 */

import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const args = process.argv.slice(2);
const isLong = args.includes('--long');
const hasCoverage = args.includes('--coverage');
const prefixes = args.filter((arg) => !arg.startsWith('--'));

/** Longest time for one test file, so that a hanging one ends the run with its name. */
const FILE_TIMEOUT_MS = isLong ? 3_600_000 : 180_000;

const files = readdirSync('dist/test', { recursive: true })
  .map((name) => name.split(path.sep).join('/'))
  .filter((name) => name.endsWith('.test.js'))
  // The compiler leaves behind what it made of files that are gone.
  .filter((name) => existsSync(path.join('test', name.replace(/\.js$/, '.ts'))))
  .filter((name) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)))
  .sort()
  .map((name) => path.join('dist/test', name));
if (files.length === 0) {
  process.stderr.write('no test file matches\n');
  process.exit(1);
}

const nodeArgs = [
  '--test',
  '--test-reporter=spec',
  '--test-concurrency=2',
  `--test-timeout=${FILE_TIMEOUT_MS}`,
  ...files,
];
const environment = { ...process.env, ...(isLong ? { TANDEM_LONG: '1' } : {}) };
const child = hasCoverage
  ? spawn(
      'node_modules/.bin/c8',
      ['--src', 'src', '--reporter', 'text-summary', 'node', ...nodeArgs],
      {
        stdio: 'inherit',
        env: environment,
      },
    )
  : spawn(process.execPath, nodeArgs, { stdio: 'inherit', env: environment });
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
