/*
 * Holds the code to noUncheckedIndexedAccess, except where it reads typed arrays: there a check
 * costs 6 to 9 % of a request (docs/decisions/0011-indexed-access.md). The compiler's flag knows
 * no exception. So this compiles with the flag and with a standard library in which the elements of
 * typed arrays are `any`, which absorbs the undefined that the flag adds; their real types are seen
 * to by the build. Tests are exempt: one that reads where nothing is fails.
 */

import assert from 'node:assert/strict';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { repositoryRoot } from './helpers/repository.js';

const LIBRARY = /[\\/]lib\.es[^\\/]*\.d\.ts$/;
const TYPED_ARRAY_INDEX = /\[index: number\]: (?:number|bigint);/g;

/** The program of tsconfig.json without tests, under the flag. */
function compile(): { program: ts.Program; typedArrays: number } {
  const file = join(repositoryRoot, 'tsconfig.json');
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, repositoryRoot, {
    incremental: false,
    noEmit: true,
    noUncheckedIndexedAccess: true,
  });
  const host = ts.createCompilerHost(parsed.options);
  const { getSourceFile } = host;
  let typedArrays = 0;
  host.getSourceFile = (name, version, ...rest) => {
    const source = getSourceFile(name, version, ...rest);
    if (source === undefined || !LIBRARY.test(name)) return source;
    typedArrays += source.text.match(TYPED_ARRAY_INDEX)?.length ?? 0;
    const text = source.text.replace(TYPED_ARRAY_INDEX, '[index: number]: any;');
    return ts.createSourceFile(name, text, version);
  };
  const roots = parsed.fileNames.filter((name) => !name.startsWith(join(repositoryRoot, 'test')));
  return { program: ts.createProgram(roots, parsed.options, host), typedArrays };
}

test('what an index finds is checked, outside of typed arrays', () => {
  const { program, typedArrays } = compile();
  assert(
    typedArrays >= 9,
    'the library words its typed arrays otherwise now: see TYPED_ARRAY_INDEX',
  );
  const diagnostics = program
    .getSourceFiles()
    .filter(({ fileName }) => /^(?:src|bench)\//.test(relative(repositoryRoot, fileName)))
    .flatMap((source) => program.getSemanticDiagnostics(source));
  const text = ts.formatDiagnostics(diagnostics, {
    getCurrentDirectory: () => repositoryRoot,
    getCanonicalFileName: (name) => name,
    getNewLine: () => '\n',
  });
  // The remedy: for-of or destructuring, a check, an assertion where only a bug could trip it.
  assert.equal(text, '');
});
