/*
 * Holds the house as it is drawn: which room may use which, that pure rooms stay pure, that only
 * main ties parts together, and the sizes that keep files readable. It reads the sources of the
 * repository with the TypeScript parser, wherever the tests were built to.
 *
 * When it fails, the remedy is in the message. An exception needs a line in a list below, with the
 * reason; one that is no longer needed fails too.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { repositoryRoot } from './helpers/repository.js';

const FILE_LINES_MAX = 500;
const FUNCTION_LINES_MAX = 70;
const LINE_COLUMNS_MAX = 100;
const OPENING_LINES_MAX = 24;

/** Files longer than that, and why. */
const longFiles: Readonly<Record<string, string>> = {};

/** Functions longer than that, as `file:name`, and why. */
const longFunctions: Readonly<Record<string, string>> = {};

/**
 * The rooms whose values each room may import; types may come from anywhere. Everybody may use
 * limits. `main.ts` and `cli.ts` are rooms of one file.
 */
const arrows: Readonly<Record<string, readonly string[]>> = {
  'limits.ts': [],
  memory: [],
  structures: ['memory'],
  keyspace: ['memory', 'structures'],
  config: ['structures'],
  resp: ['structures'],
  'persistence/rdb': ['structures'],
  persistence: ['memory', 'structures', 'keyspace', 'persistence/rdb'],
  replication: ['structures', 'resp'],
  commands: ['structures', 'keyspace', 'resp', 'config', 'persistence/rdb'],
  observability: ['commands', 'config'],
  pubsub: ['structures'],
  net: ['structures', 'resp', 'commands'],
  lifecycle: ['structures', 'commands', 'config', 'net', 'observability'],
  'cli.ts': [],
  'main.ts': ['*'],
};

/** Packages, and the only rooms that may import them. */
const packages: Readonly<Record<string, readonly string[]>> = {
  commander: ['cli.ts'],
  pino: ['observability'],
  'redis-parser': ['replication'],
};

/** Rooms without clock, chance, timers, sockets and files: those come in as parameters. */
const pureRooms = new Set([
  'memory',
  'structures',
  'keyspace',
  'persistence/rdb',
  'pubsub',
  'resp',
  'limits.ts',
]);

/** The shells of replication: sockets and files. Every other file of the room is pure. */
const replicationShells = new Set(['snapshot-file.ts', 'tcp-dial.ts']);

const impureImports = new Set([
  ...['node:net', 'node:fs', 'node:fs/promises', 'node:timers', 'node:timers/promises', 'node:tls'],
  ...['node:dgram', 'node:http', 'node:child_process', 'node:perf_hooks', 'pino'],
]);
const impureNames = new Set([
  ...['Date', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'process', 'console'],
]);

/** What main makes one of and others make too: values with a short life, no parts of the server. */
const madeByOthers = new Set(['Client', 'ReplyWriter', 'URL']);

interface Import {
  /** `src/…` of the imported file, or the module's name. */
  readonly target: string;
  readonly isTypeOnly: boolean;
  readonly isReExport: boolean;
}

interface Source {
  /** Path from the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

const sources = ['src', 'test', 'bench'].flatMap(filesBelow).map(readSource);
const production = sources.filter(({ path }) => path.startsWith('src/'));

function filesBelow(folder: string): string[] {
  return readdirSync(join(repositoryRoot, folder), { recursive: true })
    .map((name) => `${folder}/${String(name).replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.ts'))
    .sort();
}

function readSource(path: string): Source {
  const text = readFileSync(join(repositoryRoot, path), 'utf8');
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const imports = tree.statements.flatMap((statement) => readImport(path, statement));
  return { path, text, lines: text.trimEnd().split('\n'), tree, imports };
}

function readImport(path: string, statement: ts.Statement): Import[] {
  if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
  const module = statement.moduleSpecifier;
  if (module === undefined || !ts.isStringLiteral(module)) return [];
  const target = module.text.startsWith('.')
    ? normalize(join(dirname(path), module.text))
        .replaceAll('\\', '/')
        .replace(/\.js$/, '.ts')
    : module.text;
  if (ts.isExportDeclaration(statement)) {
    return [{ target, isTypeOnly: statement.isTypeOnly, isReExport: true }];
  }
  const clause = statement.importClause;
  const bindings = clause?.namedBindings;
  const named = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : [];
  const isOnlyTypes = named.length > 0 && named.every((element) => element.isTypeOnly);
  const isTypeOnly = clause?.isTypeOnly === true || (isOnlyTypes && clause?.name === undefined);
  return [{ target, isTypeOnly, isReExport: false }];
}

/** `src/persistence/rdb/x.ts` is in `persistence/rdb`, `src/main.ts` in `main.ts`. */
function roomOf(path: string): string {
  const parts = path.split('/').slice(1);
  return parts.length === 1 ? parts[0] : parts.slice(0, -1).join('/');
}

function isPure(path: string): boolean {
  const room = roomOf(path);
  if (room === 'replication') return !replicationShells.has(path.slice('src/replication/'.length));
  return pureRooms.has(room);
}

/** Every identifier that is used as a value, with its line. */
function usedNames(source: Source): Map<string, number> {
  const found = new Map<string, number>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return;
    const isProperty = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
    if (ts.isIdentifier(node) && !isProperty && !ts.isPropertyAssignment(node.parent)) {
      found.set(node.text, lineOf(source, node));
    }
    node.forEachChild(visit);
  };
  source.tree.forEachChild(visit);
  return found;
}

