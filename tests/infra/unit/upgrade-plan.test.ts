import { packagesNeeded } from '../../../infra/dev/upgrade/machinery';
import { mergeManifest } from '../../../infra/dev/upgrade/merge-manifest';
import { newEntries, planUpgrade } from '../../../infra/dev/upgrade/plan';
import { sourceOf } from '../../../infra/dev/upgrade/source';
import { root } from '../../support/run';

const nothing = { take: [], remove: [], merge: [], edited: [] };

describe('the plan of an upgrade', () => {
  /** One file in three versions; undefined where it is not there. */
  const planOf = (file: string, base?: string, mine?: string, next?: string, without: string[] = []) =>
    planUpgrade(
      { files: base === undefined ? {} : { [file]: base }, without },
      new Map(mine === undefined ? [] : [[file, mine]]),
      new Map(next === undefined ? [] : [[file, next]]),
    );

  test.each([
    ['takes a file that only the template has changed', ['1', '1', '2'], { take: ['infra/a.ts'] }],
    ['takes a file that is new in the template', [undefined, undefined, '1'], { take: ['infra/a.ts'] }],
    ['removes a file that the template has removed', ['1', '1', undefined], { remove: ['infra/a.ts'] }],
    ['leaves a file that is the same already', ['1', '2', '2'], {}],
    ['names machinery that was edited', ['1', '2', '1'], { edited: ['infra/a.ts'] }],
    ['names machinery that was edited and has changed', ['1', '2', '3'], { edited: ['infra/a.ts'] }],
    ['names machinery that was edited and is gone', ['1', '2', undefined], { edited: ['infra/a.ts'] }],
    ['names machinery that was deleted', ['1', undefined, '1'], { edited: ['infra/a.ts'] }],
    [
      'names a file of the app where a new one of the machinery goes',
      [undefined, '1', '2'],
      { edited: ['infra/a.ts'] },
    ],
  ] as const)('%s', (_, [base, mine, next], expected) => {
    expect(planOf('infra/a.ts', base, mine, next)).toEqual({ ...nothing, ...expected });
  });

  test.each([
    ['merges a shared file that both have changed', ['1', '2', '3'], { merge: ['tsconfig.json'] }],
    ['leaves a shared file that only the app has changed', ['1', '2', '1'], {}],
    ['leaves a shared file away that the app has deleted', ['1', undefined, '2'], {}],
    ['keeps a shared file that the template has removed and the app has changed', ['1', '2', undefined], {}],
  ] as const)('%s', (_, [base, mine, next], expected) => {
    expect(planOf('tsconfig.json', base, mine, next)).toEqual({ ...nothing, ...expected });
  });

  test('brings nothing back that the app does without', () => {
    expect(planOf('bench/a.ts', undefined, undefined, '2', ['bench/a.ts'])).toEqual(nothing);
  });

  test.each(['bench/a.ts', 'docs/a.md', 'tests/infra/unit/a.test.ts'])('leaves %s away where it was deleted', file => {
    expect(planOf(file, '1', undefined, '1')).toEqual(nothing);
    expect(planOf(file, '1', undefined, '2')).toEqual(nothing);
    expect(planOf(file, '1', '2', '1')).toEqual({ ...nothing, edited: [file] });
  });

  test('renews the page of the settings, into which the app has printed its own, and does not take that for an edit', () => {
    const page = 'docs/settings.md';
    expect(planOf(page, '1', 'printed', '2')).toEqual({ ...nothing, take: [page] });
    expect(planOf(page, '1', 'printed', '1')).toEqual(nothing);
    expect(planOf(page, '1', undefined, '2')).toEqual(nothing);
  });

  test('takes a new file of a folder only where the app has left something in that', () => {
    const files = { 'bench/a.ts': '1', 'bench/queue/a.ts': '1', 'docs/a.md': '1' };
    const without = ['docs/b.md'];
    const comes = ['bench/b.ts', 'bench/queue/b.ts', 'bench/memory/b.ts', 'docs/c.md', 'docs/new/d.md'];
    const next = new Map(Object.entries(files).concat(comes.map(file => [file, '1'])));
    const taken = (...mine: string[]) =>
      planUpgrade({ files, without }, new Map(mine.map(file => [file, '1'])), next).take;
    expect(taken('bench/a.ts', 'docs/own.md')).toEqual(['bench/b.ts', 'bench/memory/b.ts']);
    expect(taken('bench/queue/a.ts', 'docs/a.md')).toEqual(comes);
    expect(taken()).toEqual([]);
  });
});

