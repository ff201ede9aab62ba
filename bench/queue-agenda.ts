import type { Db } from 'mongodb';
import { figure } from './queue-figures';

interface AgendaJobs {
  define(name: string, run: () => Promise<void>, options: { concurrency: number; lockLimit: number }): void;
  now(name: string, data: object): Promise<unknown>;
  start(): Promise<void>;
  stop(): Promise<void>;
  on(event: string, listener: () => void): void;
}

/** ESM packages without a CommonJS entry, which TypeScript would make a `require` of. */
const importEsm = new Function('name', 'return import(name)') as (name: string) => Promise<Record<string, unknown>>;

/**
 * Agenda on the same database, adding and running at the same time in this process, with its fastest settings.
 *
 * @returns tasks a second, or undefined where its MongoDB backend is not installed.
 */
export async function agendaPerSecond(db: Db, total: number): Promise<number | undefined> {
  const jobs = await openAgenda(db).catch(error => figure('agenda', `left out: ${error.message}`));
  if (!jobs) return undefined;
  let done = 0;
  const finished = new Promise<void>(resolve => {
    jobs.define('noop', async () => {}, { concurrency: 200, lockLimit: 0 });
    jobs.on('success:noop', () => ++done === total && resolve());
  });
  await jobs.start();
  const from = performance.now();
  let added = 0;
  const adder = async () => {
    while (added < total) await jobs.now('noop', { n: added++ });
  };
  await Promise.all([...Array.from({ length: 16 }, adder), finished]);
  const seconds = (performance.now() - from) / 1_000;
  await jobs.stop();
  await db.dropDatabase();
  return Math.round(total / seconds);
}

async function openAgenda(db: Db): Promise<AgendaJobs> {
  const { Agenda } = (await importEsm('agenda')) as { Agenda: new (options: object) => AgendaJobs };
  const { MongoBackend } = (await importEsm('@agendajs/mongo-backend')) as {
    MongoBackend: new (options: object) => object;
  };
  const backend = new MongoBackend({ mongo: db });
  return new Agenda({ backend, processEvery: 20, maxConcurrency: 500, defaultConcurrency: 200, defaultLockLimit: 0 });
}