function lineOf(source: Source, node: ts.Node): number {
  return source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree)).line + 1;
}

function none(problems: readonly string[]): void {
  assert.equal(problems.length, 0, `\n${problems.join('\n')}`);
}

test('every room is on the plan', () => {
  const rooms = new Set(production.map(({ path }) => roomOf(path)));
  none([...rooms].filter((room) => !(room in arrows)).map((room) => `${room}: add its arrows`));
});

test('values are imported along the arrows only', () => {
  const problems: string[] = [];
  for (const { path, imports } of production) {
    const room = roomOf(path);
    const allowed = new Set([room, 'limits.ts', ...(arrows[room] ?? [])]);
    if (allowed.has('*')) continue;
    for (const { target, isTypeOnly } of imports) {
      if (isTypeOnly || !target.startsWith('src/') || allowed.has(roomOf(target))) continue;
      problems.push(
        `${path} imports ${target}: ${room} may not use ${roomOf(target)}; import the type and` +
          ' take the value as a parameter, or move what both need below them',
      );
    }
  }
  none(problems);
});

test('no file uses itself through others', () => {
  const edges = new Map(
    production.map(({ path, imports }) => [
      path,
      imports.filter((each) => !each.isTypeOnly).map((each) => each.target),
    ]),
  );
  const done = new Set<string>();
  const problems: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) {
      const circle = [...way.slice(way.indexOf(path)), path].join(' → ');
      problems.push(`${circle}: move what both need into a file of its own`);
      return;
    }
    if (done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  none(problems);
});

test('no file is a barrel', () => {
  const problems: string[] = [];
  for (const { path, tree, imports } of sources) {
    const isPassedOn = imports.some((each) => each.isReExport && !each.isTypeOnly);
    const isOnlyList =
      imports.length > 0 && tree.statements.every((each) => ts.isExportDeclaration(each));
    if (isPassedOn || isOnlyList) problems.push(`${path}: import from where it is defined`);
  }
  none(problems);
});

test('packages stay in their rooms', () => {
  const problems: string[] = [];
  for (const { path, imports } of production) {
    for (const { target } of imports) {
      if (target.startsWith('src/') || target.startsWith('node:')) continue;
      const rooms = packages[target];
      if (rooms === undefined) problems.push(`${path}: ${target} needs a decision record first`);
      else if (!rooms.includes(roomOf(path))) {
        problems.push(`${path}: only ${rooms.join(', ')} may import ${target}`);
      }
    }
  }
  none(problems);
});

test('pure files use no socket, file, timer, clock, chance or log', () => {
  const problems: string[] = [];
  for (const source of production.filter(({ path }) => isPure(path))) {
    for (const { target, isTypeOnly } of source.imports) {
      if (!isTypeOnly && impureImports.has(target)) {
        problems.push(`${source.path} imports ${target}: take it as a parameter`);
      }
    }
    for (const [name, line] of usedNames(source)) {
      if (impureNames.has(name)) {
        problems.push(`${source.path}:${line} uses ${name}: take it as a parameter`);
      }
    }
    if (/\bMath\.random\b/.test(source.text)) problems.push(`${source.path} uses Math.random`);
  }
  none(problems);
});

