import { Copy } from '../support/copy';

jest.setTimeout(400_000);

/** The copy as a fresh clone, made an app of its own. */
async function initialised(...flags: string[]): Promise<{ copy: Copy; output: string }> {
  const copy = new Copy();
  copy.commit();
  const { code, output } = await copy.npm('run', 'init', '--', 'my-app', ...flags);
  expect({ code, output }).toMatchObject({ code: 0 });
  return { copy, output };
}

async function isGood(copy: Copy, command: string, ...args: string[]): Promise<void> {
  const { code, output } = await copy.run(command, args);
  expect({ command, args, code, output }).toMatchObject({ code: 0 });
}

const settingsOf = (copy: Copy, role: string) => JSON.parse(copy.read(`settings-${role}.json`));

describe.each([
  ['with the sample', []],
  ['--bare', ['--bare']],
])('npm run init -- my-app, %s', (_, flags) => {
  let copy: Copy;
  let output: string;
  beforeAll(async () => {
    ({ copy, output } = await initialised(...flags));
  });
  afterAll(() => copy?.remove());

  it('gives the app its name wherever one is read', () => {
    expect(JSON.parse(copy.read('package.json')).name).toBe('my-app');
    const lock = JSON.parse(copy.read('package-lock.json'));
    expect([lock.name, lock.packages[''].name]).toEqual(['my-app', 'my-app']);
    expect(copy.read('client/main.html')).toContain('<title>My App</title>');
    expect(copy.read('README.md')).toMatch(/^# My App\n\nMy App is a Meteor 3 app/);
    expect(copy.read('compose.yaml')).toContain('image: my-app\n');
    expect(copy.read('Dockerfile')).toContain('docker build -t my-app .');
    expect(settingsOf(copy, 'web').public).toEqual({ appName: 'My App' });
    for (const file of ['imports/ui/header/Header.tsx', 'infra/dashboard/pages/Console.tsx', 'client/main.html'])
      expect(copy.read(file)).not.toContain('Tandem');
  });

  it('makes secrets that nobody else has, the same for both roles, and a new Meteor id', async () => {
    const [web, jobs] = [settingsOf(copy, 'web'), settingsOf(copy, 'jobs')];
    const secrets = [web.link.secret, web.queue.signingKey, web.console.operatorToken, web.metrics.token];
    expect(new Set(secrets).size).toBe(4);
    for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect([jobs.link.secret, jobs.queue.signingKey, jobs.console.operatorToken, jobs.metrics.token]).toEqual(secrets);
    expect(output).toContain(web.console.operatorToken);
    const before = await copy.run('git', ['show', 'HEAD:.meteor/.id']);
    expect(copy.read('.meteor/.id')).toMatch(/^[0-9a-z]{12}\.[0-9a-z]{12}$/m);
    expect(copy.read('.meteor/.id')).not.toBe(before.output);
  });

  it('prints the next three steps', () => {
    expect(output).toMatch(/Next:\n {2}1\. git add .*\n {2}2\. npm start.*\n {2}3\. .*deploy/);
  });

  it('leaves sources that lint, types and knip take', async () => {
    await isGood(copy, 'node_modules/.bin/biome', 'check', 'client', 'server', 'imports', 'infra', 'tests');
    await isGood(copy, 'node_modules/.bin/tsc');
    await isGood(copy, 'node_modules/.bin/knip', '--no-progress');
  });

  it('is not done twice by mistake', async () => {
    const before = copy.contents();
    const again = await copy.npm('run', 'init', '--', 'other-app', '--force');
    expect(again).toMatchObject({ code: 1, output: expect.stringContaining('This is my-app already') });
    expect(copy.contents()).toEqual(before);
  });
});

describe('npm run init -- my-app --bare', () => {
  let copy: Copy;
  beforeAll(async () => {
    ({ copy } = await initialised('--bare'));
  });
  afterAll(() => copy?.remove());

  it('leaves tests that pass: of the units, of a schedule, and of both roles with a browser', async () => {
    const chosen = ['tests/unit/(handlers|catalog|settings)', 'contract/schedules', 'e2e/page'];
    await isGood(copy, 'node_modules/.bin/jest', ...chosen, '--runInBand');
  });

  it('leaves nothing of the sample but its smallest task', async () => {
    const { output } = await copy.run('find', ['imports', '-type', 'f']);
    expect(output).not.toMatch(/report|picture|thumbnail|notification|pulse/i);
    expect(Object.keys(JSON.parse(copy.read('package.json')).dependencies)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(exceljs|jimp|busboy)$/)]),
    );
    expect(copy.read('package-lock.json')).not.toMatch(/node_modules\/(exceljs|jimp|busboy)"/);
    await isGood(copy, 'npm', 'run', 'new:api', 'notes');
    await isGood(copy, 'npm', 'run', 'new:task', 'thumbnail');
  });
});

describe('npm run init', () => {
  let copy: Copy;
  beforeAll(() => {
    copy = new Copy();
    copy.commit();
  });
  afterAll(() => copy.remove());

  it.each([
    [[], 'name: is missing. Try: npm run init -- my-app'],
    [['My App'], 'name: "My App" is not made of small letters, digits and single - between them'],
    [['../up'], 'name: "../up" is not made of small letters'],
    [['tandem'], 'name: "tandem" is the template\'s own'],
    [['my', 'app'], 'name: one is enough, not 2 (my, app)'],
    [['my-app', '--sparse'], "Unknown option '--sparse'"],
  ])('refuses %p, and touches nothing', async (args, reason) => {
    const before = copy.contents();
    const { code, output } = await copy.npm('run', 'init', '--', ...args);
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining(reason) });
    expect(copy.contents()).toEqual(before);
  });

  it('refuses a tree with uncommitted changes, unless it is told to go on', async () => {
    copy.write('imports/ui/mine.ts', 'export {};\n');
    const refused = await copy.npm('run', 'init', '--', 'my-app');
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('?? imports/ui/mine.ts') });
    expect(JSON.parse(copy.read('package.json')).name).toBe('tandem');
    expect(await copy.npm('run', 'init', '--', 'my-app', '--force')).toMatchObject({ code: 0 });
    expect(JSON.parse(copy.read('package.json')).name).toBe('my-app');
  });
});
