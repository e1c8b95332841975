/*
 * Where the repository is, for tests that read its files: they may be built to any folder below it.
 */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of biome.json, which no build folder has. */
export const repositoryRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'biome.json'))) return folder;
  if (dirname(folder) === folder) throw new Error('the tests are not below the repository');
  return findRoot(dirname(folder));
}
