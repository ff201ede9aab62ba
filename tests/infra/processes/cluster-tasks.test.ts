import { copyFileSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Cluster } from '../../../infra/meteor-cluster';
import type { ClusterOptions } from '../../../infra/meteor-cluster/cluster-options';
import { Events } from '../../../infra/monitor/events';
import { createLog, logEvents } from '../../../infra/monitor/log';
import { TaskQueueOf } from '../../../infra/queue';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { catalog, type FaultCatalog } from '../../support/fault-task-catalog';
import { buildFaultWorker } from '../../support/fault-task-pool';

const sender = { appId: 'tests', version: '1', rootUrl: 'http://localhost:3000' };
const all = Object.fromEntries(Object.keys(catalog).map(taskType => [taskType, true as const]));

let file: string;
let database: TestDatabase;
let queue: TaskQueueOf<FaultCatalog>;
let cluster: Cluster;
let lines: string[];

beforeAll(async () => {
  ({ file } = await buildFaultWorker());
});

const optionsFor = (its: typeof queue, more: ClusterOptions): ClusterOptions => ({
  queue: its,
  workerFile: file,
  databaseUrl: database.url,
  maxAvailableWorkers: 2,
  ...more,
});

const start = async (format: 'readable' | 'json' = 'readable', more: ClusterOptions = {}) => {
  database = await testDatabase();
  lines = [];
  const events = new Events();
  logEvents(events, createLog({ format, level: 'debug' }, { write: line => lines.push(line) }));
  queue = new TaskQueueOf<FaultCatalog>(catalog);
  await queue.connect({ db: database.db, sender, emit: events.emit });
  cluster = new Cluster(all, optionsFor(queue, more));
  await cluster.initialize();
};

afterEach(async () => {
  await cluster.stop(500);
  await database.drop();
});

test('listeners hear the result and the error, with the task', async () => {
  await start();
  const done: unknown[] = [];
  const errors: unknown[] = [];
  queue.addEventListener('done', ({ value, task }) => done.push([value, task._id]));
  queue.addEventListener('error', ({ value, task }) => errors.push([(value as Error).message, task._id]));
  const id = await queue.addTask({ taskType: 'isLazyLoaded', data: {} });
  const wrong = await queue.addTask({ taskType: 'throwFatal', data: { message: 'never' } });
  await eventually(() => done.length === 1 && errors.length === 1);
  expect(done).toEqual([[false, id]]);
  expect(errors).toEqual([['never', wrong]]);
});

test.each([false, true])(
  'handlers make a batch, add to it, and see what has failed (its creator is killed: %j)',
  async dies => {
    await start();
    const creator = await queue.addTask({ taskType: 'importLines', data: { lines: 10, dies } });
    const id = `${creator}:import`;
    const summary = await eventually(
      async () => (await queue.findOne({ _id: `${id}:then`, state: 'done' })) ?? undefined,
    );
    expect(summary.result).toEqual({ failed: [`${id}:3`] });
    const ended = await eventually(async () =>
      (await queue.batch(id).read())?.state === 'ended' ? queue.batch(id).read() : undefined,
    );
    expect(ended).toMatchObject({ added: 12, done: 11, failed: 1 });
    expect((await queue.findOne(creator))?.result).toBe(id);
  },
);

