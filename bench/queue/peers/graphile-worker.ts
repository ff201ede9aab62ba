import { EventEmitter } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { BenchTask, LoadPackage, OpenPeer, Peer } from '../peer';

interface PgClient {
  query(sql: string): Promise<{ rows: { count: string }[] }>;
}

interface Graphile {
  run(options: object): Promise<{ stop(): Promise<void> }>;
  makeWorkerUtils(options: object): Promise<{
    migrate(): Promise<void>;
    addJob(name: string, payload: BenchTask): Promise<unknown>;
    addJobs(jobs: { identifier: string; payload: BenchTask }[]): Promise<unknown>;
    withPgClient<T>(use: (client: PgClient) => Promise<T>): Promise<T>;
    release(): Promise<void>;
  }>;
}

/** With its fastest settings: it fetches 500 jobs at once, and completes them in batches. */
export const graphileWorker: Peer = {
  name: 'Graphile Worker, in process',
  packages: { 'graphile-worker': '0.17.3' },
  server: 'postgres',
  durability: 'each commit flushed',
  keeps: 'nothing',
  open: ({ url, load }) => openGraphile(url, load),
};

async function openGraphile(connectionString: string, load: LoadPackage): Promise<OpenPeer> {
  const module = await load('graphile-worker');
  const { run, makeWorkerUtils } = (module.default ?? module) as unknown as Graphile;
  const logger = silent((await load('@graphile/logger')) as never);
  const utils = await makeWorkerUtils({ connectionString, logger });
  await utils.migrate();
  let runner: { stop(): Promise<void> } | undefined;
  return {
    addMany: tasks => utils.addJobs(tasks.map(payload => ({ identifier: 'noop', payload }))),
    addOne: task => utils.addJob('noop', task),
    operations: () =>
      utils.withPgClient(async client => {
        const { rows } = await client.query('select sum(xact_commit + xact_rollback) as count from pg_stat_database');
        return Number(rows[0]?.count);
      }),
    work: async heard => {
      const events = new EventEmitter();
      events.on('job:complete', ({ job }) => heard.done(job.payload));
      const taskList = {
        noop: async (payload: unknown) => {
          heard.started(payload as BenchTask);
          const { ms } = payload as BenchTask;
          if (ms > 0) await wait(ms);
        },
      };
      const worker = { connectionString, concurrentJobs: 100, localQueue: { size: 500 }, completeJobBatchDelay: 0 };
      runner = await run({ taskList, events, noHandleSignals: true, preset: { worker: { ...worker, logger } } });
    },
    close: async () => {
      await runner?.stop();
      await utils.withPgClient(client => client.query('drop schema graphile_worker cascade'));
      await utils.release();
    },
  };
}

function silent({ Logger }: { Logger: new (factory: () => () => void) => unknown }): unknown {
  return new Logger(() => () => {});
}