test('the shells of replication are still shells', () => {
  none(
    [...replicationShells].filter((name) => {
      const source = production.find(({ path }) => path === `src/replication/${name}`);
      if (source === undefined) return true;
      const names = usedNames(source);
      return (
        !source.imports.some(({ target }) => impureImports.has(target)) &&
        ![...impureNames].some((each) => names.has(each))
      );
    }),
  );
});

test('commands see neither sockets nor the network room', () => {
  none(
    production
      .filter(({ path }) => roomOf(path) === 'commands')
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ target }) => target === 'node:net' || target.startsWith('src/net/'))
          .map(({ target }) => `${path} imports ${target}: reach it through Connection`),
      ),
  );
});

/** What dispatch hands its effects to; nobody else appends to the stream from commands/. */
const propagators = ['src/commands/propagation.ts', 'src/commands/dispatch.ts'];

test('only dispatch propagates', () => {
  none(
    production
      .filter(({ path }) => roomOf(path) === 'commands' && !propagators.includes(path))
      .filter(({ text }) => /\.appendVerbatim\(|\bfeed\.append\(/.test(text))
      .map(({ path }) => `${path}: declare the effect with ctx.propagateAs`),
  );
});

test('files open with what they own, the idea, and what they must not know', () => {
  none(
    sources
      .filter(({ path, text }) => {
        const comment = /^(#!.*\n)?(\/\*[\s\S]*?\*\/|(\/\/.*\n)+)/.exec(text)?.[2] ?? '';
        const length = comment === '' ? 0 : comment.trimEnd().split('\n').length;
        // A sentence is enough for a test: it owns nothing.
        const min = path.startsWith('src/') ? 3 : 1;
        return length < min || length > OPENING_LINES_MAX;
      })
      .map(({ path }) => `${path}: begin with a comment of 3 to 12 lines, 24 with a layout`),
  );
});

test(`files have at most ${FILE_LINES_MAX} lines`, () => {
  const long = sources.filter(({ lines }) => lines.length > FILE_LINES_MAX);
  none([
    ...long
      .filter(({ path }) => !(path in longFiles))
      .map(({ path, lines }) => `${path} has ${lines.length}: split it by its nouns`),
    ...Object.keys(longFiles)
      .filter((path) => !long.some((source) => source.path === path))
      .map((path) => `${path} is short enough: take it off the list`),
  ]);
});

test(`lines have at most ${LINE_COLUMNS_MAX} columns`, () => {
  none(
    sources.flatMap(({ path, lines }) =>
      lines
        .map((line, index) => ({ columns: [...line].length, where: `${path}:${index + 1}` }))
        .filter(({ columns }) => columns > LINE_COLUMNS_MAX)
        .map(({ columns, where }) => `${where} has ${columns}: break it`),
    ),
  );
});

test(`functions have at most ${FUNCTION_LINES_MAX} lines`, () => {
  const long = production.flatMap(longFunctionsOf);
  none([
    ...long
      .filter(({ where }) => !(where in longFunctions))
      .map(({ where, length }) => `${where} has ${length}: let it decide, and its parts do`),
    ...Object.keys(longFunctions)
      .filter((where) => !long.some((each) => each.where === where))
      .map((where) => `${where} is short enough: take it off the list`),
  ]);
});

function longFunctionsOf(source: Source): { where: string; length: number }[] {
  const found: { where: string; length: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const first = lineOf(source, node);
      const last = source.tree.getLineAndCharacterOfPosition(node.end).line + 1;
      const length = last - first + 1;
      const name = node.name?.getText(source.tree) ?? `line ${first}`;
      if (length > FUNCTION_LINES_MAX) found.push({ where: `${source.path}:${name}`, length });
    }
    node.forEachChild(visit);
  };
  source.tree.forEachChild(visit);
  return found;
}

test('what main constructs, nobody else does', () => {
  const main = production.find(({ path }) => path === 'src/main.ts');
  assert(main !== undefined);
  const parts = constructedIn(main).filter((name) => !madeByOthers.has(name));
  assert(parts.length > 5, `main constructs ${parts.join(', ')}`);
  none(
    production
      .filter((source) => source !== main)
      .flatMap((source) =>
        constructedIn(source)
          .filter((name) => parts.includes(name))
          .map((name) => `${source.path} makes a ${name}: let main pass it in`),
      ),
  );
});

function constructedIn(source: Source): string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
      found.add(node.expression.text);
    }
    node.forEachChild(visit);
  };
  source.tree.forEachChild(visit);
  return [...found];
}
