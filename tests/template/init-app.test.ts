import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { Copy } from '../support/copy';
import { appsOwnSources, growBy } from './bare-app';

jest.setTimeout(400_000);

/** Two fresh clones: one keeps the sample. */
let clones: { sample: Copy; bare: Copy };
beforeAll(() => {
  clones = { sample: new Copy(), bare: new Copy() };
  for (const clone of Object.values(clones)) clone.commit();
  git('sample', 'remote', 'add', 'origin', 'https://example.com/tandem.git');
  git('bare', 'remote', 'add', 'origin', 'https://example.com/our-shop.git');
});
afterAll(() => Promise.all(Object.values(clones ?? {}).map(clone => clone.remove())));

const git = (kind: 'sample' | 'bare', ...args: string[]) =>
  execFileSync('git', args, { cwd: clones[kind].folder, encoding: 'utf8' });

async function isGood(copy: Copy, command: string, ...args: string[]): Promise<void> {
  const { code, output } = await copy.run(command, args);
  expect({ command, args, code, output }).toMatchObject({ code: 0 });
}

const settingsOf = (copy: Copy, role: string) => JSON.parse(copy.read(`settings-${role}.json`));

describe('npm run init, before it is done', () => {
  const init = (...args: string[]) =>
    clones.sample.run('node', ['--require', 'tsx/cjs', 'infra/dev/init/main.ts', ...args]);

  test.each([
    [[], 'name: is missing. Try: npm run init -- my-app'],
    [['My App'], 'name: "My App" is not made of small letters, digits and single - between them'],
    [['../up'], 'name: "../up" is not made of small letters'],
    [['tandem'], 'name: "tandem" is the template\'s own'],
    [['admin'], 'name: "admin" is a database of MongoDB itself'],
    [['my', 'app'], 'name: one is enough, not 2 (my, app)'],
    [['my-app', '--sparse'], "Unknown option '--sparse'"],
  ])('refuses %p, and touches nothing', async (args, reason) => {
    const before = clones.sample.contents();
    expect(await init(...args)).toMatchObject({ code: 1, output: expect.stringContaining(reason) });
    expect(clones.sample.contents()).toEqual(before);
  });

  test('refuses a tree with uncommitted changes, until it is told to go on', async () => {
    clones.sample.write('notes.txt', 'mine');
    expect(await init('my-app')).toMatchObject({ code: 1, output: expect.stringContaining('?? notes.txt') });
    expect(JSON.parse(clones.sample.read('package.json')).name).toBe('tandem');
  });
});

