import type { Entry } from '../../packages/synced-cron/entry';
import { Crons } from '../support/cron';
import { eventually } from '../support/eventually';
import { FakeClock } from '../support/fake-clock';

const minute = 60_000;
const noon = Date.parse('2025-06-02T12:00:00Z');

let crons: Crons;
beforeAll(async () => {
  crons = await Crons.open();
});
afterEach(() => crons.clear());
afterAll(() => crons.close());

const at = (minutes: number) => new Date(noon + minutes * minute);

/** A cron that starts half a minute behind five past twelve, with an entry for every minute. */
async function startLate(policy: Partial<Entry>): Promise<FakeClock> {
  const clock = new FakeClock(noon + 5.5 * minute);
  const cron = crons.add({}, clock);
  cron.add({ name: 'job', schedule: parser => parser.text('every 1 minute'), job: () => {}, ...policy });
  await cron.start();
  return clock;
}

const lastRan = (minutes: number) =>
  crons
    .records()
    .insertOne({ _id: 'r', name: 'job', intendedAt: at(minutes), startedAt: at(minutes), finishedAt: at(minutes) });

/** When the entry has run, once it has by schedule again: all that was missed is decided by then. */
async function runsAfterNext(clock: FakeClock, count: number): Promise<number[]> {
  await clock.pass(minute);
  await eventually(async () => (await crons.history('job')).filter(({ finishedAt }) => finishedAt).length === count);
  return (await crons.history('job')).map(({ intendedAt }) => (intendedAt.getTime() - noon) / minute);
}

test('are skipped by default', async () => {
  await lastRan(0);
  expect(await runsAfterNext(await startLate({}), 2)).toEqual([0, 6]);
});

test("with 'once' the newest is made up for", async () => {
  await lastRan(0);
  expect(await runsAfterNext(await startLate({ missedRuns: 'once' }), 3)).toEqual([0, 5, 6]);
});

test("with 'all' each is made up for, oldest first", async () => {
  await lastRan(0);
  const order: number[] = [];
  const job = (intendedAt: Date) => {
    order.push((intendedAt.getTime() - noon) / minute);
  };
  const clock = await startLate({ missedRuns: 'all', job });
  await eventually(() => order.length === 5);
  expect(order).toEqual([1, 2, 3, 4, 5]);
  expect(await runsAfterNext(clock, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("with 'all' the newest up to the limit are", async () => {
  await lastRan(0);
  expect(await runsAfterNext(await startLate({ missedRuns: 'all', missedRunsLimit: 2 }), 4)).toEqual([0, 4, 5, 6]);
});

test('a new entry has missed nothing', async () => {
  expect(await runsAfterNext(await startLate({ missedRuns: 'all' }), 1)).toEqual([6]);
});

test('several processes that start at once make up for each once', async () => {
  await lastRan(0);
  const clocks = await Promise.all([1, 2, 3].map(() => startLate({ missedRuns: 'all' })));
  expect(await runsAfterNext(clocks[0]!, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('are known when the history has expired as well', async () => {
  const clock = await startLate({ missedRuns: 'once' });
  expect(await runsAfterNext(clock, 1)).toEqual([6]);
  const known = crons.database.db.collection<{ _id: string; until: Date }>('cronHistory.marks');
  await eventually(async () => (await known.findOne({ _id: 'job' }))?.until.getTime() === at(6).getTime());
  await crons.records().deleteMany({});
  const later = new FakeClock(noon + 9.5 * minute);
  const cron = crons.add({}, later);
  cron.add({ name: 'job', schedule: parser => parser.text('every 1 minute'), job: () => {}, missedRuns: 'once' });
  await cron.start();
  const record = await eventually(async () => (await crons.history('job'))[0]);
  expect(record.intendedAt).toEqual(at(9));
});
