/**
 * `npm run bench`: what the queue does on this machine and one real MongoDB: the whole path by batches and one by one,
 * add to start, the cost of a claim in a long queue, and agenda beside it.
 *
 * Sizes: BENCH_TASKS (20000), BENCH_ONE_BY_ONE (2000), BENCH_LATENCY (300), BENCH_QUEUED (1000000), BENCH_PAUSED
 * (100000), BENCH_AGENDA (2000), BENCH_WORKERS (2). IN_PROCESS=1 leaves the worker processes out.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { buildWorker } from '../infra/dev/bundling/build-worker';
import { findMongo } from '../infra/dev/database/mongo-sources';
import { startReplicaSet } from '../infra/dev/database/replica-set';
import { TaskQueueOf } from '../infra/queue/api/task-queue';
import { Dispatcher, type DispatcherSettings } from '../infra/queue/dispatch/dispatcher';
import type { Executor } from '../infra/queue/model/executor';
import { InProcessExecutor } from '../infra/queue/testing/in-process-executor';
import { Pool } from '../infra/workers/pool/pool';
import { agendaPerSecond } from './queue-agenda';
import { catalog } from './queue-catalog';
import { measureClaims } from './queue-claims';
import { figure, percentile } from './queue-figures';

const size = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const sender = { appId: 'bench', version: '1', rootUrl: 'http://localhost' };
type BenchQueue = TaskQueueOf<typeof catalog>;

interface Bench {
  client: MongoClient;
  workerFile: string;
  databases: number;
}

async function main(): Promise<void> {
  const found = await findMongo();
  const mongod = 'url' in found ? undefined : await startReplicaSet(found.mongod);
  const folder = await mkdtemp(join(tmpdir(), 'tandem-bench-'));
  const stands = { catalog: join(__dirname, 'queue-catalog.ts'), handlers: join(__dirname, 'queue-handlers.ts') };
  const { file } = await buildWorker({ outDir: folder, ...stands });
  const url = mongod?.url ?? ('url' in found ? found.url : '');
  const bench = { client: await new MongoClient(url).connect(), workerFile: file, databases: 0 };
  try {
    await measure(bench);
  } finally {
    await bench.client.close();
    await mongod?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(bench: Bench): Promise<void> {
  const where = process.env.IN_PROCESS ? 'in this process' : `${size('BENCH_WORKERS', 2)} worker processes`;
  const batched = await wholePath(bench, size('BENCH_TASKS', 20_000), {});
  figure(`whole path by batches, ${where}`, `${batched} tasks/s`);
  const single = await wholePath(bench, size('BENCH_ONE_BY_ONE', 2_000), { batch: 1 });
  figure('whole path one by one', `${single} tasks/s`);
  await addToStart(bench, size('BENCH_LATENCY', 300));
  await withQueue(bench, async queue =>
    measureClaims(queue, size('BENCH_QUEUED', 1_000_000), size('BENCH_PAUSED', 100_000)),
  );
  const agenda = await agendaPerSecond(bench.client.db(`bench_agenda_${process.pid}`), size('BENCH_AGENDA', 2_000));
  if (agenda === undefined) return;
  figure('agenda, its own process', `${agenda} tasks/s`);
  figure('batches against agenda', `${Math.round(batched / agenda)} times`);
}

/** Tasks a second from the first add to the last settle, adding and running at the same time. */
async function wholePath(bench: Bench, total: number, settings: DispatcherSettings): Promise<number> {
  return withQueue(bench, async queue => {
    const dispatcher = new Dispatcher({ queue, executor: executorOf(bench, queue), settings });
    await dispatcher.start();
    await addAndFinish(queue, Math.min(500, total), settings.batch);
    const from = performance.now();
    await addAndFinish(queue, total, settings.batch);
    const seconds = (performance.now() - from) / 1_000;
    await dispatcher.stop(5_000);
    return Math.round(total / seconds);
  });
}

/** Adds `total` tasks and waits until all are done. */
async function addAndFinish(queue: BenchQueue, total: number, batch = 500): Promise<void> {
  let done = 0;
  const finished = new Promise<void>(resolve => {
    const stop = queue.on('done', () => {
      if (++done < total) return;
      stop();
      resolve();
    });
  });
  if (batch === 1) await addOneByOne(queue, total);
  else
    for (let added = 0; added < total; added += batch)
      await queue.addTasks(
        Array.from({ length: Math.min(batch, total - added) }, (_, n) => ({ taskType: 'noop', data: { n } })),
      );
  await finished;
}

/** 16 at a time, as the users of a web role would. */
async function addOneByOne(queue: BenchQueue, total: number): Promise<void> {
  let added = 0;
  const adder = async () => {
    while (added < total) await queue.addTask({ taskType: 'noop', data: { n: added++ } });
  };
  await Promise.all(Array.from({ length: 16 }, adder));
}

/** From the call of addTask in one connection to the start in a worker of a role with another one. */
async function addToStart(bench: Bench, samples: number): Promise<void> {
  await withQueue(bench, async queue => {
    const elsewhere = new TaskQueueOf(catalog);
    await elsewhere.connect({ db: queue.core.db, sender });
    const dispatcher = new Dispatcher({ queue, executor: executorOf(bench, queue) });
    await dispatcher.start();
    const added = new Map<string, number>();
    const waits: number[] = [];
    queue.on('started', ({ task }) => waits.push(performance.now() - (added.get(task._id) ?? Number.NaN)));
    for (let n = -20; n < samples; n++) {
      const _id = `latency${n}`;
      added.set(_id, performance.now());
      await elsewhere.addTask({ _id, taskType: 'noop', data: { n } });
      await wait(15 + Math.random() * 10);
    }
    // The first ones warm up workers and connections.
    const warm = waits.slice(20);
    figure('add to start', `p50 ${percentile(warm, 0.5)} ms, p99 ${percentile(warm, 0.99)} ms`);
    await dispatcher.stop(1_000);
  });
}

function executorOf({ workerFile }: Bench, queue: BenchQueue): Executor {
  if (process.env.IN_PROCESS) return new InProcessExecutor({ handlers: { noop: () => undefined }, slots: 500 });
  const maxWorkers = size('BENCH_WORKERS', 2);
  return new Pool({ file: workerFile, catalog, emit: () => {}, queue, maxWorkers, keepAlive: 'always', prefetch: 500 });
}

async function withQueue<T>(bench: Bench, work: (queue: BenchQueue) => Promise<T>): Promise<T> {
  const db = bench.client.db(`bench_${process.pid}_${bench.databases++}`);
  const queue = new TaskQueueOf(catalog);
  await queue.connect({ db, sender });
  try {
    return await work(queue);
  } finally {
    await db.dropDatabase();
  }
}

main().then(
  // Agenda leaves timers of five minutes behind.
  () => process.exit(0),
  error => {
    console.error(error);
    process.exit(1);
  },
);
