import { availableParallelism } from 'node:os';
import { Cluster } from '../../../infra/meteor-cluster';
import type { ClusterOptions } from '../../../infra/meteor-cluster/cluster-options';
import { TaskQueueOf } from '../../../infra/queue';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { catalog, type FaultCatalog } from '../../support/fault-task-catalog';
import { buildFaultWorker, type Said } from '../../support/fault-task-pool';

const sender = { appId: 'tests', version: '1', rootUrl: 'http://localhost:3000' };

let file: string;
let database: TestDatabase;
let queue: TaskQueueOf<FaultCatalog>;
let said: Said[];
const clusters: Cluster[] = [];

beforeAll(async () => {
  ({ file } = await buildFaultWorker());
});

beforeEach(async () => {
  said = [];
  database = await testDatabase();
  queue = new TaskQueueOf<FaultCatalog>(catalog);
});

afterEach(async () => {
  await Promise.all(clusters.splice(0).map(cluster => cluster.stop(500)));
  await database.drop();
});

const connect = () =>
  queue.connect({
    db: database.db,
    sender,
    emit: (name, fields) => said.push({ name, fields: fields as Said['fields'] }),
  });

const create = (taskMap: object, options: ClusterOptions = {}) => {
  const cluster = new Cluster(taskMap as never, {
    queue,
    workerFile: file,
    databaseUrl: database.url,
    maxAvailableWorkers: 1,
    refreshRate: 50,
    ...options,
  });
  clusters.push(cluster);
  return cluster;
};

const start = async (taskMap: object, options: ClusterOptions = {}) => {
  await connect();
  const cluster = create(taskMap, options);
  await cluster.initialize();
  return cluster;
};

const stateOf = async (id: string) => (await queue.findOne(id))?.state;
const isDone = (id: string) => eventually(async () => (await stateOf(id)) === 'done');
const warnings = () => said.filter(({ name }) => name === 'cluster.warning').map(({ fields }) => fields.message);

