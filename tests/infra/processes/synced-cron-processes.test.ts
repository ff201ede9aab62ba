import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { serverBundle } from '../../../infra/dev/bundling/bundles';
import { meteorPlugin } from '../../../infra/node-host/esbuild-plugin';
import type { HistoryRecord } from '../../../packages/synced-cron/store/history';
import type { Lease } from '../../../packages/synced-cron/store/leases';
import { type TestDatabase, testDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { startProcess, type TestProcess } from '../../support/processes';
import { buildFolder, root } from '../../support/run';

const folder = `${buildFolder()}-cron`;
const second = 1000;
/** All of this goes by the clock, on however slow a machine. */
const patiently = { timeoutMs: 60_000 };
const processes: TestProcess[] = [];
let database: TestDatabase;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  const entry = join(root, 'tests/support/programs/cron-process.ts');
  await build({ ...serverBundle(folder), plugins: [meteorPlugin({ target: 'server', root, entry })] });
}, 60_000);
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(async () => {
  for (const running of processes.splice(0)) {
    running.kill();
    await running.ended;
  }
  await database.drop();
});
afterAll(() => rm(folder, { recursive: true }));

/** Starts a process with schedules, and waits until they are armed. */
async function startCron(env: NodeJS.ProcessEnv): Promise<TestProcess> {
  const environment = { PATH: process.env.PATH, MONGO_URL: database.url, ROOT_URL: 'http://localhost', PORT: '0' };
  const started = startProcess(process.execPath, [join(folder, 'server.js')], { env: { ...environment, ...env } });
  processes.push(started);
  await started.says(/cron is started/);
  return started;
}

const history = () => database.db.collection<HistoryRecord>('cronHistory');
const leases = () => database.db.collection<Lease>('cronHistory.leases');
const tasks = () => database.db.collection<{ _id: string }>('cronTasks');
const pidOf = ({ owner }: Lease) => Number(owner.split(':').pop());

test('three processes run 100 occurrences while one is killed: none is missing, each adds its task once', async () => {
  // Overlapping, because on a loaded machine a run may still be at work when the next one falls due.
  const [entries, apart] = [20, 2 * second];
  const env = { CRON_ENTRIES: String(entries), CRON_EVERY: 'every 2 seconds', CRON_OVERLAPS: '1' };
  await Promise.all([1, 2, 3].map(() => startCron(env)));
  const start = await firstFullRound(entries, apart);
  await eventually(async () => (await tasks().countDocuments()) >= 2 * entries, patiently);
  const victim = await eventually(() => leases().findOne({}), { ...patiently, everyMs: 5 });
  processes.find(({ pid }) => pid === pidOf(victim))!.signal('SIGKILL');

  const expected = occurrences({ start, apart, entries, rounds: 5 });
  await eventually(async () => (await history().countDocuments(finishedAmong(expected))) === 100, patiently);
  const added = (
    await tasks()
      .find({ _id: { $in: expected.map(named) } })
      .toArray()
  ).map(({ _id }) => _id);
  expect(added.sort()).toEqual(expected.map(named).sort());
  const runs = await history().find(finishedAmong(expected)).toArray();
  const starts = await startsByRun();
  // Nobody ran beside anybody: each further start is one that the history tells of.
  expect(runs.filter(run => (starts.get(named(run)) ?? 0) > (run.attempts ?? 1))).toEqual([]);
}, 180_000);

test('a crash in mid-job: the run is run again, and no occurrence after it is left out', async () => {
  const every = { CRON_EVERY: 'every 5 seconds' };
  const victim = await startCron({ ...every, CRON_HANGS: '1' });
  const hung = await eventually(() => history().findOne({}), patiently);
  await startCron(every);
  victim.signal('SIGKILL');

  const again = await eventually(() => history().findOne({ _id: hung._id, finishedAt: { $exists: true } }), patiently);
  expect(again).toMatchObject({ attempts: 2, intendedAt: hung.intendedAt });
  expect(again.restartedAt!.getTime() - hung.startedAt.getTime()).toBeGreaterThan(0);
  const later = { intendedAt: { $gt: again.restartedAt } };
  const next = await eventually(() => history().findOne(later, { sort: { intendedAt: 1 } }), patiently);
  expect(+next.intendedAt).toBe((Math.floor(+again.restartedAt! / (5 * second)) + 1) * 5 * second);
}, 120_000);

/** The first time for which all entries have run, with all processes there. */
async function firstFullRound(entries: number, apart: number): Promise<number> {
  const newest = await eventually(() => history().findOne({}, { sort: { intendedAt: -1 } }), patiently);
  const start = newest.intendedAt.getTime() + apart;
  await eventually(
    async () => (await history().countDocuments({ intendedAt: new Date(start) })) === entries,
    patiently,
  );
  return start;
}

/** How often the job of each run was begun, in all processes. */
async function startsByRun(): Promise<Map<string, number>> {
  const starts = new Map<string, number>();
  for (const run of await database.db.collection<Occurrence>('cronBegun').find({}).toArray()) {
    starts.set(named(run), (starts.get(named(run)) ?? 0) + 1);
  }
  return starts;
}

type Occurrence = Pick<HistoryRecord, 'name' | 'intendedAt'>;

interface Rounds {
  start: number;
  apart: number;
  entries: number;
  rounds: number;
}

const occurrences = ({ start, apart, entries, rounds }: Rounds): Occurrence[] =>
  Array.from({ length: entries * rounds }, (_, nth) => ({
    name: `entry ${nth % entries}`,
    intendedAt: new Date(start + Math.floor(nth / entries) * apart),
  }));

const named = ({ name, intendedAt }: Occurrence) => `${name}:${intendedAt.toISOString()}`;

const finishedAmong = (runs: Occurrence[]) => ({ $or: runs, finishedAt: { $exists: true } });
