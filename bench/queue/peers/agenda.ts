import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import type { BenchTask, LoadPackage, OpenPeer, Peer } from '../peer';
import { operationsOf } from './mongodb-driver';

interface Job {
  attrs: { data: BenchTask };
}
interface AgendaJobs {
  define(name: string, run: (job: Job) => Promise<void>, options: { concurrency: number; lockLimit: number }): void;
  now(name: string, data: BenchTask): Promise<unknown>;
  start(): Promise<void>;
  stop(): Promise<void>;
  on(event: string, listener: (job: Job) => void): void;
}

/** On the same MongoDB, with its fastest settings. */
export const agenda: Peer = {
  name: 'Agenda, in process',
  packages: { agenda: '6.2.6', '@agendajs/mongo-backend': '4.0.3', mongodb: '7.9.0' },
  server: 'mongodb',
  durability: 'majority, journalled',
  keeps: 'job',
  noBatches: true,
  open: ({ url, load }) => openAgenda(url, load),
};

async function openAgenda(url: string, load: LoadPackage): Promise<OpenPeer> {
  const { Agenda } = (await load('agenda')) as unknown as { Agenda: new (options: object) => AgendaJobs };
  const backends = await load('@agendajs/mongo-backend');
  const { MongoBackend } = backends as unknown as { MongoBackend: new (options: object) => object };
  const client = await new MongoClient(url).connect();
  const db = client.db(`bench_agenda_${process.pid}`);
  const backend = new MongoBackend({ mongo: db });
  const limits = { maxConcurrency: 500, defaultConcurrency: 200, defaultLockLimit: 0 };
  const jobs = new Agenda({ backend, processEvery: 20, ...limits });
  return {
    addMany: tasks => Promise.all(tasks.map(task => jobs.now('noop', task))),
    addOne: task => jobs.now('noop', task),
    operations: () => operationsOf(client),
    work: async heard => {
      const run = async ({ attrs: { data } }: Job) => {
        heard.started(data);
        if (data.ms > 0) await wait(data.ms);
      };
      jobs.define('noop', run, { concurrency: 200, lockLimit: 0 });
      jobs.on('success:noop', ({ attrs: { data } }) => heard.done(data));
      await jobs.start();
    },
    close: async () => {
      await jobs.stop();
      await db.dropDatabase();
      await client.close();
    },
  };
}
