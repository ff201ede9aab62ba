import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { violationsIn } from '../../../infra/dev/meteor/import-graph';
import { problemsOf, sourceRules } from '../../../infra/dev/meteor/source-rules';
import { root } from '../../support/run';

jest.setTimeout(120_000);

const run = promisify(execFile);

/** One file that breaks each rule of .dependency-cruiser.cjs. */
const violations: Record<string, Record<string, string>> = {
  'no-circles': {
    'infra/queue/a.ts': "import { b } from './b'; export const a = () => b;",
    'infra/queue/b.ts': "import { a } from './a'; export const b = () => a;",
  },
  'meteor-only-at-the-border': {
    'infra/queue/meteor.ts': "import { Meteor } from 'meteor/meteor'; export const m = () => Meteor;",
  },
  'errors-know-nobody': { 'infra/errors/up.ts': "export { a } from '../queue/a';" },
  'timing-knows-nobody': { 'infra/timing/up.ts': "export { a } from '../queue/a';" },
  'tracing-is-low': { 'infra/tracing/up.ts': "export { a } from '../queue/a';" },
  'catalog-is-low': { 'infra/catalog/up.ts': "export { a } from '../queue/a';" },
  'settings-are-low': { 'infra/settings/up.ts': "export { a } from '../queue/a';" },
  'database-is-low': { 'infra/database/up.ts': "export { a } from '../queue/a';" },
  'monitor-is-told': { 'infra/monitor/up.ts': "export { a } from '../queue/a';" },
  'queue-arrows': { 'infra/queue/up.ts': "export { w } from '../workers/w';" },
  'queue-model-knows-what-is-before-it': { 'infra/queue/model/m.ts': "export type { s } from '../store/s';" },
  'queue-store-knows-what-is-before-it': { 'infra/queue/store/s.ts': "export { q } from '../api/q';" },
  'queue-waiting-knows-what-is-before-it': { 'infra/queue/waiting/w.ts': "export { q } from '../api/q';" },
  'queue-api-knows-what-is-before-it': { 'infra/queue/api/q.ts': "export { c } from '../claim/c';" },
  'queue-claim-knows-what-is-before-it': { 'infra/queue/claim/c.ts': "export { e } from '../settle/e';" },
  'queue-settle-knows-what-is-before-it': { 'infra/queue/settle/e.ts': "export { l } from '../lease/l';" },
  'queue-lease-knows-what-is-before-it': { 'infra/queue/lease/l.ts': "export { t } from '../due/t';" },
  'queue-due-knows-what-is-before-it': { 'infra/queue/due/t.ts': "export { w } from '../wake/w';" },
  'queue-wake-knows-what-is-before-it': { 'infra/queue/wake/w.ts': "export { d } from '../dispatch/d';" },
  'queue-dispatch-knows-what-is-before-it': { 'infra/queue/dispatch/d.ts': "export { x } from '../testing/x';" },
  'queue-testing-knows-what-is-before-it': { 'infra/queue/testing/x.ts': "export { a } from '../a';" },
  'schedules-arrows': { 'infra/schedules/up.ts': "export { w } from '../workers/w';" },
  'workers-arrows': { 'infra/workers/w.ts': "export { l } from '../link/l';" },
  'meteor-cluster-arrows': { 'infra/meteor-cluster/up.ts': "export { l } from '../link/l';" },
  'two-sides-of-a-worker': { 'infra/workers/process/up.ts': "export { p } from '../pool/p';" },
  'tasks-arrows': { 'imports/tasks/up.ts': "export { a } from '../../infra/queue/a';" },
  'catalog-is-data': { 'imports/tasks/catalog.ts': "export { d } from '../../infra/database/d';" },
  'link-arrows': { 'infra/link/l.ts': "export { c } from '../console/c';" },
  'http-arrows': { 'infra/http/up.ts': "export { a } from '../queue/a';" },
  'console-arrows': { 'infra/console/c.ts': "export { h } from '../http/h';" },
  'roles-arrows': { 'infra/roles/up.ts': "export { api } from '../../imports/api/a';" },
  'the-machinery-knows-no-app': { 'infra/monitor/app.ts': "export { api } from '../../imports/api/a';" },
  'app-seam-is-low': { 'infra/app/up.ts': "export { a } from '../queue/a';" },
  'roles-are-known-by-the-entry': { 'infra/link/r.ts': "export { r } from '../roles/r';" },
  'machinery-of-the-node-host-is-known-by-nobody': { 'infra/roles/r.ts': "export { h } from '../node-host/h';" },
  'node-host-knows-npm-only': { 'infra/node-host/h.ts': "export { a } from '../queue/a';" },
  'handlers-run-in-workers-only': { 'infra/roles/h.ts': "export { h } from '../../imports/tasks/handlers/h';" },
  'a-worker-loads-no-web-code': {
    'imports/tasks/worker.ts': "export { h } from './handlers/h';",
    'imports/tasks/handlers/h.ts': "export { api as h } from '../../api/a';",
    'imports/api/a.ts': 'export const api = 1;',
  },
  'the-browser-loads-no-machinery': {
    'client/main.tsx': "export { page } from '../imports/ui/page';",
    'imports/ui/page.ts': "export { d as page } from '../../infra/database/d';",
  },
  'pages-are-known-by-pages': { 'infra/roles/page.ts': "export { page } from '../../imports/ui/page';" },
  'app-does-not-reach-into-the-machinery': { 'imports/api/up.ts': "export { w } from '../../infra/workers/w';" },
  'nothing-knows-the-tests': { 'infra/queue/t.ts': "export { t } from '../../tests/support/t';" },
};