test("a task's start and end are lines with meteor-cluster's head", async () => {
  await start();
  const id = await queue.addTask({ taskType: 'noop', data: {} });
  const head = new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z:tandem:task:noop:${id} (started|done)`);
  const found = await eventually(() => {
    const matching = lines.filter(line => head.test(line));
    return matching.length === 2 ? matching : undefined;
  });
  expect(found.map(line => head.exec(line)?.[1])).toEqual(['started', 'done']);
});

test('the same lines are JSON where the settings say so', async () => {
  await start('json');
  const id = await queue.addTask({ taskType: 'noop', data: {} });
  const entries = await eventually(() => {
    const matching = lines.map(line => JSON.parse(line)).filter(entry => entry.taskId === id);
    return matching.length === 2 ? matching : undefined;
  });
  expect(entries.map(({ event }) => event)).toEqual(['task.started', 'task.done']);
});

test('kill -9 of a worker in mid-task: the task is retried in another worker and ends', async () => {
  await start();
  const started = new Promise<number>(resolve => queue.on('started', ({ value }) => resolve(value as number)));
  const id = await queue.addTask({ taskType: 'wait', data: { ms: 1_500 } });
  const pid = await started;
  process.kill(pid, 'SIGKILL');
  const task = await eventually(async () => {
    const found = await queue.findOne(id);
    return found?.state === 'done' ? found : undefined;
  });
  expect(task.attempts.map(({ outcome }) => outcome)).toEqual(['crashed', 'done']);
  expect(task.attempts[0]?.workerPid).toBe(pid);
  expect(task.attempts[1]?.workerPid).not.toBe(pid);
});

test('cancel stops a running handler, also one that does not listen', async () => {
  await start('readable', { pool: { abortGraceMs: 200 } });
  for (const taskType of ['stopOnSignalLong', 'hangLong'] as const) {
    const started = new Promise(resolve => queue.on('started', resolve));
    const id = await queue.addTask({ taskType, data: {} });
    await started;
    await queue.cancel(id);
    await eventually(async () => (await queue.findOne(id))?.state === 'cancelled');
  }
});

test('stop hands back what did not end in time, untouched', async () => {
  await start();
  const id = await queue.addTask({ taskType: 'hangLong', data: {} });
  await eventually(async () => (await queue.findOne(id))?.state === 'running');
  await cluster.stop(300);
  expect(await queue.findOne(id)).toMatchObject({ state: 'queued', attempt: 0, attempts: [] });
});

test('tasks that wait for a worker go to another role, untouched, where none starts for long', async () => {
  const workerFile = join(mkdtempSync(join(tmpdir(), 'tandem-ceases-')), 'main.js');
  for (const path of [file, file.replace(/js$/, 'json')])
    copyFileSync(path, join(dirname(workerFile), path.slice(dirname(file).length)));
  await start('readable', { workerFile, keepAlive: 50, pool: { startPatienceMs: 700 } });
  writeFileSync(`${workerFile}.broken`, 'process.exit(7)');
  renameSync(`${workerFile}.broken`, workerFile);
  await eventually(() => cluster.snapshot()?.workers === 0);
  const ids = await queue.addTasks([1, 2].map(n => ({ taskType: 'noop', data: { n } })));
  await eventually(async () => (await queue.find({ state: 'running' }).countAsync()) === 2);
  const elsewhere = new TaskQueueOf<FaultCatalog>(catalog);
  await elsewhere.connect({ db: database.db, sender });
  const other = new Cluster(all, optionsFor(elsewhere, {}));
  await other.initialize();
  await eventually(async () => (await queue.find({ state: 'done' }).countAsync()) === 2);
  await other.stop(500);
  for (const id of ids) expect(await queue.findOne(id)).toMatchObject({ attempt: 1, attempts: [{ outcome: 'done' }] });
  expect(lines.join('')).toContain('no worker starts for 2 tasks: handed back to the queue');
});

test('a handler has the database', async () => {
  await start();
  const id = await queue.addTask({ taskType: 'readDatabase', data: {} });
  await eventually(async () => (await queue.findOne(id))?.result === 1);
});

describe('a handler adds tasks', () => {
  test('as a recurring task does, which never becomes two', async () => {
    await start();
    await queue.addTasks([
      { taskType: 'recurring', data: {} },
      { taskType: 'recurring', data: {} },
    ]);
    await eventually(async () => (await queue.find({ taskType: 'recurring', state: 'done' }).countAsync()) >= 6);
    const waiting = queue.find({ taskType: 'recurring', state: { $in: ['scheduled', 'queued'] } });
    expect(await waiting.countAsync()).toBeLessThanOrEqual(1);
  });

  test('into the memory of the role too', async () => {
    await start();
    const done: unknown[] = [];
    queue.on('done', ({ task, value }) => done.push(task.taskType === 'noop' ? task._id : value));
    await queue.addTask({ taskType: 'addOther', data: { taskType: 'noop', inMemory: true } });
    // The id that the handler returned, and the task of this id, in whatever order.
    await eventually(() => done.length === 2 && done[0] === done[1]);
  });

  test('and is told why where one is refused', async () => {
    await start();
    const id = await queue.addTask({ taskType: 'addOther', data: { taskType: 'nop' } });
    const task = await eventually(async () => {
      const found = await queue.findOne(id);
      return found?.attempts.length ? found : undefined;
    });
    expect(task.attempts[0]?.error?.message).toContain('unknown task type "nop", did you mean noop?');
  });
});
