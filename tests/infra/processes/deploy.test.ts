import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeployCheckout } from '../../support/deploy-checkout';
import { eventually } from '../../support/eventually';

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

  test('--only web deploys the web role alone, with the owner, plan and container size of that role', async () => {
    Object.assign(app.web.deploy, { owner: 'acme', plan: 'professional', containerSize: 'quad' });
    Object.assign(app.jobs.deploy, { owner: 'other' });
    app.writeSettings();
    app.commit();
    expect(await app.deploy(['--only', 'web'])).toMatchObject({ code: 0 });
    expect(deployOf('web.example.com')!.slice(5)).toEqual([
      ...['--owner', 'acme', '--plan', 'professional', '--container-size', 'quad'],
    ]);
    expect(deployOf('jobs.example.com')).toBeUndefined();
  });

  test('each settings-jobs-<name>.json is a further app: deployed before the web role, waited for, and named in each report', async () => {
    app.writeFurtherRole('jobs-heavy');
    app.writeFurtherRole('jobs-mail');
    app.writeFurtherRole('jobs-elsewhere', '.staging');
    const commit = app.commit();

    const { output: plan } = await app.deploy(['--dry-run']);
    for (const role of ['jobs', 'jobs-heavy', 'jobs-mail', 'web']) {
      expect(plan).toContain(
        `would run: meteor deploy ${role}.example.com --settings settings-${role}.json --cache-build\n`,
      );
      expect(plan).toMatch(new RegExp(`would wait for http://\\S+/${role}\\.example\\.com/healthz to answer`));
    }
    expect(plan).toMatch(/would run as jobs, jobs-heavy, jobs-mail and web\n$/);

    const { code, output } = await app.deploy([], { METEOR_FAILS_AT: 'health:jobs-mail.example.com' });
    expect(code).toBe(1);
    expect(deploys().map(([, host]) => host)).toEqual(
      ['jobs', 'jobs', 'jobs-heavy', 'jobs-mail'].map(role => `${role}.example.com`),
    );
    expect(output).toContain(`jobs-heavy: commit ${commit}`);
    expect(output).toContain('jobs-mail: no commit known');
    expect(app.log()).toMatch(/jobs-heavy\tdone[\s\S]*jobs-mail\tfailed/);

    expect(await app.deploy(['--only', 'jobs-heavy'])).toMatchObject({
      code: 0,
      output: expect.stringMatching(/runs as jobs-heavy\n$/),
    });
    expect(await app.deploy(['--only', 'jobs-elsewhere'])).toEqual({
      code: 1,
      output: 'deploy: --only jobs-elsewhere: there is no such role, there are jobs, jobs-heavy, jobs-mail, web\n',
    });
    expect((await app.deploy(['staging', '--only', 'jobs-elsewhere', '--dry-run'])).output).toContain(
      "settings-web.staging.json: can't be read (ENOENT)",
    );
  });

  test('a settings file whose name makes no role stops it before the first call', async () => {
    app.writeFurtherRole('jobs-Heavy');
    app.commit();
    const { code, output } = await app.deploy();
    expect(code).toBe(1);
    expect(output).toContain('settings-jobs-Heavy.json: the name of a role has small letters');
    expect(app.calls()).toEqual([]);
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

  test('--dry-run does the checks, prints the commands, calls the tool not once, and says that nothing was deployed', async () => {
    writeFileSync(join(app.folder, 'settings-web.json'), `\uFEFF${JSON.stringify(app.web)}`);
    app.commit();
    const { code, output } = await app.deploy(['--dry-run'], { of_web_owner: 'mallory', of_jobs_plan: 'free' });
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).not.toMatch(/mallory|--plan/); // of the environment
    expect(app.calls()).toEqual([]);
    expect(app.npmCalls()).toBe('run --silent build:worker\nrun --silent check:meteor\n');
    const commit = app.git('rev-parse', 'HEAD').slice(0, 12);
    expect(output).toMatch(
      new RegExp(`\\ndeploy: dry run: nothing was deployed; ${commit} would run as jobs and web\\n$`),
    );
    expect(output).not.toContain('done');
    expect(existsSync(join(app.folder, '.local/deploys.log'))).toBe(false);
    expect((await app.deploy(['--dry-run', '--only=web'])).output).toMatch(/would run as web\n$/);
    expect(output).toContain('would run: meteor deploy jobs.example.com --settings settings-jobs.json --cache-build');
    expect(output).toContain('would run: meteor deploy web.example.com --settings settings-web.json --cache-build');
  });

  test('--help says what there is, and a wrong option is refused', async () => {
    expect(await app.deploy(['--help'])).toMatchObject({
      code: 0,
      output: expect.stringContaining('--only web|jobs|jobs-NAME'),
    });
    expect(await app.deploy(['--now'])).toMatchObject({ code: 1, output: expect.stringContaining('--now: unknown') });
    expect(await app.deploy(['--only', 'both'])).toMatchObject({ code: 1 });
    expect(app.calls()).toEqual([]);
  });

  test('a time limit that is no number is refused: it would never be over', async () => {
    expect(await app.deploy([], { DEPLOY_HEALTH_TIMEOUT_SECONDS: '5m' })).toMatchObject({
      code: 1,
      output: expect.stringContaining('DEPLOY_HEALTH_TIMEOUT_SECONDS: 5m is no whole number of seconds'),
    });
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

  test('the way back names what ran there before, also where somebody else had deployed it, and no commit that never ran', async () => {
    const first = await app.deploy([], { METEOR_FAILS_AT: 'health:jobs.example.com' });
    expect(first.output).toContain('jobs: no other commit is known to have run there');
    expect(first.output).not.toContain('git checkout');

    const elsewhere = 'abcdef0123456789abcdef0123456789abcdef01';
    app.runs('jobs.example.com', elsewhere);
    const second = await app.deploy([], { METEOR_FAILS_AT: 'deploy:jobs.example.com' });
    expect(second.output).toContain(
      `  git fetch --all && git checkout ${elsewhere} && npm ci && ./deploy.sh --only jobs\n`,
    );

    const good = app.git('rev-parse', 'HEAD');
    await app.deploy();
    app.commit();
    const third = await app.deploy([], { METEOR_FAILS_AT: 'health:web.example.com' });
    for (const role of ['jobs', 'web'])
      expect(third.output).toContain(`  git checkout ${good} && npm ci && ./deploy.sh --only ${role}\n`);
  });

  test('what a role says of itself gets into no command, unless it is a commit', async () => {
    app.runs('jobs.example.com', '$(touch hacked)\u001b[2J\n');
    const { output } = await app.deploy([], { METEOR_FAILS_AT: 'deploy:jobs.example.com' });
    expect(output).toContain('jobs: commit $(touch hacked)\\u001b[2J\\n\n');
    expect(output).not.toContain('git checkout');
  });

  test('a value of a settings file is a text, never a command or an option', async () => {
    app.jobs.deploy.owner = 'x\nweb_host[$(touch hacked)]=1';
    app.web.deploy.owner = '--help';
    app.writeSettings();
    app.commit();
    expect(await app.deploy(['--dry-run'])).toEqual({
      code: 1,
      output: `deploy: the settings are not fit to deploy:
  settings-web.json: deploy.owner: "--help" is not the name of an account
  settings-jobs.json: deploy.owner: "x\\nweb_host[$(touch hacked)]=1" is not the name of an account
`,
    });
    expect(existsSync(join(app.folder, 'hacked'))).toBe(false);
  });

  test('nothing but the settings that it knows gets out of their check into the script', async () => {
    const check = join(app.folder, 'infra/dev/deploy/check-settings.ts');
    writeFileSync(check, 'console.log(process.env.SAYS)');
    app.commit();
    for (const SAYS of [
      'web host[$(touch hacked)]=1',
      'x[$(touch hacked)] host=a.example.com',
      'jobs-a[$(touch hacked)] host=a.example.com',
      'PATH=/nowhere',
      'web PATH=/nowhere',
      '',
    ])
      expect(await app.deploy(['--dry-run'], { SAYS })).toMatchObject({
        code: 1,
        output: expect.stringContaining('something else'),
      });
    expect(existsSync(join(app.folder, 'hacked'))).toBe(false);
  });

  test('without packages it says in one line what to do', async () => {
    rmSync(join(app.folder, 'node_modules'));
    const { code, output } = await app.deploy();
    expect(code).toBe(1);
    expect(output).toMatch(/^\d+ of the packages in package\.json are not installed here\. Run npm ci first\n$/);
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
    expect({ code: await deploying.ended, output: deploying.output }).toMatchObject({ code: 1 });
    expect(deploying.output).toContain(`interrupted. What runs now:\n  jobs: commit ${app.git('rev-parse', 'HEAD')}`);
    expect(deploying.output).toContain('  web: no other commit is known to have run there\n');
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
    const deploy = () => app.deploy(['--dry-run']);
    expect(await deploy()).toMatchObject({ code: 1, output: expect.stringContaining('another deploy runs') });
    writeFileSync(join(lock, 'pid'), '4194304');
    expect(await deploy()).toMatchObject({ code: 0, output: expect.stringContaining('taken over') });
  });
});
