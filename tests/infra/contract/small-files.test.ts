import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import ts from 'typescript';
import { root } from '../../support/run';

/** The text of each file, by its path in the repository. */
type Texts = ReadonlyMap<string, string>;

const smallLines = 40;
const maxFilesPerThousandLines = 12;

/** Small files with one importer and no test of their own that stay as they are, each with its reason. */
const exceptions: Record<string, string> = {
  'imports/tasks/notifications/task-types.ts': 'a feature is deleted as folders, its place in the catalog too',
  'imports/tasks/pictures/task-types.ts': 'a feature is deleted as folders, its place in the catalog too',
  'imports/tasks/reports/task-types.ts': 'a feature is deleted as folders, its place in the catalog too',
  'infra/queue/adds-task.ts': "apps' schedules import it, and load nothing else of the queue",
  'packages/synced-cron/next-date.ts': 'apps import it, by the name of the package',
  'packages/synced-cron/nearest.ts': 'a copy of infra/catalog/nearest.ts, byte for byte',
};

const isTest = (path: string) => /^(template\/accounts\/)?(tests|bench)\//.test(path);
const linesOf = (text: string) => text.split('\n').length - 1;

/** The files of the tree that `from` imports, types too. */
function importsOf(from: string, texts: Texts): string[] {
  const { importedFiles } = ts.preProcessFile(texts.get(from)!, true, true);
  return importedFiles.flatMap(({ fileName }) => {
    const target = fileName.startsWith('.')
      ? posix.join(dirname(from), fileName)
      : fileName.replace(/^meteor\/littledata:synced-cron\//, 'packages/synced-cron/');
    const ends = ['', '.ts', '.tsx', '.cjs', '/index.ts', '/index.tsx'];
    return ends.map(end => `${target}${end}`).find(path => texts.has(path)) ?? [];
  });
}

/** `tests/app/handlers-burn.test.ts` is the test of `imports/tasks/handlers/burn.ts`, which it asks for by name. */
const isNamedFor = (path: string) => {
  const name = `${basename(dirname(path))}-${basename(path).replace(/\.tsx?$/, '')}.test.ts`;
  return (test: string) => basename(test) === name;
};

/** The files that belong into their one importer: too small for a file of their own, and no subject of a test. */
function misplacedFiles(texts: Texts): string[] {
  const importers = new Map<string, string[]>();
  for (const from of texts.keys())
    for (const to of new Set(importsOf(from, texts))) importers.set(to, [...(importers.get(to) ?? []), from]);
  return [...texts.keys()].filter(path => {
    if (isTest(path) || !/\.tsx?$/.test(path) || /\.d\.ts$|(^|\/)index\.tsx?$/.test(path)) return false;
    const all = importers.get(path) ?? [];
    const hasTest = all.some(isTest) || [...texts.keys()].some(isNamedFor(path));
    return linesOf(texts.get(path)!) < smallLines && all.length === 1 && !hasTest;
  });
}

/** An app's own files are its own matter: `npm run init` has written .tandem.json there. */
const isTemplate = !existsSync(join(root, '.tandem.json'));

function readTree(): Texts {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const paths = listed
    .toString()
    .split('\n')
    .filter(path => /\.(tsx?|cts|cjs)$/.test(path) && existsSync(join(root, path)));
  return new Map(paths.map(path => [path, readFileSync(join(root, path), 'utf8')]));
}

const tree = readTree();

test('a small file with one importer is a subject with a test of its own, or it moves in with its importer', () => {
  const misplaced = misplacedFiles(tree).filter(path => isTemplate || !path.startsWith('imports/'));
  expect(misplaced.filter(path => !(path in exceptions))).toEqual([]);
});

test('each exception is still needed', () => {
  // An app imports some of them as well, the sample or another one.
  const withoutApp = new Map([...tree].filter(([path]) => !path.startsWith('imports/')));
  const misplaced = [...misplacedFiles(tree), ...misplacedFiles(withoutApp)];
  expect(Object.keys(exceptions).filter(path => isTemplate && !misplaced.includes(path))).toEqual([]);
});

test(`the machinery has at most ${maxFilesPerThousandLines} files per 1,000 lines`, () => {
  const machinery = [...tree].filter(([path]) => /^(infra|packages)\//.test(path));
  const lines = machinery.reduce((sum, [, text]) => sum + linesOf(text), 0);
  expect((1_000 * machinery.length) / lines).toBeLessThanOrEqual(maxFilesPerThousandLines);
});

describe('a planted file of three lines', () => {
  const small = 'export const small = 1;\n\n// the end\n';
  const large = `${small}${'// a line\n'.repeat(smallLines)}`;
  const importing = (path: string) => `import { small } from '${path}';\nexport const use = small;\n`;
  const caught = (files: Record<string, string>) => misplacedFiles(new Map(Object.entries(files)));

  test.each<[string, Record<string, string>]>([
    ['one importer', { 'infra/a/small.ts': small, 'infra/a/large.ts': importing('./small') }],
    [
      'one importer, of its type only',
      { 'infra/a/small.ts': small, 'infra/b/large.tsx': `import type { small } from '../a/small';\n` },
    ],
    [
      'one importer, at run time',
      { 'infra/a/small.ts': small, 'infra/a/large.ts': `export const load = () => import('./small');\n` },
    ],
  ])('is found where it has %s', (_, files) => {
    expect(caught(files)).toEqual(['infra/a/small.ts']);
  });

  test.each<[string, Record<string, string>]>([
    ['two importers', { 'infra/a/x.ts': importing('./small'), 'infra/a/y.ts': importing('./small') }],
    [
      'a test',
      { 'infra/a/x.ts': importing('./small'), 'tests/infra/unit/a.test.ts': importing('../../../infra/a/small') },
    ],
    ['a test of its name', { 'infra/a/x.ts': importing('./small'), 'tests/app/a-small.test.ts': '' }],
    ['no importer: it is an entry', {}],
  ])('passes where it has %s', (_, files) => {
    expect(caught({ 'infra/a/small.ts': small, ...files })).toEqual([]);
  });

  test('passes where it is larger, or the front of its folder', () => {
    expect(caught({ 'infra/a/small.ts': large, 'infra/a/x.ts': importing('./small') })).toEqual([]);
    expect(caught({ 'infra/a/index.ts': small, 'infra/b/x.ts': importing('../a') })).toEqual([]);
  });
});
