import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CheckoutFiles } from '../../../infra/dev/meteor/checkout-files';
import { checks } from '../../../infra/dev/meteor/checks';
import { Copy } from '../../support/copy';

jest.setTimeout(180_000);

let copy: Copy;
beforeAll(async () => {
  copy = new Copy();
  expect(await copy.npm('run', 'build:worker')).toMatchObject({ code: 0 });
});
afterAll(() => copy.remove());

type Edit = (text: string) => string;
type Planted = [check: string, file: string, edit: Edit, reason: string | RegExp];

const with_ =
  (line: string): Edit =>
  text =>
    `${text}${line}\n`;
const without =
  (part: string | RegExp): Edit =>
  text =>
    text.replace(part, '');
const json =
  (change: (value: Record<string, Record<string, unknown>>) => void): Edit =>
  text => {
    const value = JSON.parse(text);
    change(value);
    return JSON.stringify(value);
  };

/** One violation for everything that is checked: what is done to which file, and what is said of it. */
const planted: Planted[] = [
  [
    'code imports each stylesheet',
    'client/main.tsx',
    without("import './page/page.css';"),
    'client/page/page.css: nothing imports it, and Rspack would leave it out: import it, in client/main.tsx for instance',
  ],
  ['.meteor/ is complete', '.meteor/.id', () => '', '.meteor/.id: is missing; commit it'],
  [
    '.meteor/release',
    '.meteor/release',
    () => 'METEOR@2.16\n',
    '.meteor/release: is METEOR@2.16; the code needs Meteor 3',
  ],
  [
    '.meteor/packages has',
    '.meteor/packages',
    without('littledata:synced-cron'),
    /\.meteor\/packages: littledata:synced-cron is missing, and \S+ imports it/,
  ],
  [
    '.meteor/packages has',
    '.meteor/packages',
    without('ddp-rate-limiter'),
    /\.meteor\/packages: ddp-rate-limiter is missing, and \S+ imports it/,
  ],
  [
    '.meteor/packages has',
    '.meteor/packages',
    without('disable-oplog'),
    ".meteor/packages: disable-oplog is missing: a worker's bulk writes would stop the web role",
  ],
  [
    '.meteor/platforms',
    '.meteor/platforms',
    with_('ios'),
    '.meteor/platforms: browser, ios, server; it should be server and browser',
  ],
  [
    '.meteorignore',
    '.meteorignore',
    without('/infra/node-host/'),
    '.meteorignore: the line /infra/node-host/ is missing',
  ],
  ['.meteorignore', '.meteorignore', with_('docs/'), '.meteorignore: docs/ matches at any depth'],
  ['.meteorignore', '.meteorignore', with_('/_build/'), '.meteorignore: /_build/ hides what Rspack builds'],
  [
    'package.json names',
    'package.json',
    json(value => Object.assign(value, { type: 'module' })),
    'package.json: type: "module" crashes meteor run; leave it out',
  ],
  [
    'package.json names',
    'package.json',
    json(({ meteor }) => Object.assign(meteor!, { testModule: 'tests/main.ts' })),
    'package.json: meteor.testModule: brings tests/ into app builds',
  ],
  [
    'package.json names',
    'package.json',
    json(({ meteor }) => Object.assign(meteor!.mainModule!, { client: 'client/app.tsx' })),
    'package.json: meteor.mainModule.client: there is no client/app.tsx',
  ],
  [
    'package.json names',
    'package.json',
    json(({ meteor }) => delete meteor!.mainModule),
    'package.json: meteor.mainModule.server: is missing',
  ],
  [
    'package.json names',
    'package.json',
    json(({ dependencies }) => Object.assign(dependencies!, { '@babel/runtime': '^8.0.0' })),
    'package.json: dependencies.@babel/runtime: ^8.0.0',
  ],
  [
    'packages/synced-cron needs',
    'packages/synced-cron/package.js',
    text => text.replace(/('@breejs\/later': )'[^']+'/, "$1'4.0.0'"),
    /package\.js: @breejs\/later 4\.0\.0, but package-lock\.json has 4\.\d+\.\d+/,
  ],
  [
    'packages/synced-cron names',
    'packages/synced-cron/package.js',
    without(", 'mongo'"),
    'package.js: api.use does not name mongo, which packages/synced-cron/synced-cron.ts imports',
  ],
  [
    'packages/synced-cron names',
    'packages/synced-cron/synced-cron.ts',
    with_("export { pino } from 'pino';"),
    'package.js: Npm.depends does not name pino, which packages/synced-cron/synced-cron.ts imports',
  ],
  [
    'npm packages of app code',
    'imports/schedules.ts',
    with_("export { default as check } from 'fast-check';"),
    "imports/schedules.ts: fast-check is not in package.json's dependencies",
  ],
  [
    'npm packages of app code',
    'server/main.ts',
    with_("import { query } from 'mingo'; query();"),
    "server/main.ts: mingo is not in package.json's dependencies",
  ],
  [
    'npm packages of app code',
    'package.json',
    json(({ dependencies }) => delete dependencies!.pino),
    /infra\/\S+: pino is not in package\.json's dependencies/,
  ],
  [
    'the sources keep',
    'client/main.tsx',
    without("import React from 'react';\n"),
    /client\/main\.tsx: JSX without import React/,
  ],
  ['the sources keep', 'imports/ui/planted.ts', with_("export const later = () => import('./format');"), /dynamic/],
  [
    'the sources keep',
    'imports/api/planted.ts',
    with_("export * from './live.js';"),
    /\.\/live\.js \(no import names a file/,
  ],
  ['the sources keep', 'infra/queue/model/order.ts', with_('export const here = import.meta.url;'), /import\.meta/],
  [
    'the sources keep',
    'imports/api/planted.ts',
    with_('export const mine = (owner: string) => QueuedTasks.find({ owner }, { sort: { createdAt: -1 } });'),
    /planted\.ts: QueuedTasks\.find\(.* \(a live cursor over the queue has a limit/,
  ],
  [
    'the import graph keeps',
    'infra/catalog/task-options.ts',
    with_("export * from '../queue/model/order';"),
    /infra\/catalog\/task-options\.ts: imports infra\/queue\/model\/order\.ts \(catalog-is-low\)/,
  ],
  [
    'the worker file',
    'imports/tasks/catalog.ts',
    with_('// changed'),
    'The worker file private/workers/main.js is older than imports/tasks/catalog.ts. Run `npm run build:worker`',
  ],
  [
    'settings are small',
    'settings-web.json',
    json(value => Object.assign(value, { public: { text: 'x'.repeat(32_000) } })),
    /settings-web\.json: has 3\d{4} bytes; Galaxy takes less than 32000/,
  ],
];

async function problemsWith(name: string, folder = copy.folder): Promise<string[]> {
  const check = checks.find(candidate => candidate.name.startsWith(name));
  if (!check) throw new Error(`there is no check ${name}`);
  return check.problems(new CheckoutFiles(folder));
}

/** Rules about single files and their imports: to show that one catches something, it need not read a whole app. */
const aboutFiles = ['the sources keep', 'the import graph keeps'];

/** These rules look at a checkout that has this file, and what the files here import, and no other. */
async function problemsOfAlone(name: string, file: string, text: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-alone-'));
  const files = { 'tsconfig.json': '{}', 'infra/queue/model/order.ts': 'export const order = 1;', [file]: text };
  for (const room of ['client', 'server', 'imports', 'infra', 'packages']) mkdirSync(join(folder, room));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const problems = await problemsWith(name, folder);
  rmSync(folder, { recursive: true });
  return problems;
}

describe('npm run check:meteor', () => {
  test.each(planted)('%s: what is done to %s is caught', async (name, file, edit, reason) => {
    const before = copy.has(file) ? copy.read(file) : '';
    const after = edit(before);
    expect(after).not.toBe(before);
    if (aboutFiles.includes(name)) {
      expect((await problemsOfAlone(name, file, after)).join('\n')).toMatch(reason);
      return;
    }
    if (after === '') rmSync(join(copy.folder, file));
    else copy.write(file, after);
    const problems = await problemsWith(name);
    copy.write(file, before);
    expect(problems.join('\n')).toMatch(reason);
  });

  test('is content with this checkout where nothing was done to it, and exits with 1 and the reasons elsewhere', async () => {
    const release = '.meteor/release';
    expect([...(await problemsWith(release)), ...(await problemsWith('the worker file'))]).toEqual([]);
    copy.write('.meteor/release', 'METEOR@2.16\n');
    rmSync(join(copy.folder, 'private/workers'), { recursive: true });
    const { code, output } = await copy.npm('run', 'check:meteor');
    expect(code).toBe(1);
    expect(output).toContain('FAIL  .meteor/release is a Meteor 3');
    expect(output).toContain('The worker file private/workers/main.js is missing. Run `npm run build:worker`');
    expect(output.match(/^FAIL/gm)).toHaveLength(2);
    expect(output.match(/^ok {2}/gm)).toHaveLength(checks.length - 2);
  });

  test('takes release and packages as .meteor/ has them: a later Meteor 3, and a package that the app adds', async () => {
    const [release, packages] = ['.meteor/release', '.meteor/packages'];
    const before = [copy.read(release), copy.read(packages)] as const;
    copy.write(release, 'METEOR@3.9\n');
    copy.write(packages, `${before[1]}accounts-password\nmontiapm:agent@3.0.0\n`);
    expect(await problemsWith(release)).toEqual([]);
    expect(await problemsWith(packages)).toEqual([]);
    copy.write(release, before[0]);
    copy.write(packages, before[1]);
  });

  test('has a planted violation for each check', () => {
    const names = planted.map(([name]) => name);
    expect(checks.filter(({ name }) => !names.some(start => name.startsWith(start)))).toEqual([]);
  });
});

describe('an npm package without an entry that Meteor finds', () => {
  test('is named, with the file that imports it', async () => {
    const folder = join(copy.folder, 'node_modules');
    rmSync(folder);
    copy.write('node_modules/only-exports/package.json', '{ "exports": { ".": "./dist/index.js" } }');
    copy.write('node_modules/only-exports/dist/index.js', '');
    copy.write(
      'package.json',
      json(({ dependencies }) => Object.assign(dependencies!, { 'only-exports': '1' }))(copy.read('package.json')),
    );
    copy.write('imports/schedules.ts', with_("export * from 'only-exports';")(copy.read('imports/schedules.ts')));
    expect(await problemsWith('npm packages of app code')).toEqual([
      'imports/schedules.ts: only-exports has no entry but its exports map',
    ]);
  });
});
