import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildFailure, build, formatMessages } from 'esbuild';
import { coveredMembers, type Side } from '../../../infra/node-host/covered-members';
import { meteorPlugin } from '../../../infra/node-host/esbuild-plugin';
import { root } from '../../support/run';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-plugin-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Bundles one file of app code. @returns what esbuild says, a line per error; empty when it builds */
async function errorsOf(code: string, target: Side = 'browser', files: Record<string, string> = {}): Promise<string> {
  for (const [name, text] of Object.entries({ 'app.ts': code, ...files })) await writeFile(join(folder, name), text);
  try {
    await build({
      entryPoints: [join(folder, 'app.ts')],
      bundle: true,
      write: false,
      format: 'esm',
      platform: target === 'server' ? 'node' : 'browser',
      packages: target === 'server' ? 'external' : undefined,
      nodePaths: [join(root, 'node_modules')],
      plugins: [meteorPlugin({ target, root })],
      logLevel: 'silent',
    });
    return '';
  } catch (failure) {
    const { errors } = failure as BuildFailure;
    if (!errors) throw failure;
    return (await formatMessages(errors, { kind: 'error' })).join('');
  }
}

describe('bundling code written for Meteor', () => {
  test('takes the modules of its side', async () => {
    const code = `
      import { Meteor } from 'meteor/meteor';
      import { Mongo } from 'meteor/mongo';
      import { Random } from 'meteor/random';
      const { isClient, settings: its } = Meteor;
      console.log(isClient, its, Meteor.status(), new Mongo.Collection(null), Random.id());`;
    expect(await errorsOf(code)).toBe('');
  });

  test('names a module that is not there, with file and line', async () => {
    const said =
      await errorsOf(`import { Meteor } from 'meteor/meteor';\nimport { Accounts } from 'meteor/accounts-base';
      console.log(Meteor, Accounts);`);
    expect(said).toContain('meteor/accounts-base is not part of the Node host (see infra/node-host/README.md)');
    expect(said).toContain('app.ts:2:');
  });

  test('names a module that is there on the other side only', async () => {
    const said = await errorsOf(`import { DDPRateLimiter } from 'meteor/ddp-rate-limiter'; DDPRateLimiter;`);
    expect(said).toContain('meteor/ddp-rate-limiter is not part of the Node host');
    expect(said).toContain('it is there on the server only');
  });

  test.each([
    ['an export', `import { Nothing } from 'meteor/mongo'; Nothing();`, 'Nothing of meteor/mongo'],
    ['a default export', `import Meteor from 'meteor/meteor'; Meteor;`, 'default of meteor/meteor'],
    ['a member', `import { Mongo } from 'meteor/mongo'; Mongo.Foo;`, 'Mongo.Foo of meteor/mongo'],
    ['a quoted member', `import { Mongo as M } from 'meteor/mongo'; M['Foo'];`, 'Mongo.Foo of meteor/mongo'],
    ['a destructured member', `import { Mongo } from 'meteor/mongo'; const { Foo: f } = Mongo; f;`, 'Mongo.Foo of'],
    ['an export of the whole', `import * as R from 'meteor/random'; R.Nope;`, 'Nope of meteor/random'],
    ['an export passed on', `export { Nope } from 'meteor/random';`, 'Nope of meteor/random'],
    ['a private member', `import { Random } from 'meteor/random'; Random.string();`, 'Random.string of meteor/random'],
  ])('names %s that is not there', async (_what, code, expected) => {
    expect(await errorsOf(code)).toContain(`${expected}`);
  });

  test('says where the users’ functions come from', async () => {
    const said = await errorsOf(`import { Meteor } from 'meteor/meteor'; Meteor.userId();`);
    expect(said).toContain('Meteor.userId of meteor/meteor');
    expect(said).toContain('accounts-base');
  });

  test('tells all findings of a file at once', async () => {
    const said = await errorsOf(`import { Meteor } from 'meteor/meteor'; Meteor.user();\nMeteor.logout();`);
    expect(said).toMatch(/Meteor\.user [\s\S]*Meteor\.logout /);
  });

  test('judges code for the other side by that side', async () => {
    const code = `import { Random } from 'meteor/random'; import { Meteor } from 'meteor/meteor';
      if (Meteor.isServer) Meteor.publish('x', () => []);
      Meteor.isServer && Meteor.methods({});
      if (Meteor.isServer) Random.nothing();`;
    const said = await errorsOf(code);
    expect(said).toContain('Random.nothing');
    expect(said).not.toMatch(/Meteor\.(publish|methods) of/);
  });

  test('leaves types, shadowed names and other objects alone', async () => {
    const code = `import { Meteor } from 'meteor/meteor'; import type { Accounts } from 'meteor/accounts-base';
      type Handle = Meteor.SubscriptionHandle; const x = { Meteor: { user: 1 } };
      export const f = (Meteor: { user(): void }, h?: Handle, a?: Accounts) => [Meteor.user(), x.Meteor.user, h, a];
      export class C { Meteor = 1; }`;
    expect(await errorsOf(code)).toBe('');
  });

  test('refuses what crashes on Meteor', async () => {
    const said = await errorsOf(`import { a } from './a.js'; console.log(a, import.meta.url);`, 'browser', {
      'a.ts': 'export const a = 1;',
    });
    expect(said).toContain(`'./a.js' crashes Meteor`);
    expect(said).toContain('import.meta crashes Meteor');
  });

  test('refuses a path that a package has in its exports only', async () => {
    await mkdir(join(folder, 'node_modules/mapped/dist'), { recursive: true });
    const files = {
      'node_modules/mapped/package.json': '{ "name": "mapped", "exports": { "./*": "./dist/*.js" } }',
      'node_modules/mapped/dist/sub.js': 'export {};',
    };
    expect(await errorsOf(`import 'mapped/sub';`, 'browser', files)).toContain(`'mapped/sub' can crash Meteor`);
    expect(await errorsOf(`import 'react-dom/client';`)).toBe('');
  });

  test('lets a file that really ends in .js be imported', async () => {
    expect(await errorsOf(`import './b.js';`, 'browser', { 'b.js': 'export {};' })).toBe('');
  });

  test('bundles the named entry as tandem:app', async () => {
    await writeFile(join(folder, 'entry.ts'), 'console.log("the entry");');
    const { outputFiles } = await build({
      stdin: { contents: `import 'tandem:app';`, resolveDir: root },
      bundle: true,
      write: false,
      plugins: [meteorPlugin({ target: 'server', root, entry: join(folder, 'entry.ts') })],
    });
    expect(outputFiles[0]?.text).toContain('the entry');
  });
});

describe('what the modules of the host have', () => {
  const covered = coveredMembers(join(root, 'infra/node-host'));

  test('is known for each module of both sides', () => {
    for (const side of ['browser', 'server'] as const) {
      const unknown = [...covered[side]].filter(([, exports]) => exports.size === 0).map(([name]) => name);
      expect(unknown).toEqual([]);
    }
  });

  test('is the same as what the modules give when they run', async () => {
    for (const name of ['check', 'ejson', 'random', 'tracker', 'reactive-var'] as const) {
      const module = await import(`../../../infra/node-host/browser/modules/${name}`);
      for (const [exported, members] of covered.browser.get(name)!) {
        for (const member of members ?? []) expect(module[exported]).toHaveProperty([member]);
      }
      expect([...covered.browser.get(name)!.keys()].sort()).toEqual(Object.keys(module).sort());
    }
  });
});
