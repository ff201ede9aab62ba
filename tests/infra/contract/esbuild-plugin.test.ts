import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BuildResult, build, formatMessages } from 'esbuild';
import { meteorPlugin } from '../../../infra/node-host/esbuild-plugin';
import { modules, type Side } from '../../../infra/node-host/meteor-modules';
import { root } from '../../support/run';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-plugin-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Bundles one file of app code. */
async function bundleOf(code: string, target: Side = 'browser'): Promise<BuildResult> {
  await writeFile(join(folder, 'app.ts'), code);
  return build({
    entryPoints: [join(folder, 'app.ts')],
    outfile: join(folder, 'app.mjs'),
    bundle: true,
    metafile: true,
    format: 'esm',
    platform: target === 'server' ? 'node' : 'browser',
    packages: target === 'server' ? 'external' : undefined,
    nodePaths: [join(root, 'node_modules')],
    plugins: [meteorPlugin({ target, root })],
    logLevel: 'silent',
  });
}

/** What is said while it is bundled; it is bundled all the same. */
async function warningsOf(code: string, target?: Side): Promise<string> {
  const { warnings } = await bundleOf(code, target);
  return (await formatMessages(warnings, { kind: 'warning' })).join('');
}

/** What the bundle prints. */
async function printedBy(code: string): Promise<string> {
  await bundleOf(code);
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'app.mjs')]);
  return stdout.trim();
}

describe('bundling code written for Meteor', () => {
  test('takes the modules of its side', async () => {
    const code = `
      import { Meteor } from 'meteor/meteor';
      import { Mongo } from 'meteor/mongo';
      import { Random } from 'meteor/random';
      const { isClient, settings: its } = Meteor;
      console.log(isClient, its, Meteor.status(), new Mongo.Collection(null), Random.id());`;
    expect(await warningsOf(code)).toBe('');
  });

  test('warns of a package that is not there, with file and line, and what follows', async () => {
    const said =
      await warningsOf(`import { Random } from 'meteor/random';\nimport { Google } from 'meteor/google-oauth';
      console.log(Random, Google);`);
    expect(said).toContain('meteor/google-oauth is not part of the Node host: calls of it do nothing here');
    expect(said).toContain('On Meteor it works: npm run meteor');
    expect(said).toContain('app.ts:2:');
  });

  test('what is not there does nothing when it is called, and stops nothing', async () => {
    const printed = await printedBy(`
      import { Google } from 'meteor/google-oauth';
      import Slider, { once } from 'meteor/someone:slider';
      import * as all from 'meteor/someone:other';
      Google.config({ loginStyle: 'popup' });
      class Own extends Slider.Base {}
      const awaited = await Google.requestCredential({});
      console.log([once(), awaited, new Own() instanceof Own, all.anything.deep()]);`);
    expect(printed).toBe('[ undefined, undefined, true, undefined ]');
  });

  test('warns of a module that is there on the other side only', async () => {
    const said = await warningsOf(`import { DDPRateLimiter } from 'meteor/ddp-rate-limiter'; DDPRateLimiter;`);
    expect(said).toContain('meteor/ddp-rate-limiter is there on the server only: in the browser it is empty');
  });

  test('warns of a name that a module does not have, which is undefined, unless the other side has it', async () => {
    const code = `import { Random, Nothing } from 'meteor/random';
      import { MongoInternals } from 'meteor/mongo';
      console.log(typeof Random.id(), Nothing, typeof MongoInternals);`;
    const said = await warningsOf(code);
    expect(said).toContain('Nothing of meteor/random is not part of the Node host: it is undefined here');
    expect(said).not.toContain('MongoInternals');
    expect(await printedBy(code.replace(/import { MongoInternals.*/, 'const MongoInternals = 1;'))).toBe(
      'string undefined number',
    );
  });

  test.each(['Meteor.users.find()', 'Meteor.userId()', 'Meteor.user()', 'Meteor.loginWithPassword()'])(
    'warns of %s where no file imports accounts, and says what to do',
    async call => {
      const [member] = call.split('(');
      const code = `import { Meteor } from 'meteor/meteor';\n  // Meteor.logout is not called\n ${call};`;
      const said = await warningsOf(code);
      expect(said).toContain(`${member!.replace('.find', '')} comes with accounts, which this bundle doesn't import`);
      expect(said).toContain("Import 'meteor/accounts-password' first");
      expect(said).toContain('app.ts:3:1');
      expect(said).not.toContain('logout');
      for (const side of ['browser', 'server'] as const)
        expect(await warningsOf(`import 'meteor/accounts-password'; ${code}`, side)).toBe('');
    },
  );

  test('warns of a way to log in that accounts don’t have here', async () => {
    const said = await warningsOf(`import { Meteor } from 'meteor/meteor'; import 'meteor/accounts-base';
      Meteor.loginWithGoogle();`);
    expect(said).toContain('Meteor.loginWithGoogle is not part of the Node host: it is undefined here');
  });

  test.each(['browser', 'server'] as const)('costs an app without accounts nothing in the %s’s bundle', async side => {
    const filesOf = async (code: string) => Object.keys((await bundleOf(code, side)).metafile!.inputs).join('\n');
    const code = `import { Meteor } from 'meteor/meteor'; import { Mongo } from 'meteor/mongo'; console.log(Meteor, Mongo);`;
    expect(await filesOf(code)).not.toMatch(/accounts|email|roles/);
    expect(await filesOf(`import { Accounts } from 'meteor/accounts-base'; Accounts.config({}); ${code}`)).toMatch(
      /accounts/,
    );
  });

  test('leaves types and other objects alone', async () => {
    const code = `import { Meteor } from 'meteor/meteor'; import type { Google } from 'meteor/google-oauth';
      import { type Other, Mongo } from 'meteor/mongo';
      type Handle = Meteor.SubscriptionHandle; const x = { Meteor: { user: 1 } };
      export const f = (h?: Handle, a?: Google, o?: Other) => [h, a, o, Mongo, Meteor.settings];`;
    expect(await warningsOf(code)).toBe('');
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

test('the table of modules names what their files export', async () => {
  for (const side of ['server', 'browser'] as const)
    for (const [name, [, ...names]] of Object.entries(modules[side]))
      expect(
        await warningsOf(
          `import { ${names.join(', ')} } from 'meteor/${name}'; console.log(${names.join(', ')});`,
          side,
        ),
      ).toBe('');
});
