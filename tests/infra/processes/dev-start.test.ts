import { catalog } from '../../../imports/tasks/catalog';
import type { AnyCatalog } from '../../../infra/catalog';
import { connect } from '../../../infra/database';
import { TaskQueueOf } from '../../../infra/queue';
import { Checkout } from '../../support/checkout';
import { testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { testPortPair } from '../../support/ports';
import { commandLine, descendants, isAlive, type TestProcess } from '../../support/processes';

jest.setTimeout(300_000);

let checkout: Checkout;
let port: number;

beforeEach(async () => {
  checkout = new Checkout();
  port = await testPortPair();
});
afterEach(() => checkout.remove());

const start = (...flags: string[]) => checkout.npm(['start', '--', '--port', String(port), ...flags]);
const status = async (at: number) => (await fetch(`http://localhost:${at}/`)).status;
const ready = (npm: TestProcess) => npm.says(/Tandem is ready/, 120_000);

async function started(...flags: string[]): Promise<{ npm: TestProcess; processes: number[] }> {
  const npm = start(...flags);
  await ready(npm);
  return { npm, processes: descendants(npm.pid) };
}

const theOne = (processes: number[], pattern: RegExp) => processes.find(pid => pattern.test(commandLine(pid)))!;
const allEnded = (processes: number[]) =>
  eventually(() => processes.filter(isAlive).length === 0, { timeoutMs: 60_000 });

test('both roles come up; after kill -9 nothing is left and the next start works at once; Ctrl-C drains', async () => {
  const killed = await started();
  process.kill(theOne(killed.processes, /^node .*start\.ts/), 'SIGKILL');

  const { npm, processes } = await started();
  expect(npm.output).toContain(`open http://localhost:${port} `);
  expect(await status(port)).toBe(200);
  expect(await status(port + 100)).toBe(200);
  expect(npm.output).toMatch(/^\[web \] /m);
  expect(npm.output).toMatch(/^\[jobs\] /m);
  expect(npm.output).not.toContain('\u001b['); // no terminal, no colours
  await allEnded(killed.processes);

  npm.interrupt();
  await npm.ended;
  expect(npm.output).toMatch(/\[jobs\] .*drained/);
  await allEnded(processes);
});

test('a third settings file is a third role, which takes its task types and no other', async () => {
  const settings = JSON.parse(checkout.read('settings-jobs.json'));
  const write = (name: string, types: object) =>
    checkout.write(name, JSON.stringify({ ...settings, workers: { ...settings.workers, ...types } }));
  write('settings-jobs.json', { exceptTaskTypes: ['burn'] });
  write('settings-jobs-heavy.json', { taskTypes: ['burn'] });
  const database = await testDatabase();
  const { db, close } = await connect(database.url, 'test');
  const npm = checkout.npm(['start', '--', '--port', String(port)], { MONGO_URL: database.url });
  try {
    await ready(npm);
    expect(npm.output).toContain(`jobs-heavy role at http://localhost:${port + 101}`);
    for (const at of [port, port + 100, port + 101]) expect(await status(at)).toBe(200);

    const queue = new TaskQueueOf(catalog);
    const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };
    await queue.connect({ db, sender, signingKeys: [settings.queue.signingKey].flat() });
    for (const _id of ['burn-1', 'burn-2'])
      await queue.addTask({ _id, taskType: 'burn', data: { seconds: 0.1, owner: 'ada' } });
    // Any other type of this app, whatever it is called; a bare one has none.
    const light = Object.values<AnyCatalog[string]>(catalog).find(({ fits }) => fits({}))?.taskType;
    const lightTask = { _id: 'light-1', taskType: light, data: {} } as unknown as Parameters<typeof queue.addTask>[0];
    if (light) await queue.addTask(lightTask);
    for (const id of ['burn-1', 'burn-2', ...(light ? ['light-1'] : [])])
      await npm.says(new RegExp(`:${id} done`), 60_000);
    expect(
      [...npm.output.matchAll(/^\[(\S+) *\] \S+:(?:burn|light)-\d done/gm)].map(([, role]) => role).sort(),
    ).toEqual([...(light ? ['jobs'] : []), 'jobs-heavy', 'jobs-heavy']);
  } finally {
    npm.interrupt();
    await npm.ended;
    await close();
    await database.drop();
  }
});

describe('two terminals, one role each, started at the same moment,', () => {
  let web: TestProcess;
  let jobs: TestProcess;
  /** The one that has not started the database. */
  let guest: TestProcess;
  let host: TestProcess;

  beforeEach(async () => {
    [web, jobs] = [start('--role', 'web'), start('--role', 'jobs')];
    await Promise.all([web, jobs].map(ready));
    [guest, host] = web.output.includes('Database: of the npm start') ? [web, jobs] : [jobs, web];
  });

  test('share the database and the sources; a second Ctrl-C and kill -9 of npm leave nothing', async () => {
    expect(guest.output).toMatch(/Database: of the npm start with pid \d+, ends with it/);
    expect(await status(port)).toBe(200);
    expect(await status(port + 100)).toBe(200);
    expect(web.output).not.toContain('[jobs]');

    checkout.write('server/main.ts', `${checkout.read('server/main.ts')}\nglobalThis.console.log("new code");\n`);
    for (const npm of [web, jobs]) {
      await npm.says(/is ready again/, 60_000);
      await npm.says(/new code/);
    }

    const processes = { guest: descendants(guest.pid), host: descendants(host.pid) };
    process.kill(theOne(processes.guest, /server\.js/), 'SIGSTOP'); // it does not drain
    guest.interrupt();
    await guest.says(/once more ends it at once/);
    const endsAtOnce = () => {
      guest.interrupt();
      return processes.guest.filter(isAlive).length === 0;
    };
    await eventually(endsAtOnce, { everyMs: 400, timeoutMs: 25_000 }); // the grace of a role is 30 s
    host.signal('SIGKILL');
    await allEnded(processes.host);
  });
});
