/**
 * `npm run bench:schedules`: what stored schedules cost a jobs role on this machine and one real MongoDB: start-up,
 * memory, commands a minute, how late tasks are added, and how long many that are due at once take.
 *
 * Sizes: BENCH_SCHEDULES (10000), BENCH_SECONDS (60).
 */
import { setTimeout as wait } from 'node:timers/promises';
import { type Db, MongoClient } from 'mongodb';
import { findMongo } from '../infra/dev/database/mongo-sources';
import { startReplicaSet } from '../infra/dev/database/replica-set';
import { TaskQueueOf } from '../infra/queue/api/task-queue';
import { jitterOf } from '../infra/schedules/occurrences';
import { ScheduleRunner } from '../infra/schedules/schedule-runner';
import { SchedulesOf } from '../infra/schedules/schedules';
import type { StoredSchedule } from '../infra/schedules/stored-schedule';
import { timetableOf } from '../packages/synced-cron/entry';
import { catalog } from './queue/catalog';

const size = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const sender = { appId: 'bench', version: '1', rootUrl: 'http://localhost' };
const schedulesCount = size('BENCH_SCHEDULES', 10_000);
const seconds = size('BENCH_SECONDS', 60);
const hour = 3_600_000;

function figure(name: string, value: string): void {
  console.log(`${name.padEnd(58)} ${value}`);
}

/** The value that the given share of the samples does not exceed, with one decimal. */
function percentile(samples: readonly number[], share: number): string {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return (sorted[at] ?? Number.NaN).toFixed(1);
}

async function main(): Promise<void> {
  const found = await findMongo();
  const mongod = 'url' in found ? undefined : await startReplicaSet(found.mongod);
  const url = 'url' in found ? found.url : (mongod?.url ?? '');
  const client = await new MongoClient(url, { monitorCommands: true }).connect();
  try {
    await measure(client);
  } finally {
    await client.close();
    await mongod?.stop();
  }
}

async function measure(client: MongoClient): Promise<void> {
  let commands = 0;
  client.on('commandStarted', () => commands++);
  const db = client.db(`bench_${process.pid}`);
  const clock = { offsetMs: 0, now: () => new Date(Date.now() + clock.offsetMs) };
  const queue = new TaskQueueOf(catalog);
  await queue.connect({ db, sender, clock });
  const schedules = new SchedulesOf<typeof catalog>();
  schedules.connect({ queue, parseTimes });
  await schedules.store.ensureIndexes();
  const from = clock.now();
  await putMany(schedules, from);

  global.gc?.();
  const before = process.memoryUsage().heapUsed;
  const started = performance.now();
  const runner = new ScheduleRunner({ schedules, pollMs: 5_000 });
  const idleFrom = commands;
  await runner.start();
  while (commands < idleFrom + 5) await wait(1);
  figure(`${schedulesCount} stored schedules: start-up of a role, ms`, (performance.now() - started).toFixed(0));

  commands = 0;
  await wait(seconds * 1_000);
  figure('commands a minute, each due once an hour', ((commands * 60) / seconds).toFixed(0));
  const late = await lateness(schedules);
  figure(`added in ${seconds} s`, String(late.length));
  figure('late by ms (p50, p99)', `${percentile(late, 0.5)}, ${percentile(late, 0.99)}`);
  global.gc?.();
  figure('heap that they take, MB', ((process.memoryUsage().heapUsed - before) / 1_048_576).toFixed(1));
  await runner.stop();

  clock.offsetMs = 2 * hour;
  await allAtOnce(db, schedules);
  await db.dropDatabase();
}

/** Spread over the hour: a minute of their own each sixtieth, and a second by jitter. */
async function putMany(schedules: SchedulesOf<typeof catalog>, now: Date): Promise<void> {
  const task = { taskType: 'noop', data: { n: 0 } } as const;
  const times = { cron: '0 * * * *', timezone: 'Europe/Berlin', jitter: 60_000 };
  const documents: StoredSchedule[] = [];
  for (let minute = 0; minute < 60; minute++) {
    const name = `minute:${minute}`;
    await schedules.put({ name, ...times, cron: `${minute} * * * *`, ...task });
    const first = await schedules.store.collection.findOne({ _id: name });
    for (let n = minute; first && n < schedulesCount; n += 60)
      documents.push(dueOf({ ...first, _id: `customer:${n}` }));
  }
  await schedules.store.collection.deleteMany({});
  await schedules.store.collection.insertMany(documents.filter(({ dueAt }) => dueAt && dueAt > now));
}

function dueOf(schedule: StoredSchedule): StoredSchedule {
  return { ...schedule, dueAt: new Date(Number(schedule.intendedAt) + jitterOf(schedule)) };
}

/** How late each run was added. */
async function lateness(schedules: SchedulesOf<typeof catalog>): Promise<number[]> {
  const ran = await schedules.store.collection.find({ 'runs.0': { $exists: true } }).toArray();
  return ran.flatMap(schedule =>
    schedule.runs.map(({ addedAt, intendedAt }) => Number(addedAt) - Number(intendedAt) - jitterOf(schedule)),
  );
}

async function allAtOnce(db: Db, schedules: SchedulesOf<typeof catalog>): Promise<void> {
  await db.collection('taskSchedules').updateMany({}, { $set: { missedRuns: 'once' } });
  const before = await db.collection('taskQueue').countDocuments();
  const started = performance.now();
  const runner = new ScheduleRunner({ schedules, pollMs: 5_000 });
  await runner.start();
  while ((await db.collection('taskQueue').countDocuments()) < before + schedulesCount) await wait(20);
  figure('all of them due at once: added in ms', (performance.now() - started).toFixed(0));
  await runner.stop();
}

function parseTimes({ name, cron = '', timezone }: { name: string; cron?: string; timezone: string }) {
  return timetableOf({ name, timezone, schedule: parser => parser.cron(cron), job() {} }, true).timetable;
}

void main();