describe('taskMap', () => {
  test('says which task types run here; others wait', async () => {
    await start({ noop: true });
    const other = await queue.addTask({ taskType: 'wait', data: { ms: 1 } });
    await isDone(await queue.addTask({ taskType: 'noop', data: {} }));
    expect(await stateOf(other)).toBe('queued');
  });

  test('refuses a function, and says where it belongs', async () => {
    expect(() => create({ touchLazy: () => 'closed over' })).toThrow(
      "taskMap.touchLazy: a function can't cross into a worker process: export it as `handler` from imports/tasks/handlers/touch-lazy.ts",
    );
  });

  test('refuses unknown types and options, all at once', () => {
    expect(() => create({ nop: true, wait: { timout: 5 }, hang: { perWorker: 0 }, echo: 5 })).toThrow(
      /nop: the catalog has no such task type, did you mean noop\?\n.*wait\.timout: unknown option, did you mean timeout\?\n.*hang\.perWorker: 0 is not a whole number.*\n.*echo: 5 is neither/,
    );
  });

  test('refuses a backoff or a rate that the catalog would not take', () => {
    const message = (options: object) => {
      try {
        create({ noop: options });
      } catch (error) {
        return (error as Error).message.split('\n  ').slice(1);
      }
      return undefined;
    };
    expect(message({ backoff: { base: '5s', facto: 2 }, rateLimit: { max: 5 } })).toEqual([
      'taskMap.noop.backoff.base: "5s" is not a number',
      'taskMap.noop.backoff.facto: unknown option, did you mean factor?',
      'taskMap.noop.rateLimit.per: is missing',
    ]);
    expect(message({ rateLimit: { max: 0, per: 1_000, key: 'none' } })).toEqual([
      'taskMap.noop.rateLimit.max: 0 is below 1',
      expect.stringMatching(/^taskMap.noop.rateLimit.key: "none" is no field of the payload/),
    ]);
    expect(message({ backoff: 5 })).toEqual(['taskMap.noop.backoff: 5 is not an object']);
  });

  test('gives a task type the handler of another name, in camel or kebab case', async () => {
    await start({ noop: 'is-lazy-loaded', isLazyLoaded: { handler: 'touchLazy' } });
    const id = await queue.addTask({ taskType: 'noop', data: {} });
    await isDone(id);
    expect((await queue.findOne(id))?.result).toBe(false);
    const other = await queue.addTask({ taskType: 'isLazyLoaded', data: {} });
    await isDone(other);
    expect((await queue.findOne(other))?.result).toBe('touched');
  });

  test('keeps the cluster from starting where it names a handler that is not there', async () => {
    await expect(start({ noop: 'nope' })).rejects.toThrow(/has no handler "nope", did you mean noop\?/);
  });

  test('lets a cluster that can not start be stopped while it tries', async () => {
    await connect();
    const cluster = create({ noop: 'nope' }, { autoInitialize: false });
    const starting = cluster.initialize().catch(error => error.message);
    await eventually(() => cluster.snapshot() !== undefined);
    await cluster.stop(500);
    expect(await starting).toMatch(/has no handler "nope"/);
    expect(said.map(({ name }) => name)).not.toContain('cluster.stopped');
  });

  test('sets the limits of a type here: its time-out, its attempts, how many run at once', async () => {
    await start(
      { stopOnSignalLong: { timeout: 100, attempts: 1 }, wait: { perWorker: 3, concurrency: 2 } },
      { maxAvailableWorkers: 1 },
    );
    const id = await queue.addTask({ taskType: 'stopOnSignalLong', data: {} });
    await eventually(async () => (await stateOf(id)) === 'failed');
    expect((await queue.findOne(id))?.error?.message).toBe('ran longer than 100 ms');
    await queue.addTasks(Array.from({ length: 4 }, () => ({ taskType: 'wait' as const, data: { ms: 400 } })));
    const started: number[] = [];
    queue.on('started', () => started.push(clusters[0]?.snapshot()?.busy ?? 0));
    await eventually(() => started.length >= 4);
    expect(Math.max(...started)).toBe(2);
  });
});

test('maxAvailableWorkers is put right with a warning: no more than cores, no less than one', async () => {
  const cores = availableParallelism();
  expect(Cluster.maxWorkers()).toBe(cores);
  await start({ noop: true }, { maxAvailableWorkers: 1_000 });
  expect(clusters[0]?.snapshot()?.maxWorkers).toBe(cores);
  expect(warnings()).toEqual([`maxAvailableWorkers: 1000 is taken for ${cores}: the machine has ${cores} cores`]);
  await clusters.pop()?.stop();
  await start({ noop: true }, { maxAvailableWorkers: 0 });
  expect(clusters[0]?.snapshot()?.maxWorkers).toBe(1);
  expect(warnings().at(-1)).toContain('maxAvailableWorkers: 0 is taken for 1');
});

test('port is accepted with a warning that says why it means nothing', async () => {
  await start({ noop: true }, { port: 3008 });
  expect(warnings()).toEqual(['port: 3008 means nothing here: workers open no port']);
});

test('options that nobody knows, or of the wrong kind, are refused by name', () => {
  expect(() => create({ noop: true }, { refreshrate: 5, logs: 'none', keepAlive: 'ever' } as never)).toThrow(
    /refreshrate: unknown option, did you mean refreshRate\?\n.*logs: "none" is not 'all' or 'error'\n.*keepAlive: "ever"/,
  );
});