/** What the violations files import, and nothing is wrong with. */
const fixtures = {
  'infra/database/d.ts': 'export const d = 1;',
  'infra/workers/pool/p.ts': 'export const p = 1;',
  'infra/http/h.ts': 'export const h = 1;',
  'server/main.ts': 'export {};',
  'packages/p/p.ts': 'export {};',
  'tests/support/t.ts': 'export const t = 1;',
  'tsconfig.json': '{ "compilerOptions": { "module": "ESNext", "moduleResolution": "bundler" } }',
};

describe('the architecture', () => {
  test('is kept by the import graph: arrows point down, no circles, meteor/* at the border, workers without web code', async () => {
    const found = await violationsIn(root);
    expect(found.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
  });

  test('is guarded by rules of which each catches a planted violation', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-architecture-'));
    for (const [path, text] of Object.entries(Object.assign({}, fixtures, ...Object.values(violations)))) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), String(text));
    }
    const caught = new Set((await violationsIn(folder)).map(({ rule }) => rule.name));
    await rm(folder, { recursive: true });
    const rules = (require(join(root, '.dependency-cruiser.cjs')).forbidden as { name: string }[]).map(
      ({ name }) => name,
    );
    expect(rules.filter(name => !caught.has(name))).toEqual([]);
    expect(Object.keys(violations).sort()).toEqual([...rules].sort());
  });
});

describe('the sources', () => {
  test('keep every rule that Meteor and a reader need', async () => {
    const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
    const files = stdout.split('\n').filter(path => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'));
    const problems = await Promise.all(
      files.map(async path => problemsOf(path, await readFile(join(root, path), 'utf8').catch(() => ''))),
    );
    expect(problems.flat().map(({ rule, problem }) => `${rule}: ${problem}`)).toEqual([]);
  });

  const plantedHere = [
    ['infra/queue/a.ts', 'start();', 'only entry files act when they are imported'],
    ['imports/api/a.ts', 'export const x = await start();', 'only entry files act when they are imported'],
    ['imports/api/b.ts', "import './publications';", 'only entry files act when they are imported'],
    [
      'infra/queue/a.ts',
      "import { b } from './b.js'; export { b };",
      'no import names a file with its extension (Meteor crashes at boot)',
    ],
    [
      'infra/queue/a.ts',
      "export const load = () => import('../b.ts');",
      'no import names a file with its extension (Meteor crashes at boot)',
    ],
    ['server/a.ts', 'export const here = import.meta.url;', 'no import.meta (Meteor crashes at boot)'],
    [
      'imports/a.ts',
      "import query from 'mingo/query'; export { query };",
      "no import goes through a package's exports map (Meteor does not read it)",
    ],
    [
      'imports/ui/a.tsx',
      'export const A = () => <p />;',
      'a file with JSX imports React (Meteor compiles JSX the classic way)',
    ],
    [
      'imports/ui/b.ts',
      "export const load = () => import('./page');",
      'the browser imports nothing dynamically (Meteor runs it through eval, which the policy forbids)',
    ],
    [
      'imports/api/a.ts',
      'export const define = () => Meteor.methods({});',
      'methods are defined by defineMethods (a result that cannot be written ends a Meteor process)',
    ],
    [
      'imports/api/server/a.ts',
      'export {};',
      'no folder named client or server below the top level (Meteor drops it from the other side)',
    ],
    [
      'imports/api/a.ts',
      'export const all = () => QueuedTasks.find({ taskType });',
      'a live cursor over the queue has a limit (Meteor 3.5 gives one without it every write of the collection)',
    ],
    ['tests/support/helpers.ts', 'export {};', 'no file or folder named utils, helpers, common, misc or types'],
  ] as const;

  test.each(plantedHere)('a violations violation is caught: %s %s', (path, text, rule) => {
    expect(problemsOf(path, text).map(problem => problem.rule)).toContain(rule);
  });

  test.each([
    ['client/main.tsx', "import React from 'react'; import './main.css'; start(<p />);"],
    ['infra/queue/a.ts', 'export const a = new Map<string, () => Promise<void>>(); export function b() { a.clear(); }'],
    [
      'imports/ui/a.tsx',
      "import React from 'react'; import { createRoot } from 'react-dom/client'; export const A = () => <p>{createRoot}</p>;",
    ],
    ['imports/api/orders/types.ts', 'export interface Order { cents: number }'],
    ['imports/ui/utils.ts', 'export const a = 1;'],
  ])('what is right passes: %s %s', (path, text) => {
    expect(problemsOf(path, text)).toEqual([]);
  });

  test('a violations violation stands for every rule', () => {
    expect(new Set(plantedHere.map(([, , rule]) => rule))).toEqual(new Set(sourceRules.map(({ name }) => name)));
  });
});
