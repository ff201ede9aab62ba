import { ProcessRegistry } from '../../../infra/monitor/processes';
import { Checkout } from '../../support/checkout';
import { startProcess, type TestProcess } from '../../support/processes';
import { TestQueue } from '../../support/queue';

jest.setTimeout(120_000);

/** An app whose only type is one of the tests' own catalog, and whose page would need Meteor. */
const app = `
import { Meteor } from 'meteor/meteor';
import { defineApp } from '../infra/app';
import { defineTasks } from '../infra/catalog';

class Page extends Meteor.Thing {}
export const catalog = defineTasks({ ping: { payload: { n: { type: Number, optional: true } } } });
export const app = defineApp({ name: 'shop', catalog, handlers: { ping: () => import('./nowhere') }, api: () => new Page() as never });
`;
const signingKey = 'a key that the roles and the terminal have';

let checkout: Checkout;
let opened: TestQueue;
let registry: ProcessRegistry;

beforeAll(async () => {
  checkout = new Checkout();
  checkout.write('imports/app.ts', app);
  const settings = JSON.stringify({ runJobs: true, queue: { signingKey } });
  checkout.write('settings-jobs.json', settings);
  checkout.write('settings-web.json', settings.replace('true', 'false'));
  opened = await TestQueue.open({ signingKeys: [signingKey] });
  registry = new ProcessRegistry({
    db: opened.database.db,
    identity: { role: 'jobs', version: '1', commit: 'c0ffee' },
    emit: () => {},
    describe: () => ({ state: 'ready', details: { taskTypes: ['ping'] } }),
  });
});
afterAll(async () => {
  await registry.stop();
  await opened.close();
  await checkout.remove();
});

function tasks(...args: string[]): TestProcess {
  const program = ['--require', 'tsx/cjs', 'infra/dev/tasks/main.ts', ...args];
  const env = { ...process.env, INIT_CWD: checkout.folder, MONGO_URL: opened.database.url };
  return startProcess(process.execPath, program, { cwd: checkout.folder, env });
}

async function answer(...args: string[]): Promise<{ code: unknown; output: string }> {
  const program = tasks(...args);
  return { code: await program.ended, output: program.output };
}

test('in a terminal one finds and replays tasks of the app, and what the terminal adds is signed as by a role', async () => {
  const failing = await opened.queue.addTask({ taskType: 'ping' });
  const failure = { state: 'failed', finishedAt: new Date(), error: { name: 'Error', message: 'no ink' } } as const;
  await opened.queue.core.store.collection.updateOne({ _id: failing }, { $set: failure });
  const npm = checkout.npm(['run', '--silent', 'tasks', '--', 'list', '--error', 'INK'], {
    MONGO_URL: opened.database.url,
  });
  expect(await npm.ended).toBe(0);
  expect(npm.output).toMatch(/^id +type +state +age +attempts +about\n/);
  expect(npm.output).toContain(`${failing}  ping  failed`);
  const { output, code } = await answer('replay', failing, 'nobody', '--settings', 'settings-jobs.json', '--json');
  expect(code).toBe(1);
  const [{ newId }, other] = JSON.parse(output);
  expect(other).toMatchObject({ id: 'nobody', ok: false });
  const role = await opened.role({ ping: () => {} });
  await opened.becomes(newId, 'done');
  await role.stop(0);
});

test('Ctrl-C asks bulk work to stop, and a mistake is one line without a stack', async () => {
  await registry.start();
  await opened.queue.addTasks(Array.from({ length: 3 }, () => ({ taskType: 'ping' }) as const));
  const bulk = tasks('cancel', '--all', '--state', 'queued', '--yes', '--settings', 'settings-jobs.json');
  await bulk.says(/0 of …/);
  bulk.interrupt();
  expect(await bulk.ended).toBe(1);
  expect(bulk.output).toContain('it was stopped');
  expect(await opened.queue.find({ state: 'queued' }).countAsync()).toBeGreaterThanOrEqual(3);
  const { output, code } = await answer('pause', 'pnig');
  expect(code).toBe(1);
  expect(output).toMatch(/pnig.* did you mean ping\?/);
  expect(output).not.toMatch(/^\s+at /m);
});

test('doctor ends with 1 where something is wrong, and names it with what to do', async () => {
  await registry.ensureIndexes();
  await opened.queue.core.store.collection.dropIndex('due');
  const { output, code } = await answer('doctor', '--settings', 'settings-jobs.json');
  expect(output).toMatch(/✗ indexes {5}taskQueue\.due,? /);
  expect(output).toMatch(/✓ settings +settings-web.json, settings-jobs.json agree/);
  expect(code).toBe(1);
  expect(await opened.queue.core.store.collection.indexExists('due')).toBe(false);
});
