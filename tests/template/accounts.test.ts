import { Copy } from '../support/copy';
import { appsOwnSources } from './bare-app';

jest.setTimeout(600_000);

const kinds = { sample: [], bare: ['--bare'] } as const;
let clones: Record<keyof typeof kinds, Copy>;
const printed: Partial<Record<keyof typeof kinds, string>> = {};
beforeAll(async () => {
  clones = { sample: new Copy(), bare: new Copy() };
  for (const [kind, flags] of Object.entries(kinds)) {
    const name = kind as keyof typeof kinds;
    clones[name].commit();
    printed[name] = await isGood(clones[name], 'npm', 'run', 'init', '--', 'my-app', '--accounts', ...flags);
  }
});
afterAll(() => Promise.all(Object.values(clones ?? {}).map(clone => clone.remove())));

async function isGood(copy: Copy, command: string, ...args: string[]): Promise<string> {
  const { code, output } = await copy.run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

describe.each(['sample', 'bare'] as const)('npm run init -- my-app --accounts, %s', kind => {
  test('leaves no visitor behind, and names what Meteor needs', async () => {
    const { output } = await clones[kind].run('grep', [
      '-rlE',
      'visitors?\\.enter|visitorToken|useVisitor',
      'imports',
      'client',
    ]);
    expect(output).toBe('');
    expect(clones[kind].has('template')).toBe(false);
    expect(clones[kind].read('.meteor/packages')).toMatch(/^accounts-base\naccounts-password\nemail\nroles$/m);
    expect(printed[kind]).toContain('with MAIL_URL');
    expect(clones[kind].read('compose.yaml')).toMatch(/^ {6}MAIL_URL: \$\{MAIL_URL:-\}$/m);
    await isGood(clones[kind], 'npm', 'run', 'build:worker');
    await isGood(clones[kind], 'npm', 'run', 'check:meteor');
  });

  test('leaves sources that the compiler, the linter and knip take', async () => {
    await isGood(clones[kind], 'node_modules/.bin/tsc', '--project', appsOwnSources(clones[kind]));
    await isGood(clones[kind], 'node_modules/.bin/biome', 'check', '--error-on-warnings');
    await isGood(clones[kind], 'node_modules/.bin/knip', '--no-progress');
  });
});

test('a bare app with an api of its own passes its tests: its people are users', async () => {
  await isGood(clones.bare, 'npm', 'run', 'new:api', 'shopping-notes');
  const output = await isGood(clones.bare, 'npm', 'test');
  expect(output).toContain('tests/app/api-accounts.test.ts');
  expect(output).toContain('tests/app/api-shopping-notes.test.ts');
});

test('a bare app passes its browser tests', () => isGood(clones.bare, 'npm', 'run', 'test:e2e'));

test('people sign up, come back, reset passwords and operate, in a real browser', () =>
  isGood(clones.sample, 'npx', 'jest', 'tests/e2e/accounts.test.ts'));

test('what the sample shows over HTTP and DDP belongs to users', () =>
  isGood(clones.sample, 'npx', 'jest', 'tests/e2e/owners.test.ts', 'tests/e2e/bad-input.test.ts'));