describe('npm run init', () => {
  let clone: Copy;
  beforeEach(() => {
    clone = new Copy();
  });
  afterEach(() => clone.remove());

  /** With these programs before those of PATH, or instead of them. */
  const init = (programs: Record<string, string>, path: string, ...args: string[]) => {
    const bin = join(clone.folder, '.local/bin');
    for (const [name, text] of Object.entries(programs)) {
      clone.write(`.local/bin/${name}`, `#!/bin/sh\n${text}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    const program = ['--require', 'tsx/cjs', 'infra/dev/init/main.ts', 'my-app', ...args];
    return clone.run(process.execPath, program, { PATH: `${bin}${path}` });
  };

  test('leaves an app that can be upgraded, although Ctrl-C breaks it off while npm looks at the packages', async () => {
    clone.commit();
    expect(await init({ npm: 'kill -INT 0' }, `:${process.env.PATH}`, '--bare')).toMatchObject({ code: 'SIGINT' });
    expect(JSON.parse(clone.read('.tandem.json'))).toMatchObject({ version: expect.any(String) });
  });

  test('comes to its end on a machine without git, and says what is missing for it', async () => {
    const { code, output } = await init({ node: `exec ${process.execPath} "$@"` }, '', '--force');
    expect({ code, output }).toMatchObject({
      code: 0,
      output: expect.stringContaining('npm run upgrade will not know'),
    });
    expect(output).toContain('Next:');
  });
});

describe.each([
  ['sample', '--force'],
  ['bare', '--bare'],
] as const)('npm run init -- my-app, %s', (kind, flag) => {
  let copy: Copy;
  let output: string;
  beforeAll(async () => {
    copy = clones[kind];
    const init = await copy.npm('run', 'init', '--', 'my-app', flag);
    expect(init).toMatchObject({ code: 0 });
    output = init.output;
  });

  test('gives the app its name wherever one is read', () => {
    expect(JSON.parse(copy.read('package.json')).name).toBe('my-app');
    const lock = JSON.parse(copy.read('package-lock.json'));
    expect([lock.name, lock.packages[''].name]).toEqual(['my-app', 'my-app']);
    expect(copy.read('imports/app.ts')).toContain("name: 'my-app'");
    expect(copy.read('client/main.html')).toContain('<title>My App</title>');
    expect(copy.read('README.md')).toMatch(
      /^# My App\n\nMy App is a Meteor 3 app in TypeScript\. .*\n\n {4}npm ci && npm start /,
    );
    expect(copy.read('README.md')).not.toMatch(/template|bench:|Tandem/);
    expect(copy.read('CHANGELOG.md')).toMatch(
      /^# Changelog\n\n## \[Unreleased\]\n\n### Added\n\n- My App, on Tandem [\d.]+\.\n$/,
    );
    expect(copy.read('infra/CHANGELOG.md')).toContain('keepachangelog');
    expect(copy.read('.github/workflows/meteor.yml')).toContain('/my-app?replicaSet');
    expect(copy.read('compose.yaml')).toContain('image: my-app\n');
    expect(copy.read('Dockerfile')).toContain('docker build -t my-app .');
    expect(settingsOf(copy, 'web').public).toEqual({ appName: 'My App' });
    for (const file of ['imports/ui/header/Header.tsx', 'infra/console/pages/Console.tsx', 'client/main.html'])
      expect(copy.read(file)).not.toMatch(/Tandem|One codebase/);
    expect(copy.read('AGENTS.md')).not.toContain('Tandem is');
  });

  test('makes secrets that nobody else has, the same for both roles, and a new Meteor id', async () => {
    const [web, jobs] = [settingsOf(copy, 'web.production'), settingsOf(copy, 'jobs.production')];
    const secrets = [web.link.secret, web.queue.signingKey, web.console.operatorToken, web.metrics.token];
    expect(new Set(secrets).size).toBe(4);
    for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect([jobs.link.secret, jobs.queue.signingKey, jobs.console.operatorToken, jobs.metrics.token]).toEqual(secrets);
    expect(output).toContain(web.console.operatorToken);
    expect([web.runJobs, jobs.runJobs, web.link.url]).toEqual([false, true, undefined]);
    const status = git(kind, 'status', '--porcelain');
    expect(status).not.toContain('production');
    expect(status).not.toContain('settings-jobs.json');
    expect(settingsOf(copy, 'web').queue.signingKey).toMatch(/^development-/);
    const before = await copy.run('git', ['show', 'HEAD:.meteor/.id']);
    expect(copy.read('.meteor/.id')).toMatch(/^[0-9a-z]{12}\.[0-9a-z]{12}$/m);
    expect(copy.read('.meteor/.id')).not.toBe(before.output);
  });

  test('takes away what makes apps of the template', () => {
    const papers = ['template', 'tests/template', '.github/workflows/template.yml', 'LICENSE'];
    expect(papers.filter(path => copy.has(path))).toEqual([]);
    expect(copy.has('infra/LICENSE')).toBe(true);
    expect(JSON.parse(copy.read('package.json')).license).toBe('UNLICENSED');
    expect(copy.read('CONTRIBUTING.md')).not.toContain('test:template');
    expect(git(kind, 'remote').trim()).toBe(kind === 'sample' ? '' : 'origin');
    expect(JSON.parse(copy.read('.tandem.json')).source).toBe(
      `https://example.com/${kind === 'sample' ? 'tandem' : 'our-shop'}.git`,
    );
    expect(JSON.parse(copy.read('package.json')).scripts).toMatchObject({
      test: 'jest tests/app',
      validate: expect.stringContaining('npm test && npm run test:e2e'),
    });
    expect(JSON.parse(copy.read('package.json')).scripts).not.toHaveProperty('test:template');
  });

  test('prints the next three steps', () => {
    expect(output).toMatch(/Next:\n {2}1\. git add .*\n {2}2\. npm start.*\n {2}3\. .*deploy/);
  });

  test('is not done twice by mistake', async () => {
    const before = copy.contents();
    const again = await copy.npm('run', 'init', '--', 'other-app', '--force');
    expect(again).toMatchObject({ code: 1, output: expect.stringContaining('This is my-app already') });
    expect(copy.contents()).toEqual(before);
  });
});

describe('npm run init -- my-app --bare', () => {
  test('leaves nothing of the sample but its pulse and its smallest task', async () => {
    const { output } = await clones.bare.run('find', ['imports', '-type', 'f']);
    expect(output).not.toMatch(/report|picture|thumbnail|notification/i);
    expect(Object.keys(JSON.parse(clones.bare.read('package.json')).dependencies)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(hucre|sharp)$/)]),
    );
    expect(clones.bare.read('package-lock.json')).not.toMatch(/node_modules\/(hucre|sharp)"/);
  });

  test('takes a task, a schedule and an api, and the compiler takes the sources', async () => {
    await growBy(clones.bare);
    await isGood(clones.bare, 'node_modules/.bin/tsc', '--project', appsOwnSources(clones.bare));
    await isGood(clones.bare, 'node_modules/.bin/knip', '--no-progress');
  });

  test("has an npm test of the app's own tests, which pass", async () => {
    const { code, output } = await clones.bare.run('npm', ['test']);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain('tests/app/handlers-labels.test.ts');
    expect(output).toContain('tests/app/api-wish-lists.test.ts');
    expect(output).not.toContain('tests/infra/');
  });

  test('has browser tests of its own, which pass', () => isGood(clones.bare, 'npm', 'run', 'test:e2e'));

  test("passes the machinery's quick tests that load something of the app; no other can tell which app it is", async () => {
    const { output: files } = await clones.bare.run('find', ['imports', 'client', 'server', '-type', 'f']);
    const { code, output } = await clones.bare.run('npm', [
      ...['run', 'test:unit', '--', '--findRelatedTests', 'tests/infra/unit/unit-tests.test.ts'],
      ...files.trim().split('\n'),
    ]);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain('tests/infra/unit/settings-load.test.ts');
  });
});

describe('npm run init -- my-app, and what comes next,', () => {
  test.each(['sample', 'bare'] as const)('leaves sources that the linter takes: %s', kind =>
    isGood(clones[kind], 'node_modules/.bin/biome', 'check'),
  );
});
