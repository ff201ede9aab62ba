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

const start = (...flags: string[]) => checkout.npm(['start', '--', '--port', String(port), '--no-types', ...flags]);
const status = async (at: number) => (await fetch(`http://localhost:${at}/`)).status;
const ready = (npm: TestProcess) => npm.says(/ is ready(: open| \()/, 120_000);

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
  expect(killed.npm.output).toMatch(
    /^Database: the first start takes (mongod on PATH|one fetched before) \(MONGO_URL: is not set/m,
  );
  expect(npm.output).toContain(`open http://localhost:${port} `);
  expect(npm.output).not.toContain('the first start takes');
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

/** Lets `burn` throw for a task of nero's, and wait for a minute for one of aeon's. @returns the line that throws. */
function breakBurn(): number {
  const path = 'imports/tasks/handlers/burn.ts';
  const lines = checkout.read(path).split('\n');
  const at = lines.findIndex(line => line.includes('export const handler')) + 1;
  lines.splice(
    at,
    0,
    "  if (task.data.owner === 'nero') throw new Error('no such fire');",
    "  if (task.data.owner === 'aeon') await new Promise(resolve => setTimeout(resolve, 60_000));",
  );
  checkout.write(path, lines.join('\n'));
  return at + 1;
}

test('a third settings file is a third role, which takes its task types and no other; a failing handler shows its stack, and one that takes long does not hold up a restart', async () => {
  const line = breakBurn();
  const settings = JSON.parse(checkout.read('settings-jobs.json'));
  const write = (name: string, types: object) =>
    checkout.write(
      name,
      JSON.stringify({ ...settings, log: { level: 'debug' }, workers: { ...settings.workers, ...types } }),
    );
  write('settings-jobs.json', { exceptTaskTypes: ['burn'] });
  write('settings-jobs-heavy.json', { taskTypes: ['burn'] });
  const database = await testDatabase();
  const { db, close } = await connect(database.url, 'test');
  const npm = checkout.npm(['start', '--', '--port', String(port), '--no-types'], { MONGO_URL: database.url });
  try {
    await ready(npm);
    expect(npm.output).toContain(`jobs-heavy role at http://localhost:${port + 101}`);
    for (const at of [port, port + 100, port + 101]) expect(await status(at)).toBe(200);

    const queue = new TaskQueueOf(catalog);
    const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };
    await queue.connect({ db, sender, signingKeys: [settings.queue.signingKey].flat() });
    for (const _id of ['burn-1', 'burn-2'])
      await queue.addTask({ _id, taskType: 'burn', data: { seconds: 0.1, owner: 'ada' } });
    await queue.addTask({ _id: 'burn-3', taskType: 'burn', data: { seconds: 0.1, owner: 'nero' } });
    // Any other type of this app, whatever it is called; a bare one has none.
    const light = Object.values<AnyCatalog[string]>(catalog).find(({ fits }) => fits({}))?.taskType;
    const lightTask = { _id: 'light-1', taskType: light, data: {} } as unknown as Parameters<typeof queue.addTask>[0];
    if (light) await queue.addTask(lightTask);
    for (const id of ['burn-1', 'burn-2', ...(light ? ['light-1'] : [])])
      await npm.says(new RegExp(`:${id} done`), 60_000);
    await npm.says(
      new RegExp(
        `:burn-3 .*Error: no such fire\\n\\[jobs-heavy\\]     at handler \\(imports/tasks/handlers/burn\\.ts:${line}:\\d+\\)\\n`,
      ),
    );
    expect(
      [...npm.output.matchAll(/^\[(\S+) *\] \S+:(?:burn|light)-\d done/gm)].map(([, role]) => role).sort(),
    ).toEqual([...(light ? ['jobs'] : []), 'jobs-heavy', 'jobs-heavy']);

    await queue.addTask({ _id: 'burn-4', taskType: 'burn', data: { seconds: 0.1, owner: 'aeon' } });
    await npm.says(/:burn-4 started/);
    checkout.write('imports/tasks/handlers/burn.ts', `${checkout.read('imports/tasks/handlers/burn.ts')}\n// new\n`);
    await npm.says(/\[jobs-heavy\] .*waits for burn \(1\), up to 3 s\b/);
    await npm.says(/\[jobs-heavy\] is ready again/, 60_000);
    // It may run before the role says that it is ready.
    await npm.says(/waits for burn[\s\S]*:burn-4 started attempt=1/, 60_000);
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

  test('share the sources, and a database that outlives the first of them; all roles once more are refused; a second Ctrl-C and kill -9 of npm leave nothing', async () => {
    expect(guest.output).toMatch(/Database: of the npm start with pid \d+; when that one ends, this one goes on/);
    expect(await status(port)).toBe(200);
    expect(await status(port + 100)).toBe(200);
    expect(web.output).not.toContain('[jobs]');

    checkout.write('server/main.ts', `${checkout.read('server/main.ts')}\nglobalThis.console.log("new code");\n`);
    for (const npm of [web, jobs]) {
      await npm.says(/is ready again/, 60_000);
      await npm.says(/new code/);
    }

    const second = checkout.npm(['start', '--', '--port', String(await testPortPair()), '--no-types']);
    expect(await second.ended).toBe(1);
    expect(second.output).toMatch(/An npm start of this checkout runs already, with pid \d+: end it first/);

    const kept = await connect(JSON.parse(checkout.read('.local/database.json')).url, 'test');
    const notes = kept.db.collection<{ _id: string }>('notes');
    await notes.insertOne({ _id: 'kept' });
    host.interrupt();
    await host.ended;
    await guest.says(/Database: MongoDB \S+ on port \d+, data in/, 60_000);
    expect(await eventually(() => notes.findOne().catch(() => null))).toEqual({ _id: 'kept' });
    await kept.close();
    expect(await status(guest === web ? port : port + 100)).toBe(200);
    const late = start('--role', guest === web ? 'jobs' : 'web');
    await ready(late);
    expect(late.output).toContain('Database: of the npm start with pid');
    [guest, host] = [late, guest];

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
