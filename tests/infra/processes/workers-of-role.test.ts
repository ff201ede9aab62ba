import { copyFileSync, mkdirSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Events } from '../../../infra/monitor/events';
import { TaskQueue } from '../../../infra/queue';
import { Workers } from '../../../infra/roles/workers';
import { load } from '../../../infra/settings';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { catalog } from '../../support/fault-task-catalog';
import { buildFaultWorker } from '../../support/fault-task-pool';

const home = process.cwd();
let database: TestDatabase;
let workers: Workers;

beforeAll(async () => {
  database = await testDatabase();
  TaskQueue.declare(catalog as never, {});
  await TaskQueue.connect({ db: database.db, sender: { appId: 'test', version: '1', rootUrl: 'http://localhost' } });
});
afterAll(async () => {
  process.chdir(home);
  await workers.stop();
  await database.drop();
});

/** The folder of an app whose workers have these faults. */
async function appFolder(): Promise<string> {
  const { file } = await buildFaultWorker();
  const folder = mkdtempSync(join(tmpdir(), 'tandem-app-'));
  mkdirSync(join(folder, 'private', 'workers'), { recursive: true });
  for (const end of ['js', 'json'])
    copyFileSync(file.replace(/js$/, end), join(folder, 'private', 'workers', `main.${end}`));
  return folder;
}

test('a role says that it takes only what runs in itself, as long as no worker can start', async () => {
  const folder = await appFolder();
  process.chdir(folder);
  const settings = load({ runJobs: true, workers: { count: 1, keepAlive: 0 } }, { production: false });
  const app = { name: 'app', catalog, handlers: {}, roleHandlers: { noop: async () => ({ handler: () => 1 }) } };
  const events = new Events();
  let failures = 0;
  events.on('worker.startFailed', () => {
    failures += 1;
  });
  workers = new Workers({ app, settings, events, connection: database as never });
  await workers.start();
  const worker = join(folder, 'private', 'workers', 'main.js');
  writeFileSync(`${worker}.broken`, 'process.exit(7)');
  renameSync(`${worker}.broken`, worker);
  await TaskQueue.addTask({ taskType: 'wait', data: { ms: 1 } } as never);
  await eventually(() => failures > 0);
  expect(workers.takenTypes).toEqual(Object.keys(catalog));
  const later = Date.now() + 60_000;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => later);
  expect(workers.takenTypes).toEqual(['noop']);
  clock.mockRestore();
});
