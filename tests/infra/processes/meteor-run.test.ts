import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { isFree } from '../../../infra/dev/ports';
import { someMongod } from '../../support/bare-machine';
import { Copy } from '../../support/copy';
import { eventually } from '../../support/eventually';
import { testPortPair } from '../../support/ports';
import { descendants, isAlive, type TestProcess } from '../../support/processes';
import { ofThisRun, root } from '../../support/run';

jest.setTimeout(120_000);

let copy: Copy;
let mongod: string;
beforeAll(async () => {
  copy = new Copy();
  mongod = (await someMongod()).path;
  mkdirSync(join(copy.folder, 'bin'));
  copyFileSync(join(root, 'tests/support/meteor-run-stand-in.cjs'), join(copy.folder, 'bin/meteor'));
  chmodSync(join(copy.folder, 'bin/meteor'), 0o755);
});
afterAll(() => copy.remove());

/** `npm run <script>` where the stand-in is the first `meteor` that is found. */
function start(script: string, port: number, env: NodeJS.ProcessEnv): TestProcess {
  const PATH = [join(copy.folder, 'bin'), process.env.PATH].join(delimiter);
  const args = ['run', script, '--', '--port', String(port)];
  return copy.start('npm', args, { PATH, STAND_IN_MONGOD: mongod, ...env });
}

/** What the tool of a role was given. */
async function given(run: TestProcess, role: 'web ' | 'jobs' | 'jobs-heavy'): Promise<Record<string, unknown>> {
  const [, json = ''] = await run.says(new RegExp(`\\[${role}\\] (\\{"args".*\\})`), 90_000);
  return JSON.parse(json);
}

async function ended(run: TestProcess, port: number): Promise<void> {
  run.interrupt();
  expect(await run.ended).not.toBe('SIGKILL');
  for (const used of [port, port + 1, port + 100]) expect(await isFree(used)).toBe(true);
}

describe('npm run meteor', () => {
  test("runs both roles, each in a folder of its own, on the MongoDB that the web role's Meteor starts", async () => {
    const port = await testPortPair();
    const run = start('meteor', port, { MONGO_URL: '' });
    expect(await given(run, 'web ')).toEqual({
      args: ['run', '--settings', join('.local', 'meteor-settings-web.json'), '--port', String(port)],
      METEOR_LOCAL_DIR: '.meteor/local',
      MONGO_URL: '',
      link: `http://localhost:${port + 100}`,
    });
    expect(await given(run, 'jobs')).toEqual({
      args: ['run', '--settings', 'settings-jobs.json', '--port', String(port + 100)],
      METEOR_LOCAL_DIR: '.meteor/local-jobs',
      MONGO_URL: `mongodb://127.0.0.1:${port + 1}/meteor`,
    });
    expect(copy.has('private/workers/main.js')).toBe(true);
    const children = descendants(run.pid);
    await ended(run, port);
    expect(run.output.match(/the app has drained/g)).toHaveLength(2);
    await eventually(() => !children.some(isAlive));
  });

  test('runs each settings-jobs-<name>.json as a further role', async () => {
    const port = await testPortPair();
    copy.write('settings-jobs-heavy.json', copy.read('settings-jobs.json'));
    const run = start('meteor', port, { MONGO_URL: ofThisRun('TANDEM_TEST_MONGO_URL') });
    expect(await given(run, 'jobs-heavy')).toMatchObject({
      args: ['run', '--settings', 'settings-jobs-heavy.json', '--port', String(port + 101)],
      METEOR_LOCAL_DIR: '.meteor/local-jobs-heavy',
    });
    expect(await given(run, 'jobs')).toMatchObject({ METEOR_LOCAL_DIR: '.meteor/local-jobs' });
    await ended(run, port);
    rmSync(join(copy.folder, 'settings-jobs-heavy.json'));
  });

  test('leaves nothing behind that a test run would take for part of the app', async () => {
    for (const folder of ['.meteor/local', '.meteor/local-jobs'])
      copy.write(`${folder}/build/package.json`, copy.read('package.json'));
    const { code, output } = await copy.run('node_modules/.bin/jest', ['--listTests']);
    expect(code).toBe(0);
    expect(output).not.toMatch(/haste|collision/i);
  });

  test('takes MONGO_URL as it is given, for both', async () => {
    const port = await testPortPair();
    const MONGO_URL = ofThisRun('TANDEM_TEST_MONGO_URL');
    const run = start('meteor', port, { MONGO_URL });
    expect(await given(run, 'web ')).toMatchObject({ MONGO_URL });
    expect(await given(run, 'jobs')).toMatchObject({ MONGO_URL });
    await ended(run, port);
  });

  test('builds the worker file anew when its sources change', async () => {
    const port = await testPortPair();
    const run = start('meteor:jobs', port, {});
    await given(run, 'jobs');
    const before = copy.read('private/workers/main.json');
    const handlers = 'imports/tasks/handlers/index.ts';
    await eventually(
      async () => {
        copy.write(handlers, `${copy.read(handlers)}// changed\n`);
        return copy.read('private/workers/main.json') !== before;
      },
      { timeoutMs: 60_000, everyMs: 1_000 },
    );
    await ended(run, port);
  });

  test('ends when a role ends, and the other one with it', async () => {
    const port = await testPortPair();
    const run = start('meteor', port, {});
    await given(run, 'jobs');
    const [tool] = descendants(run.pid).filter(pid => isLeader(pid));
    process.kill(tool!, 'SIGKILL');
    expect(await run.ended).toBe(1);
    expect(run.output).toMatch(/\[(web |jobs)\] has ended \(killed by SIGKILL\): its last lines say why/);
    await eventually(() => isFree(port));
  });
});

describe('npm run meteor:web and meteor:jobs', () => {
  test("run one role each: the second terminal finds the first one's database", async () => {
    const port = await testPortPair();
    const jobs = start('meteor:jobs', port, { MONGO_URL: '' });
    await jobs.says(/Waiting for the database of npm run meteor:web/, 60_000);
    const web = start('meteor:web', port, { MONGO_URL: '' });
    expect(await given(jobs, 'jobs')).toMatchObject({ MONGO_URL: `mongodb://127.0.0.1:${port + 1}/meteor` });
    expect(jobs.output).not.toContain('[web ]');
    expect(web.output).not.toContain('[jobs]');
    jobs.interrupt();
    await jobs.ended;
    await ended(web, port);
  });
});

describe('without the Meteor tool', () => {
  test('one line says how to get it', async () => {
    const { code, output } = await copy.run('npm', ['--silent', 'run', 'meteor'], { PATH: pathWithoutMeteor() });
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining(
        'meteor is not installed here: npx meteor@latest (or go on without it: npm start)\n',
      ),
    });
  });

  test('a port that is taken is said before anything is started', async () => {
    const { port } = new URL(ofThisRun('TANDEM_TEST_MONGO_URL').replace('mongodb', 'http'));
    const run = start('meteor', Number(port), {});
    expect(await run.ended).toBe(1);
    expect(run.output).toContain(`Port ${port}, the web role's, is in use`);
  });
});

/** The tool leads its process group: it was started in one of its own. */
const isLeader = (pid: number) => {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** node and npm, and no folder of this machine that may hold a real `meteor`. */
const pathWithoutMeteor = () => [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);