describe('package.json', () => {
  const base = { name: 'tandem', scripts: { a: '1', b: '1', gone: '1' }, dependencies: { x: '^1', y: '^1' } };

  test('gets what the template has changed, and keeps what the app has', () => {
    const mine = {
      name: 'shop',
      scripts: { a: '1', b: 'mine', gone: '1', own: '1' },
      dependencies: { x: '^1', stripe: '^9' },
    };
    const next = {
      name: 'tandem',
      scripts: { a: '2', b: '1', come: '1' },
      dependencies: { x: '^2', y: '^1', z: '^1' },
    };
    expect(mergeManifest(base, mine, next)).toEqual({
      merged: {
        name: 'shop',
        scripts: { a: '2', b: 'mine', own: '1', come: '1' },
        dependencies: { x: '^2', stripe: '^9', z: '^1' },
      },
      clashes: [],
    });
  });

  test('keeps what both have changed as it is in the app, and names it', () => {
    const mine = { ...base, dependencies: { x: '^3' } };
    const next = { ...base, dependencies: { x: '^2', y: '^2' } };
    const { merged, clashes } = mergeManifest(base, mine, next);
    expect(merged.dependencies).toEqual({ x: '^3' });
    expect(clashes).toEqual([
      'dependencies.x: "^3" here, "^2" in the template',
      'dependencies.y: removed here, "^2" in the template',
    ]);
  });

  test('gets back a package that the new machinery imports, and no other that the app has removed', () => {
    const mine = { ...base, dependencies: {} };
    const next = { ...base, dependencies: { x: '^1', y: '^2' }, devDependencies: { '@types/y': '^1' } };
    const { merged, clashes } = mergeManifest(base, mine, next, ['y', '@types/y']);
    expect(merged).toEqual({ ...base, dependencies: { y: '^2' }, devDependencies: { '@types/y': '^1' } });
    expect(clashes).toEqual([]);
    expect(packagesNeeded(root, ['infra/settings/schema.ts', 'infra/database/connect.ts', 'imports/app.ts'])).toEqual(
      expect.arrayContaining(['mongodb', '@types/mongodb']),
    );
  });

  test('gets and loses whole fields', () => {
    const { merged } = mergeManifest(
      { ...base, old: { a: 1 } },
      { ...base, old: { a: 1 } },
      { ...base, engines: { node: '22' } },
    );
    expect(merged).toEqual({ ...base, engines: { node: '22' } });
  });
});

test('the changelog shows what is new, under its headings', () => {
  const before = '# Changelog\n\n## [1.0.0]\n\n### Added\n\n- one\n';
  const after = '# Changelog\n\n## [1.1.0]\n\n### Fixed\n\n- two\n  more of it\n\n## [1.0.0]\n\n### Added\n\n- one\n';
  expect(newEntries(before, after)).toBe('## [1.1.0]\n### Fixed\n- two\n  more of it');
  expect(newEntries(after, after)).toBe('');
});

describe('where a version comes from', () => {
  test.each([
    [undefined, { from: 'https://example.com/t.git' }],
    ['v1.2.0', { from: 'https://example.com/t.git', ref: 'v1.2.0' }],
    ['https://other.example/t.git', { from: 'https://other.example/t.git' }],
    ['https://other.example/t.git#v2', { from: 'https://other.example/t.git', ref: 'v2' }],
    ['git@example.com:me/t.git', { from: 'git@example.com:me/t.git' }],
    ['/somewhere/tandem#v3', { from: '/somewhere/tandem', ref: 'v3' }],
  ])('is understood: %p', (typed, source) => {
    expect(sourceOf(typed, 'https://example.com/t.git')).toMatchObject(source);
  });

  test('has to be named where nothing is remembered', () => {
    expect(() => sourceOf('v1.2.0', undefined)).toThrow('SOURCE: "v1.2.0" names no folder and no URL');
  });
});
