import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeployCheckout } from '../support/deploy-checkout';
import { eventually } from '../support/eventually';

jest.setTimeout(120_000);

let app: DeployCheckout;

beforeEach(async () => {
  app = await new DeployCheckout().open();
});
afterEach(() => app.close());

const deploys = () => app.calls().filter(([command]) => command === 'deploy');
const deployOf = (host: string) =>
  app.calls().find(([command, to, ...flags]) => command === 'deploy' && to === host && !flags.includes('--build-only'));

describe('deploy.sh', () => {
  test('builds once, then deploys jobs, then web, and notes both', async () => {
    const { code, output } = await app.deploy();

    expect({ code, output }).toMatchObject({ code: 0 });
    expect(app.npmCalls()).toBe('run --silent build:worker\nrun --silent check:meteor\n');
    expect(app.calls()).toEqual([
      ['whoami'],
      ['deploy', 'jobs.example.com', '--settings', 'settings-jobs.json', '--cache-build', '--build-only'],
      ['deploy', 'jobs.example.com', '--settings', 'settings-jobs.json', '--cache-build'],
      ['deploy', 'web.example.com', '--settings', 'settings-web.json', '--cache-build'],
    ]);
    const commit = app.git('rev-parse', 'HEAD');
    expect(app.log()).toMatch(new RegExp(`default\tjobs\tdone\t${commit}\tjobs.example.com\n[^]*web\tdone\t${commit}`));
  });

  test('passes on owner, plan and container size of each role', async () => {
    Object.assign(app.jobs.deploy, { owner: 'acme', plan: 'professional', containerSize: 'quad' });
    app.writeSettings();
    app.commit();
    await app.deploy();

    expect(deployOf('jobs.example.com')!.slice(5)).toEqual([
      ...['--owner', 'acme', '--plan', 'professional', '--container-size', 'quad'],
    ]);
    expect(deployOf('web.example.com')!.slice(5)).toEqual([]);
  });

  test('--only web deploys the web role alone', async () => {
    expect(await app.deploy(['--only', 'web'])).toMatchObject({ code: 0 });
    expect(deployOf('web.example.com')).toBeDefined();
    expect(deployOf('jobs.example.com')).toBeUndefined();
  });

  test('an environment picks its two settings files', async () => {
    app.writeSettings('.staging');
    app.commit();
    expect(await app.deploy(['staging'])).toMatchObject({ code: 0 });
    expect(deploys().map(call => call[3])).toEqual([
      'settings-jobs.staging.json',
      'settings-jobs.staging.json',
      'settings-web.staging.json',
    ]);
  });

  test('--dry-run prints the commands and calls the tool not once', async () => {
    const { code, output } = await app.deploy(['--dry-run']);
    expect(code).toBe(0);
    expect(app.calls()).toEqual([]);
    expect(output).toContain('would run: meteor deploy jobs.example.com --settings settings-jobs.json --cache-build');
    expect(output).toContain('would run: meteor deploy web.example.com --settings settings-web.json --cache-build');
  });

  test('--help says what there is, and a wrong option is refused', async () => {
    expect(await app.deploy(['--help'])).toMatchObject({ code: 0, output: expect.stringContaining('--only web|jobs') });
    expect(await app.deploy(['--now'])).toMatchObject({ code: 1, output: expect.stringContaining('--now: unknown') });
    expect(await app.deploy(['--only', 'both'])).toMatchObject({ code: 1 });
    expect(app.calls()).toEqual([]);
  });

  test('a dirty tree is refused, since the cache knows the commit only', async () => {
    writeFileSync(join(app.folder, 'new-file'), 'x');
    expect(await app.deploy()).toMatchObject({ code: 1, output: expect.stringContaining('new-file') });
    expect(app.calls()).toEqual([]);
  });

  test('settings that are not fit stop it before the first call, with all problems', async () => {
    [app.web, app.jobs] = [app.jobs, app.web];
    app.writeSettings();
    app.commit();
    const { code, output } = await app.deploy();
    expect(code).toBe(1);
    expect(output).toMatch(/settings-web\.json: runJobs: true, the web role needs false/);
    expect(output).toMatch(/settings-jobs\.json: runJobs: false, the jobs role needs true/);
    expect(app.calls()).toEqual([]);
  });

  test('a settings file that is missing or not JSON is named', async () => {
    expect(await app.deploy(['prod'])).toMatchObject({
      output: expect.stringContaining("settings-web.prod.json: can't be read (ENOENT)"),
    });
    writeFileSync(join(app.folder, 'settings-web.json'), '{ "runJobs": ');
    app.commit();
    expect(await app.deploy()).toMatchObject({
      code: 1,
      output: expect.stringContaining('settings-web.json: is not JSON'),
    });
  });

  test.each(['build:worker', 'check:meteor'])('when npm run %s fails, the Meteor tool builds nothing', async script => {
    expect(await app.deploy([], { NPM_FAILS_AT: script })).toMatchObject({ code: 1 });
    expect(deploys()).toEqual([]);
  });

  test.each([
    ['whoami', 0],
    ['build', 1],
    ['deploy:jobs.example.com', 2],
    ['health:jobs.example.com', 2],
    ['health:web.example.com', 3],
  ])('when %s fails, nothing after it runs', async (step, calls) => {
    expect(await app.deploy([], { METEOR_FAILS_AT: step })).toMatchObject({ code: 1 });
    expect(deploys()).toHaveLength(calls);
  });

  test('after a failure it says which role runs which commit, and how to go back', async () => {
    const good = app.git('rev-parse', 'HEAD');
    await app.deploy();
    const bad = app.commit();
    const { output } = await app.deploy([], { METEOR_FAILS_AT: 'deploy:web.example.com' });
    expect(output).toContain(`jobs: commit ${bad}`);
    expect(output).toContain(`web: commit ${good}`);
    expect(output).toContain(`git checkout ${good} && npm ci && ./deploy.sh --only web`);
    expect(app.log()).toMatch(/web\tfailed/);
  });

  test('Ctrl-C says what runs and how to go back, and lets the next deploy begin', async () => {
    const building = app.start([], { METEOR_FAILS_AT: 'hang:build' });
    await eventually(() => deploys().length === 1);
    building.interrupt();
    expect(await building.ended).toBe(1);
    expect(building.output).toContain('interrupted: nothing was deployed');

    const deploying = app.start([], { METEOR_FAILS_AT: 'hang:web.example.com' });
    await eventually(() => deployOf('web.example.com'));
    deploying.interrupt();
    expect(await deploying.ended).toBe(1);
    expect(deploying.output).toContain(`interrupted. What runs now:\n  jobs: commit ${app.git('rev-parse', 'HEAD')}`);
    expect(deploying.output).toContain('--only web');
    expect(app.log()).toMatch(/web\tfailed/);
    expect(await app.deploy(['--dry-run'])).toMatchObject({ code: 0 });
  });

  test('without the Meteor tool it says so', async () => {
    expect(await app.deploy([], { PATH: app.pathWithoutMeteor })).toMatchObject({
      code: 1,
      output: expect.stringContaining('the Meteor tool is not on PATH'),
    });
  });

  test('two at once are refused, and a lock left by a kill -9 is taken over', async () => {
    const lock = join(app.folder, '.local/deploy.lock');
    mkdirSync(lock, { recursive: true });
    writeFileSync(join(lock, 'pid'), String(process.pid));
    expect(await app.deploy()).toMatchObject({ code: 1, output: expect.stringContaining('another deploy runs') });
    writeFileSync(join(lock, 'pid'), '4194304');
    expect(await app.deploy()).toMatchObject({ code: 0, output: expect.stringContaining('taken over') });
  });
});
