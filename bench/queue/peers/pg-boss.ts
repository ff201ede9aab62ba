import { setTimeout as wait } from 'node:timers/promises';
import type { BenchTask, Heard, LoadPackage, OpenPeer, Peer } from '../peer';

interface Boss {
  start(): Promise<unknown>;
  stop(options: object): Promise<unknown>;
  createQueue(name: string): Promise<unknown>;
  send(name: string, data: BenchTask): Promise<unknown>;
  insert(jobs: { name: string; data: BenchTask }[]): Promise<unknown>;
  fetch(name: string, options: object): Promise<{ id: string; data: BenchTask }[]>;
  complete(name: string, ids: string[]): Promise<unknown>;
}

/**
 * By its fastest way: a loop of our own that fetches and completes 500 at once. Its own workers poll each half second at
 * the soonest, so there is no time from add to start, and idle is our loop.
 */
export const pgBoss: Peer = {
  name: 'pg-boss, in process, fetched and completed by 500',
  packages: { 'pg-boss': '10.4.2' },
  server: 'postgres',
  durability: 'each commit flushed',
  keeps: 'job',
  only: ['batched', 'batchedOf10Ms', 'oneByOne1', 'oneByOne16', 'oneByOne64'],
  open: ({ url, load }) => openBoss(url, load),
};

async function openBoss(connectionString: string, load: LoadPackage): Promise<OpenPeer> {
  const { default: PgBoss } = (await load('pg-boss')) as unknown as { default: new (options: object) => Boss };
  const boss = new PgBoss({ connectionString, supervise: false, schedule: false, schema: `boss${process.pid}` });
  await boss.start();
  await boss.createQueue('noop');
  let running = true;
  let loop: Promise<void> | undefined;
  return {
    addMany: tasks => boss.insert(tasks.map(data => ({ name: 'noop', data }))),
    addOne: task => boss.send('noop', task),
    work: async heard => {
      loop = runAll(boss, heard, () => running);
    },
    close: async () => {
      running = false;
      await loop;
      await boss.stop({ graceful: false });
    },
  };
}

async function runAll(boss: Boss, heard: Heard, isRunning: () => boolean): Promise<void> {
  while (isRunning()) {
    const jobs = await boss.fetch('noop', { batchSize: 500 });
    if (jobs.length === 0) await wait(5);
    for (const { data } of jobs) heard.started(data);
    await Promise.all(jobs.map(({ data: { ms } }) => (ms > 0 ? wait(ms) : undefined)));
    if (jobs.length > 0)
      await boss.complete(
        'noop',
        jobs.map(({ id }) => id),
      );
    for (const { data } of jobs) heard.done(data);
  }
}