describe('autoInitialize', () => {
  test('starts the cluster as soon as the queue is connected', async () => {
    create({ noop: true });
    await connect();
    await isDone(await queue.addTask({ taskType: 'noop', data: {} }));
  });

  test('false: waits for initialize()', async () => {
    await connect();
    const cluster = create({ noop: true }, { autoInitialize: false });
    const id = await queue.addTask({ taskType: 'noop', data: {} });
    expect(cluster.snapshot()).toBeUndefined();
    await cluster.initialize();
    await isDone(id);
  });

  test('says what keeps it from starting', async () => {
    create({ noop: true }, { workerFile: '/nowhere/main.js' });
    await connect();
    const { fields } = await eventually(() => said.find(({ name }) => name === 'cluster.failed'));
    expect(String(fields.error)).toMatch(/\/nowhere\/main\.js is missing\. Run `npm run build:worker`/);
  });
});

test('inMemoryOnly runs tasks of this memory only', async () => {
  await start({ noop: true }, { inMemoryOnly: true });
  const persistent = await queue.addTask({ taskType: 'noop', data: {} });
  const done: string[] = [];
  queue.on('done', ({ task }) => done.push(task._id));
  const id = await queue.addTask({ taskType: 'noop', data: {}, inMemory: true });
  await eventually(() => done.includes(id));
  expect(await stateOf(persistent)).toBe('queued');
});

test('messageBroker answers the example of the documentation', async () => {
  function messageBroker(respond: (answer: unknown) => void, msg: { data: unknown }) {
    if (msg.data === 'ping') {
      respond('pong');
    }
  }
  await start({ ipcPingTest: true }, { messageBroker });
  const id = await queue.addTask({ taskType: 'ipcPingTest', data: {} });
  await isDone(id);
  expect((await queue.findOne(id))?.result).toBe('result you eventually want to pass to the master');
});

describe('keepAlive', () => {
  test("'always' starts all workers at once", async () => {
    // Two where the machine has as many cores.
    const workers = Math.min(2, Cluster.maxWorkers());
    const cluster = await start({ noop: true }, { maxAvailableWorkers: workers, keepAlive: 'always' });
    await eventually(() => cluster.snapshot()?.processes.filter(({ state }) => state === 'idle').length === workers);
  });

  test('by default workers leave when nothing is due, future tasks or not', async () => {
    const cluster = await start({ noop: true });
    await queue.addTask({ taskType: 'noop', data: {}, dueDate: new Date(Date.now() + 3_600_000) });
    await isDone(await queue.addTask({ taskType: 'noop', data: {} }));
    await eventually(() => cluster.snapshot()?.workers === 0);
  });
});

test("logs: 'error' lets ordinary events pass as debug only, and warnings as they are", async () => {
  await start({ noop: true, throwFatal: true }, { logs: 'error' });
  await isDone(await queue.addTask({ taskType: 'noop', data: {} }));
  const id = await queue.addTask({ taskType: 'throwFatal', data: { message: 'no' } });
  await eventually(async () => (await stateOf(id)) === 'failed');
  const levels = (name: string) => said.filter(one => one.name === name).map(({ fields }) => fields.level);
  expect(levels('task.started')).toEqual(['debug', 'debug']);
  await eventually(() => levels('task.failed').length === 1);
  expect(levels('task.failed')).not.toContain('debug');
});

test('setRefreshRate refuses what is no time', async () => {
  const cluster = await start({ noop: true });
  cluster.setRefreshRate(20);
  expect(() => cluster.setRefreshRate('fast' as never)).toThrow(
    'refreshRate: "fast" is not a whole number of milliseconds',
  );
});

test('a process has one cluster at most, also where two start side by side', async () => {
  await connect();
  const [first, second] = [{ noop: true }, { wait: true }].map(map =>
    create(map, { autoInitialize: false }).initialize(),
  );
  await expect(second).rejects.toThrow('This process has a cluster already');
  await first;
  await clusters[0]?.stop();
  await create({ wait: true }).initialize();
});

test('isMaster is true here, and false in a worker', async () => {
  expect(Cluster.isMaster()).toBe(true);
  await start({ lookAround: true });
  const id = await queue.addTask({ taskType: 'lookAround', data: {} });
  await isDone(id);
  expect((await queue.findOne(id))?.result).toMatchObject({ env: { TANDEM_WORKER: '1' } });
});
