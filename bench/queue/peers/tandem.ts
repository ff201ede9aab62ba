import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { buildWorker } from '../../../infra/dev/bundling/build-worker';
import { TaskQueueOf } from '../../../infra/queue/api/task-queue';
import { Dispatcher } from '../../../infra/queue/dispatch/dispatcher';
import type { Executor } from '../../../infra/queue/model/executor';
import { InProcessExecutor } from '../../../infra/queue/testing/in-process-executor';
import { Pool } from '../../../infra/workers/pool/pool';
import { catalog } from '../catalog';
import { handlers } from '../handlers';
import type { BenchTask, OpenPeer, Peer } from '../peer';
import { operationsOf } from './mongodb-driver';

type BenchQueue = TaskQueueOf<typeof catalog>;
type TaskType = 'noop' | 'forgotten';

const sender = { appId: 'bench', version: '1', rootUrl: 'http://localhost' };

const common = { packages: {}, server: 'mongodb', durability: 'majority, journalled' } as const;

export const tandem: Peer = {
  ...common,
  name: 'Tandem, worker processes',
  keeps: 'task, result, each attempt',
  open: ({ url }) => openTandem(url, 'inWorkers'),
};

export const tandemInProcess: Peer = {
  ...common,
  name: 'Tandem, in process',
  keeps: 'task, result, each attempt',
  open: ({ url }) => openTandem(url, 'inProcess'),
};

export const tandemForgotten: Peer = {
  ...common,
  name: 'Tandem, in process, nothing kept',
  keeps: 'nothing',
  open: ({ url }) => openTandem(url, 'inProcess', { taskType: 'forgotten' }),
};

interface Ended {
  executor: Executor;
  clean(): Promise<void>;
}

interface Chosen {
  taskType?: TaskType;
  /** Another's, as it is. Default: one of its own. */
  database?: string;
}

/** The queue, and what runs its tasks. */
export async function openTandem(
  url: string,
  where: 'inProcess' | 'inWorkers',
  { taskType = 'noop', database = `bench_${process.pid}` }: Chosen = {},
): Promise<OpenPeer & { queue: BenchQueue }> {
  const client = await new MongoClient(url).connect();
  const db = client.db(database);
  const queue: BenchQueue = new TaskQueueOf(catalog);
  await queue.connect({ db, sender });
  // Who adds is another process as a rule: it has connections of its own, and the database tells of what it does.
  const adding = await new MongoClient(url).connect();
  const elsewhere: BenchQueue = new TaskQueueOf(catalog);
  await elsewhere.connect({ db: adding.db(db.databaseName), sender });
  const { executor, clean } = await (where === 'inWorkers' ? inWorkers(queue) : inThisProcess());
  const dispatcher = new Dispatcher({ queue, executor });
  return {
    queue,
    addMany: tasks => elsewhere.addTasks(tasks.map(data => ({ taskType, data }))),
    addOne: data => elsewhere.addTask({ taskType, data }),
    operations: () => operationsOf(client),
    work: async heard => {
      queue.on('started', ({ task }) => heard.started(task.data as BenchTask));
      queue.on('done', ({ task }) => heard.done(task.data as BenchTask));
      await dispatcher.start();
    },
    close: async () => {
      await dispatcher.stop(5_000);
      await db.dropDatabase();
      await adding.close();
      await client.close();
      await clean();
    },
  };
}

async function inThisProcess(): Promise<Ended> {
  const { handler } = await handlers.noop();
  const executor = new InProcessExecutor({ handlers: { noop: handler, forgotten: handler }, slots: 500 });
  return { executor, clean: async () => {} };
}

async function inWorkers(queue: BenchQueue): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-worker-'));
  const from = join(__dirname, '..');
  const { file } = await buildWorker({
    outDir: folder,
    catalog: join(from, 'catalog.ts'),
    handlers: join(from, 'handlers.ts'),
  });
  const executor = new Pool({ file, catalog, emit: () => {}, queue, maxWorkers: 2, keepAlive: 'always' });
  return { executor, clean: () => rm(folder, { recursive: true, force: true }) };
}
